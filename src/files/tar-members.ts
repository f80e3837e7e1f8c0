// Looks into a tar as its bytes pass by: names, links, sizes and contents of its members (POSIX ustar, pax and GNU long names).
import { nameText } from './name-text.ts';
import { ArchiveRefused, judgeMember, judgeMemberName, type Looking } from './unpacking.ts';

const block = 512;
const longestExtension = 64 * 1024;

/** Reads an exact number of bytes from chunks of any size. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** @returns at most `most` bytes, none at the end */
  async some(most: number): Promise<Buffer> {
    if (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return this.#rest;
      this.#rest = next.value;
    }
    const some = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(some.length);
    return some;
  }

  /** @returns exactly `count` bytes, or none at the end */
  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const some = await this.some(missing);
      if (some.length === 0) {
        if (missing === count) return some;
        throw new ArchiveRefused('damaged');
      }
      parts.push(some);
      missing -= some.length;
    }
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** What a pax or GNU header says about the member that follows it. */
type Extension = { path?: string; size?: number; link?: boolean };

/**
 * Judges every member of a tar. Errors: ArchiveRefused
 * @param chunks the tar itself, already unpacked and counted
 */
export async function judgeTar(chunks: AsyncIterable<Buffer>, looking: Looking): Promise<void> {
  const bytes = new Bytes(chunks);
  try {
    let extension: Extension = {};
    for (;;) {
      const header = await bytes.exactly(block);
      if (header.length === 0 || header.every((byte) => byte === 0)) break;
      extension = await judgeEntry(header, extension, bytes, looking);
    }
    while ((await bytes.some(block * block)).some((byte) => byte !== 0)) throw new ArchiveRefused('damaged');
  } finally {
    await bytes.close();
  }
}

async function judgeEntry(header: Buffer, extension: Extension, bytes: Bytes, looking: Looking): Promise<Extension> {
  if (!hasRightSum(header)) throw new ArchiveRefused('damaged');
  const type = String.fromCharCode(header[156] ?? 0);
  const size = extension.size ?? number(header.subarray(124, 136));
  const padded = Math.ceil(size / block) * block;
  if ('xgLK'.includes(type)) return { ...extension, ...(await readExtension(type, padded, size, bytes)) };
  const shown = (extension.path ?? headerPath(header)) + (type === '5' ? '/' : '');
  looking.allowance.takeMember(shown);
  let left = padded;
  async function* content(): AsyncGenerator<Buffer> {
    let wanted = size;
    while (wanted > 0) {
      const some = await bytes.some(wanted);
      if (some.length === 0) throw new ArchiveRefused('damaged', shown);
      wanted -= some.length;
      left -= some.length;
      yield some;
    }
  }
  await judgeKind(type, shown.replace(/\/+$/, '/'), extension, content(), looking);
  while (left > 0) {
    const some = await bytes.some(left);
    if (some.length === 0) throw new ArchiveRefused('damaged', shown);
    left -= some.length;
  }
  return {};
}

async function judgeKind(
  type: string,
  shown: string,
  extension: Extension,
  chunks: AsyncIterable<Buffer>,
  looking: Looking,
): Promise<void> {
  if (!'0\x005'.includes(type) || extension.link) return looking.faults.add('link', shown);
  // `tar -C folder .` writes the folder itself as `./` and everything below it as `./…`.
  const plain = shown.replace(/^\.\//, '');
  if (plain === '') return;
  const name = judgeMemberName(plain, false, looking.allowance.rules);
  if (!name) return looking.faults.add('member', shown);
  if (type !== '5') await judgeMember({ name, shown, chunks }, looking);
  else await looking.taker?.folder(name.path);
}

async function readExtension(type: string, padded: number, size: number, bytes: Bytes): Promise<Extension> {
  if (padded > longestExtension) throw new ArchiveRefused('damaged');
  const body = (await bytes.exactly(padded)).subarray(0, size);
  if (type === 'L') return { path: text(body) };
  if (type === 'K') return { link: true };
  const extension: Extension = {};
  for (const [, key, value = ''] of body.toString().matchAll(/^\d+ ([^=\n]+)=(.*)$/gm)) {
    if (key === 'path') extension.path = value;
    if (key === 'size') extension.size = Number(value);
    if (key === 'linkpath' || key?.startsWith('GNU.sparse')) extension.link = true;
  }
  if (extension.size !== undefined && !Number.isSafeInteger(extension.size)) throw new ArchiveRefused('damaged');
  return extension;
}

function headerPath(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' && header[262] === 0 ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return nameText(field.subarray(0, end < 0 ? field.length : end));
}

/** Octal digits, or GNU's big-endian form where the first bit is set. */
function number(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    if (field.subarray(1, 5).some((byte) => byte !== 0) || (field[5] ?? 0) > 0x1f) throw new ArchiveRefused('damaged');
    return field.readUIntBE(5, 6) * 256 + (field[11] ?? 0);
  }
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw new ArchiveRefused('damaged');
  return Number.parseInt(digits || '0', 8);
}

function hasRightSum(header: Buffer): boolean {
  let sum = 8 * 0x20;
  header.forEach((byte, at) => {
    if (at < 148 || at >= 156) sum += byte;
  });
  return sum === number(header.subarray(148, 156));
}
