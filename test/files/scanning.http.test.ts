// Uploads and a real clamd: what carries a known pattern is refused and kept nowhere, and so is everything while nobody can look.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newScanner } from '../../src/platform/scanner/scanner.ts';
import { type Clamd, marker, markerSignature, startClamd } from '../support/clamd.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const run = promisify(execFile);

let house: TestPanel;
let daemon: Clamd;
let owner: Visitor;
let site: string;
let folder: string;
/** the panel's scanner, which a test may take away */
let url: string;

beforeAll(async () => {
  daemon = await startClamd();
  url = `clamd:${daemon.socket}`;
  folder = await mkdtemp(join(tmpdir(), 'gotgan-scanning-'));
  const scanner = {
    present: true,
    scan: (path: string) => newScanner(url).scan(path),
    check: () => newScanner(url).check(),
  };
  house = await startPanel({ limitsScale: 1000, scanner });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
});
afterAll(async () => {
  await house?.close();
  await daemon?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  house.clock.advance(1000);
  url = `clamd:${daemon.socket}`;
});

const inSite = () => readdir(join(house.folder, 'sites', site, 'www'));
const inQuarantine = () => readdir(join(house.folder, 'quarantine'));
const rowsOf = async (answer: { headers: Record<string, string> }) => {
  const { body } = await owner.get(answer.headers.location ?? '').set('Accept', 'application/json');
  return Object.fromEntries(
    (body.files as { file: string; result: string; code: string; reason: string }[]).map((row) => [row.file, row]),
  );
};

test('a file with a known pattern is refused by the name of what was found, also inside an archive inside an archive, and the rest stands', async () => {
  await writeFile(join(folder, 'note.txt'), `words ${marker} words`);
  await run('7z', ['a', '-bso0', 'inner.zip', 'note.txt'], { cwd: folder });
  await run('7z', ['a', '-bso0', 'outer.zip', 'inner.zip'], { cwd: folder });
  await run('tar', ['czf', 'outer.tar.gz', 'note.txt'], { cwd: folder });
  const names = ['note.txt', 'inner.zip', 'outer.zip', 'outer.tar.gz'];
  const bad = await Promise.all(names.map(async (name) => ({ name, body: await readFile(join(folder, name)) })));
  const rows = await rowsOf(await owner.upload(site, [...bad, { name: 'good.txt', body: 'good' }]));
  for (const name of names) {
    expect(rows[name]).toMatchObject({ result: 'refused', code: 'malware' });
    expect(rows[name]?.reason).toContain(markerSignature);
  }
  expect(rows['good.txt']?.result).toBe('stored');
  expect(await inSite()).toEqual(['good.txt']);
  expect(await inQuarantine()).toEqual([]);
});

test('the page says that uploads are scanned', async () => {
  const { text } = await owner.get(`/sites/${site}/files/www`);
  expect(text).toContain('악성코드 검사를 합니다');
  expect(text).not.toContain('검사는 아직 하지 않습니다');
});

test('while the scanner is away, or dies in the middle of a file, nothing of an upload is published and nothing is kept', async () => {
  const before = await inSite();
  const files = [
    { name: 'one.txt', body: 'one' },
    { name: 'large.txt', body: 'a'.repeat(3_000_000) },
  ];
  url = `clamd:${join(folder, 'nobody')}`;
  const away = await owner.upload(site, files);
  expect(away.status).toBe(503);
  expect(away.text).toContain('악성코드 검사를 할 수 없어');
  const dying = await new Promise<Server>((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      let heard = 0;
      socket.on('data', (piece) => {
        heard += piece.length;
        if (heard > 1_000_000) socket.destroy();
      });
    });
    server.listen(join(folder, 'dying.ctl'), () => resolve(server));
  });
  url = `clamd:${join(folder, 'dying.ctl')}?seconds=20`;
  expect((await owner.upload(site, files.slice(1))).status).toBe(503);
  const whole = await sendByTus('large-by-tus.txt', Buffer.from(files[1]?.body ?? ''));
  expect(whole.status).toBe(503);
  expect(whole.text).toContain('악성코드 검사를 할 수 없어');
  dying.close();
  expect(await inSite()).toEqual(before);
  expect(await inQuarantine()).toEqual([]);
  // Nobody could look at it, so not even its sender may go on with it.
  expect(await readdir(join(house.folder, 'unfinished'))).toEqual([]);
  // It is back: the same files come in.
  url = `clamd:${daemon.socket}`;
  const rows = await rowsOf(await owner.upload(site, files));
  expect(Object.values(rows).map(({ result }) => result)).toEqual(['stored', 'stored']);
  expect((await sendByTus('large-by-tus.txt', Buffer.from(files[1]?.body ?? ''))).status).toBe(201);
  expect(await inSite()).toContain('large-by-tus.txt');
});

/** Announces a file and sends it in one piece with it. */
async function sendByTus(name: string, body: Buffer) {
  const { text } = await owner.get(`/sites/${site}/files/upload`);
  return owner.agent
    .post(`/sites/${site}/files/uploads`)
    .set({ Origin: house.origin, 'X-CSRF-Token': /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '' })
    .set({ 'Tus-Resumable': '1.0.0', 'Upload-Length': String(body.length), Accept: 'application/json' })
    .set({ 'Upload-Metadata': `path ${Buffer.from(`www/${name}`).toString('base64')}` })
    .set({ 'Content-Type': 'application/offset+octet-stream' })
    .send(body);
}

test('what is unpacked or copied is scanned too: the member that carries the pattern is refused by its name, and nothing begins while nobody can look', async () => {
  const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);
  await writeFile(join(folder, 'bad.txt'), `words ${marker} words`);
  await writeFile(join(folder, 'fine.txt'), 'fine');
  await run('7z', ['a', '-bso0', 'mixed.zip', 'bad.txt', 'fine.txt'], { cwd: folder });
  // Past the panel, as FTP brings it.
  await writeFile(www('mixed.zip'), await readFile(join(folder, 'mixed.zip')));
  await writeFile(www('bad.txt'), `words ${marker} words`);
  const files = `/sites/${site}/files`;
  const extract = { path: 'www/mixed.zip', where: 'new', name: '', conflict: 'skip' };
  const { headers } = await owner.submit(`${files}/www/mixed.zip?do=extract`, extract, `${files}/extract`);
  await house.work();
  const unpacked = await owner.get(headers.location ?? '');
  expect(unpacked.text).toContain('mixed/bad.txt');
  expect(unpacked.text).toContain(markerSignature);
  expect(await readdir(www('mixed'))).toEqual(['fine.txt']);

  const copy = { path: 'www/bad.txt', to: 'www/mixed', conflict: 'skip' };
  const copied = await owner.submit(`${files}/www?do=copy&path=www/bad.txt`, copy, `${files}/copy`);
  expect((await owner.get(copied.headers.location ?? '')).text).toContain(markerSignature);
  expect(await readdir(www('mixed'))).toEqual(['fine.txt']);

  url = `clamd:${join(folder, 'nobody')}`;
  expect((await owner.submit(`${files}/www/mixed.zip?do=extract`, extract, `${files}/extract`)).status).toBe(503);
  expect(await inQuarantine()).toEqual([]);
});
