// Closing an account: nobody comes in through any door from that moment, a letter undoes it, and nobody is persuaded (KHADA 7.2; ux.md 2.14).
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closingCommand } from '../../src/closing-commands.ts';
import { day, hour } from '../../src/platform/clock.ts';
import { ask, makeAccount, openFtp, withRoom } from '../ftp/customer.ts';
import { makeToken } from '../gates/alert-rows.ts';
import { welcome } from '../people/guests.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { closeAccount, customerIdOf } from './leavers.ts';

const email = 'leaver@example.com';
const guest = 'helper@example.com';

let house: TestPanel;
let owner: Visitor;
let second: Visitor;
let helper: Visitor;
let site: string;
let ftpUser: string;
let token: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 100, eraseAfterDays: 14 });
  owner = new Visitor(house);
  site = await owner.arrive(email);
  await owner.upload(site, [{ name: 'index.html', body: '<!doctype html><title>곳간</title>\n' }]);
  await owner.submit(`/sites/${site}/backups`, {});
  await openFtp(house);
  await withRoom(house);
  await makeAccount(owner, site);
  const { db } = house.panel.doors.connection;
  ftpUser = (await db.selectFrom('ftp_accounts').select('user_name').executeTakeFirstOrThrow()).user_name;
  helper = await welcome(house, owner, { email: guest, sites: site });
  ({ token } = await makeToken(house, site, email));
  second = new Visitor(house);
  await second.logIn(email);
  await house.work();
});
afterAll(() => house?.close());

const served = (name = site) =>
  stat(join(house.folder, 'sites', name, 'www')).then(
    () => true,
    () => false,
  );
/** Whether a customer's program gets in, and with what answer. */
const byToken = async () =>
  (await new Visitor(house).agent.get(`/api/v1/sites/${site}/backups`).set('Authorization', `Bearer ${token}`)).status;
