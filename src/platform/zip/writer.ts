// Writes ZIP archives: members in order, compressed on several threads, hashed once while they are written (ZIP64 where needed).
import { type FileHandle, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { compressPiece, compressWhole, lastPiece, pieceBytes } from './deflate.ts';
import { DigestThread, type RunningDigest } from './digests.ts';
import { GrowingBytes } from './growing-bytes.ts';
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
export type Packed = ZipSizes & { readonly method: ZipMethod; readonly bytes: Uint8Array; readonly sha256: Promise<string> };

/** A member of another archive whose compressed bytes are taken as they are. */
export type Carried = ZipSizes & { readonly method: ZipMethod; readonly content: AsyncIterable<Uint8Array> };

/** A point to which the archive can go back, as long as it is the latest one. */
export type Mark = {
  readonly offset: number;
  readonly entries: number;
  readonly directoryBytes: number;
  readonly digest: RunningDigest;
};

const outputBytes = 1024 * 1024;
/** Above this a member may pass 4 GiB in the archive: what cannot be compressed grows by less than a thousandth. */
const wideBytes = 0xf0000000;

/** One archive being written. Only `pack` may be called several times at once; the rest one after the other. */
export class ZipWriter {
  readonly #file: FileHandle;
  readonly #digests = new DigestThread();
  #digest: RunningDigest;
  #output = Buffer.allocUnsafeSlow(outputBytes);
  #used = 0;
  #offset = 0;
  readonly #directory = new GrowingBytes();
  /** how many pieces are compressed side by side */
  readonly #sideBySide = Math.max(2, availableParallelism());
  #entries = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#digest = this.#digests.start();
  }

  /** @param path is overwritten; who calls owns it, also after a failure */
  static async create(path: string): Promise<ZipWriter> {
    return new ZipWriter(await open(path, 'w'));
  }

  /** Compresses and hashes a content that is held in memory; several may run at once, and `put` writes them in order. */
  async pack(bytes: Uint8Array): Promise<Packed> {
    const digest = this.#digests.start();
    const [{ method, bytes: compressed }] = await Promise.all([compressWhole(bytes), digest.update(bytes)]);
    const { hex } = await digest.end();
    return { method, bytes: compressed, crc: crc32(bytes), size: bytes.length, compressedSize: compressed.length, sha256: hex };
  }

  async put(member: ZipMember, packed: Omit<Packed, 'sha256'>): Promise<void> {
    const { method, crc, size, compressedSize } = packed;
    await this.#begin(member, { method, crc, size, compressedSize, offset: this.#offset, described: false, wide: false });
    await this.#append(packed.bytes);
  }

  /** A folder, or anything else without content. */
  async putEmpty(member: ZipMember): Promise<void> {
    await this.put(member, { method: 0, bytes: new Uint8Array(0), crc: 0, size: 0, compressedSize: 0 });
  }

  /**
   * Writes a big content with bounded memory: pieces are compressed side by side, the sizes stand behind them.
   * @param mostBytes what comes beyond is not read
   */
  async stream(
    member: ZipMember,
    mostBytes: number,
    content: AsyncIterable<Uint8Array>,
  ): Promise<{ size: number; sha256: Promise<string> }> {
    const head = { method: 8 as const, offset: this.#offset, described: true, wide: mostBytes > wideBytes };
    await this.#append(localHeader(member, { ...head, crc: 0, size: 0, compressedSize: 0 }));
    const start = this.#offset;
    const { crc, size, sha256 } = await this.#pieces(content, mostBytes);
    const place = { ...head, crc, size, compressedSize: this.#offset - start };
    await this.#append(dataDescriptor(place));
    this.#list(member, place);
    return { size, sha256 };
  }

  /** @throws when the content has another length than `compressedSize` says */
  async carry(member: ZipMember, carried: Carried): Promise<void> {
    const { method, crc, size, compressedSize } = carried;
    const wide = size > wideBytes || compressedSize > wideBytes;
    await this.#begin(member, { method, crc, size, compressedSize, offset: this.#offset, described: false, wide });
    const start = this.#offset;
    for await (const bytes of carried.content) await this.#append(bytes);
    if (this.#offset - start !== compressedSize)
      throw new Error(`${member.name}: carried ${this.#offset - start} of ${compressedSize} bytes`);
  }

  /** Remembers this point; `goBack` or `goOn` must follow before the next mark. */
  async mark(): Promise<Mark> {
    await this.#flush();
    const digest = await this.#digest.copy();
    return { offset: this.#offset, entries: this.#entries, directoryBytes: this.#directory.length, digest };
  }

  /** Takes back all that was written since the mark. */
  async goBack(mark: Mark): Promise<void> {
    await this.#digest.drop();
    this.#digest = mark.digest;
    this.#used = 0;
    this.#offset = mark.offset;
    this.#entries = mark.entries;
    this.#directory.cut(mark.directoryBytes);
    await this.#file.truncate(mark.offset);
  }

  async goOn(mark: Mark): Promise<void> {
    await mark.digest.drop();
  }

  /** Writes the directory and closes the file (without fsync). @returns size and SHA-256 of the whole archive */
  async finish(): Promise<{ bytes: number; sha256: string }> {
    const offset = this.#offset;
    for (const part of this.#directory.parts()) await this.#append(part);
    await this.#append(endOfDirectory({ entries: this.#entries, bytes: this.#directory.length, offset }));
    await this.#flush();
    const { hex } = await this.#digest.end();
    const sha256 = await hex;
    await this.close();
    return { bytes: this.#offset, sha256 };
  }

  /** Lets file and threads go; after a failure the file is left half-written. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([this.#digests.close(), this.#file.close()]);
  }

  async #begin(member: ZipMember, place: ZipPlace): Promise<void> {
    await this.#append(localHeader(member, place));
    this.#list(member, place);
  }

  #list(member: ZipMember, place: ZipPlace): void {
    this.#directory.append(directoryEntry(member, place));
    this.#entries++;
  }

  async #pieces(content: AsyncIterable<Uint8Array>, mostBytes: number) {
    const digest = this.#digests.start();
    const pending: Promise<Buffer>[] = [];
    let crc = 0;
    let size = 0;
    try {
      for await (const piece of inPieces(content, mostBytes)) {
        crc = crc32(piece, crc);
        size += piece.length;
        const compressed = compressPiece(piece);
        compressed.catch(() => {}); // it is awaited below, perhaps after another one has failed
        pending.push(compressed);
        await digest.update(piece);
        if (pending.length >= this.#sideBySide) await this.#append((await pending.shift()) ?? lastPiece);
      }
      while (pending.length > 0) await this.#append((await pending.shift()) ?? lastPiece);
    } finally {
      await Promise.allSettled(pending);
    }
    await this.#append(lastPiece);
    return { crc, size, sha256: (await digest.end()).hex };
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + outputBytes - this.#used);
      this.#output.set(part, this.#used);
      this.#used += part.length;
      this.#offset += part.length;
      taken += part.length;
      if (this.#used === outputBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#output.subarray(0, this.#used);
    if (bytes.length === 0) return;
    const position = this.#offset - this.#used;
    this.#used = 0;
    await Promise.all([this.#write(bytes, position), this.#digest.update(bytes)]);
  }

  /** A disk takes a part of the bytes before it is full; the next attempt says that it is. */
  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, position + written);
      if (bytesWritten === 0) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
      written += bytesWritten;
    }
  }
}

/** @returns the content in pieces of exactly `pieceBytes` (the last one less), each in memory of its own, `mostBytes` at most */
async function* inPieces(content: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let used = 0;
  let left = mostBytes;
  for await (const chunk of content) {
    const wanted = chunk.subarray(0, left);
    for (let taken = 0; taken < wanted.length; ) {
      const part = wanted.subarray(taken, taken + pieceBytes - used);
      piece.set(part, used);
      used += part.length;
      taken += part.length;
      if (used < pieceBytes) continue;
      yield piece;
      piece = Buffer.allocUnsafeSlow(pieceBytes);
      used = 0;
    }
    left -= wanted.length;
    if (left === 0) break;
  }
  if (used > 0) yield piece.subarray(0, used);
}
