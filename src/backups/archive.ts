// Makes the archive of a site: www/ with all that is in it, a guide to restore it by hand, and the manifest (KHADA 7.6).
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { ZipMember } from '../platform/zip/records.ts';
import { ZipWriter } from '../platform/zip/writer.ts';
import { CarryOver, type PreviousArchive } from './carry-over.ts';
import { type LeftOut, type Manifest, type ManifestMember, manifestChunks, manifestName } from './manifest.ts';
import { countMembers, manifestMember, zipMember } from './members.ts';
import { restoreGuide, restoreGuideName } from './restore-guide.ts';
import { type Listed, listSite } from './site-listing.ts';
import { type Reading, readOnce } from './site-reading.ts';

export type ArchiveStep = 'listing' | 'files' | 'closing';

export type ArchiveOrder = {
  readonly storage: SiteStorage;
  readonly siteName: string;
  /** path of a file on this machine that is (over)written; after an error it holds half an archive. No fsync: that is `commit`'s part */
  readonly target: string;
  /** a *verified* archive of the same site: what did not change since is carried over. If the outcome fails verification, make it again without */
  readonly previous?: PreviousArchive | undefined;
  /** the moment whose data it holds, epoch milliseconds */
  readonly at: number;
  /** IANA name */
  readonly zone: string;
  readonly madeBy?: string;
  readonly signal: AbortSignal;
  /** Called for every file: who stores it must do so at longer intervals. */
  readonly progress?: (step: ArchiveStep, filesDone: number, filesTotal: number) => void;
};

export type WrittenArchive = {
  readonly manifest: Manifest;
  readonly bytes: number;
  readonly sha256: string;
  /** files whose compressed bytes were taken from the previous archive */
  readonly carriedFiles: number;
};

/** Small files that are read and compressed ahead while the ones before them are written. */
const ahead = 32;
const aheadBytes = 16 * pieceBytes;

/** A file written within this time before the archive began may be written again without a new stamp: clocks of file systems are coarse. */
const coarseMilliseconds = 2000;

/**
 * Writes a whole archive; memory stays bounded whatever the files' sizes are.
 * @throws PanelError 404 when the site has no `www/`, 503 when its storage does not answer; the signal's reason; errors of writing
 */
export async function writeArchive(order: ArchiveOrder): Promise<WrittenArchive> {
  order.progress?.('listing', 0, 0);
  const listing = await listSite(order.storage, order.signal);
  const carryOver = await CarryOver.from(order.previous);
  let writer: ZipWriter | undefined;
  try {
    writer = await ZipWriter.create(order.target);
    const making = new Making(order, writer, carryOver, listing.files);
    making.leftOut.push(...listing.leftOut);
    await making.writeSite(listing.found);
    return await making.close();
  } finally {
    await carryOver.close();
    await writer?.close();
  }
}

type Write = () => Promise<void>;

/** One archive on its way. */
class Making {
  readonly leftOut: LeftOut[] = [];
  readonly #members: ManifestMember[] = [];
  readonly #hashes = new Set<Promise<void>>();
  readonly #order: ArchiveOrder;
  readonly #writer: ZipWriter;
  readonly #carryOver: CarryOver;
  readonly #filesTotal: number;
  #filesDone = 0;
  #carriedFiles = 0;

  constructor(order: ArchiveOrder, writer: ZipWriter, carryOver: CarryOver, filesTotal: number) {
    this.#order = order;
    this.#writer = writer;
    this.#carryOver = carryOver;
    this.#filesTotal = filesTotal;
  }

  /** Small files are prepared side by side, everything is written in order. */
  async writeSite(found: readonly Listed[]): Promise<void> {
    const waiting: { ready: Promise<Write>; bytes: number }[] = [];
    let bytes = 0;
    const writeNext = async () => {
      const next = waiting.shift();
      if (!next) return;
      this.#order.signal.throwIfAborted();
      await (await next.ready)();
      bytes -= next.bytes;
    };
    try {
      for (const one of found) {
        const ready = this.#prepare(one);
        ready.catch(() => {}); // it is awaited in its turn, perhaps after another one has failed
        waiting.push({ ready, bytes: Math.min(one.entry.size, pieceBytes) });
        bytes += Math.min(one.entry.size, pieceBytes);
        while (waiting.length >= ahead || bytes > aheadBytes) await writeNext();
      }
      while (waiting.length > 0) await writeNext();
    } finally {
      await Promise.allSettled(waiting.map((one) => one.ready));
    }
  }

