// The page of files held back, the operator's commands for it, and what the customer's history tells.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldersCommand, quarantineCommand } from '../../src/site-commands.ts';
import { Visitor } from '../support/panel.ts';
import { chopper, IncomingHouse, ordinary, pixel } from './incoming-house.ts';

let house: IncomingHouse;
beforeAll(async () => {
  house = await IncomingHouse.open();
});
afterAll(() => house?.close());

const address = () => `/sites/${house.site.name}/suspicious`;

test('an empty page says that nothing was held back', async () => {
  const { text, status } = await house.visitor.get(address());
  expect(status).toBe(200);
  expect(text).toContain('의심 파일이 없습니다.');
});

test('the operator marks upload folders, sees them, and takes the mark away', async () => {
  const { doors } = house.test.panel;
  const folders = (...args: string[]) => foldersCommand([house.site.name, ...args], doors);
  expect(await folders()).toBe('Everything below www/ is program area.');
  expect(await folders('--upload', 'www/data')).toContain('\n  www/data');
  expect(await folders('--upload', 'www/data/file')).not.toContain('www/data/file');
  await expect(folders('--program', 'www/data/file')).rejects.toMatchObject({ status: 422 });
  await expect(folders('--upload', 'www')).rejects.toMatchObject({ status: 422 });
  await expect(folders('--upload', 'backup/x')).rejects.toMatchObject({ status: 422 });
  await expect(folders('--upload', '../www')).rejects.toThrow('no path inside a site');
  expect(await folders('--program', 'www/data')).toBe('Everything below www/ is program area.');
  expect(await folders('--upload', '/www/data/'.normalize('NFD'))).toContain('\n  www/data');
  await expect(foldersCommand(['nobody'], doors)).rejects.toMatchObject({ status: 404 });
});

test('a marked folder reaches no further than its own name', async () => {
  const { areaOf } = await import('../../src/sites/sites.ts');
  const marked = await house.test.panel.doors.sites.folders.list(house.site);
  const kinds = ['www/data/a', 'www/data', 'www/data2/a', 'www/Data/a', 'www/a/data/b'].map(
    (path) => areaOf(path.split('/'), marked).kind,
  );
  expect(kinds).toEqual(['upload', 'upload', 'program', 'program', 'program']);
});

test('the page names file, folder, reason, account and time, in the reader’s language', async () => {
  await house.upload({ 'www/lib/x.php': chopper(), 'www/data/<b>게시판.php': ordinary, 'www/data/ok.png': pixel });
  const korean = (await house.visitor.get(address())).text;
  expect(korean).toContain('x.php');
  expect(korean).toContain('웹셸(eval-input)');
  expect(korean).toContain('&lt;b&gt;게시판.php');
  expect(korean).toContain(house.site.name);
  expect(korean).not.toContain('ok.png');
  const english = new Visitor(house.test, 'en');
  await english.logIn(house.email);
  expect((await english.get(address())).text).toContain('This looks like a web shell (eval-input)');
});

test('a kept file cannot be had through the web', async () => {
  const [kept] = await house.incoming.kept.list(house.site);
  for (const path of [
    `${address()}/${kept?.id}`,
    `/sites/${house.site.name}/files/held/${kept?.id}`,
    `/held/${house.site.id}/${kept?.id}`,
  ])
    expect((await house.visitor.get(path)).status).toBe(404);
});

test('strangers get nothing of it', async () => {
  const stranger = new Visitor(house.test);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(address())).status).toBe(404);
  expect((await new Visitor(house.test).get(address())).status).toBe(303);
});

test('the operator lists what is kept and puts one back, and the page and the history tell of it', async () => {
  const { doors } = house.test.panel;
  const listed = await quarantineCommand([house.site.name], doors);
  expect(listed.split('\n')).toHaveLength(2);
  const id =
    listed
      .split('\n')
      .find((line) => line.endsWith('www/lib/x.php'))
      ?.split(' ')[0] ?? '';
  expect(await quarantineCommand([house.site.name, '--restore', id, '--reason', 'looked at'], doors)).toBe(
    'The file is back in its place.',
  );
  expect(await house.isThere('www/lib/x.php')).toBe(true);
  await expect(quarantineCommand([house.site.name, '--restore', id, '--reason', 'looked at'], doors)).rejects.toMatchObject({
    status: 404,
  });
  expect((await house.visitor.get(address())).text).toContain('돌려놓음');
  const history = (await house.visitor.get('/account/history')).text;
  expect(history).toContain('FTP로 들어온 파일 2개를 격리함');
  expect(history).toContain('격리한 파일을 제자리에 돌려놓음');
});

test('more than fifty have pages, and a page beyond the last leads back', async () => {
  await house.upload(Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`www/data/p${at}.php`, ordinary])));
  const { text } = await house.visitor.get(address());
  expect(text).toContain('1–50 / 62');
  expect((await house.visitor.get(`${address()}?page=2`)).text).toContain('51–62 / 62');
  expect((await house.visitor.get(`${address()}?page=9999999`)).status).toBe(200);
  expect((await house.visitor.get(`${address()}?page=x`)).text).toContain('1–50 / 62');
});
