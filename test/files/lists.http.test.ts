// One list a kind of folder, whatever way a file takes to it: form, script, pieces, renaming, moving, copying, unpacking, writing.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { zipOf } from './made-files.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let files: string;
const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);

// Beside upload folders psd may come in and html may not; in them it is log, and no zip.
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, uploadKinds: ['+psd', '-html'], uploadFolderKinds: ['+log', '-zip'] });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  files = `/sites/${site}/files`;
  const { sites } = house.panel.doors;
  await sites.folders.mark(await sites.byName(site), ['www', 'data']);
});
afterAll(() => house?.close());
beforeEach(async () => {
  house.clock.advance(1000);
  for (const name of await readdir(www())) await rm(www(name), { recursive: true, force: true });
  await mkdir(www('data'), { recursive: true });
  await mkdir(www('plain'), { recursive: true });
});

const codesOf = (rows: readonly { code: string | null; result: string }[]) => rows.map(({ code, result }) => code ?? result);

async function uploaded(to: string, names: readonly string[]): Promise<string[]> {
  const { headers } = await owner.upload(
    site,
    names.map((name) => ({ name, body: 'text' })),
    { to },
  );
  const { body } = await owner.get(headers.location ?? '').set('Accept', 'application/json');
  return codesOf(
    (body.files as { file: string; code: string | null; result: string }[]).sort((a, b) => (a.file < b.file ? -1 : 1)),
  );
}

