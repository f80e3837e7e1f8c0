// Writes ZIP archives: members in order, compressed on several threads, hashed once while they are written (ZIP64 where needed).
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { type Compressed, Compressor, lastPiece, pieceBytes, tinyBytes, wholeHere } from './deflate.ts';
import { type Digests, digestsFor } from './digests.ts';
import { moved } from './directory.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { Output, type OutputMark, type ZipTarget } from './output.ts';
import {
  dataDescriptor,
  directoryEntry,
  endOfDirectory,
  localHeader,
  type ZipMember,
  type ZipMethod,
  type ZipPlace,
  type ZipSizes,
} from './records.ts';

/** A content in memory, ready to be written: compressed, counted, and its SHA-256 on the way. */
export type Packed = ZipSizes & {
  readonly method: ZipMethod;
  readonly parts: readonly Uint8Array[];
  readonly sha256: Promise<string>;
};

/** A member of another archive whose compressed bytes are taken as they are. */
export type Carried = ZipSizes & { readonly method: ZipMethod; readonly content: Uint8Array | AsyncIterable<Uint8Array> };

/** Records of another archive. `offset`: where the first one begins there. `bytes`: of all of them. `entries`: as they stand in its directory */
export type CopiedRecords = {
  readonly entries: Buffer;
  readonly count: number;
  readonly offset: number;
  readonly bytes: number;
};

/** A point to which the archive can go back, as long as it is the latest one. */
export type Mark = { readonly output: OutputMark; readonly entries: number; readonly directoryBytes: number };

/** Above this a member may pass 4 GiB in the archive: what cannot be compressed grows by less than a thousandth. */
const wideBytes = 0xf0000000;

/** How many contents are compressed at the same time, and so many pieces of a streamed one are in use. */
export const sideBySide = Math.max(2, availableParallelism());

/** One archive being written. Only `pack` may be called several times at once; the rest one after the other. */
export class ZipWriter {
  readonly #digests: Digests | undefined;
  readonly #output: ZipTarget;
  readonly #directory: GrowingBytes;
  readonly #compressor = new Compressor(sideBySide + 2);
  #entries = 0;

  private constructor(output: ZipTarget, digests?: Digests, directory = new GrowingBytes()) {
    this.#output = output;
    this.#digests = digests;
    this.#directory = directory;
  }

  /** of what was written so far */
  get bytes(): number {
    return this.#output.offset;
  }

  /**
   * @param path is overwritten; who calls owns it, also after a failure. Beside it lies the directory of very many members until `close`,
   * without a name (`<path>.directory` while it is made)
   * @param bytes about so many will be written
   */
  static async create(path: string, bytes = Number.POSITIVE_INFINITY): Promise<ZipWriter> {
    const digests = digestsFor(bytes);
    try {
      return new ZipWriter(await Output.create(path, digests), digests, new GrowingBytes(`${path}.directory`));
    } catch (cause) {
      await digests.close();
      throw cause;
    }
  }

  /** An archive of which no digests are kept: every `sha256` is empty. */
  static to(output: ZipTarget): ZipWriter {
    return new ZipWriter(output);
  }

