// The ZIP writer and reader against the programs that customers use: unzip, Python and 7-Zip.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DamagedArchive } from '../../src/platform/zip/damage.ts';
import { looksCompressed } from '../../src/platform/zip/deflate.ts';
import { DigestThread, digestsFor } from '../../src/platform/zip/digests.ts';
import { moved, readEntry } from '../../src/platform/zip/directory.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { directoryEntry } from '../../src/platform/zip/records.ts';
import { ZipWriter } from '../../src/platform/zip/writer.ts';

const run = promisify(execFile);
const isThere = async (tool: string) =>
  run('sh', ['-c', `command -v ${tool}`]).then(
    () => true,
    () => false,
  );
const tools = { unzip: await isThere('unzip'), python3: await isThere('python3'), '7z': await isThere('7z') };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = Date.parse('2026-11-21T03:00:01Z');
const file = (name: string, modifiedAt = at) => ({ name, kind: 'file' as const, mode: 0o640, modifiedAt });

async function* inParts(bytes: Buffer, partBytes: number) {
  for (let start = 0; start < bytes.length; start += partBytes) yield bytes.subarray(start, start + partBytes);
}

async function written(name: string, write: (zip: ZipWriter) => Promise<void>) {
  const path = join(folder, name);
  const zip = await ZipWriter.create(path);
  try {
    await write(zip);
    return { path, ...(await zip.finish()) };
  } finally {
    await zip.close();
  }
}

async function content(reader: ZipReader, name: string): Promise<Buffer> {
  const entry = [...reader.entries()].find((one) => one.name === name);
  if (!entry) throw new Error(`${name} is not in the archive`);
  return reader.read(entry, 64 * 1024 * 1024);
}

const accepts: Record<string, (path: string) => Promise<unknown>> = {
  unzip: (path) => run('unzip', ['-tqq', path]),
  python3: (path) => run('python3', ['-m', 'zipfile', '-t', path]),
  '7z': (path) => run('7z', ['t', '-bso0', path]),
};

