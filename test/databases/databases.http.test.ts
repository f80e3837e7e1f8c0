// Databases over HTTP on real servers: made, used with the password that is shown once, changed, downloaded, deleted and taken out of the trash.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import { day, minute } from '../../src/platform/clock.ts';
import { ask, isPassword } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { bytesOf, type Made, make, sendDump, usedAs } from './owners.ts';

let house: TestPanel;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  await hostDatabases(house);
});
afterAll(() => house && closeHosted(house));

const cases = engines.flatMap((engine) => (['ko', 'en'] as const).map((language) => [engine, language] as const));

describe.each(cases)('on %s, in %s', (engine, language) => {
  const t = (key: string) => String(catalogues[language][key]);
  let owner: Visitor;
  let site: string;
  let made: Made;
  const at = (rest = '') => `/sites/${site}/databases${rest}`;

  beforeAll(async () => {
    owner = new Visitor(house, language);
    site = await owner.arrive(`${engine}-${language}@example.com`, { plan: 'tree' });
  });

  test('an empty list says what a database is for, and has the form to make one', async () => {
    const { status, text } = await owner.get(at());
    expect(status).toBe(200);
    for (const key of ['databases.empty.title', 'databases.empty.text', 'databases.makeSubmit']) expect(text).toContain(t(key));
    expect((await owner.get('/databases')).headers.location).toBe(owner.path(at()));
  });

  test('what was made has the prefix of the site, and a password that is shown once and lets its user in', async () => {
    made = await make(owner, site, { db_name: 'blog', engine });
    expect(made.name).toBe(`${site}_blog`);
    expect(made.password).toMatch(/^[A-Za-z2-9]{20}$/);
    await usedAs(engine, made);
    // Shown once.
    const again = await owner.get(at(`/${made.id}/password/once`));
    expect([again.status, again.headers.location]).toEqual([303, owner.path(at(`/${made.id}`))]);
    const page = await owner.get(at(`/${made.id}`));
    expect(page.text).not.toContain(made.password);
    for (const shown of ['127.0.0.1', String(administrator(engine).port), made.name, t('databases.noTables')])
      expect(page.text).toContain(shown);
    expect((await owner.get(at())).text).toContain(made.name);
  });

  test('the list and the page show its tables and their sizes', async () => {
    await ask(usedAs.access(engine, made), made.name, 'CREATE TABLE guests (id int primary key, name varchar(100))');
    await ask(usedAs.access(engine, made), made.name, "INSERT INTO guests VALUES (1, '홍길동'), (2, '🌾')");
    const { text } = await owner.get(at(`/${made.id}`));
    expect(text).toContain('guests');
    expect(text).toMatch(/kB|MB/);
  });

  test('its user reaches no other database, and cannot make one', async () => {
    const other = await make(owner, site, { db_name: 'other', engine });
    await expect(ask(usedAs.access(engine, made), other.name, 'SELECT 1')).rejects.toThrow();
    await expect(ask(usedAs.access(engine, made), made.name, `CREATE DATABASE ${site}_more`)).rejects.toThrow();
  });

  test.each([
    ['', 'databases.fault.nameMissing'],
    ['Blog', 'databases.fault.name'],
    ['1blog', 'databases.fault.name'],
    ['_staged', 'databases.fault.name'],
    ['blog`; DROP DATABASE mysql; --', 'databases.fault.nameLong'],
    ['a`b', 'databases.fault.name'],
    ['a"b', 'databases.fault.name'],
    ["a'b", 'databases.fault.name'],
    ['a.b', 'databases.fault.name'],
    ['a%', 'databases.fault.name'],
    ['../b', 'databases.fault.name'],
    ['가나다', 'databases.fault.name'],
    ['blog\u0000', 'databases.fault.name'],
    ['blog\n', 'databases.fault.name'],
    ['ｂｌｏｇ', 'databases.fault.name'],
    ['b'.repeat(25), 'databases.fault.nameLong'],
    ['blog', 'databases.fault.taken'],
  ])('the name %j is refused with its reason, and nothing is made', async (db_name, key) => {
    const before = await house.panel.doors.connection.db.selectFrom('databases').select('id').execute();
    const answer = await owner.submit(at(), { db_name, engine, charset: '', db_password: 'typed-by-Me-77-maple' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(t(key).replace('{most}', '24'));
    expect(answer.text).not.toContain('typed-by-Me-77-maple');
    expect(await house.panel.doors.connection.db.selectFrom('databases').select('id').execute()).toEqual(before);
  });

  test('a password that was typed is judged as everywhere, and then shown nowhere', async () => {
    for (const weak of ['short1', 'password1', 'onlyletters', `${site}1`]) {
      const answer = await owner.submit(at(), { db_name: 'third', engine, charset: '', db_password: weak });
      expect([weak, answer.status]).toEqual([weak, 422]);
      expect(answer.text).toContain('id="db_password-error"');
    }
    const wanted = 'quiet\'Harbor"52\\lantern';
    const answer = await owner.submit(at(), { db_name: 'third', engine, charset: '', db_password: wanted });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).not.toContain('once');
    expect(await isPassword(administrator(engine), `${site}_third`, `${site}_third`, wanted)).toBe(true);
    expect((await owner.get(answer.headers.location?.replace(/^\/en/, '') ?? '')).text).not.toContain('Harbor');
  });

  test('the plan sets how many there are', async () => {
    const full = await owner.get(at());
    expect(full.text).toContain(t('databases.full'));
    expect(full.text).not.toContain('name="db_name"');
    const _csrf = /name="csrf" content="([^"]+)"/.exec(full.text)?.[1] ?? '';
    const answer = await owner.send(at(), { _csrf, db_name: 'fourth', engine, charset: '', db_password: '' });
    expect(answer.status).toBe(422);
  });

  test('a new password closes the door to the one before', async () => {
    const answer = await owner.submit(at(`/${made.id}/password`), { db_password: '' });
    expect(answer.headers.location).toBe(owner.path(at(`/${made.id}/password/once`)));
    const { text } = await owner.get(at(`/${made.id}/password/once`));
    const password = /id="drawn-password">([^<]+)</.exec(text)?.[1] ?? '';
    expect(await isPassword(administrator(engine), made.name, made.name, made.password)).toBe(false);
    expect(await isPassword(administrator(engine), made.name, made.name, password)).toBe(true);
    made = { ...made, password };
    const { db } = house.panel.doors.connection;
    const audit = JSON.stringify(await db.selectFrom('audit').selectAll().execute());
    expect(audit).toContain('databases.passwordChanged');
    expect(audit).not.toContain(password);
    // A customer chose the name: the history looks it up, and rows that outlive the customer hold the id alone.
    expect(audit).toContain(made.id);
    expect(audit).not.toContain(made.name);
    const { text: history } = await owner.get('/account/history?kind=databases');
    for (const act of ['databases.created', 'databases.passwordChanged'])
      expect(history).toContain(t(`people.act.${act}`).replace('{name}', made.name));
  });

  test('it is downloaded whole as packed SQL, behind a fresh sign-in, with one letter a session', async () => {
    house.clock.advance(11 * minute);
    const asked = await owner.get(at(`/${made.id}/download`));
    expect(asked.headers.location).toContain('/confirm?next=');
    await owner.submit(
      `/confirm?next=${encodeURIComponent(owner.path(at(`/${made.id}/download`)))}`,
      { password: 'maple-Teacup-48-orbit' },
      '/confirm',
    );
    const before = (await house.letters()).filter((letter) => letter.includes(made.name)).length;
    for (let round = 0; round < 2; round += 1) {
      const answer = await bytesOf(owner, at(`/${made.id}/download`));
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/gzip']);
      expect(answer.headers['content-disposition']).toContain(`${made.name}-`);
      const sql = gunzipSync(answer.body as Buffer).toString();
      expect(sql).toContain('guests');
      expect(sql).toContain('홍길동');
      expect(sql).toContain('🌾');
    }
    const letters = (await house.letters()).filter((letter) => letter.includes(made.name));
    expect(letters.length).toBe(before + 1);
    const head = await owner.agent.head(owner.path(at(`/${made.id}/download`)));
    expect([head.status, head.text ?? '']).toEqual([200, '']);
  });

  test('while the site is suspended nobody comes in, the page says so, and afterwards all is as before', async () => {
    const { sites, databases } = house.panel.doors;
    await databases.suspend(await sites.byName(site));
    await expect(refusedEntry(engine, made)).resolves.toBe(true);
    expect((await owner.get(at(`/${made.id}`))).text).toContain(t('databases.suspendedNote'));
    expect((await owner.get(at(`/${made.id}/password`))).status).toBe(200);
    expect((await owner.submit(at(`/${made.id}/password`), { db_password: '' })).status).toBe(409);
    expect((await bytesOf(owner, at(`/${made.id}/download`))).status).toBe(200);
    await databases.resume(await sites.byName(site));
    await usedAs(engine, made);
  });

  test('deleting asks first, then puts everything into the trash, from where it is downloaded and restored', async () => {
    const asking = await owner.get(at(`/${made.id}/deletion`));
    expect(asking.text).toContain(t('databases.deletion.trash'));
    const unconfirmed = await owner.submit(at(`/${made.id}/deletion`), {});
    expect([unconfirmed.status, unconfirmed.text.includes(t('databases.fault.confirm'))]).toEqual([422, true]);
    expect((await owner.submit(at(`/${made.id}/deletion`), { confirm: '1' })).headers.location).toBe(owner.path(at()));
    expect((await owner.get(at())).text).toContain(t('databases.state.removing'));
    await usedAs(engine, made);
    await house.work();
    await expect(ask(administrator(engine), made.name, 'SELECT 1')).rejects.toThrow();
    expect((await owner.get(at(`/${made.id}`))).status).toBe(404);

    const trash = await owner.get(at('/trash'));
    expect(trash.text).toContain(made.name);
    const id = /databases\/trash\/([0-9a-f-]{36})\/restoration/.exec(trash.text)?.[1] ?? '';
    const dump = await bytesOf(owner, at(`/trash/${id}/download`));
    expect(gunzipSync(dump.body as Buffer).toString()).toContain('홍길동');

    const restored = await owner.submit(at(`/trash/${id}/restoration`), {});
    expect([restored.status, restored.headers.location]).toEqual([303, expect.stringMatching(/\/password\/once$/)]);
    const once = await owner.get(restored.headers.location?.replace(/^\/en/, '') ?? '');
    const password = /id="drawn-password">([^<]+)</.exec(once.text)?.[1] ?? '';
    await house.work();
    const rows = await ask({ ...usedAs.access(engine, made), password }, made.name, 'SELECT name FROM guests ORDER BY id');
    expect(rows).toEqual([{ name: '홍길동' }, { name: '🌾' }]);
  });

  test('after thirty days the trash is empty, and what was in it is gone', async () => {
    const { databases, archives } = house.panel.doors;
    expect((await archives.list(site)).filter(({ key }) => key.endsWith('.sql.gz')).length).toBe(1);
    house.clock.advance(31 * day);
    await databases.tidy();
    expect((await archives.list(site)).filter(({ key }) => key.endsWith('.sql.gz'))).toEqual([]);
    await owner.logIn(`${engine}-${language}@example.com`);
    expect((await owner.get(at('/trash'))).text).toContain(t('databases.trash.empty'));
  });
});