  /** Guide and manifest come last, since they tell what is inside. */
  async close(): Promise<WrittenArchive> {
    this.#order.progress?.('closing', this.#filesDone, this.#filesTotal);
    await Promise.all(this.#hashes);
    const { siteName, at, zone, madeBy } = this.#order;
    const head = {
      site: siteName,
      madeBy: madeBy ?? 'Gotgan',
      dataAt: new Date(at).toISOString(),
      zone,
      counts: countMembers(this.#members),
    };
    await this.#addGuide(restoreGuide({ ...head, leftOut: this.leftOut.length }));
    await Promise.all(this.#hashes);
    const manifest: Manifest = {
      format: 'gotgan-backup',
      version: 1,
      ...head,
      databases: [],
      leftOut: this.leftOut,
      members: this.#members,
    };
    await this.#addManifest(manifest);
    return { manifest, carriedFiles: this.#carriedFiles, ...(await this.#writer.finish()) };
  }

  async #prepare(listed: Listed): Promise<Write> {
    const { path, entry } = listed;
    if (entry.kind === 'folder') return () => this.#addFolder(path, entry);
    if (entry.kind === 'link') return () => this.#addLink(path, entry);
    if (this.#carryOver.has(listed)) return () => this.#addUnchanged(path, entry);
    if (entry.size > pieceBytes) return () => this.#addBig(path, entry.size);
    return this.#prepareSmall(path, entry);
  }

  async #addFolder(path: string, entry: Entry): Promise<void> {
    await this.#writer.putEmpty(zipMember(path, entry));
    this.#members.push(manifestMember(path, entry, 0));
  }

  async #addLink(path: string, entry: Entry): Promise<void> {
    await this.#writer.put(zipMember(path, entry), await this.#writer.pack(Buffer.from(entry.target ?? '')));
    this.#members.push({ ...manifestMember(path, entry, 0), target: entry.target ?? '' });
  }

  async #addUnchanged(path: string, entry: Entry): Promise<void> {
    const carried = await this.#carryOver.take(path);
    if (!carried) return entry.size > pieceBytes ? this.#addBig(path, entry.size) : (await this.#prepareSmall(path, entry))();
    await this.#writer.carry(zipMember(path, entry), carried);
    this.#carriedFiles++;
    this.#fileDone({ ...manifestMember(path, entry, carried.size), sha256: carried.sha256 });
  }

  async #prepareSmall(path: string, listed: Entry): Promise<Write> {
    let reading = await this.#read(path, listed.size, (_, content) => collect(content));
    if (reading === 'unreadable' || (typeof reading === 'object' && reading.changed)) {
      const bytes = typeof reading === 'string' ? listed.size : reading.sizeAfter;
      if (bytes > pieceBytes) return () => this.#addBig(path, bytes);
      reading = await this.#read(path, bytes, (_, content) => collect(content));
    }
    if (typeof reading === 'string') return async () => this.#leaveOut(path, reading);
    const { entry, changed } = reading;
    const packed = await this.#writer.pack(reading.content.bytes);
    return async () => {
      await this.#writer.put(zipMember(path, entry), packed);
      this.#keep(path, entry, { changed, size: packed.size, sha256: packed.sha256 });
    };
  }

  /** A big file goes into the archive while it is read; when it changed meanwhile, that is taken back and it is read again once. */
  async #addBig(path: string, listedBytes: number): Promise<void> {
    let bytes = listedBytes;
    for (const last of [false, true]) {
      const mark = await this.#writer.mark();
      const reading = await this.#read(path, bytes, (entry, content) =>
        this.#writer.stream(zipMember(path, entry), bytes, content),
      );
      if (typeof reading === 'object' && (last || !reading.changed)) {
        await this.#writer.goOn(mark);
        return this.#keep(path, reading.entry, { changed: reading.changed, ...reading.content });
      }
      await this.#writer.goBack(mark);
      if (typeof reading === 'object') bytes = reading.sizeAfter;
      else if (last || reading === 'gone') return this.#leaveOut(path, reading);
    }
  }

  /** Reads no more bytes than the file had; one that has another size by now counts as changed. */
  async #read<T extends { size: number }>(
    path: string,
    bytes: number,
    use: (entry: Entry, content: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<Reading<T> | 'gone' | 'unreadable'> {
    this.#order.signal.throwIfAborted();
    const reading = await readOnce(this.#order.storage, path.split('/'), bytes, use);
    if (typeof reading === 'string') return reading;
    return { ...reading, changed: reading.changed || reading.entry.size !== reading.content.size };
  }

  #keep(path: string, entry: Entry, file: { changed: boolean; size: number; sha256: Promise<string> }): void {
    if (file.changed) this.leftOut.push({ path, reason: 'changed' });
    const settled = !file.changed && entry.modifiedAt < this.#order.at - coarseMilliseconds;
    const member = manifestMember(path, { ...entry, stamp: settled ? entry.stamp : '' }, file.size);
    this.#awaitHash(member, file.sha256);
    this.#fileDone(member);
  }

  #awaitHash(member: ManifestMember, sha256: Promise<string>): void {
    const noted = sha256.then((hex) => {
      member.sha256 = hex;
      this.#hashes.delete(noted);
    });
    noted.catch(() => {}); // `close` waits for all of them
    this.#hashes.add(noted);
  }

  #leaveOut(path: string, reason: LeftOut['reason']): void {
    this.leftOut.push({ path, reason });
    this.#progress();
  }

  #fileDone(member: ManifestMember): void {
    this.#members.push(member);
    this.#progress();
  }

  #progress(): void {
    this.#filesDone++;
    this.#order.progress?.('files', this.#filesDone, this.#filesTotal);
  }

  async #addGuide(text: string): Promise<void> {
    const entry = { mode: 0o644, modifiedAt: this.#order.at, stamp: '' };
    const packed = await this.#writer.pack(Buffer.from(text));
    await this.#writer.put({ name: restoreGuideName, kind: 'file', ...entry }, packed);
    const member = manifestMember(restoreGuideName, { kind: 'file', ...entry }, packed.size);
    this.#awaitHash(member, packed.sha256);
    this.#members.push(member);
  }

  async #addManifest(manifest: Manifest): Promise<void> {
    const member: ZipMember = { name: manifestName, kind: 'file', mode: 0o644, modifiedAt: this.#order.at };
    let bytes = 0;
    for (const chunk of manifestChunks(manifest)) bytes += chunk.length;
    if (bytes > pieceBytes) await this.#writer.stream(member, bytes, streamed(manifestChunks(manifest)));
    else await this.#writer.put(member, await this.#writer.pack(Buffer.concat([...manifestChunks(manifest)])));
  }
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<{ size: number; bytes: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  const [only] = chunks;
  const bytes = chunks.length === 1 && only ? only : Buffer.concat(chunks);
  return { size: bytes.length, bytes };
}

async function* streamed(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
}
