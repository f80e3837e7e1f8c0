// The file manager over HTTP: long folders by the page, search by name, rights in words.
import { chmod, lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { search } from '../../src/files/search.ts';
import type { Named, SitePath } from '../../src/platform/storage/port.ts';
import { unescaped } from '../support/panel.ts';
import { startOwnSite } from './own-site.ts';

const { house, owner, files, www, lay } = await startOwnSite();
afterAll(() => house.close());

/** Names of the rows of a page, in their order. */
const rowsOf = (html: string) =>
  [...html.matchAll(/<th scope="row">[\s\S]*?<a href="[^"]*">([^<]*)<\/a>/g)].map(([, name = '']) => unescaped(name));

describe('a folder', () => {
  test('of thousands of entries is shown 200 at a time, folders first, in the order of their numbers', async () => {
    await mkdir(www('many/가'), { recursive: true });
    for (let number = 1; number <= 450; number += 1) await writeFile(www(`many/f${number}.txt`), 'x'.repeat(number % 7));
    const page = async (query: string) => rowsOf((await owner.get(`${files}/www/many${query}`)).text);
    const first = await page('');
    expect([first.length, ...first.slice(0, 3)]).toEqual([200, '가', 'f1.txt', 'f2.txt']);
    expect((await page('?page=3')).at(-1)).toBe('f450.txt');
    expect(await page('?page=99')).toEqual(await page('?page=3'));
    expect((await page('?sort=-name')).slice(0, 2)).toEqual(['가', 'f450.txt']);
    expect((await page('?sort=-size'))[1]).toBe('f6.txt');
    const sizes = await page('?sort=size&page=2');
    expect(new Set([...(await page('?sort=size')), ...sizes, ...(await page('?sort=size&page=3'))]).size).toBe(451);
  });

  test('tells the rights of each entry in words, and of links nothing', async () => {
    await lay('shown/page.html');
    await chmod(www('shown/page.html'), 0o644);
    await symlink('page.html', www('shown/link'));
    const { text } = await owner.get(`${files}/www/shown`);
    expect(text).toContain('소유자 읽기·쓰기, 그룹 읽기, 모두 읽기');
    expect(text.split('<tr>').find((row) => row.includes('>link<')) ?? '').not.toMatch(/소유자/);
  });
});

describe('searching', () => {
  test('finds files, folders and links by a part of their name, in every case and spelling, below the folder alone', async () => {
    for (const path of ['album/여름/바다 REPORT.txt', 'album/report-1.txt', 'album/reports/none.txt', 'elsewhere/report-2.txt'])
      await lay(path);
    await lay('album/여름/한글.txt'.normalize('NFD'));
    await symlink('/etc', www('album/report-link'));
    const found = async (text: string, folder = 'www/album') =>
      rowsOf((await owner.get(`${files}/${folder}?q=${encodeURIComponent(text)}`)).text);
    expect(await found('Report')).toEqual(['report-1.txt', 'report-link', 'reports', '바다 REPORT.txt']);
    expect(await found('한글')).toEqual(['한글.txt']);
    expect(await found('report-2')).toEqual([]);
    expect(await found('passwd', 'www')).toEqual([]);
    expect((await owner.get(`${files}/www?q=`)).status).toBe(200);
    expect((await owner.get(`${files}/www/none?q=a`)).status).toBe(404);
    expect((await owner.get(`${files}/www?q=a&after=../../etc`)).status).toBe(200);
  });

  test('goes on where the page before ended, and finds everything once', async () => {
    const tree = new Map<string, Named[]>();
    const add = (path: SitePath, depth: number) => {
      const inside: Named[] = [
        { name: 'hit.txt', kind: 'file' },
        { name: 'other.txt', kind: 'file' },
      ];
      if (depth > 0) for (const name of ['b', 'a.b', 'a', '가']) inside.push({ name, kind: 'folder' });
      tree.set(path.join('/'), inside);
      for (const { name, kind } of inside) if (kind === 'folder') add([...path, name], depth - 1);
    };
    add(['www'], 4);
    let now = 0;
    const clock = { monotonic: () => (now += 100) };
    const names = async (path: SitePath) => tree.get(path.join('/')) ?? [];
    const all: string[] = [];
    let pages = 0;
    for (let after: SitePath | undefined, isOver = false; !isOver; pages += 1) {
      const page = await search({ top: ['www'], text: 'HIT', after, names, clock });
      all.push(...page.found.map(({ path }) => path.join('/')));
      after = page.goOn;
      isOver = after === undefined;
    }
    expect(pages).toBeGreaterThan(20);
    expect(all.sort()).toEqual([...tree.keys()].map((path) => `${path}/hit.txt`).sort());
  });
});

describe('rights', () => {
  const set = (path: string, rights: string[]) => owner.submit(`${files}/${path}?do=rights`, { rights }, `${files}/rights`);

  test('are set by ticking words, and a warning stands where everybody may write', async () => {
    await lay('set/data.txt');
    const all = ['owner_read', 'owner_write', 'group_read', 'all_read', 'all_write'];
    const answer = await set('www/set/data.txt', all);
    expect(answer.status).toBe(303);
    expect((await lstat(www('set/data.txt'))).mode & 0o777).toBe(0o646);
    expect((await owner.get(answer.headers.location ?? '')).text).toContain('누구나 쓸 수 있는 권한입니다');
    const form = (await owner.get(`${files}/www/set/data.txt?do=rights`)).text;
    expect([...form.matchAll(/value="(\w+)" checked/g)].map(([, name]) => name)).toEqual(all);
  });

  test('that would shut out the panel itself are refused, and those of a link or behind one cannot be set', async () => {
    expect((await set('www/set', ['owner_read', 'group_read'])).status).toBe(422);
    expect((await set('www/set/data.txt', ['owner_write'])).status).toBe(422);
    const { _csrf } = await owner.hidden(`${files}/www/set/data.txt?do=rights`, `${files}/rights`);
    await symlink('/etc/hostname', www('set/link'));
    await symlink('/etc', www('set/way'));
    for (const path of ['www/set/link', 'www/set/way/hostname', 'www/none', 'backup'])
      expect([path, (await owner.send(`${files}/rights`, { _csrf: String(_csrf), path, rights: 'owner_read' })).status]).toEqual([
        path,
        404,
      ]);
    expect((await lstat('/etc/hostname')).mode & 0o777).not.toBe(0o400);
  });
});
