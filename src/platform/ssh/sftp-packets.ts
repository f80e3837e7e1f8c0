// The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), to bytes and back. Paths and names stay bytes.
import { SshFault } from './faults.ts';
import type { Attributes } from './port.ts';

export const packetType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 200,
  extendedReply: 201,
} as const;

export const openFlags = { read: 0x01, exclusive: 0x02 | 0x08 | 0x20 } as const;

const hasSize = 0x01;
const hasOwner = 0x02;
const hasMode = 0x04;
const hasTimes = 0x08;
const hasMore = 0x80000000;

export type Field = number | bigint | Uint8Array | string;

/** @returns the fields as a packet: numbers as uint32, big ones as uint64, bytes and text with their length before them */
export function packet(type: number, fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => (typeof field === 'string' ? Buffer.from(field) : field));
  const length = parts.reduce<number>((sum, part) => sum + sizeOf(part), 1);
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32BE(length, 0);
  bytes[4] = type;
  let at = 5;
  for (const part of parts) {
    if (typeof part === 'bigint') at = bytes.writeBigUInt64BE(part, at);
    else if (typeof part === 'number') at = bytes.writeUInt32BE(part, at);
    else {
      at = bytes.writeUInt32BE(part.length, at);
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

function sizeOf(part: number | bigint | Uint8Array): number {
  if (typeof part === 'bigint') return 8;
  return typeof part === 'number' ? 4 : 4 + part.length;
}

/** Attributes to be sent that hold permission bits and nothing else: flags and mode. */
export const modeOnly = (mode: number): readonly Field[] => [hasMode, mode];
/** Attributes to be sent that hold times and nothing else: flags, time of access and of content. */
export const timesOnly = (seconds: number): readonly Field[] => [hasTimes, seconds, seconds];
/** Attributes to be sent that hold nothing. */
export const noAttributes: readonly Field[] = [0];

/** Reads the fields of a packet one after another; one that ends too early is a fault of the server. */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(): number {
    return this.#next(4).readUInt32BE(0);
  }

  large(): number {
    return Number(this.#next(8).readBigUInt64BE(0));
  }

  /** A view on the packet: it must not be kept beside large packets. */
  bytes(): Buffer {
    return this.#next(this.number());
  }

  #next(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new SshFault('EPROTOCOL', 'A packet of the server ends in the middle');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  attributes(): Attributes {
    const flags = this.number();
    const size = flags & hasSize ? this.large() : 0;
    const [userId, groupId] = flags & hasOwner ? [this.number(), this.number()] : [0, 0];
    const mode = flags & hasMode ? this.number() : 0;
    const [, modifiedSeconds] = flags & hasTimes ? [this.number(), this.number()] : [0, 0];
    if (flags & hasMore) for (let more = this.number(); more > 0; more--) void [this.bytes(), this.bytes()];
    return { size, userId, groupId, mode, modifiedSeconds };
  }
}

/** Cuts a stream of bytes into packets: `[type, content]`. */
export class PacketCutter {
  #rest: Buffer[] = [];
  #length = 0;
  readonly #most: number;

  /** @param most bytes of a packet; a longer one is no SFTP, and a RangeError */
  constructor(most: number) {
    this.#most = most;
  }

  *cut(chunk: Buffer): Generator<{ type: number; content: Buffer }> {
    this.#rest.push(chunk);
    this.#length += chunk.length;
    for (;;) {
      if (this.#length < 5) return;
      const head = this.#first(4).readUInt32BE(0);
      if (head < 1 || head > this.#most) throw new RangeError(`A packet of ${head} bytes is no SFTP`);
      if (this.#length < 4 + head) return;
      const whole = this.#first(4 + head);
      this.#drop(4 + head);
      yield { type: whole[4] ?? 0, content: whole.subarray(5, 4 + head) };
    }
  }

  /** @returns at least the first bytes in one piece; pieces are joined only where the packet needs it */
  #first(bytes: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#rest;
    if (first.length >= bytes) return first;
    this.#rest = [Buffer.concat(this.#rest, this.#length)];
    return this.#rest[0] ?? first;
  }

  #drop(bytes: number): void {
    const [first = Buffer.alloc(0), ...others] = this.#rest;
    this.#rest = first.length === bytes ? others : [first.subarray(bytes), ...others];
    this.#length -= bytes;
  }
}