const textOf = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('before', () => {
  test("a program of the customer's reads backups by its token", async () => {
    expect(await byToken()).toBe(200);
  });

  test('the page is two links from the dashboard, for owners alone', async () => {
    const first = (await owner.get('/dashboard')).text;
    expect(first).toContain('href="/account/security"');
    expect((await owner.get('/account/security')).text).toContain('href="/account/close"');
    expect((await helper.get('/account/security')).text).not.toContain('/account/close');
    expect((await helper.get('/account/close')).status).toBe(403);
    expect((await new Visitor(house).get('/account/close')).headers.location).toBe('/login?next=%2Faccount%2Fclose');
  });

  test.each(['ko', 'en'] as const)(
    'it says in %s what happens when, downloads first, and asks for nothing else',
    async (language) => {
      const visitor = new Visitor(house, language);
      await visitor.logIn(email);
      const { text, status } = await visitor.get('/account/close');
      expect(status).toBe(200);
      expect(text.indexOf('id="dates"')).toBeLessThan(text.indexOf('id="first"'));
      expect(text.indexOf('id="first"')).toBeLessThan(text.indexOf('<form class="form"'));
      expect(text).toMatch(/\/backups\/[0-9a-f-]{36}\/download"/);
      expect(text).toContain(language === 'ko' ? '2026년 12월 6일' : '6 Dec 2026');
      expect(textOf(text)).toContain('14');
      // The safe way stands first, and both buttons have one size.
      const form = text.slice(text.indexOf('actions-equal'));
      expect(form.indexOf('/dashboard')).toBeLessThan(form.indexOf('<button'));
      expect(text).not.toMatch(/ checked/);
    },
  );

  test('without the tick nothing is closed, and what was typed is still there', async () => {
    const answer = await owner.submit('/account/close', { reason: '이사합니다' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('이사합니다');
    expect(answer.text).toContain('id="confirm-error"');
    expect(await house.panel.doors.termination.open()).toEqual([]);
  });

  test('an old sign-in is asked for the password first', async () => {
    const late = new Visitor(house);
    await late.logIn(email);
    house.clock.advance(11 * 60_000);
    const answer = await late.submit('/account/close', { confirm: '1' });
    expect([answer.status, answer.headers.location]).toEqual([303, '/confirm?next=%2Faccount%2Fclose']);
    expect(await house.panel.doors.termination.open()).toEqual([]);
    for (const one of [owner, second]) await one.submit('/confirm', { password });
  });
});

describe('from that moment', () => {
  let undo: string;
  let mailed: string;

  test('it is closed, with a number and the day until which it can be undone', async () => {
    await new Visitor(house).submit('/password/forgot', { email });
    mailed = await owner.linkFor(email, '/password/reset/');
    expect((await owner.submit('/account/close', { reason: '가'.repeat(1001), confirm: '1' })).status).toBe(422);
    const answer = await owner.submit('/account/close', { reason: '이사합니다', confirm: '1' });
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/closed']);
    const shown = await owner.get('/account/closed');
    const [closure] = await house.panel.doors.termination.open();
    expect(shown.text).toContain(closure?.id);
    expect(closure?.eraseAt).toBe((closure?.closedAt ?? 0) + 14 * day);
    undo = await owner.linkFor(email, '/account/reopen/');
    // Nobody else's browser knows of it.
    expect((await new Visitor(house).get('/account/closed')).headers.location).toBe('/login');
  });

  test('no session of anybody there is one any more, at once', async () => {
    for (const one of [owner, second, helper]) expect((await one.get('/dashboard')).headers.location).toMatch(/^\/login/);
    const { count } = await house.panel.doors.connection.db
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('person_id', 'is not', null)
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(0);
  });

  test('no token of a program is one any more, at once', async () => {
    expect(await byToken()).toBe(401);
  });

  test('the right password opens nothing, with the device cookie of before or without, and no mailed link does', async () => {
    // The same answer as to anything that is wrong (KHADA 6.3).
    for (const one of [second, new Visitor(house)]) expect((await one.logIn(email)).status).toBe(422);
    expect((await helper.logIn(guest)).status).toBe(422);
    expect((await new Visitor(house).get(mailed)).status).toBe(410);
  });

  test('sites, FTP and grants follow within the next round of the worker', async () => {
    expect(await ask(house, { user: ftpUser })).toBeUndefined();
    await house.work();
    expect(await served()).toBe(false);
    const site_ = await house.panel.doors.sites.byName(site);
    expect(site_.suspendedAt).not.toBeNull();
    expect(await house.panel.doors.sites.resume(site_, { kind: 'operator' })).toBe(false);
    for (const table of ['download_grants', 'database_grants', 'backup_links'] as const)
      expect(await house.panel.doors.connection.db.selectFrom(table).selectAll().execute()).toEqual([]);
  });

  test('no backup is made by night any more, as the terms say', async () => {
    const count = async () => (await house.panel.doors.connection.db.selectFrom('backups').select('id').execute()).length;
    const before = await count();
    house.clock.advance(day);
    await house.work();
    expect(await count()).toBe(before);
  });

  test('what was said is sealed, and the audit names no person by name', async () => {
    const { db } = house.panel.doors.connection;
    const row = await db.selectFrom('closures').selectAll().executeTakeFirstOrThrow();
    expect(row.said_sealed).toMatch(/^v1\./);
    const entry = await db.selectFrom('audit').selectAll().where('action', '=', 'termination.closed').executeTakeFirstOrThrow();
    expect([entry.subject_id, JSON.parse(entry.details)]).toEqual([row.id, { because: 'customer' }]);
  });

  test('looking at the link changes nothing; the button brings everything back but sessions', async () => {
    const visitor = new Visitor(house);
    expect((await visitor.get(undo)).status).toBe(200);
    expect(await house.panel.doors.termination.open()).toHaveLength(1);
    const answer = await visitor.submit(undo, {});
    expect([answer.status, answer.headers.location]).toEqual([303, '/login']);
    await house.work();
    expect(await served()).toBe(true);
    expect(await ask(house, { user: ftpUser })).toBeDefined();
    expect((await owner.get('/dashboard')).headers.location).toMatch(/^\/login/);
    expect((await new Visitor(house).logIn(email)).status).toBe(303);
    expect((await new Visitor(house).logIn(guest)).status).toBe(303);
    expect((await visitor.get(undo)).status).toBe(410);
    expect(await house.letters().then((all) => all.filter((one) => one.includes(`To: ${email}`)).length)).toBeGreaterThan(3);
  });
});

describe('gotgan customers', () => {
  const other = 'unpaid@example.com';
  const run = (...args: string[]) => closingCommand(args, house.panel.doors);
  let name: string;

  beforeAll(async () => {
    name = await new Visitor(house).arrive(other);
  });

  test('close needs a reason of the record, and says what can be done until when', async () => {
    await expect(run('close', '--site', name, '--because', 'unpaid')).rejects.toThrow('--reason');
    await expect(run('close', '--site', name, '--because', 'whim', '--reason', 'x')).rejects.toThrow('--because');
    await expect(run('close', '--site', name, '--because', 'unpaid', '--reason', 'x', '--days', '-1')).rejects.toThrow('--days');
    expect(await run('close', '--site', name, '--because', 'unpaid', '--reason', '두 달 미납')).toContain(
      'gotgan customers reopen',
    );
    await house.work();
    expect(await served(name)).toBe(false);
    await expect(run('close', '--site', name, '--because', 'unpaid', '--reason', 'again')).rejects.toMatchObject({ status: 409 });
    expect(await run('closed')).toContain('unpaid  can be undone');
  });

  test('hold keeps everything beyond its day, and reopen gives it back', async () => {
    await run('hold', '--site', name);
    house.clock.advance(30 * day);
    await house.work();
    expect(await run('closed')).toContain('held');
    expect((await house.panel.doors.sites.byName(name)).terminatedAt).toBeNull();
    await run('reopen', '--site', name);
    await house.work();
    expect(await served(name)).toBe(true);
    expect((await new Visitor(house).logIn(other)).status).toBe(303);
    expect(await run('closed')).toContain('No account is closed');
  });

  test('a site that is suspended for another reason meanwhile stays so when the closing is undone, and no sooner comes back', async () => {
    const { sites } = house.panel.doors;
    const state = async () => (await sites.byName(name)).suspendedAt;
    const operator = { kind: 'operator' } as const;
    await run('close', '--site', name, '--because', 'unpaid', '--reason', '두 달 미납');
    const shutAt = (await state()) ?? 0;
    expect(await sites.suspend(await sites.byName(name), operator, 'terms')).toBe(true);
    // Said twice it is one suspension, and outages go by the moment of the closing.
    expect(await sites.suspend(await sites.byName(name), operator, 'terms')).toBe(false);
    expect(await state()).toBe(shutAt + 1);
    expect(await sites.resume(await sites.byName(name), operator)).toBe(false);
    await run('reopen', '--site', name);
    await house.work();
    expect([await state(), await served(name)]).toEqual([shutAt + 1, false]);
    expect(await sites.resume(await sites.byName(name), operator)).toBe(true);
    await house.work();
    expect(await served(name)).toBe(true);
  });

  test('erase-now passes over no hold: it says since when, why and how that is lifted', async () => {
    await run('close', '--site', name, '--because', 'unpaid', '--reason', 'x');
    await run('hold', '--site', name);
    const since = new Date(house.clock.now()).toISOString();
    await expect(run('erase-now', '--site', name)).rejects.toThrow(
      new RegExp(`on hold since ${since}, by gotgan customers hold.* gotgan customers release`),
    );
    house.clock.advance(hour);
    await house.work();
    const customerId = await customerIdOf(house, other);
    expect((await house.panel.doors.termination.of(customerId))?.begunAt).toBeNull();
    await run('reopen', '--site', name);
    await house.panel.doors.accounts.restrictions.restrict(customerId, 'authority');
    await run('close', '--site', name, '--because', 'unpaid', '--reason', 'x');
    await expect(run('erase-now', '--site', name)).rejects.toThrow('since an authority has restricted this customer');
    await run('reopen', '--site', name);
    await house.panel.doors.accounts.restrictions.lift(customerId);
  });

  test('an account that an authority has restricted is closed and not erased', async () => {
    const { restrictions } = house.panel.doors.accounts;
    const customerId = await customerIdOf(house, other);
    await restrictions.restrict(customerId, 'authority');
    await closeAccount(house, other, 0);
    house.clock.advance(hour);
    await house.work();
    expect((await house.panel.doors.termination.of(customerId))?.begunAt).toBeNull();
    await run('reopen', '--site', name);
  });
});
