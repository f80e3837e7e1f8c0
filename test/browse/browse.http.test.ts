// The inside of backups over HTTP: folders and files as they were, other days, texts beside each other, what changed; and who may not.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

const email = 'owner@example.com';
let house: TestPanel;
let site: string;
let old: string;
let id: string;
let owner: Visitor;

const inSite = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);

async function backUp(): Promise<string> {
  const { headers } = await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  await house.work();
  return headers.location?.split('/').at(-1) ?? '';
}

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  site = await owner.arrive(email, { plan: 'forest' });
  await owner.upload(site, [
    { name: '사진첩/여름 & 가을.txt', body: '첫 줄\n둘째 줄\n셋째 줄\n' },
    { name: 'index.html', body: '<!doctype html><title>1</title>' },
  ]);
  await writeFile(inSite('legacy.txt'), Buffer.from('b0a1b3aa', 'hex'));
  await writeFile(inSite('data.bin'), Buffer.from([0, 1, 2]));
  old = await backUp();
  house.clock.advance(day);
  owner = new Visitor(house);
  await owner.logIn(email);
  await writeFile(inSite('사진첩', '여름 & 가을.txt'), '첫 줄\n<b>바뀐</b> 줄\n셋째 줄\n넷째 줄\n');
  await writeFile(inSite('new.txt'), 'new');
  await rm(inSite('index.html'));
  id = await backUp();
});
afterAll(() => house?.close());

const here = (path = '', backup = id) => `/sites/${site}/backups/${backup}${path}`;
const encoded = (...path: string[]) => path.map(encodeURIComponent).join('/');
const photo = encoded('사진첩', '여름 & 가을.txt');
const change = (values: object) =>
  house.panel.doors.connection.write((tx) => tx.updateTable('backups').set(values).where('id', '=', id).execute());

describe('the inside of a backup', () => {
  test('is a folder of its own, under words that it is not the site of now', async () => {
    const root = await owner.get(here('/browse'));
    expect(root.text).toContain('2026년 11월 23일 12:00 백업을 보고 있습니다. 지금 사이트가 아닙니다.');
    expect(root.text).toContain(`href="${here('/browse/www')}"`);
    expect(root.text).toContain(`href="${here('/browse/README.txt')}"`);
    const www = await owner.get(here('/browse/www', old));
    for (const part of [`${here('/browse/www', old)}/${encoded('사진첩')}`, 'index.html', '<caption>/www에 든 것: 4개</caption>'])
      expect([part, www.text.includes(part)]).toEqual([part, true]);
    expect((await owner.get(here('/browse/www'))).text).not.toContain('index.html');
    expect((await new Visitor(house).get(here('/browse'))).headers.location).toContain('/login?next=');
  });

  test('has a page for each file: size, time, SHA-256, its download, and the same file on other days', async () => {
    const { text } = await owner.get(here(`/browse/www/${photo}`));
    expect(text).toContain('<h1>백업 안: 여름 &amp; 가을.txt</h1>');
    expect(text).toContain(`href="${here(`/file/www/${photo}`)}"`);
    expect(text).toMatch(/<code id="sha256">[0-9a-f]{64}<\/code>/);
    expect(text).toContain(`href="${here(`/browse/www/${photo}`, old)}"`);
    expect(text).toContain(`href="${here(`/browse/www/${photo}`)}?with=${old}"`);
    expect(text.replace(/\s+/g, ' ')).toMatch(/is-warn">.*?바뀜<\/span>/);
    const before = await owner.get(here('/browse/www/index.html', old));
    expect(before.text).toContain('없음');
    expect((await (await english()).get(here(`/browse/www/${photo}`))).text).toContain('This file on other days');
    const restore = unescaped(/href="([^"]+\/restoration\?[^"]+)"/.exec(text)?.[1] ?? '');
    expect(new URLSearchParams(restore.split('?')[1]).get('paths')).toBe('www/사진첩/여름 & 가을.txt');
    expect((await owner.get(restore)).status).toBe(200);
  });

  test('shows a text beside the one of another day and of now, line by line, and nothing of it is run', async () => {
    const days = await owner.get(`${here(`/browse/www/${photo}`)}?with=${old}`);
    expect(days.text).toContain('더해진 줄 2개, 없어진 줄 1개');
    expect(days.text).toContain('&lt;b&gt;바뀐&lt;/b&gt; 줄');
    expect(days.text).not.toContain('<b>바뀐</b>');
    expect(days.text).toContain('− <span class="vh"> 없어짐'.replace('− <', '−<'));
    expect((await owner.get(`${here(`/browse/www/${photo}`)}?with=now`)).text).toContain('한 글자도 다르지 않습니다');
    expect((await owner.get(`${here('/browse/www/legacy.txt')}?with=now`)).text).toContain('한 글자도 다르지 않습니다');
    expect((await owner.get(`${here('/browse/www/data.bin')}?with=${old}`)).text).toContain('글이 아닌 파일');
    expect((await owner.get(`${here('/browse/www/index.html', old)}?with=now`)).text).toContain(
      '지금 사이트에는 이 파일이 없습니다',
    );
    expect((await owner.get(`${here('/browse/www/index.html', old)}?with=${id}`)).status).toBe(404);
    expect((await owner.get(`${here(`/browse/www/${photo}`)}?with=none`)).status).toBe(404);
  });

  test('has nothing at hostile or unknown paths, and of a stranger nothing at all', async () => {
    for (const path of [
      'www/none',
      '..%2f..%2fetc%2fpasswd',
      'www/..%2f..%2fetc',
      'www/%00',
      'www/a%5cb',
      encoded('x'.repeat(300)),
      'ww',
      'www/사진',
    ])
      expect([path, (await owner.get(here(`/browse/${path}`))).status]).toEqual([path, 404]);
    expect((await owner.get(here('/browse', '0199f3a2-7c41-7d10-9a55-2f1c6be7a301'))).status).toBe(404);
    const stranger = new Visitor(house);
    await stranger.arrive('stranger@example.com');
    for (const path of ['/browse', '/browse/www', `/browse/www/${photo}`, '/changes'])
      expect([path, (await stranger.get(here(path))).status]).toEqual([path, 404]);
  });

  test.each([
    ['damaged', 409],
    ['expired', 410],
    ['failed', 409],
  ] as const)('of one that is %s is not shown, and its page says why', async (state, status) => {
    await change({ state });
    for (const path of ['/browse', '/browse/www', '/changes'])
      expect([path, (await owner.get(here(path))).status]).toEqual([path, status]);
    await change({ state: 'verified' });
  });

  test('whose directory was written over is refused as damaged, not guessed at', async () => {
    const row = await house.panel.doors.connection.db
      .selectFrom('backups')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const path = join(house.folder, 'archives', site, row.file_name ?? '');
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, -400), Buffer.alloc(300), bytes.subarray(-100)]));
    for (const at of ['/browse/www', `/browse/www/${photo}`, `/file/www/${photo}`, '/download/files', '/changes'])
      expect([at, (await owner.get(here(at))).status]).toEqual([at, 409]);
    await writeFile(path, bytes);
    expect((await owner.get(here('/browse/www'))).status).toBe(200);
  });

  test('whose archive is gone says that it cannot be read now', async () => {
    const row = await house.panel.doors.connection.db
      .selectFrom('backups')
      .select('bytes')
      .where('id', '=', id)
      .executeTakeFirst();
    await change({ bytes: 7 });
    expect((await owner.get(here('/browse/www'))).status).toBe(503);
    expect((await owner.get(here(`/browse/www/${photo}`, old))).status).toBe(200);
    await change({ bytes: row?.bytes });
  });
});

