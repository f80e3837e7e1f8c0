// manifest.json: what we write we read again, and docs/manifest.schema.json is its rule.
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import {
  type Manifest,
  ManifestText,
  manifestJsonSchema,
  manifestOfLines,
  manifestSchema,
  memberLine,
  parseManifest,
} from '../../src/backups/manifest.ts';
import { DamagedArchive } from '../../src/platform/zip/damage.ts';
import { wholeManifest } from './manifests.ts';

const manifest: Manifest = {
  format: 'gotgan-backup',
  version: 1,
  site: 'haneul',
  madeBy: 'Gotgan 0.1.0',
  dataAt: '2026-11-21T18:00:00.000Z',
  zone: 'Asia/Seoul',
  counts: { files: 1, folders: 1, links: 1, bytes: 3, databases: 0 },
  databases: [],
  leftOut: [{ path: 'www/임시\n"파일"', reason: 'gone' }],
  members: [
    { path: 'www', kind: 'folder', size: 0, mode: 0o2750, modifiedAt: 1.5, stamp: 'a' },
    { path: 'www/줄\n바꿈\u2028', kind: 'file', size: 3, sha256: 'ab'.repeat(32), mode: 0o640, modifiedAt: -1e15, stamp: '' },
    { path: 'www/link', kind: 'link', size: 0, mode: 0o777, modifiedAt: 0, stamp: 'b', target: '../../etc' },
  ],
};

async function text({ members, ...head }: Manifest): Promise<string> {
  const chunks: Uint8Array[] = [];
  const lines = Readable.from(members.map((member) => Buffer.from(`${memberLine(member)},\n`)));
  for await (const chunk of manifestOfLines(head, lines)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
const parse = async (document: string) => wholeManifest(await parseManifest(Readable.from([Buffer.from(document)])));

test('a manifest is read as it was written, and is plain JSON with one member a line', async () => {
  const document = await text(manifest);
  expect(await parse(document)).toEqual(manifest);
  expect(manifestSchema.parse(JSON.parse(document))).toEqual(manifest);
  expect(document.split('\n')).toHaveLength(manifest.members.length + 3);
});

test('what checks a manifest member by member comes to the same bytes', async () => {
  for (const members of [manifest.members, []]) {
    const { members: _, ...head } = manifest;
    const again = new ManifestText(head);
    const portions = members.flatMap((member) => again.add(member) ?? []);
    expect(Buffer.concat([...portions, again.end()]).toString()).toBe(await text({ ...manifest, members }));
  }
});

test('the same manifest always gives the same bytes, whatever the order of its fields', async () => {
  const turned = Object.fromEntries(Object.entries(await parse(await text(manifest))).reverse()) as Manifest;
  expect(await text(turned)).toBe(await text(manifest));
});

test('a manifest of a site without a member is read', async () => {
  expect(await parse(await text({ ...manifest, members: [] }))).toEqual({ ...manifest, members: [] });
});

test.each([
  ['nothing', () => ''],
  ['a text', () => 'hello'],
  ['a cut one', (whole: string) => whole.slice(0, -4)],
  ['one with text behind', (whole: string) => `${whole}x\n`],
  ['one of another version', (whole: string) => whole.replace('"version":1', '"version":2')],
  ['one with an unknown field', (whole: string) => whole.replace('"kind":"folder"', '"kind":"folder","x":1')],
  ['one with a negative size', (whole: string) => whole.replace('"size":3', '"size":-3')],
])('%s is refused as damaged', async (_, change) => {
  await expect(parse(change(await text(manifest)))).rejects.toBeInstanceOf(DamagedArchive);
});

// GOTGAN_UPDATE_DOCS=1 writes it anew
test('docs/manifest.schema.json is the rule by which manifests are read', async () => {
  const path = new URL('../../docs/manifest.schema.json', import.meta.url);
  const expected = `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`;
  if (process.env.GOTGAN_UPDATE_DOCS) await writeFile(path, expected);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(expected));
});