  /** Compresses and hashes a content that is held in memory; several may run at once, and `put` writes them in order. */
  async pack(bytes: Uint8Array): Promise<Packed> {
    if (bytes.length <= tinyBytes) {
      const sha256 = Promise.resolve(this.#digests ? hash('sha256', bytes) : '');
      return packed(bytes, wholeHere(bytes), sha256);
    }
    const digest = this.#digests?.start();
    const [compressed] = await Promise.all([this.#compressor.whole(bytes), digest?.update(bytes)]);
    const hex = digest ? (await digest.end()).hex : Promise.resolve('');
    return packed(bytes, compressed, hex);
  }

  async put(member: ZipMember, packed: Omit<Packed, 'sha256'>): Promise<void> {
    const { method, crc, size, compressedSize } = packed;
    await this.#begin(member, { method, crc, size, compressedSize, offset: this.#output.offset, described: false, wide: false });
    for (const part of packed.parts) await this.#output.append(part);
  }

  /** A folder, or anything else without content. */
  async putEmpty(member: ZipMember): Promise<void> {
    await this.put(member, { method: 0, parts: [], crc: 0, size: 0, compressedSize: 0 });
  }

  /**
   * Writes a big content with bounded memory: pieces are compressed side by side, the sizes stand behind them.
   * @param mostBytes what comes beyond is not read
   * @param content a portion of exactly `pieceBytes` must stay as it is until `sideBySide` + 1 more are asked for
   * @param how `quick`: a few hundredths more bytes in three quarters of the time
   */
  async stream(
    member: ZipMember,
    mostBytes: number,
    content: AsyncIterable<Uint8Array>,
    how: { readonly quick?: boolean } = {},
  ): Promise<{ size: number; sha256: Promise<string> }> {
    const head = { method: 8 as const, offset: this.#output.offset, described: true, wide: mostBytes > wideBytes };
    await this.#output.append(localHeader(member, { ...head, crc: 0, size: 0, compressedSize: 0 }));
    const start = this.#output.offset;
    const { crc, size, sha256 } = await this.#pieces(inPieces(content, mostBytes), how.quick);
    const place = { ...head, crc, size, compressedSize: this.#output.offset - start };
    await this.#output.append(dataDescriptor(place));
    this.#list(member, place);
    return { size, sha256 };
  }

  /** @throws when the content has another length than `compressedSize` says */
  async carry(member: ZipMember, carried: Carried): Promise<void> {
    const { method, crc, size, compressedSize } = carried;
    const wide = size > wideBytes || compressedSize > wideBytes;
    await this.#begin(member, { method, crc, size, compressedSize, offset: this.#output.offset, described: false, wide });
    const start = this.#output.offset;
    if (carried.content instanceof Uint8Array) await this.#output.append(carried.content);
    else for await (const bytes of carried.content) await this.#output.append(bytes);
    if (this.#output.offset - start !== compressedSize)
      throw new Error(`${member.name}: carried ${this.#output.offset - start} of ${compressedSize} bytes`);
  }

  /**
   * Takes records of another archive that follow one another there, with their entries in its directory.
   * @throws when `content` has another length than `bytes` says
   */
  async copy({ entries, count, offset, bytes }: CopiedRecords, content: AsyncIterable<Uint8Array>): Promise<void> {
    const start = this.#output.offset;
    this.#directory.append(moved(entries, start - offset));
    this.#entries += count;
    for await (const part of content) if (!this.#output.appendHere(part)) await this.#output.append(part);
    if (this.#output.offset - start !== bytes) throw new Error(`copied ${this.#output.offset - start} of ${bytes} bytes`);
  }

  /** Remembers this point; `goBack` or `goOn` must follow before the next mark. */
  async mark(): Promise<Mark> {
    return { output: await this.#output.mark(), entries: this.#entries, directoryBytes: this.#directory.length };
  }

  /** Takes back all that was written since the mark. */
  async goBack(mark: Mark): Promise<void> {
    this.#entries = mark.entries;
    this.#directory.cut(mark.directoryBytes);
    await this.#output.goBack(mark.output);
  }

  async goOn(mark: Mark): Promise<void> {
    await this.#output.goOn(mark.output);
  }

  /** Writes the directory and closes the file (without fsync). @returns size and SHA-256 of the whole archive */
  async finish(): Promise<{ bytes: number; sha256: string }> {
    const { offset } = this.#output;
    for (const part of this.#directory.parts()) await this.#output.append(part);
    await this.#output.append(endOfDirectory({ entries: this.#entries, bytes: this.#directory.length, offset }));
    const sha256 = await this.#output.finish();
    await this.close();
    return { bytes: this.#output.offset, sha256 };
  }

  /** Lets file and threads go; after a failure the file is left half-written. May be called twice. */
  async close(): Promise<void> {
    this.#compressor.close();
    this.#directory.close();
    await Promise.all([this.#digests?.close(), this.#output.close()]);
  }

  async #begin(member: ZipMember, place: ZipPlace): Promise<void> {
    await this.#output.append(localHeader(member, place));
    this.#list(member, place);
  }

  #list(member: ZipMember, place: ZipPlace): void {
    this.#directory.append(directoryEntry(member, place));
    this.#entries++;
  }

  async #pieces(pieces: AsyncIterable<Uint8Array>, quick?: boolean) {
    const digest = this.#digests?.start();
    const pending: Promise<readonly Uint8Array[]>[] = [];
    let crc = 0;
    let size = 0;
    const appendNext = async () => {
      for (const part of (await pending.shift()) ?? []) await this.#output.append(part);
    };
    try {
      for await (const piece of pieces) {
        crc = crc32(piece, crc);
        size += piece.length;
        const compressed = this.#compressor.piece(piece, quick);
        compressed.catch(() => {}); // it is awaited below, perhaps after another one has failed
        pending.push(compressed);
        await digest?.update(piece);
        // one more than are worked at, so that nobody waits while the next is read
        if (pending.length > sideBySide) await appendNext();
      }
      while (pending.length > 0) await appendNext();
    } finally {
      await Promise.allSettled(pending);
    }
    await this.#output.append(lastPiece);
    return { crc, size, sha256: digest ? (await digest.end()).hex : Promise.resolve('') };
  }
}

const packed = (bytes: Uint8Array, { method, parts, length }: Compressed, sha256: Promise<string>): Packed => ({
  ...{ method, parts, crc: crc32(bytes), size: bytes.length, compressedSize: length, sha256 },
});

/** @returns the content in pieces of exactly `pieceBytes` (the last one less), `mostBytes` at most; whole pieces are passed on as they are */
async function* inPieces(content: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
  let piece: Buffer | undefined;
  let used = 0;
  let left = mostBytes;
  for await (const chunk of content) {
    const wanted = chunk.subarray(0, left);
    left -= wanted.length;
    if (used === 0 && wanted.length === pieceBytes) yield wanted;
    else {
      for (let taken = 0; taken < wanted.length; ) {
        piece ??= Buffer.allocUnsafeSlow(pieceBytes);
        const part = wanted.subarray(taken, taken + pieceBytes - used);
        piece.set(part, used);
        used += part.length;
        taken += part.length;
        if (used < pieceBytes) continue;
        yield piece;
        piece = undefined;
        used = 0;
      }
    }
    if (left === 0) break;
  }
  if (piece) yield piece.subarray(0, used);
}
