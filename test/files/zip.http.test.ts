// Folders and selections as a ZIP that is written while it is read: whole, with Korean names, and nothing from outside.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { headerFaults } from '../gates/answer-headers.ts';
import { welcome } from '../people/guests.ts';
import type { Visitor } from '../support/panel.ts';
import { startOwnSite } from './own-site.ts';

const run = promisify(execFile);
const { house, owner, site, files, www } = await startOwnSite();
const folder = await mkdtemp(join(tmpdir(), 'gotgan-unzipped-'));
afterAll(async () => {
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

const bytesOf = (visitor: Visitor, address: string) =>
  visitor
    .get(address)
    .buffer(true)
    .parse((answer, done) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('end', () => done(null, Buffer.concat(parts)));
    });
/** Unpacks what came, with a program of somebody else. */
async function unpacked(name: string, body: Buffer): Promise<string> {
  const into = join(folder, name);
  await mkdir(into);
  await writeFile(`${into}.zip`, body);
  await run('7z', ['x', '-y', `-o${into}`, `${into}.zip`]);
  return into;
}
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('a folder comes whole, with empty folders, large files and Korean names; links are left out and said', async () => {
  await mkdir(www('사진/빈 폴더'), { recursive: true });
  const large = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(2_000_000, 'a')]);
  await writeFile(www('사진/큰 것.bin'), large);
  await writeFile(www('사진/글.txt'), '안녕하세요');
  await writeFile(www('사진/none.txt'), '');
  await symlink('/etc/passwd', www('사진/link'));
  await symlink('/etc', www('사진/way'));
  const answer = await bytesOf(owner, `${files}/www/${encodeURIComponent('사진')}?do=zip`);
  expect(answer.status).toBe(200);
  expect(headerFaults(answer, { as: 'attachment' })).toEqual([]);
  expect(answer.headers['content-disposition']).toContain(encodeURIComponent('사진.zip'));
  const into = await unpacked('one', answer.body);
  expect((await readdir(join(into, '사진'))).sort()).toEqual(['none.txt', '글.txt', '빈 폴더', '큰 것.bin']);
  expect(digest(await readFile(join(into, '사진/큰 것.bin')))).toBe(digest(large));
  expect(await readFile(join(into, '사진/글.txt'), 'utf8')).toBe('안녕하세요');
  const left = await readFile(join(into, '빠진 것.txt'), 'utf8');
  expect(
    left
      .split('\r\n')
      .filter((line) => line.startsWith('사진/'))
      .sort(),
  ).toEqual(['사진/link', '사진/way']);
});

test('a selection comes as chosen, a viewer may have it, and what is elsewhere is not in it', async () => {
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await writeFile(www(name), name);
  await mkdir(www('inner'), { recursive: true });
  await writeFile(www('inner/d.txt'), 'd');
  const viewer = await welcome(house, owner, { email: 'viewer@example.com', role: 'viewer', sites: site });
  const paths = ['www/a.txt', 'www/inner', 'www/inner/d.txt', 'www/none', 'backup', 'trash', 'www/../../etc/passwd'];
  const query = paths.map((path) => `path=${encodeURIComponent(path)}`).join('&');
  const answer = await bytesOf(viewer, `${files}/www?do=zip&${query}`);
  const into = await unpacked('two', answer.body);
  expect((await readdir(into)).sort()).toEqual(['a.txt', 'inner']);
  expect(await readdir(join(into, 'inner'))).toEqual(['d.txt']);
  for (const address of [`${files}/backup?do=zip`, `${files}?do=zip`, `${files}/www/a.txt?do=zip`, `${files}/www/none?do=zip`])
    expect([address, (await owner.get(address)).status]).toEqual([address, 404]);
  expect((await owner.get(`${files}/www?do=zip&path=www/none`)).status).toBe(303);
});

test('who goes away in the middle leaves nothing running, and a third at once is asked to wait', async () => {
  await mkdir(www('long'), { recursive: true });
  for (let number = 0; number < 12; number += 1) await writeFile(www(`long/${number}.bin`), randomBytes(2_000_000));
  const cookie = (owner.agent as unknown as { jar: { getCookies(access: object): { toValueString(): string } } }).jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .toValueString();
  const begin = () =>
    new Promise<ReturnType<typeof get>>((resolve) => {
      const asked = get(`${house.origin}${files}/www/long?do=zip`, { headers: { Cookie: cookie } }, (answer) => {
        answer.once('data', () => answer.pause() && resolve(asked));
        answer.on('error', () => {});
      });
      asked.on('error', () => {});
    });
  const readers = [await begin(), await begin()];
  expect((await owner.get(`${files}/www/long?do=zip`)).status).toBe(429);
  for (const reader of readers) reader.destroy();
  await expect.poll(async () => (await bytesOf(owner, `${files}/www/inner?do=zip`)).status, { timeout: 30_000 }).toBe(200);
});
