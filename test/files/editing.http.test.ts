// Texts edited in a page: as they were stored, never over somebody else's, and what was there before comes back.
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { afterAll, expect, test } from 'vitest';
import { decoded, encoded } from '../../src/files/text-coding.ts';
import { unescaped } from '../support/panel.ts';
import { startOwnSite } from './own-site.ts';

const { house, owner, files, www } = await startOwnSite();
afterAll(() => house.close());

const save = (path: string, body: string) => {
  house.clock.advance(1000);
  return owner.submit(`${files}/${path}?do=edit`, { body }, `${files}/text`);
};
const shownIn = (html: string) => unescaped(/<textarea[^>]*name="body"[^>]*>\n([\s\S]*?)<\/textarea>/.exec(html)?.[1] ?? '');

test.each([
  ['UTF-8', Buffer.from('안녕\n둘째 줄\n')],
  ['UTF-8 with a mark and CRLF', Buffer.from('\ufeff안녕\r\n둘째 줄\r\n')],
  ['CP949, with a syllable of its own', iconv.encode('똠방각하\r\n쀍\r\n', 'cp949')],
])('a text stays in its own coding: %s', async (name, bytes) => {
  const file = `${name.replace(/\W/g, '')}.txt`;
  await writeFile(www(file), bytes);
  const shown = shownIn((await owner.get(`${files}/www/${file}?do=edit`)).text);
  expect(shown).toBe(decoded(bytes)?.text);
  // As a browser sends it.
  expect((await save(`www/${file}`, shown.replaceAll('\n', '\r\n'))).status).toBe(303);
  expect(await readFile(www(file))).toEqual(bytes);
  expect((await save(`www/${file}`, `${shown}셋째`)).status).toBe(303);
  const { coding } = decoded(bytes) ?? expect.fail('it is a text');
  expect(await readFile(www(file))).toEqual((encoded(`${shown}셋째`, coding) as { bytes: Buffer }).bytes);
});

test('a sign that CP949 does not have is named, and nothing is saved', async () => {
  const bytes = iconv.encode('옛 글\n', 'cp949');
  await writeFile(www('old.txt'), bytes);
  const answer = await save('www/old.txt', '옛 글 😀');
  expect([answer.status, answer.text.includes('CP949로 저장되어 있어'), shownIn(answer.text)]).toEqual([422, true, '옛 글 😀']);
  expect(await readFile(www('old.txt'))).toEqual(bytes);
});

test('of two who edit at once the second one sees both texts, and saves over the other only knowingly', async () => {
  await writeFile(www('page.html'), '<p>처음</p>\n');
  const form = await owner.hidden(`${files}/www/page.html?do=edit`, `${files}/text`);
  await save('www/page.html', '<p>다른 사람</p>\n');
  const late = await owner.send(`${files}/text`, { ...form, body: '<p>나</p>\n' });
  expect(late.status).toBe(409);
  for (const part of ['다른 사람', '나', '아무것도 저장하지 않았습니다']) expect(unescaped(late.text)).toContain(part);
  expect(await readFile(www('page.html'), 'utf8')).toBe('<p>다른 사람</p>\n');
  const etag = /name="etag" value="([0-9a-f]{64})"/.exec(late.text)?.[1] ?? '';
  const { _csrf } = await owner.hidden(`${files}/www/page.html?do=edit`, `${files}/text`);
  const path = 'www/page.html';
  house.clock.advance(1000);
  expect((await owner.send(`${files}/text`, { _csrf: String(_csrf), path, etag, body: '<p>나</p>\n' })).status).toBe(303);
  expect(await readFile(www('page.html'), 'utf8')).toBe('<p>나</p>\n');
});

test('what was there before is shown, and comes back in one step while what is there now goes to the trash', async () => {
  const view = (await owner.get(`${files}/www/page.html?do=view`)).text;
  const ids = [...view.matchAll(/do=version&(?:amp;|#38;)?id=([0-9a-f-]{36})/g)].map(([, id = '']) => id);
  expect(ids).toHaveLength(2);
  const page = await owner.get(`${files}/www/page.html?do=version&id=${ids[1]}`);
  expect(unescaped(page.text)).toContain('<p>처음</p>');
  expect((await owner.get(`${files}/www/old.txt?do=version&id=${ids[1]}`)).status).toBe(404);
  const back = await owner.submit(`${files}/www/page.html?do=version&id=${ids[1]}`, {}, `${files}/trash/restoration`);
  expect(back.status).toBe(303);
  expect(await readFile(www('page.html'), 'utf8')).toBe('<p>처음</p>\n');
  expect(unescaped((await owner.get(`${files}/trash`)).text)).toContain('page.html');
});

test('programs are shown and not changed, what is no text or too long is not shown, and nothing behind a link is', async () => {
  await mkdir(www('app'), { recursive: true });
  await writeFile(www('app/index.php'), '<?php echo 1;');
  const shown = await owner.get(`${files}/www/app/index.php?do=edit`);
  expect([shown.text.includes('FTP'), shown.text.includes('name="etag"')]).toEqual([true, false]);
  const { _csrf } = await owner.hidden(`${files}/www/page.html?do=edit`, `${files}/text`);
  const send = (fields: Record<string, string>) => owner.send(`${files}/text`, { _csrf: String(_csrf), ...fields });
  const refused = await send({ path: 'www/app/index.php', etag: 'a'.repeat(64), body: '<?php evil();' });
  expect([refused.status, await readFile(www('app/index.php'), 'utf8')]).toEqual([422, '<?php echo 1;']);
  for (const name of ['x.php', 'a.php.txt', '.htaccess', '../up.txt', 'page.HTML'])
    expect([name, (await send({ path: 'www', name, body: 'x' })).status]).toEqual([name, 422]);
  expect((await send({ path: 'www', name: 'shell.txt', body: '<?php system($_GET[1]);' })).status).toBe(422);
  await writeFile(www('noise.bin'), Buffer.from([1, 0, 2]));
  await writeFile(www('long.txt'), 'x'.repeat(1024 * 1024 + 1));
  for (const name of ['noise.bin', 'long.txt'])
    expect((await owner.get(`${files}/www/${name}?do=edit`)).text).not.toContain('<textarea');
  await symlink('/etc/passwd', www('link.txt'));
  await symlink('/etc', www('way'));
  for (const path of ['www/link.txt', 'www/way/passwd', 'backup/x.txt'])
    expect([path, (await owner.get(`${files}/${path}?do=edit`)).status]).toEqual([path, 404]);
  expect((await readdir(www())).filter((name) => /php|shell|up/.test(name))).toEqual([]);
});

test('a new file is made whole, a taken name is refused with what was typed, and a megabyte of Korean fits', async () => {
  const make = (name: string, body: string) => owner.submit(`${files}/www?do=new`, { name, body }, `${files}/text`);
  const body = '가나다라마바사\n'.repeat(45_000);
  expect((await make('긴 글.txt', body)).status).toBe(303);
  expect(await readFile(www('긴 글.txt'), 'utf8')).toBe(body);
  const taken = await make('긴 글.TXT', '다른 글');
  expect([taken.status, shownIn(taken.text)]).toEqual([422, '다른 글']);
  expect(await readdir(join(house.folder, 'quarantine'))).toEqual([]);
});