describe('an archive with every kind of member', () => {
  const big = Buffer.concat([randomBytes(1_500_000), Buffer.from('되풀이되는 글 '.repeat(150_000)), randomBytes(700_000)]);
  let archive: Awaited<ReturnType<typeof written>>;

  beforeAll(async () => {
    archive = await written('kinds.zip', async (zip) => {
      await zip.putEmpty({ name: 'www', kind: 'folder', mode: 0o2750, modifiedAt: at });
      await zip.put(file('www/빈 파일'), await zip.pack(Buffer.alloc(0)));
      await zip.put(file('www/글.txt'), await zip.pack(Buffer.from('안녕하세요 '.repeat(500))));
      await zip.stream(file('www/큰 파일.bin'), big.length, inParts(big, 70_000));
      await zip.put({ name: 'www/link', kind: 'link', mode: 0o777, modifiedAt: at }, await zip.pack(Buffer.from('글.txt')));
      await zip.put(file('www/사진.jpg'), await zip.pack(randomBytes(50_000)));
      for (const [name, time] of [
        ['1969', -86_400_000],
        ['1895', Date.UTC(1895, 0)],
        ['2040', Date.UTC(2040, 0)],
        ['9999', Date.UTC(9999, 0)],
        ['none', Number.NaN],
      ] as const) {
        await zip.put(file(`www/${name}`, time), await zip.pack(Buffer.from(name)));
      }
    });
  });

  for (const [tool, test_] of Object.entries(accepts)) {
    test.skipIf(!tools[tool as keyof typeof tools])(`is accepted by ${tool}`, async () => {
      await test_(archive.path);
    });
  }

  test('gives back every content, and says size and SHA-256 of itself rightly', async () => {
    const reader = await ZipReader.open(archive.path);
    expect((await content(reader, 'www/큰 파일.bin')).equals(big)).toBe(true);
    expect((await content(reader, 'www/글.txt')).toString()).toBe('안녕하세요 '.repeat(500));
    expect((await content(reader, 'www/link')).toString()).toBe('글.txt');
    await reader.close();
    expect((await stat(archive.path)).size).toBe(archive.bytes);
    expect(
      createHash('sha256')
        .update(await readFile(archive.path))
        .digest('hex'),
    ).toBe(archive.sha256);
  });

  test('keeps modes, kinds and times', async () => {
    const reader = await ZipReader.open(archive.path);
    await reader.close();
    const found = Object.fromEntries([...reader.entries()].map((one) => [one.name, one]));
    expect(found.www).toMatchObject({ kind: 'folder', mode: 0o2750, modifiedAt: at });
    expect(found['www/link']).toMatchObject({ kind: 'link' });
    expect(found['www/1969']?.modifiedAt).toBe(-86_400_000);
    expect(found['www/2040']?.modifiedAt).toBe(Date.UTC(2040, 0));
    expect(found['www/사진.jpg']?.method).toBe(0);
  });

  test('can be carried over into another archive as compressed bytes', async () => {
    const reader = await ZipReader.open(archive.path);
    const copy = await written('copy.zip', async (zip) => {
      for (const entry of reader.entries()) await zip.carry(entry, { ...entry, content: await reader.rawBytes(entry) });
    });
    await reader.close();
    for (const [tool, test_] of Object.entries(accepts)) if (tools[tool as keyof typeof tools]) await test_(copy.path);
    const again = await ZipReader.open(copy.path);
    expect((await content(again, 'www/큰 파일.bin')).equals(big)).toBe(true);
    expect([...again.entries()].map((one) => [one.name, one.crc, one.mode])).toEqual(
      [...reader.entries()].map((one) => [one.name, one.crc, one.mode]),
    );
    await again.close();
  });

  test('is refused with a clear error when its directory is damaged or its end is cut off', async () => {
    const whole = await readFile(archive.path);
    const reader = await ZipReader.open(archive.path);
    await reader.close();
    const path = join(folder, 'damaged.zip');
    for (let byte = reader.directory.offset; byte < whole.length; byte += 3) {
      const damaged = Buffer.from(whole);
      damaged[byte] = (damaged[byte] ?? 0) ^ 0xff;
      await writeFile(path, damaged);
      const opened = await ZipReader.open(path).catch((cause) => cause);
      // a damaged time or CRC cannot be seen here; whatever is seen must be called damage
      if (opened instanceof ZipReader) await opened.close();
      else expect(opened).toBeInstanceOf(DamagedArchive);
    }
    for (const length of [0, 21, 100, reader.directory.offset, whole.length - 1]) {
      await truncate(path, length);
      await expect(ZipReader.open(path)).rejects.toBeInstanceOf(DamagedArchive);
    }
  });

  test('tells when a content is damaged, at the latest at its end', async () => {
    const path = join(folder, 'content.zip');
    await writeFile(path, await readFile(archive.path));
    const reader = await ZipReader.open(path);
    const entry = [...reader.entries()].find((one) => one.name === 'www/큰 파일.bin');
    if (!entry) throw new Error('missing');
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from([1, 2, 3, 4]), 0, 4, entry.offset + 1_000_000);
    await handle.close();
    await expect(reader.read(entry, 64_000_000)).rejects.toBeInstanceOf(DamagedArchive);
    await reader.close();
  });
});

test('a streamed member can be taken back, as if it had never been written', async () => {
  const archive = await written('back.zip', async (zip) => {
    await zip.put(file('first'), await zip.pack(Buffer.from('first')));
    const mark = await zip.mark();
    await zip.stream(file('wrong'), 9_000_000, inParts(randomBytes(3_000_000), 65_536));
    await zip.goBack(mark);
    await zip.put(file('second'), await zip.pack(Buffer.from('second')));
  });
  const plain = await written('plain.zip', async (zip) => {
    await zip.put(file('first'), await zip.pack(Buffer.from('first')));
    await zip.put(file('second'), await zip.pack(Buffer.from('second')));
  });
  expect(archive.sha256).toBe(plain.sha256);
  expect(await readFile(archive.path)).toEqual(await readFile(plain.path));
});

test('70,000 members need ZIP64 and more of a directory than memory is given for, and every program reads them', async () => {
  const folderName = 'a folder of a long name'.repeat(4);
  const archive = await written('many.zip', async (zip) => {
    const packed = await zip.pack(Buffer.from('x'));
    for (let number = 0; number < 70_000; number++) await zip.put(file(`${folderName}/${number}`), packed);
  });
  for (const [tool, test_] of Object.entries(accepts)) if (tools[tool as keyof typeof tools]) await test_(archive.path);
  const reader = await ZipReader.open(archive.path);
  await reader.close();
  const names = [...reader.entries()].map(({ name }) => name);
  expect(names).toEqual(Array.from({ length: 70_000 }, (_, number) => `${folderName}/${number}`));
});

