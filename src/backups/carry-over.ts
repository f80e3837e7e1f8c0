// What has not changed since the last archive is taken from there as compressed bytes, without reading the site.
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ListedEntry } from '../platform/zip/directory.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { Carried } from '../platform/zip/writer.ts';
import { type ManifestDatabase, memberIn, memberLinesIn } from './manifest.ts';
import { comparePaths, type Listed } from './site-listing.ts';

/** The archive before: it must be *verified*, since its hashes are taken over. */
export type PreviousArchive = {
  readonly path: string;
  /** where it is open already: it is closed with the archive that is made */
  readonly reader?: ZipReader | undefined;
};

/** A file as it stands in the archive before. */
export type Known = {
  readonly sha256: string;
  readonly listed: ListedEntry;
  /** of the manifest before, where the new one says the very same of the file */
  readonly line: string | undefined;
};

type Opened = { readonly lines: AsyncIterator<readonly string[]>; readonly entries: Iterator<ListedEntry> };

/** Goes through the archive before in step with the listing of the site, which has the same order: nothing is kept in memory. */
export class CarryOver {
  #opened: Opened | undefined;
  readonly #databases: ReadonlyMap<string, ManifestDatabase>;
  readonly #reader: ZipReader | undefined;
  readonly #source: Opened['lines'] | undefined;
  #lines: readonly string[] = [];
  #at = 0;
  #current: { readonly path: string; readonly line: string; readonly listed: ListedEntry } | undefined;

  private constructor(reader: ZipReader | undefined, opened?: Opened, databases?: ReadonlyMap<string, ManifestDatabase>) {
    this.#databases = databases ?? new Map();
    this.#opened = opened;
    this.#source = opened?.lines;
    this.#reader = reader;
  }

