// What has not changed since the last archive is taken from there as it stands, without reading the site.
import { companions } from '../platform/sqlite-file/orders.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { EntryWindow } from '../platform/zip/entry-window.ts';
import { ZipLookup } from '../platform/zip/lookup.ts';
import { ReadAhead } from '../platform/zip/read-ahead.ts';
import { rawContent, windowed } from '../platform/zip/reader.ts';
import { lengths } from '../platform/zip/records.ts';
import type { Carried, CopiedRecords } from '../platform/zip/writer.ts';
import { different, sameLine } from './line-comparing.ts';
import { type ManifestCounts, type ManifestDatabase, memberIn } from './manifest.ts';
import { ManifestBytes } from './manifest-bytes.ts';
import type { RunCounts } from './member-rows.ts';
import { comparePaths, type Listed } from './site-listing.ts';
import { companionOf } from './sqlite-listing.ts';

/** The archive before: it must be *verified*, since its hashes are taken over. */
export type PreviousArchive = {
  readonly path: string;
  /** where it is open already: it is closed with the archive that is made */
  readonly archive?: ZipLookup | undefined;
};

/** Members that stand in the archive before as they are in the site now, one behind the other. */
export type Run = {
  readonly records: CopiedRecords;
  readonly counts: RunCounts;
  /** of the manifest there */
  readonly lines: Buffer;
  /** the byte of the rows behind the last one that belongs to it */
  readonly rowsEnd: number;
};

/** Of what was taken over from its manifest nothing counts: only at its end it is known to be damaged. */
export class DamagedBefore extends Error {}

/** A file as it stands in the archive before. */
export type Known = { readonly sha256: string; readonly entry: ZipEntry };

type Opened = {
  readonly archive: ZipLookup;
  readonly lines: ManifestBytes;
  readonly entries: EntryWindow;
  readonly ahead: ReadAhead;
  readonly counts: ManifestCounts;
  readonly databases: ReadonlyMap<string, ManifestDatabase>;
};

type Growing = {
  rowsEnd: number;
  count: number;
  /** where its records begin and end */
  start: number;
  end: number;
  readonly counts: { -readonly [K in keyof RunCounts]: RunCounts[K] };
};

const [quote, comma, backslash, bracket] = [0x22, 0x2c, 0x5c, 0x5d];
/** Few other names end so: only of these is it asked what they stand beside. */
const lastOfCompanions = new Set(companions.map((end) => end.charCodeAt(end.length - 1)));
const beforePath = '{"path":"'.length;

/**
 * Goes through the archive before in step with the listing of the site, which has the same order. Rows of the listing are lines of the
 * manifest but for the digest, so they are compared as bytes; nothing is kept in memory.
 */
export class CarryOver {
  readonly #opened: Opened | undefined;
  /** manifest and directory have ended, or do not fit each other from here on */
  #isOver: boolean;
  /** the path in the line that was understood last, for new files that stand before it */
  #understood: { readonly bytes: Buffer; readonly at: number; readonly path: string } | undefined;

  private constructor(opened: Opened | undefined) {
    this.#opened = opened;
    this.#isOver = opened === undefined;
  }

  /** An archive that is not there or damaged carries nothing over: the site itself is read instead. */
  static async from(previous: PreviousArchive | undefined): Promise<CarryOver> {
    let archive: ZipLookup | undefined;
    try {
      archive = previous && (previous.archive ?? (await ZipLookup.open(previous.path)));
      if (!archive) return new CarryOver(undefined);
      const { head, lines } = await ManifestBytes.open(archive);
      const databases = new Map(head.databases.map((one) => [one.path, one]));
      const tools = { entries: new EntryWindow(archive.file, archive.place), ahead: new ReadAhead(archive.file) };
      return new CarryOver({ archive, lines, ...tools, counts: head.counts, databases });
    } catch (cause) {
      await archive?.close();
      if (cause instanceof DamagedArchive || (cause instanceof Error && 'code' in cause)) return new CarryOver(undefined);
      throw cause;
    }
  }

  /** What was in the archive before; undefined where there is none. */
  get counts(): ManifestCounts | undefined {
    return this.#opened?.counts;
  }

