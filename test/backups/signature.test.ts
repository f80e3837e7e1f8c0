// Who made an archive: the panel's own signature over the manifest, also after its secret changed, and nobody else's.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeArchive } from '../../src/backups/archive.ts';
import { isOurs, signatureText, signedBy } from '../../src/backups/signature.ts';
import { verifyArchive } from '../../src/backups/verification.ts';
import { publicHalf, Signing } from '../../src/platform/signing.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { ZipWriter } from '../../src/platform/zip/writer.ts';
import { readManifest } from './manifests.ts';

const seeds = [randomBytes(32), randomBytes(32)] as const;
const signing = new Signing(seeds[0]);
const signal = new AbortController().signal;
let folder: string;
let path: string;
let sha256: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signature-'));
  await mkdir(join(folder, 'site/www'), { recursive: true });
  await writeFile(join(folder, 'site/www/index.html'), '<h1>가게</h1>');
  path = join(folder, 'archive.zip');
  const order = { storage: diskSite(join(folder, 'site')), siteName: 'haneul', at: Date.now(), zone: 'Asia/Seoul', signal };
  ({ sha256 } = await writeArchive({ ...order, target: path, signing }));
  await writeArchive({ ...order, target: join(folder, 'unsigned.zip') });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function madeBy(file: string, by: Signing): Promise<string> {
  const reader = await ZipReader.open(file);
  try {
    return await signedBy(reader, by);
  } finally {
    await reader.close();
  }
}

/** The archive again, with other bytes in one member. */
async function changed(name: string, content: (before: string) => string): Promise<string> {
  const file = join(folder, 'changed.zip');
  const [reader, writer] = [await ZipReader.open(path), await ZipWriter.create(file)];
  for (const entry of reader.entries()) {
    const bytes = await reader.read(entry, 1e6);
    const text = entry.name === name ? Buffer.from(content(bytes.toString())) : bytes;
    if (entry.kind === 'folder') await writer.putEmpty(entry);
    else await writer.put(entry, await writer.pack(text));
  }
  await reader.close();
  await writer.finish();
  return file;
}

test('an archive is told for our own, also by a panel whose secret has changed since', async () => {
  expect(await madeBy(path, signing)).toBe('us');
  expect(await madeBy(path, new Signing(seeds[1], [publicHalf(seeds[0])]))).toBe('us');
});

test('one of before signatures is nobody’s, one of another panel is foreign', async () => {
  expect(await madeBy(join(folder, 'unsigned.zip'), signing)).toBe('nobody');
  expect(await madeBy(path, new Signing(seeds[1]))).toBe('foreign');
});

test('a manifest or a signature that was touched is foreign', async () => {
  expect(await madeBy(await changed('manifest.json', (text) => text.replace('haneul', 'hansol')), signing)).toBe('foreign');
  for (const touch of [(text: string) => `${text}\n`, (text: string) => text.replace('Key: ', 'Key: x'), () => ''])
    expect(await madeBy(await changed('manifest.json.sig', touch), signing)).toBe('foreign');
});

test('reading an archive back finds a signature that is not ours, and takes an older archive without one', async () => {
  const check = async (file: string, by: Signing, of: string) =>
    verifyArchive(file, { sha256: of, manifest: await readManifest(file), signing: by, signal });
  expect(await check(path, signing, sha256)).toEqual({ ok: true });
  expect(await check(path, new Signing(seeds[1]), sha256)).toEqual({
    ok: false,
    faults: [{ path: 'manifest.json.sig', fault: 'signature' }],
  });
  const unsigned = join(folder, 'unsigned.zip');
  expect(await check(unsigned, signing, 'another')).toEqual({ ok: false, faults: [{ path: '', fault: 'archive' }] });
});

test('a signature counts for the manifest it was made of and for no other', () => {
  const of = 'ab'.repeat(32);
  const text = signatureText(signing, of);
  expect(isOurs(signing, text, of)).toBe(true);
  expect(isOurs(signing, text, 'cd'.repeat(32))).toBe(false);
  expect(isOurs(signing, text.replace(of, 'cd'.repeat(32)), 'cd'.repeat(32))).toBe(false);
});
