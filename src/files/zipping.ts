// Packs files and folders of a site into a ZIP for whoever downloads it. Links are left out and said.
import { PanelError } from '../platform/errors.ts';
import type { Entry, ReadFile, SitePath, SiteReader, SiteStorage } from '../platform/storage/port.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import { sideBySide, type ZipWriter } from '../platform/zip/writer.ts';

export type ZipOrder = {
  readonly storage: SiteStorage;
  readonly writer: ZipWriter;
  /** entries to pack, with all that is in them; each stands in the archive under its own name */
  readonly tops: readonly SitePath[];
  readonly signal: AbortSignal;
  /** name and heading of the file that tells what was left out */
  readonly leftOutName: string;
  readonly leftOutHeading: string;
  /** told of what was packed, in bytes; the next is not begun before it answers, and it may break off by throwing */
  readonly packed?: (bytes: number) => Promise<void>;
};

type Member = { readonly path: SitePath; readonly name: string; readonly entry: Entry };
type Write = () => Promise<unknown>;

/** Small files that are read and compressed ahead while the ones before them are written. */
const ahead = 32;
const aheadBytes = 4 * pieceBytes;

/**
 * Writes all members; who calls finishes the archive. Memory stays bounded whatever the sizes are.
 * @throws the signal's reason; PanelError 503 when the storage does not answer; what the writer throws
 */
export async function zip(order: ZipOrder): Promise<void> {
  const reader = order.storage.reader();
  try {
    await new Zipping(order, reader).run();
  } finally {
    await reader.close();
  }
}

class Zipping {
  readonly #order: ZipOrder;
  readonly #reader: SiteReader;
  /** paths in the archive */
  readonly #leftOut: string[] = [];
  readonly #waiting: { ready: Promise<Write>; bytes: number; isWhole: boolean }[] = [];
  #bytesWaiting = 0;

  constructor(order: ZipOrder, reader: SiteReader) {
    this.#order = order;
    this.#reader = reader;
  }

  async run(): Promise<void> {
    try {
      for await (const member of this.#members()) await this.#add(member);
      while (this.#waiting.length > 0) await this.#writeNext();
    } finally {
      await Promise.allSettled(this.#waiting.map(({ ready }) => ready));
    }
    await this.#tellLeftOut();
  }

  /** From the top down, each folder before what is in it. */
  async *#members(): AsyncGenerator<Member> {
    const { storage, tops } = this.#order;
    const waiting: Member[] = [];
    for (const path of tops) {
      const entry = await storage.stat(path).catch(gone);
      if (entry) waiting.push({ path, name: path.at(-1) ?? '', entry });
      else this.#leftOut.push(path.at(-1) ?? '');
    }
    waiting.reverse();
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      yield next;
      if (next.entry.kind !== 'folder') continue;
      const { path, name } = next;
      const inside = (await storage.list(path).catch(gone)) ?? [];
      inside.sort((a, b) => (a.name < b.name ? 1 : -1));
      for (const entry of inside) waiting.push({ path: [...path, entry.name], name: `${name}/${entry.name}`, entry });
    }
  }

  async #add(member: Member): Promise<void> {
    this.#order.signal.throwIfAborted();
    const bytes = Math.min(member.entry.size, pieceBytes);
    const ready = this.#prepare(member);
    ready.catch(() => {}); // it is awaited in its turn, perhaps after another one has failed
    this.#waiting.push({ ready, bytes, isWhole: member.entry.size <= pieceBytes });
    this.#bytesWaiting += bytes;
    while (this.#waiting.length >= ahead || this.#bytesWaiting > aheadBytes) await this.#writeNext();
  }

  async #writeNext(): Promise<void> {
    const next = this.#waiting.shift();
    if (!next) return;
    this.#order.signal.throwIfAborted();
    await (await next.ready)();
    this.#bytesWaiting -= next.bytes;
    if (next.isWhole) await this.#order.packed?.(next.bytes);
  }

  async #prepare(member: Member): Promise<Write> {
    const { writer } = this.#order;
    const { name, entry } = member;
    if (entry.kind === 'folder') return () => writer.putEmpty(zipMember(name, entry));
    if (entry.kind !== 'file') return async () => void this.#leftOut.push(name);
    if (entry.size > pieceBytes) return () => this.#streamed(member);
    const content = await this.#whole(member);
    if (!content) return async () => void this.#leftOut.push(name);
    const packed = await writer.pack(content);
    return () => writer.put(zipMember(name, entry), packed);
  }

  /** @returns what the file holds, as far as it did when it was listed; undefined when it is gone or closed to the panel */
  async #whole({ path, entry }: Member): Promise<Uint8Array | undefined> {
    const file = await this.#reader.open(path).catch(gone);
    if (!file) return undefined;
    try {
      const into = Buffer.allocUnsafe(entry.size);
      return into.subarray(0, await file.read(into, 0));
    } finally {
      await file.close();
    }
  }

  async #streamed({ path, name, entry }: Member): Promise<void> {
    const { writer } = this.#order;
    const file = await this.#reader.open(path).catch(gone);
    if (!file) return void this.#leftOut.push(name);
    try {
      await writer.stream(zipMember(name, entry), entry.size, pieces(file, entry.size, this.#order));
    } finally {
      await file.close();
    }
  }

  async #tellLeftOut(): Promise<void> {
    const { writer, leftOutName, leftOutHeading } = this.#order;
    if (this.#leftOut.length === 0) return;
    const text = Buffer.from(`\ufeff${leftOutHeading}\r\n\r\n${this.#leftOut.join('\r\n')}\r\n`);
    await writer.put({ name: leftOutName, kind: 'file', mode: 0o644, modifiedAt: 0 }, await writer.pack(text));
  }
}

const zipMember = (name: string, { kind, mode, modifiedAt }: Entry) =>
  ({ name, kind: kind === 'folder' ? 'folder' : 'file', mode: mode & 0o777, modifiedAt }) as const;

/** A portion stays as it is until `sideBySide` + 1 more are asked for, as the writer needs it. */
async function* pieces(
  file: ReadFile,
  bytes: number,
  { signal, packed }: Pick<ZipOrder, 'signal' | 'packed'>,
): AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: sideBySide + 1 }, () => Buffer.allocUnsafeSlow(pieceBytes));
  for (let position = 0, turn = 0; position < bytes; turn++) {
    signal.throwIfAborted();
    const piece = buffers[turn % buffers.length]?.subarray(0, bytes - position) ?? Buffer.alloc(0);
    const size = await file.read(piece, position);
    if (size === 0) return;
    position += size;
    yield piece.subarray(0, size);
    await packed?.(size);
  }
}

/** What vanished, or what the site's own programs closed to the panel; a storage that does not answer is no reason to leave files out. */
function gone(error: unknown): undefined {
  if (error instanceof PanelError && (error.status === 404 || error.parameters.code === 'EACCES')) return undefined;
  throw error;
}