async function english(): Promise<Visitor> {
  const visitor = new Visitor(house, 'en');
  await visitor.logIn(email);
  return visitor;
}

describe('what changed', () => {
  test('is counted on the page of the chosen backup and listed from there', async () => {
    const page = await owner.get(`/sites/${site}/backups`);
    expect(page.text).toContain('새 파일 1개, 바뀐 파일 1개, 지워진 파일 1개');
    expect(page.text).toContain(`href="${here('/changes')}"`);
    const { text } = await owner.get(here('/changes'));
    for (const words of [
      '새 파일 1개',
      '바뀐 파일 1개',
      '지워진 파일 1개',
      '/www/new.txt',
      '/www/index.html',
      '/www/사진첩/여름 &amp; 가을.txt',
    ])
      expect([words, text.includes(words)]).toEqual([words, true]);
    expect(text).toContain(`href="${here('/browse/www/index.html', old)}"`);
    expect(text).toContain(`href="${here('/browse/www/new.txt')}"`);
  });

  test('can be asked of one kind, between any two, in either order', async () => {
    const removed = await owner.get(here('/changes?kind=removed'));
    expect([removed.text.includes('/www/index.html'), removed.text.includes('/www/new.txt')]).toEqual([true, false]);
    const reverse = await owner.get(`${here('/changes', old)}?with=${id}`);
    expect(reverse.text).toContain('2026년 11월 22일 12:00 백업에서 2026년 11월 23일 12:00 백업까지');
    expect((await owner.get(here('/changes?page=2'))).status).toBe(404);
    expect((await owner.get(here('/changes?with=none'))).status).toBe(404);
  });

  test('of the only backup says that there is nothing to compare with yet', async () => {
    const alone = new Visitor(house, 'en');
    const own = await alone.arrive('alone@example.com');
    const { headers } = await alone.submit(`/sites/${own}/backups`, {});
    await house.work();
    const { text } = await alone.get(`${headers.location?.replace(/^\/en/, '')}/changes`);
    expect(text).toContain('There is no other backup to compare with yet');
  });
});

test('the page draws sizes over time and has them as a table', async () => {
  const { text } = await owner.get(`/sites/${site}/backups`);
  expect(text).toMatch(/<svg class="plot-body"[^>]*aria-label="11월 22일 [\d.]+.kB에서 11월 23일 [\d.]+.kB까지/);
  expect(text).toContain('하루에 하나, 검증된 백업의 크기');
});