  /** An archive that is not there or damaged carries nothing over: the site itself is read instead. */
  static async from(previous: PreviousArchive | undefined): Promise<CarryOver> {
    let reader: ZipReader | undefined;
    try {
      reader = previous && (previous.reader ?? (await ZipReader.open(previous.path)));
      if (!reader) return new CarryOver(undefined);
      const databases = new Map<string, ManifestDatabase>();
      const lines = memberLinesIn(reader, (head) => {
        for (const one of head.databases) databases.set(one.path, one);
      });
      const carryOver = new CarryOver(reader, { lines, entries: reader.directory.listed() }, databases);
      if (!carryOver.#advance()) await carryOver.#comeOn();
      return carryOver;
    } catch (cause) {
      await reader?.close();
      if (cause instanceof DamagedArchive || (cause instanceof Error && 'code' in cause)) return new CarryOver(undefined);
      throw cause;
    }
  }

  /** To be asked in the order of the listing. @returns the file, where it stands unchanged in the previous archive; a promise only when more has to be read for it */
  find(listed: Listed): Known | undefined | Promise<Known | undefined> {
    // Mostly it is the very next one.
    if (this.#current?.path === listed.path) return unchanged(listed, this.#current);
    while (this.#current && comparePaths(this.#current.path, listed.path) < 0)
      if (!this.#advance()) return this.#comeOn().then(() => this.find(listed));
    return this.#current?.path === listed.path ? unchanged(listed, this.#current) : undefined;
  }

  /** @returns what is told of the file as a database, where it is one among the files of the site */
  databaseAt(path: string): ManifestDatabase | undefined {
    return this.#databases.get(path);
  }

  /** @returns false where more lines have to be read first */
  #advance(): boolean {
    const opened = this.#opened;
    this.#current = undefined;
    if (!opened) return true;
    const line = this.#lines[this.#at];
    if (line === undefined) return false;
    this.#at++;
    this.#current = paired(line, opened.entries);
    if (!this.#current) this.#opened = undefined;
    return true;
  }

  /** Manifest and directory describe the same members in the same order; from where they do not, nothing is carried over. */
  async #comeOn(): Promise<void> {
    try {
      const more = await this.#opened?.lines.next();
      if (!more || more.done) this.#opened = undefined;
      else [this.#lines, this.#at] = [more.value, 0];
    } catch (cause) {
      if (!(cause instanceof DamagedArchive)) throw cause;
      this.#opened = undefined;
    }
    this.#advance();
  }

  /** @returns header and content of the file as they stand there, where they are at hand and can stand in the new archive as they are */
  recordOf({ line, listed: { entry } }: Known): Uint8Array | undefined {
    if (line === undefined) return undefined;
    try {
      return this.#reader?.recordHere(entry);
    } catch (cause) {
      if (cause instanceof DamagedArchive) return undefined;
      throw cause;
    }
  }

  /** @returns the file's compressed bytes, to be read before the next ones are asked for, or `undefined` where they turn out not to be there */
  async take({ listed: { entry } }: Known): Promise<Carried | undefined> {
    if (!this.#reader) return undefined;
    try {
      const { crc, size, compressedSize, method } = entry;
      return {
        crc,
        size,
        compressedSize,
        method,
        content: this.#reader.rawBytesHere(entry) ?? (await this.#reader.rawBytes(entry)),
      };
    } catch (cause) {
      if (cause instanceof DamagedArchive) return undefined;
      throw cause;
    }
  }

  async close(): Promise<void> {
    await this.#source?.return?.();
    await this.#reader?.close();
  }
}

function paired(line: string, entries: Iterator<ListedEntry>): { path: string; line: string; listed: ListedEntry } | undefined {
  try {
    const [path, next] = [pathIn(line), entries.next()];
    return !next.done && path === next.value.entry.name ? { path, line, listed: next.value } : undefined;
  } catch (cause) {
    if (cause instanceof DamagedArchive) return undefined;
    throw cause;
  }
}

const pathAt = '{"path":"'.length;

/** A quote inside a path is written with a backslash before it, so the first that ends a field ends the path. */
function pathIn(line: string): string {
  const end = line.indexOf('","kind":"');
  if (end < 0) throw new DamagedArchive('manifest.json: a line of no member');
  const text = line.slice(pathAt, end);
  return text.includes('\\') ? memberIn(line).path : text;
}

type Before = { readonly line: string; readonly listed: ListedEntry };

/** Most lines say of the file what the new manifest would say: that takes a tenth of understanding them. */
function unchanged({ path, entry }: Listed, { line, listed }: Before): Known | undefined {
  // an empty stamp: somebody wrote to it while it was read, so equality proves nothing
  if (entry.kind !== 'file' || entry.stamp === '' || entry.size !== listed.entry.size || listed.entry.kind !== 'file')
    return undefined;
  const head = `{"path":${JSON.stringify(path)},"kind":"file","size":${entry.size},"sha256":"`;
  const tail = `","mode":${entry.mode & 0o7777},"modifiedAt":${entry.modifiedAt},"stamp":${JSON.stringify(entry.stamp)}}`;
  const sha256 = line.slice(head.length, head.length + 64);
  const isSame = line.length === head.length + 64 + tail.length && line.startsWith(head) && line.endsWith(tail);
  if (isSame && isDigest(sha256)) return { sha256, listed, line };
  return unchangedAsFarAsItCounts(entry, line, listed);
}

/** Asked for each file of a site: as an expression it took as long as finding the file. */
function isDigest(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isHexadecimal = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (!isHexadecimal) return false;
  }
  return text.length === 64;
}

function unchangedAsFarAsItCounts(entry: Listed['entry'], line: string, listed: ListedEntry): Known | undefined {
  try {
    const { kind, stamp, size, sha256 } = memberIn(line);
    const isSame = kind === 'file' && stamp === entry.stamp && size === entry.size;
    return isSame && sha256 !== undefined ? { sha256, listed, line: undefined } : undefined;
  } catch (cause) {
    if (cause instanceof DamagedArchive) return undefined;
    throw cause;
  }
}