async function refusedEntry(engine: (typeof engines)[number], made: Made): Promise<boolean> {
  return ask(usedAs.access(engine, made), made.name, 'SELECT 1').then(
    () => false,
    () => true,
  );
}

test.each(engines)('of two forms sent at the same moment for the last place of a plan one is taken (%s)', async (engine) => {
  const owner = new Visitor(house);
  const site = await owner.arrive(`race-${engine}@example.com`);
  const page = `/sites/${site}/databases`;
  const [first, second] = [await owner.hidden(page), await owner.hidden(page)];
  const wish = { engine, charset: '', db_password: '' };
  const answers = await Promise.all([
    owner.send(page, { ...first, ...wish, db_name: 'one' }),
    owner.send(page, { ...second, ...wish, db_name: 'two' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
  const { db } = house.panel.doors.connection;
  const rows = await db.selectFrom('databases').select('name').where('name', 'like', `${site}%`).execute();
  expect(rows.length).toBe(1);
});

test('what the rules of files refuse plays no part in dumps, and a dump never lands among the files', async () => {
  const owner = new Visitor(house);
  const site = await owner.arrive('files@example.com');
  const shop = await make(owner, site, { db_name: 'shop', engine: 'mariadb' });
  const body = "CREATE TABLE codes (code text);\nINSERT INTO codes VALUES ('<?php system($_GET[0]); ?>');\n";
  await sendDump(owner, house.origin, { site, id: shop.id, body, name: 'shell.php' });
  await house.work();
  const rows = await ask(usedAs.access('mariadb', shop), shop.name, 'SELECT code FROM codes');
  expect(rows).toEqual([{ code: '<?php system($_GET[0]); ?>' }]);
  expect(await readdir(join(house.folder, 'sites', site, 'www'))).toEqual([]);
});