async function scriptHeaders(): Promise<Record<string, string>> {
  const { text } = await owner.get(`${files}/upload`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  return { Origin: house.origin, 'X-CSRF-Token': csrf, Accept: 'application/json' };
}
const foreseen = async (to: string, names: readonly string[]) => {
  const list = names.map((path) => ({ path, bytes: 4, changedAt: 0 }));
  const headers = await scriptHeaders();
  const { body } = await owner.agent.post(`${files}/preflight`).set(headers).send({ to, files: list });
  return (body.files as { state: string; code?: string }[]).map(({ state, code }) => code ?? state);
};
const announced = async (path: string) => {
  const metadata = `path ${Buffer.from(path).toString('base64')}`;
  const headers = { ...(await scriptHeaders()), 'Tus-Resumable': '1.0.0', 'Upload-Length': '4', 'Upload-Metadata': metadata };
  return (await owner.agent.post(`${files}/uploads`).set(headers)).status;
};

test('the page of each folder says its own list', async () => {
  const listOn = async (path: string) =>
    (await owner.get(path)).text.split('올릴 수 있는 종류: ')[1]?.split('.')[0]?.split(' ') ?? [];
  for (const [beside, inside] of [
    [`${files}/www`, `${files}/www/data`],
    [`${files}/upload?to=www`, `${files}/upload?to=www/data`],
  ] as const) {
    const [program, upload] = [await listOn(beside), await listOn(inside)];
    expect(['psd', 'html', 'log', 'zip'].map((kind) => program.includes(kind))).toEqual([true, false, false, true]);
    expect(['psd', 'html', 'log', 'zip'].map((kind) => upload.includes(kind))).toEqual([false, true, true, false]);
  }
});

const four = ['a.html', 'a.log', 'a.psd', 'a.txt'];
test('by the form', async () => {
  expect(await uploaded('www', four)).toEqual(['type_not_allowed', 'type_not_allowed', 'stored', 'stored']);
  expect(await uploaded('www/data', four)).toEqual(['stored', 'stored', 'type_not_allowed', 'stored']);
  // The folder is part of the name: what decides is where the file would stand.
  expect(await uploaded('www', ['data/b.log', 'data/b.psd', 'plain/b.log'])).toEqual([
    'stored',
    'type_not_allowed',
    'type_not_allowed',
  ]);
});

test('before a byte is sent, and in pieces', async () => {
  expect(await foreseen('www', [...four, 'data/x.log'])).toEqual(['type_not_allowed', 'type_not_allowed', 'new', 'new', 'new']);
  expect(await foreseen('www/data', four)).toEqual(['new', 'new', 'type_not_allowed', 'new']);
  expect(await Promise.all(['www/p.psd', 'www/p.html', 'www/data/p.psd', 'www/data/p.html'].map(announced))).toEqual([
    201, 422, 422, 201,
  ]);
});

test('a renamed file meets the list of its folder, and a moved one that of where it goes', async () => {
  for (const name of ['a.txt', 'data/a.txt', 'b.psd', 'data/b.log', 'data/c.html', 'shop.php'])
    await writeFile(www(name), 'text');
  const move = async (path: string, to: string, name = '') =>
    (await owner.submit(`${files}/www?do=move&path=${path}`, { path, to, name }, `${files}/move`)).status;
  expect(await move('www/a.txt', 'www', 'a.html')).toBe(422);
  expect(await move('www/a.txt', 'www', 'a.psd')).toBe(303);
  expect(await move('www/data/a.txt', 'www/data', 'a.psd')).toBe(422);
  expect(await move('www/data/a.txt', 'www/data', 'a.log')).toBe(303);
  expect(await move('www/b.psd', 'www/data')).toBe(422);
  // What may come into upload folders alone does not leave them by the panel.
  expect(await move('www/data/b.log', 'www/plain')).toBe(422);
  expect(await move('www/data', 'www/plain')).toBe(422);
  expect(await move('www/data/c.html', 'www/plain')).toBe(422);
  // What the program brought with it goes where it went before.
  expect(await move('www/shop.php', 'www/plain')).toBe(303);
  expect((await readdir(www('data'))).sort()).toEqual(['a.log', 'b.log', 'c.html']);
});

test('copies and what comes out of an archive', async () => {
  for (const name of ['a.psd', 'data/a.log']) await writeFile(www(name), 'text');
  const copy = async (path: string, to: string) => {
    house.clock.advance(1);
    await owner.submit(`${files}/www?do=copy&path=${path}`, { path, to, conflict: 'skip' }, `${files}/copy`);
    await house.work();
  };
  await copy('www/a.psd', 'www/data');
  await copy('www/a.psd', 'www/plain');
  await copy('www/data/a.log', 'www/plain');
  await copy('www/data', 'www/plain');
  expect([await readdir(www('data')), (await readdir(www('plain'), { recursive: true })).sort()]).toEqual([
    ['a.log'],
    ['a.psd', 'data'],
  ]);
  const archive = zipOf(['in.psd', 'in.html', 'in.txt', 'data/in.log', 'data/in.psd'].map((name) => ({ name, content: 'text' })));
  await writeFile(www('all.zip'), archive);
  const fields = { path: 'www/all.zip', where: 'here', name: '', conflict: 'skip' };
  await owner.submit(`${files}/www/all.zip?do=extract`, fields, `${files}/extract`);
  await house.work();
  const landed = (await readdir(www(), { recursive: true })).filter((name) => /^(?:data\/)?in\./.test(name));
  expect(landed.sort()).toEqual(['data/in.log', 'in.psd', 'in.txt']);
});

test('what is written in a page, and what an archive is called', async () => {
  const write = async (path: string, name: string) =>
    (await owner.submit(`${files}/${path}?do=new`, { path, name, body: 'text' }, `${files}/text`)).status;
  expect([
    await write('www', 'n.html'),
    await write('www/data', 'n.html'),
    await write('www', 'n.log'),
    await write('www/data', 'n.log'),
  ]).toEqual([422, 303, 422, 303]);
  await writeFile(www('old.html'), 'old');
  const page = await owner.get(`${files}/www/old.html?do=edit`);
  expect(page.text).not.toContain('name="body"');
  const { _csrf } = await owner.hidden(`${files}/www`, `${files}/upload`);
  expect((await owner.send(`${files}/text`, { _csrf: String(_csrf), path: 'www/old.html', body: 'new', etag: 'x' })).status).toBe(
    422,
  );
  const compress = async (path: string) =>
    (await owner.submit(`${files}/www?do=compress&path=${path}`, { path, name: 'all.zip' }, `${files}/compress`)).status;
  await writeFile(www('data', 'p.txt'), 'text');
  expect(await compress('www/data/p.txt')).toBe(422);
  expect(await compress('www/old.html')).toBe(303);
});

test('what stands in an upload folder meets the list of upload folders at the look by night', async () => {
  for (const name of ['data/came.psd', 'data/came.log', 'came.log']) await writeFile(www(name), 'text');
  const { files: door, sites } = house.panel.doors;
  const reader = sites.storageFor(await sites.byName(site)).reader();
  const area = { kind: 'upload', folder: ['www', 'data'] } as const;
  const judged = async (name: string) => (await door.standing.judge(reader, ['www', 'data', name], area)).refusal?.code;
  expect([await judged('came.psd'), await judged('came.log')]).toEqual(['type_not_allowed', undefined]);
  await reader.close();
});
