// Restricted customers (architecture §6, ruling 8): in with the right password, reading and downloading, changing nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { restrict } from '../../src/defence-commands.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let site: string;
let visitor: Visitor;
const email = 'unpaid@example.com';

beforeAll(async () => {
  house = await startPanel({ limitsScale: 100 });
  visitor = new Visitor(house);
  site = await visitor.arrive(email);
  await visitor.upload(site, [{ name: 'index.html', body: '<!doctype html><title>곳간</title>\n' }]);
  await visitor.submit(`/sites/${site}/backups`, {});
  await house.work();
});
afterAll(() => house?.close());

const changes = () =>
  [
    ['folder', { path: 'www', name: 'new' }],
    ['move', { path: 'www/index.html', to: 'www', name: 'other.html' }],
    ['delete', { path: 'www/index.html' }],
  ] as const;

test('before, the page about it leads to the dashboard', async () => {
  expect((await visitor.get('/account/restriction')).headers.location).toBe('/dashboard');
});

describe('gotgan customers restrict', () => {
  test('takes effect with the next request, is told by letter and on every page, and written down', async () => {
    const letters = (await house.letters()).length;
    expect(await restrict(house.panel.doors, 'restrict', { site, reason: 'unpaid' })).toContain('is restricted');
    expect(await restrict(house.panel.doors, 'restrict', { site, reason: 'unpaid' })).toContain('before');
    for (const path of ['/dashboard', `/sites/${site}/backups`, `/sites/${site}/files/www`, '/account/security'])
      expect((await visitor.get(path)).text, path).toContain('href="/account/restriction"');
    const told = (await house.letters()).slice(letters);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('/account/restriction');
    const rows = await house.panel.doors.connection.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'accounts.restricted')
      .execute();
    expect(rows.map(({ actor_kind, details }) => [actor_kind, JSON.parse(details)])).toEqual([
      ['operator', { reason: 'unpaid' }],
    ]);
  });

  test('leaves the right password right, and leads to the reduced area', async () => {
    const other = new Visitor(house);
    const answer = await other.logIn(email);
    expect([answer.status, answer.headers.location]).toEqual([303, '/dashboard']);
    const wrong = await new Visitor(house).logIn(email, { password: `${password}x` });
    expect(wrong.status).toBe(422);
  });

  test('says why on a page in both languages, and what is left', async () => {
    const { text } = await visitor.get('/account/restriction');
    expect(text).toContain('내지 않은 요금이 있습니다');
    expect(text).toContain('href="/backups"');
    expect((await visitor.get('/en/account/restriction')).text).toContain('There are unpaid charges');
  });

  test('leaves reading and downloading, and the account', async () => {
    for (const path of [
      '/dashboard',
      `/sites/${site}`,
      `/sites/${site}/files/www`,
      `/sites/${site}/files/www/index.html`,
      `/sites/${site}/backups`,
      '/account/security',
      '/documents/terms',
    ])
      expect((await visitor.get(path)).status, path).toBe(200);
    const { text } = await visitor.get(`/sites/${site}/backups`);
    const backup = new RegExp(`/sites/${site}/backups/([0-9a-f-]{36})`).exec(text)?.[1];
    expect((await visitor.get(`/sites/${site}/backups/${backup}/download`)).status).toBe(200);
    const ended = await visitor.submit('/account/security', {}, '/account/security/sessions/end-others');
    expect(ended.status).toBe(303);
  });

  test.each(changes())('refuses %s with what it is about, and changes nothing', async (act, fields) => {
    const answer = await visitor.submit(`/sites/${site}/files/www`, { ...fields }, `/sites/${site}/files/${act}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('이용이 제한된 상태여서');
    expect((await visitor.get(`/sites/${site}/files/www`)).text).toContain('index.html');
  });

  test('refuses uploads and backups by hand', async () => {
    expect((await visitor.upload(site, [{ name: 'more.txt', body: 'x' }])).status).toBe(403);
    const hidden = await visitor.hidden(`/sites/${site}/backups`);
    expect((await visitor.send(`/sites/${site}/backups`, hidden)).status).toBe(403);
    expect((await visitor.get(`/sites/${site}/files/www`)).text).not.toContain('more.txt');
  });

  test('knows only its reasons and its customers', async () => {
    await expect(restrict(house.panel.doors, 'restrict', { site, reason: 'mood' })).rejects.toThrow('unpaid, authority');
    await expect(restrict(house.panel.doors, 'restrict', { site: 'nobody', reason: 'unpaid' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(restrict(house.panel.doors, 'lift', { reference: 'no-such' })).rejects.toMatchObject({ status: 404 });
  });

  test('finds the customer by the number of the billing as well, and another reason replaces the first', async () => {
    const { connection, sites } = house.panel.doors;
    const { customerId } = await sites.byName(site);
    await connection.write((tx) =>
      tx.updateTable('customers').set({ external_reference: 'B-17' }).where('id', '=', customerId).execute(),
    );
    expect(await restrict(house.panel.doors, 'restrict', { reference: 'B-17', reason: 'authority' })).toContain('is restricted');
    expect((await visitor.get('/account/restriction')).text).toContain('행정기관이 제한을 요청했습니다');
  });
});

test('gotgan customers lift gives everything back', async () => {
  expect(await restrict(house.panel.doors, 'lift', { site })).toContain('lifted');
  expect(await restrict(house.panel.doors, 'lift', { site })).toBe('There was no restriction.');
  expect((await visitor.get('/dashboard')).text).not.toContain('/account/restriction');
  const made = await visitor.submit(`/sites/${site}/files/www`, { path: 'www', name: 'again' }, `/sites/${site}/files/folder`);
  expect(made.status).toBe(303);
});
