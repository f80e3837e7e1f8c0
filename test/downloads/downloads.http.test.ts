// Downloads over HTTP: parts that unzip takes, resuming by a real curl, a link for an hour and its ends, who took what, and fairness.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hour, minute } from '../../src/platform/clock.ts';
import { welcome } from '../people/guests.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const run = promisify(execFile);
const email = 'owner@example.com';
let house: TestPanel;
let folder: string;
let site: string;
let id: string;
let archive: Buffer;
let archiveName: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-downloads-'));
  const owner = new Visitor(house);
  site = await owner.arrive(email, { plan: 'forest' });
  await owner.upload(site, [{ name: '한글 폴더/자료.txt', body: '중요한 자료'.repeat(500) }]);
  await writeFile(join(house.folder, 'sites', site, 'www', 'big.bin'), randomBytes(12_000_000));
  await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  const row = await house.panel.doors.connection.db.selectFrom('backups').selectAll().executeTakeFirstOrThrow();
  id = row.id;
  archiveName = row.file_name ?? '';
  archive = await readFile(join(house.folder, 'archives', site, archiveName));
  await welcome(house, owner, { email: 'viewer@example.com', role: 'viewer', sites: site });
});
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

const here = (path = '') => `/sites/${site}/backups/${id}${path}`;

async function signedIn(language: 'ko' | 'en' = 'ko', as = email): Promise<Visitor> {
  const visitor = new Visitor(house, language);
  await visitor.logIn(as);
  return visitor;
}

const inBytes = (visitor: Visitor, path: string, headers: Record<string, string> = {}) =>
  visitor
    .get(path)
    .set(headers)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
    });

/** As a browser's cookies are, for programs that are no visitor. */
async function cookieOf(as = email): Promise<string> {
  const { headers } = await new Visitor(house).logIn(as);
  return [headers['set-cookie'] ?? []]
    .flat()
    .map((one) => String(one).split(';')[0])
    .join('; ');
}

/** Makes a link by the form. @returns its address, as the page shows it once */
async function link(visitor: Visitor): Promise<string> {
  const made = await visitor.submit(here('/link'), {});
  expect([made.status, made.headers.location]).toEqual([303, visitor.path(here('/link/once'))]);
  const shown = await visitor.get(here('/link/once'));
  return /<code id="url">([^<]+)</.exec(shown.text)?.[1] ?? '';
}

const pathOf = (url: string) => new URL(url).pathname;
const downloads = () => house.panel.doors.connection.db.selectFrom('backup_downloads').selectAll().orderBy('id').execute();