// GOTGAN_SLOW_TESTS=1: writes and reads more than 4 GiB
test.skipIf(!process.env.GOTGAN_SLOW_TESTS)(
  'a file above 4 GiB, and one behind it, are read by every program',
  async () => {
    const zeros = Buffer.alloc(1024 * 1024);
    const noise = randomBytes(1024 * 1024);
    async function* parts(piece: Buffer, count: number) {
      for (let number = 0; number < count; number++) yield piece;
    }
    const archive = await written('wide.zip', async (zip) => {
      await zip.stream(file('zeros'), 4200 * zeros.length, parts(zeros, 4200));
      await zip.stream(file('noise'), 4200 * noise.length, parts(noise, 4200));
      await zip.put(file('last'), await zip.pack(Buffer.from('behind 4 GiB')));
    });
    for (const [tool, test_] of Object.entries(accepts)) if (tools[tool as keyof typeof tools]) await test_(archive.path);
    const reader = await ZipReader.open(archive.path);
    expect((await content(reader, 'last')).toString()).toBe('behind 4 GiB');
    expect([...reader.entries()][0]?.size).toBe(4200 * zeros.length);
    const copy = await written('wide-copy.zip', async (zip) => {
      for (const entry of reader.entries()) await zip.carry(entry, { ...entry, content: await reader.rawBytes(entry) });
    });
    for (const [tool, test_] of Object.entries(accepts)) if (tools[tool as keyof typeof tools]) await test_(copy.path);
    await reader.close();
  },
  600_000,
);

test('an entry that is moved to another place is the one that would have been written there, across 4 GiB too', () => {
  const member = file('www/글.txt');
  const beyond = 5 * 1024 ** 3;
  const sizes = { method: 8, crc: 7, described: false } as const;
  for (const { size, wide } of [
    { size: 1000, wide: false },
    { size: beyond, wide: true },
  ]) {
    const at = (offset: number) => directoryEntry(member, { ...sizes, size, compressedSize: size, wide, offset });
    for (const [from, to] of [
      [0, 100],
      [100, 0],
      [10, beyond],
      [beyond, beyond + 7],
    ] as const)
      expect(moved(Buffer.concat([at(from), at(from + 50)]), to - from)).toEqual(Buffer.concat([at(to), at(to + 50)]));
    const back = moved(at(beyond), 10 - beyond);
    expect(readEntry(back, 0)).toEqual({ entry: readEntry(at(10), 0).entry, length: at(10).length });
  }
});

test('what is compressed already is recognised, text is not', () => {
  expect(looksCompressed(randomBytes(100_000))).toBe(true);
  expect(looksCompressed(Buffer.from(randomBytes(100_000).toString('base64')))).toBe(false);
  expect(looksCompressed(Buffer.alloc(100_000))).toBe(false);
});

test.each([
  ['when a thread is shared', () => new DigestThread(2)],
  ['where they are few bytes, without one', () => digestsFor(1000)],
])('SHA-256 of many streams at once are those of the streams, also %s', async (_, begin) => {
  const thread = begin();
  const contents = Array.from({ length: 40 }, (_, index) => randomBytes(index * 40_000));
  const digests = await Promise.all(
    contents.map(async (bytes) => {
      const digest = thread.start();
      for await (const part of inParts(bytes, 30_011)) await digest.update(part);
      return (await digest.end()).hex;
    }),
  );
  const copied = thread.start();
  await copied.update(Buffer.from('one'));
  const copy = await copied.copy();
  await copied.drop();
  await copy.update(Buffer.from(' and two'));
  const { hex } = await copy.end();
  expect(await hex).toBe(createHash('sha256').update('one and two').digest('hex'));
  await thread.close();
  expect(digests).toEqual(contents.map((bytes) => createHash('sha256').update(bytes).digest('hex')));
});

test('a thread that was closed says so', async () => {
  const thread = new DigestThread(2);
  await thread.close();
  await expect(thread.start().update(Buffer.from('x'))).rejects.toThrow('closed');
});
