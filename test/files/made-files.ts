// Files made for tests of the upload policy: archives byte by byte, so that they can be wrong in any way.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { judgeFile, type Refusal, type UploadRules, usualRules } from '../../src/files/policy.ts';

export type ZipPart = {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** unix mode with its type bits, 0o120777 for a link */
  readonly mode?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly localName?: string;
  readonly declaredSize?: number;
  readonly crc?: number;
  /** where the directory says that the member begins */
  readonly at?: number;
  /** another name in an Info-ZIP field, which some readers prefer */
  readonly otherName?: string;
};

/** A zip as PKWARE's note has it; every field can be set to a lie. */
export function zipOf(parts: readonly ZipPart[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const content = Buffer.from(part.content ?? '');
    const packed = (part.method ?? 8) === 8 ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(part.flags ?? (typeof part.name === 'string' ? 0x800 : 0), 2);
    fields.writeUInt16LE(part.method ?? 8, 4);
    fields.writeUInt32LE(part.crc ?? crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(part.declaredSize ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(0x0314, 4);
    fields.copy(entry, 6);
    entry.writeUInt32LE(((part.mode ?? 0o100644) << 16) >>> 0, 38);
    entry.writeUInt32LE(part.at ?? offset, 42);
    const other = otherNameField(name, part.otherName);
    entry.writeUInt16LE(other.length, 30);
    entries.push(entry, name, other);
    const localName = Buffer.from(part.localName ?? name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    fields.copy(local, 4);
    local.writeUInt16LE(localName.length, 26);
    locals.push(local, localName, packed);
    offset += 30 + localName.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function otherNameField(name: Buffer, other: string | undefined): Buffer {
  if (other === undefined) return Buffer.alloc(0);
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + Buffer.byteLength(other), 2);
  field.writeUInt8(1, 4);
  field.writeUInt32LE(crc32(name), 5);
  return Buffer.concat([field, Buffer.from(other)]);
}

export type TarPart = {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly type?: string;
  readonly link?: string;
};

export function tarOf(parts: readonly TarPart[]): Buffer {
  const blocks = parts.flatMap((part) => {
    const content = Buffer.from(part.content ?? '');
    const header = Buffer.alloc(512);
    header.write(part.name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(part.type ?? '0', 156);
    header.write(part.link ?? '', 157);
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The smallest file that begins like a program of each system. */
export const programs: Readonly<Record<string, Buffer>> = {
  exe: Buffer.concat([Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0', 'latin1'), Buffer.alloc(200)]),
  elf: Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(200)]),
  wasm: Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), Buffer.alloc(64)]),
  class: Buffer.concat([Buffer.from('\xca\xfe\xba\xbe\0\0\0\x41', 'latin1'), Buffer.alloc(64)]),
  macho: Buffer.concat([Buffer.from('\xcf\xfa\xed\xfe', 'latin1'), Buffer.alloc(64)]),
};

/** 안녕하세요, and 똠방각하 whose first syllable only CP949 has */
export const koreanCp949 = Buffer.from('bec8b3e7c7cfbcbcbfe4208c63b9e6b0a2c7cf', 'hex');

/** A folder of its own for a test file, and a way to put content before the policy. */
export async function quarantine() {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-policy-'));
  const from = join(folder, 'uploaded');
  return {
    folder,
    from,
    async judge(path: string, content: string | Buffer, rules: UploadRules = usualRules): Promise<Refusal | undefined> {
      await writeFile(from, content);
      return judgeFile({ path: path.split('/'), from, bytes: Buffer.byteLength(content) }, rules);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @returns `content_mismatch png`, `archive_bad member 1 x.php`, or `may be`: a refusal in one line */
export function inWords(refused: Refusal | undefined): string {
  if (!refused) return 'may be';
  const { found, why, n, first } = refused.parameters;
  return [refused.code, found, why, why === undefined ? undefined : n, first]
    .filter((each) => each !== undefined && each !== '')
    .join(' ');
}