describe('a part of a backup', () => {
  test('files only is an archive that unzip takes, with what is in www and nothing else, and goes on where it broke off', async () => {
    const visitor = await signedIn();
    const whole = await inBytes(visitor, here('/download/files'));
    expect([whole.status, whole.headers['content-length']]).toEqual([200, String(whole.body.length)]);
    expect(whole.headers['content-disposition']).toContain(archiveName.replace('.zip', '-files.zip'));
    await writeFile(join(folder, 'files.zip'), whole.body);
    const names = execFileSync('unzip', ['-Z1', 'files.zip'], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
    expect(names).toContain('www/한글 폴더/자료.txt');
    expect(names.filter((name) => !name.startsWith('www/'))).toEqual([]);
    execFileSync('unzip', ['-tq', 'files.zip'], { cwd: folder });
    const rest = await inBytes(visitor, here('/download/files'), {
      Range: 'bytes=11999990-',
      'If-Range': String(whole.headers.etag),
    });
    expect([rest.status, whole.body.subarray(11_999_990).equals(rest.body)]).toEqual([206, true]);
    const other = await inBytes(visitor, here('/download/files'), { Range: 'bytes=5-', 'If-Range': '"sha256-another"' });
    expect(other.status).toBe(200);
    expect((await visitor.get(here('/download/files')).set('If-None-Match', String(whole.headers.etag))).status).toBe(304);
  });

  test('databases only of a backup without one is not there, nor any other part', async () => {
    const visitor = await signedIn();
    for (const part of ['databases', 'mail', '..%2ffiles'])
      expect((await visitor.get(here(`/download/${part}`))).status).toBe(404);
  });

  test('one file comes with its own bytes, never to be run in place, and a part of it too', async () => {
    const visitor = await signedIn();
    const path = here(`/file/www/${encodeURIComponent('한글 폴더')}/${encodeURIComponent('자료.txt')}`);
    const one = await inBytes(visitor, path);
    expect(one.body.toString()).toBe('중요한 자료'.repeat(500));
    expect(one.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' });
    expect(one.headers['content-disposition']).toMatch(/^attachment; .*filename\*=UTF-8''%EC%9E%90%EB%A3%8C\.txt$/);
    expect(one.headers['content-security-policy']).toContain('sandbox');
    const part = await inBytes(visitor, path, { Range: 'bytes=-16' });
    expect([part.status, part.body.toString()]).toEqual([206, '중요한 자료']);
  });

  test('hostile and missing paths are not there', async () => {
    const visitor = await signedIn();
    for (const path of [
      'www',
      'www/none.txt',
      '..%2f..%2fetc%2fpasswd',
      'www/%00',
      'www/..%5ca',
      '%2fetc%2fpasswd',
      'www/..%2fmanifest.jso',
    ])
      expect([path, (await visitor.get(here(`/file/${path}`))).status]).toEqual([path, 404]);
    expect((await visitor.get(here('/file/%zz'))).status).toBe(400);
  });

  test('asks for the password again when the sign-in is old, and a stranger finds nothing', async () => {
    const visitor = await signedIn();
    house.clock.advance(11 * minute);
    const asked = await visitor.get(here('/download/files'));
    expect([asked.status, asked.headers.location]).toEqual([303, `/confirm?next=${encodeURIComponent(here('/download/files'))}`]);
    expect((await visitor.submit(asked.headers.location ?? '', { password }, '/confirm')).headers.location).toBe(
      here('/download/files'),
    );
    expect((await inBytes(visitor, here('/download/files'))).status).toBe(200);
    const stranger = new Visitor(house);
    await stranger.arrive('stranger@example.com');
    for (const path of ['/download', '/download/files', '/file/www/big.bin', '/link', '/link/once'])
      expect([path, (await stranger.get(here(path))).status]).toEqual([path, 404]);
  });
});

describe('curl', () => {
  test('goes on where it was cut, twice, by the cookie of a session', async () => {
    const cookie = await cookieOf();
    const file = join(folder, 'cut.zip');
    const url = `${house.origin}${here('/download')}`;
    await writeFile(file, archive);
    for (const at of [1_234_567, archive.length - 5]) {
      await truncate(file, at);
      await run('curl', ['-fsS', '-C', '-', '-b', cookie, '-o', file, url]);
      expect((await readFile(file)).equals(archive)).toBe(true);
    }
    // Nothing is left to fetch: 416, which curl takes for done.
    await run('curl', ['-sS', '-C', '-', '-b', cookie, '-o', file, url]);
    expect((await stat(file)).size).toBe(archive.length);
  });

  test('takes the command of the page as it stands, without a session, and goes on after a cut', async () => {
    const visitor = await signedIn();
    await visitor.submit(here('/link'), {});
    const { text } = await visitor.get(here('/link/once'));
    const command = (/<code id="curl">([^<]+)</.exec(text)?.[1] ?? '').replaceAll('&#39;', "'");
    const [program = '', ...parameters] = command.split(' ').map((part) => part.replaceAll("'", ''));
    expect(program).toBe('curl');
    await run(program, ['-sS', ...parameters], { cwd: folder });
    expect((await readFile(join(folder, archiveName))).equals(archive)).toBe(true);
    await truncate(join(folder, archiveName), 777);
    await run(program, ['-sS', ...parameters], { cwd: folder });
    expect((await readFile(join(folder, archiveName))).equals(archive)).toBe(true);
    expect((await visitor.get(here('/link/once'))).headers.location).toBe(here());
  });
});

describe('a link for an hour', () => {
  const anybody = () => new Visitor(house);
  /** @returns the status of the first byte */
  const opened = async (url: string) => (await inBytes(anybody(), url, { Range: 'bytes=0-0' })).status;

  test('opens one backup for anybody, with one letter at its first use, and is over after an hour', async () => {
    const before = (await house.letters()).filter((letter) => letter.includes(archiveName)).length;
    const url = await link(await signedIn());
    expect((await inBytes(anybody(), pathOf(url))).body.length).toBe(archive.length);
    expect((await inBytes(anybody(), pathOf(url), { Range: 'bytes=0-9' })).body.length).toBe(10);
    expect((await house.letters()).filter((letter) => letter.includes(archiveName))).toHaveLength(before + 1);
    house.clock.advance(hour);
    const over = await anybody().get(pathOf(url));
    expect([over.status, over.text.includes('새 주소를 만들어 주세요')]).toEqual([410, true]);
    house.clock.advance(-hour);
  });

  test('that somebody changed or invented opens nothing', async () => {
    const url = pathOf(await link(await signedIn()));
    const [, , token = '', name = ''] = url.split('/');
    const [named = '', end = '', signature = ''] = token.split('.');
    const later = `${named}.${(Number.parseInt(end, 36) + hour).toString(36)}.${signature}`;
    const other = `${named.replace(/.$/, (one) => (one === 'a' ? 'b' : 'a'))}.${end}.${signature}`;
    const cut = `${named}.${end}.${signature.slice(0, 42)}`;
    for (const tried of [later, other, cut, `${named}.${end}.`, 'x', '%00', '..'])
      expect([tried, (await anybody().get(`/backup-links/${tried}/${name}`)).status]).toEqual([tried, 404]);
    expect((await anybody().get(`/en${url}`)).status).toBe(404);
    expect(await opened(url)).toBe(206);
  });

  test.each([
    ['signs out', (visitor: Visitor) => visitor.submit('/account/security', {}, '/logout')],
    [
      'ends all other sessions',
      (visitor: Visitor) => visitor.submit('/account/security', {}, '/account/security/sessions/end-others'),
    ],
    ['says that it was not them', (visitor: Visitor) => visitor.submit('/account/security/not-me', {})],
  ])('ends at once when who made it %s', async (_what, act) => {
    const visitor = new Visitor(house);
    const at = `${randomBytes(4).toString('hex')}@example.com`;
    const own = await visitor.arrive(at);
    await visitor.submit(`/sites/${own}/backups`, {});
    await house.work();
    const { headers } = await visitor.get(`/sites/${own}/backups`);
    expect(headers).toBeDefined();
    const page = (await visitor.get(`/sites/${own}/backups`)).text;
    const backup = /\/backups\/([0-9a-f-]{36})\/download/.exec(page)?.[1] ?? '';
    await new Visitor(house).logIn(at);
    await visitor.submit(`/sites/${own}/backups/${backup}/link`, {});
    const shown = await visitor.get(`/sites/${own}/backups/${backup}/link/once`);
    const url = pathOf(/<code id="url">([^<]+)</.exec(shown.text)?.[1] ?? '');
    expect(await opened(url)).toBe(206);
    house.clock.advance(1000);
    expect((await act(visitor)).status).toBe(303);
    expect(await opened(url)).toBe(410);
  });

  test('of a backup that was found damaged hands out nothing', async () => {
    const url = pathOf(await link(await signedIn()));
    const change = (state: 'damaged' | 'verified' | 'expired') =>
      house.panel.doors.connection.write((tx) => tx.updateTable('backups').set({ state }).where('id', '=', id).execute());
    await change('damaged');
    expect(await opened(url)).toBe(409);
    await change('expired');
    expect(await opened(url)).toBe(410);
    await change('verified');
  });

  test('is for who may change the site: a viewer downloads, and is offered no link', async () => {
    const viewer = await signedIn('ko', 'viewer@example.com');
    expect((await viewer.get(here('/link'))).status).toBe(403);
    expect((await viewer.get(here())).text).not.toContain(here('/link'));
    expect((await inBytes(viewer, here('/download'), { Range: 'bytes=0-3' })).status).toBe(206);
  });
});

describe('the history', () => {
  test('tells who took what, when, from where and how much; to the owner of everybody, to others of themselves', async () => {
    const visitor = await signedIn();
    await inBytes(visitor, here('/download'), { Range: 'bytes=0-999' });
    await inBytes(visitor, here('/download'), { Range: 'bytes=1000-1999' });
    const sent = async () => (await downloads()).map((one) => [one.part, one.sent_bytes]);
    await vi.waitFor(async () => expect(await sent()).toContainEqual(['whole', 2000]));
    await inBytes(await signedIn('ko', 'viewer@example.com'), here('/file/www/big.bin'));
    await vi.waitFor(async () => expect(await sent()).toContainEqual(['file', 12_000_000]));
    const { text } = await visitor.get(`/sites/${site}/backups/downloads`);
    for (const words of [
      '전체',
      '파일만',
      '/www/big.bin',
      '12 MB',
      'viewer@example.com',
      '만든 주소로',
      '가운데 2 kB',
      '127.0.0.1',
    ])
      expect([words, text.replaceAll('\u00a0', ' ').includes(words)]).toEqual([words, true]);
    const own = await (await signedIn('en', 'viewer@example.com')).get(`/sites/${site}/backups/downloads`);
    expect([own.text.includes('/www/big.bin'), own.text.includes('owner@example.com')]).toEqual([true, false]);
    const all = await visitor.get('/account/history?kind=backups');
    for (const words of ['백업의 일부를 내려받음', '한 시간짜리 주소를 만듦']) expect(all.text).toContain(words);
    expect((await visitor.get(`/sites/${site}/backups/downloads?page=99`)).status).toBe(404);
  });

  test('is kept for a year', async () => {
    const before = (await downloads()).length;
    await house.panel.doors.downloads.sweep();
    expect((await downloads()).length).toBe(before);
    house.clock.advance(366 * 24 * hour);
    await house.panel.doors.downloads.sweep();
    expect(await downloads()).toEqual([]);
    house.clock.advance(-366 * 24 * hour);
  });
});

describe('fairness', () => {
  /** Begins a download and reads none of it. */
  const hanging = (cookie: string, path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${house.origin}${path}`, { headers: { cookie } }, (answer) => resolve(answer.pause())).on('error', reject);
    });

  test('a customer has four downloads at once and is told when to come again; another one is not held up', async () => {
    const cookie = await cookieOf();
    await inBytes(await signedIn(), here('/download'), { Range: 'bytes=0-0' });
    const begun = await Promise.all(Array.from({ length: 4 }, () => hanging(cookie, here('/download'))));
    expect(begun.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    const fifth = await (await signedIn()).get(here('/download/files'));
    expect([fifth.status, fifth.headers['retry-after'], fifth.text.includes('이미 4개를 받고 있습니다')]).toEqual([
      429,
      '60',
      true,
    ]);
    expect((await (await signedIn('en', 'viewer@example.com')).get(here('/download'))).text).toContain('try again in a minute');
    const stranger = new Visitor(house);
    const own = await stranger.arrive('neighbour@example.com');
    await stranger.submit(`/sites/${own}/backups`, {});
    await house.work();
    const backup = /\/backups\/([0-9a-f-]{36})\/download/.exec((await stranger.get(`/sites/${own}/backups`)).text)?.[1];
    expect((await inBytes(stranger, `/sites/${own}/backups/${backup}/download`)).status).toBe(200);
    for (const answer of begun) answer.destroy();
    const again = await signedIn();
    await vi.waitFor(async () => expect((await inBytes(again, here('/download/files'))).status).toBe(200));
  });
});