  /** @returns what is told of the file as a database, where it is one among the files of the site */
  databaseAt(path: string): ManifestDatabase | undefined {
    return this.#opened?.databases.get(path);
  }

  /** Whether nothing can be said before `more`. */
  get wantsMore(): boolean {
    if (this.#isOver || !this.#opened) return false;
    const { lines, entries } = this.#opened;
    if (lines.at === lines.end) return true;
    const end = entries.isEnd ? 0 : entries.endOf(entries.at);
    return !entries.isEnd && (end === 0 || entries.recordOf(end) === undefined);
  }

  async more(): Promise<void> {
    await this.#guarded(async ({ lines, entries }) => {
      if (lines.at < lines.end) await entries.more();
      else if (!(await lines.more())) this.#isOver = true;
    });
  }

  /**
   * @param rows as the listing gives them
   * @param from where one begins that follows all that were asked for before
   * @returns it and those behind it, as far as they stand unchanged in the archive before and that is in memory: `wantsMore`
   */
  run(rows: Uint8Array, from: number): Run | undefined {
    if (this.#isOver || !this.#opened) return undefined;
    const { lines, entries } = this.#opened;
    const [firstLine, firstEntry] = [lines.at, entries.at];
    const growing: Growing = { rowsEnd: from, count: 0, start: 0, end: 0, counts: { files: 0, folders: 0, links: 0, bytes: 0 } };
    try {
      while (growing.rowsEnd < rows.length && this.#extend(this.#opened, rows, growing));
    } catch (cause) {
      this.#ended(cause);
    }
    const { rowsEnd, count, start, end, counts } = growing;
    if (count === 0) return undefined;
    const records = { entries: entries.bytes.subarray(firstEntry, entries.at), count, offset: start, bytes: end - start };
    return { records, counts, lines: lines.bytes.subarray(firstLine, lines.at), rowsEnd };
  }

  /** @returns false, and nothing happened, where the next row is not of the run, or not known to be. @throws DamagedArchive */
  #extend({ lines, entries }: Opened, rows: Uint8Array, run: Growing): boolean {
    const { rows: rowEnds, line: lineEnds } = lines.at < lines.end ? sameLine({ rows, at: run.rowsEnd }, lines) : different;
    const { at } = entries;
    const entryEnds = lineEnds === 0 ? 0 : entries.endOf(at);
    const next = entryEnds === 0 ? undefined : entries.recordOf(entryEnds);
    if (next === undefined || !this.#mayBeCopied(entries)) return false;
    if (run.count === 0) run.start = run.end = entries.recordOf(at) ?? 0;
    if (next - run.end < entries.leastRecordOf(at)) throw new DamagedArchive('records lie one in the other');
    const kind = entries.kindOf(at) ?? 'file';
    run.counts[`${kind}s`]++;
    if (kind === 'file') run.counts.bytes += entries.sizeOf(at);
    [lines.at, entries.at, run.end, run.rowsEnd] = [lineEnds, entryEnds, next, rowEnds];
    run.count++;
    return true;
  }

  /** Not what is taken, or left out, with something that stands before it in the site. @throws DamagedArchive where line and entry are of different members */
  #mayBeCopied(entries: EntryWindow): boolean {
    const { bytes, at } = entries;
    const isFolder = entries.kindOf(at) === 'folder';
    const [start, end] = [at + lengths.entry, entries.nameEndOf(at) - (isFolder ? 1 : 0)];
    if (!this.#isNamed(bytes, start, end)) throw new DamagedArchive('manifest.json: another order than the directory');
    const isWww = start + 3 === end;
    if (isWww) return false;
    const mayBeCompanion = lastOfCompanions.has(bytes[end - 1] ?? 0);
    if (mayBeCompanion && companionOf(bytes.toString('utf8', start, end)) !== undefined) return false;
    return this.#opened?.databases.size === 0 || this.databaseAt(bytes.toString('utf8', start, end)) === undefined;
  }

  /** Whether the next line is of the member with this name. */
  #isNamed(name: Buffer, start: number, end: number): boolean {
    const { bytes, at } = this.#opened?.lines ?? { bytes: Buffer.alloc(0), at: 0 };
    let line = at + beforePath;
    for (let byte = start; byte < end; byte++, line++) {
      if (bytes[line] === backslash) return this.#path() === name.toString('utf8', start, end);
      if (bytes[line] !== name[byte]) return false;
    }
    return bytes[line] === quote;
  }

  /** @returns the path in the next line */
  #path(): string | undefined {
    const lines = this.#opened?.lines;
    if (!lines || lines.bytes[lines.at] === bracket) return undefined;
    const { bytes, at } = lines;
    if (this.#understood?.bytes !== bytes || this.#understood.at !== at)
      this.#understood = { bytes, at, path: this.#member(lines).path };
    return this.#understood.path;
  }

  #member(lines: ManifestBytes) {
    const end = lines.behind() - 1;
    return memberIn(lines.bytes.toString('utf8', lines.at, lines.bytes[end - 1] === comma ? end - 1 : end));
  }

  /**
   * The file that no run holds, after `run` and `more`.
   * @returns it, where its content stands unchanged in the archive before; `again` where it may be in a run after all
   */
  async find(listed: Listed): Promise<Known | 'again' | undefined> {
    return this.#guarded((opened) => this.#find(opened, listed));
  }

  async #find(opened: Opened, { path, entry }: Listed): Promise<Known | 'again' | undefined> {
    for (let isFirst = true; ; isFirst = false) {
      while (this.wantsMore) await this.more();
      const before = this.#isOver ? undefined : this.#path();
      const order = before === undefined ? 1 : comparePaths(before, path);
      if (order > 0) return undefined;
      if (order === 0 && !isFirst) return 'again';
      const known = order === 0 ? this.#known(opened, entry) : undefined;
      this.#pass(opened);
      if (order === 0) return known;
    }
  }

  /** The content of a file counts as the same by its stamp and size, whatever else is new about it. */
  #known({ lines, entries }: Opened, entry: Listed['entry']): Known | undefined {
    const { kind, stamp, size, sha256 } = this.#member(lines);
    if (kind !== 'file' || entry.kind !== 'file' || entry.stamp === '' || stamp !== entry.stamp || size !== entry.size)
      return undefined;
    const before = entries.entryAt(entries.at);
    return sha256 !== undefined && before.size === size ? { sha256, entry: before } : undefined;
  }

  #pass({ lines, entries }: Opened): void {
    if (entries.isEnd) throw new DamagedArchive('the directory ends before the manifest');
    lines.at = lines.behind();
    entries.at = entries.endOf(entries.at);
  }

  async #guarded<T>(act: (opened: Opened) => Promise<T>): Promise<T | undefined> {
    if (this.#isOver || !this.#opened) return undefined;
    try {
      return await act(this.#opened);
    } catch (cause) {
      return this.#ended(cause);
    }
  }

  /** From where manifest and directory are not as they were written nothing is carried over. @throws any other cause */
  #ended(cause: unknown): undefined {
    if (!(cause instanceof DamagedArchive)) throw cause;
    this.#isOver = true;
    return undefined;
  }

  /** @returns the records of a run as they stand there, to be read before those of another are asked for */
  content({ records: { offset, bytes } }: Run): AsyncIterable<Uint8Array> {
    if (!this.#opened) throw new Error('a run is of an archive');
    return windowed(this.#opened.ahead, offset, bytes);
  }

  /** @returns the file's compressed bytes, to be read before the next ones are asked for, or `undefined` where they turn out not to be there */
  async take({ entry }: Known): Promise<Carried | undefined> {
    if (!this.#opened) return undefined;
    const { crc, size, compressedSize, method } = entry;
    try {
      const content = await rawContent(this.#opened.ahead, entry, this.#opened.archive.place.offset);
      return { crc, size, compressedSize, method, content };
    } catch (cause) {
      if (cause instanceof DamagedArchive) return undefined;
      throw cause;
    }
  }

  /** After all was taken over. @throws DamagedBefore when the manifest is not as it was written */
  async confirm(): Promise<void> {
    this.#isOver = true;
    await this.#opened?.lines.readOut().catch((cause) => {
      throw cause instanceof DamagedArchive ? new DamagedBefore('the manifest before', { cause }) : cause;
    });
  }

  async close(): Promise<void> {
    await this.#opened?.lines.close();
    await this.#opened?.ahead.settled();
    await this.#opened?.archive.close();
  }
}
