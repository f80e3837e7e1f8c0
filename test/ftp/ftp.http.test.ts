// FTP accounts on the page, and who the panel lets in by them: every cause of a refusal answers alike (KHADA 6.3, 7.3; ruling 15).
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, hour, LocalTime, minute } from '../../src/platform/clock.ts';
import { welcome } from '../people/guests.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { accountIds, ask, faultsOf, ftpPassword, makeAccount, openFtp, withRoom } from './customer.ts';

let house: TestPanel;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, trustProxy: 'loopback' });
  await openFtp(house);
  await withRoom(house);
});
afterAll(() => house?.close());

let customers = 0;
async function customer(): Promise<{ owner: Visitor; site: string; email: string }> {
  customers += 1;
  const email = `customer-${customers}@example.com`;
  const owner = new Visitor(house);
  return { owner, site: await owner.arrive(email), email };
}

const textOf = async (visitor: Visitor, path: string) => (await visitor.get(path)).text.replace(/\s+/g, ' ');
const actionsOf = async (site: string) => {
  const { connection } = house.panel.doors;
  const rows = await connection.db
    .selectFrom('audit')
    .innerJoin('sites', 'sites.id', 'audit.site_id')
    .select(['audit.action', 'audit.details'])
    .where('sites.name', '=', site)
    .where('audit.action', 'like', 'ftp.%')
    .execute();
  // Under a stopped clock nothing tells which came first.
  return rows
    .map(({ action, details }) => [action, JSON.parse(details)] as const)
    .sort(([one], [other]) => one.localeCompare(other));
};

describe('the page', () => {
  test('says that there is no FTP where the server has none, and how to reach files instead', async () => {
    const other = await startPanel();
    try {
      const visitor = new Visitor(other);
      const site = await visitor.arrive('nobody@example.com');
      const text = await textOf(visitor, `/sites/${site}/ftp`);
      expect(text).toContain('아직 FTP를 쓸 수 없습니다');
      for (const part of ['FTP 계정 만들기', '최근 접속']) expect(text).not.toContain(part);
    } finally {
      await other.close();
    }
  });

  test('leads from /ftp to the site used last, and names host, port, encryption and user', async () => {
    const { owner, site } = await customer();
    expect((await owner.get('/ftp')).headers.location).toBe(`/sites/${site}/ftp`);
    await makeAccount(owner, site);
    const text = await textOf(owner, `/sites/${site}/ftp`);
    for (const part of [
      '<code>127.0.0.1</code>',
      '<code>21</code>',
      '명시적 TLS(FTPS)',
      `<code>${site}</code>`,
      '/backup',
      '/www',
    ])
      expect(text).toContain(part);
  });

  test('makes the main account first, with a password that is shown once and nowhere else', async () => {
    const { owner, site } = await customer();
    const { location } = await makeAccount(owner, site, { password: '' });
    expect(location).toBe(`/sites/${site}/ftp/password`);
    const shown = (await owner.get(location)).text;
    const password = /<code id="password">([^<]+)</.exec(shown)?.[1] ?? '';
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[2-9])(?=.*[-_.+=])[A-Za-z0-9\-_.+=]{20}$/);
    expect((await owner.get(location)).headers.location).toBe(`/sites/${site}/ftp`);
    expect(await ask(house, { user: site, password })).toMatchObject({ folder: join(house.folder, 'sites', site) });
    const { db } = house.panel.doors.connection;
    const { password_hash } = await db
      .selectFrom('ftp_accounts')
      .select('password_hash')
      .where('user_name', '=', site)
      .executeTakeFirstOrThrow();
    expect(password_hash).toMatch(/^\$argon2id\$/);
  });

  test('makes further accounts behind a dot, for one folder, up to the number of the plan', async () => {
    const { owner, site } = await customer();
    await mkdir(join(house.folder, 'sites', site, 'www/shop'));
    await makeAccount(owner, site);
    await makeAccount(owner, site, { user: 'minsu', path: '/www/shop' });
    expect(await ask(house, { user: `${site}.minsu` })).toMatchObject({ folder: join(house.folder, 'sites', site, 'www/shop') });
    expect(
      (await owner.submit(`/sites/${site}/ftp/account`, { user: 'minsu', password: ftpPassword, path: '/www' })).status,
    ).toBe(422);
    await withRoom(house, 2);
    const full = await owner.submit(`/sites/${site}/ftp/account`, { user: 'more', password: ftpPassword, path: '/www' });
    await withRoom(house);
    expect([full.status, full.text.includes('2개까지')]).toEqual([422, true]);
  });

  test('tells everything that is wrong with a form at once, and keeps what was typed but the password', async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    const typed = { user: '../etc', path: '/backup', password: 'short', allow_ips: 'the office', expires: '2020-02-30' };
    const refused = await owner.submit(`/sites/${site}/ftp/account`, typed);
    expect(refused.status).toBe(422);
    const faults = faultsOf(refused.text);
    for (const part of ['영문 소문자', '목록에 있는 폴더', 'IP 주소나 네트워크', '날짜를']) expect(faults).toContain(part);
    expect(refused.text).toContain('the office');
    expect(refused.text).not.toContain('value="short"');
    const weak = await owner.submit(`/sites/${site}/ftp/account`, { user: 'weak', path: '/www', password: `${site}1` });
    expect([weak.status, faultsOf(weak.text).length > 0]).toEqual([422, true]);
    for (const user of ['', '-a', 'a-', 'A b', 'x'.repeat(21), '가나'])
      expect((await owner.submit(`/sites/${site}/ftp/account`, { user, path: '/www', password: ftpPassword })).status).toBe(422);
    expect(await accountIds(owner, site)).toHaveLength(1);
  });

  test('adds the present address to the list without a script, keeps what was typed, and has done nothing yet', async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    owner.agent.set('X-Forwarded-For', '198.51.100.77');
    const path = `/sites/${site}/ftp/account`;
    const answer = await owner.submit(path, { user: 'office', allow_ips: '203.0.113.0/24', here: '1', password: ftpPassword });
    expect([answer.status, answer.headers.location]).toEqual([303, `${path}#allow_ips`]);
    const { text } = await owner.get(path);
    expect(text).toContain('203.0.113.0/24\n198.51.100.77</textarea>');
    expect(text).toContain('value="office"');
    expect(text).not.toContain(ftpPassword);
    expect(await accountIds(owner, site)).toHaveLength(1);
    expect((await owner.send(path, { here: '1', _csrf: 'forged' })).status).toBe(403);
  });

  test('takes no list of addresses and no end that it cannot read for none at all', async () => {
    const { owner, site } = await customer();
    const { id } = await makeAccount(owner, site, { allow_ips: '203.0.113.0/24' });
    const page = `/sites/${site}/ftp/accounts/${id}`;
    const long = Array.from({ length: 400 }, (_, at) => `203.0.113.${at % 256}`).join('\n');
    for (const fields of [{ allow_ips: long }, { allow_ips: ['203.0.113.1', '203.0.113.2'] }, { expires: ['2099-01-01', ''] }])
      expect((await owner.submit(page, { path: '/www', allow_ips: '203.0.113.0/24', expires: '', ...fields })).status).toBe(422);
    expect((await owner.get(page)).text).toContain('203.0.113.0/24</textarea>');
  });

  test('is asked for a fresh sign-in before an account is made, changed or gets a new password', async () => {
    const { owner, site } = await customer();
    const { id } = await makeAccount(owner, site);
    house.clock.advance(11 * minute);
    for (const path of ['account', `accounts/${id}`, `accounts/${id}/password`])
      expect((await owner.get(`/sites/${site}/ftp/${path}`)).headers.location).toContain('/confirm?next=');
  });

  test("an owner sees everybody's accounts, a developer changes those they made, a viewer none", async () => {
    const { owner, site, email } = await customer();
    const { id } = await makeAccount(owner, site);
    const developer = await welcome(house, owner, { email: `developer-of-${email}`, sites: site });
    const viewer = await welcome(house, owner, { email: `viewer-of-${email}`, role: 'viewer', sites: site });
    await ask(house, { user: site, address: '203.0.113.200' });
    const own = await makeAccount(developer, site, { user: 'dev' });
    expect(await accountIds(developer, site)).toEqual([own.id]);
    expect(await accountIds(viewer, site)).toEqual([]);
    expect(await accountIds(owner, site)).toHaveLength(2);
    for (const path of [`accounts/${id}`, `accounts/${id}/password`, `accounts/${id}/end`])
      expect((await developer.get(`/sites/${site}/ftp/${path}`)).status).toBe(403);
    expect((await viewer.get(`/sites/${site}/ftp/account`)).status).toBe(403);
    // Addresses of others are nobody else's business.
    expect(await textOf(owner, `/sites/${site}/ftp`)).toContain('203.0.113.200');
    for (const visitor of [developer, viewer]) expect(await textOf(visitor, `/sites/${site}/ftp`)).not.toContain('203.0.113.200');
  });

  test("a stranger finds nothing: not the page, not the account, not by the id of another site's account", async () => {
    const { owner, site } = await customer();
    const { id } = await makeAccount(owner, site);
    const other = await customer();
    for (const path of ['', `/accounts/${id}`, '/account'])
      expect((await other.owner.get(`/sites/${site}/ftp${path}`)).status).toBe(404);
    expect((await other.owner.get(`/sites/${other.site}/ftp/accounts/${id}`)).status).toBe(404);
  });
});

describe('who is let in', () => {
  test('nobody with an unknown name, a wrong password, or no password at all', async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    for (const attempt of [
      { user: 'nobody' },
      { user: `${site}.nobody` },
      { user: site, password: 'wrong' },
      { user: site, password: '' },
      { user: site, password: `${ftpPassword} ` },
      { user: `${site}\u0000` },
      { user: '' },
    ])
      expect(await ask(house, attempt)).toBeUndefined();
    expect(await ask(house, { user: site.toUpperCase() })).toBeDefined();
  });

  test('nobody while the account is off, after its end, from an address that is not on its list, or over a plain line', async () => {
    const { owner, site } = await customer();
    const today = new LocalTime('Asia/Seoul').day(house.clock.now());
    const { id } = await makeAccount(owner, site, { allow_ips: '203.0.113.0/24\n2001:db8::/32', expires: today });
    const comes = async (more = {}) => (await ask(house, { user: site, ...more })) !== undefined;
    expect([await comes(), await comes({ address: '2001:db8::7' })]).toEqual([true, true]);
    expect([await comes({ address: '198.51.100.1' }), await comes({ address: 'nonsense' })]).toEqual([false, false]);
    expect(await comes({ isEncrypted: false })).toBe(false);
    expect(await textOf(owner, `/sites/${site}/ftp`)).toContain('암호화되지 않은 접속으로 왔습니다');
    await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${id}/off`);
    expect(await comes()).toBe(false);
    await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${id}/on`);
    expect(await comes()).toBe(true);
    house.clock.advance(day);
    expect(await comes()).toBe(false);
    const refusals = (await actionsOf(site)).filter(([action]) => action === 'ftp.refused').map(([, details]) => details.reason);
    expect(refusals.sort()).toEqual(['expired', 'network', 'network', 'off', 'plain']);
  });

  test('a plain line will do where the operator and the account allow it, and the page warns of it', async () => {
    const other = await startPanel({ ftpPlain: 'allowed' });
    try {
      await openFtp(other);
      await withRoom(other);
      const owner = new Visitor(other);
      const site = await owner.arrive('old-device@example.com');
      await makeAccount(owner, site);
      await makeAccount(owner, site, { user: 'scanner', plain: '1' });
      expect(await ask(other, { user: site, isEncrypted: false })).toBeUndefined();
      expect(await ask(other, { user: `${site}.scanner`, isEncrypted: false })).toBeDefined();
      expect((await owner.get(`/sites/${site}/ftp`)).text).toContain(`${site}.scanner 계정의 비밀번호가 암호화되지 않은`);
    } finally {
      await other.close();
    }
  });

  test('nobody at a site that is suspended, at a customer who is restricted, or with a password of somebody who left', async () => {
    const { owner, site, email } = await customer();
    await makeAccount(owner, site);
    const developer = await welcome(house, owner, { email: `developer-of-${email}`, sites: site });
    await makeAccount(developer, site, { user: 'dev' });
    const comes = async (user = site) => (await ask(house, { user })) !== undefined;
    const { sites, accounts, connection } = house.panel.doors;
    const found = await sites.byName(site);
    const suspend = (at: number | null) =>
      connection.write((tx) => tx.updateTable('sites').set({ suspended_at: at }).where('name', '=', site).execute());
    await suspend(house.clock.now());
    expect(await comes()).toBe(false);
    await suspend(null);
    expect([await comes(), await comes(`${site}.dev`)]).toEqual([true, true]);
    await accounts.restrictions.restrict(found.customerId, 'unpaid');
    expect(await comes()).toBe(false);
    await accounts.restrictions.lift(found.customerId);
    expect(await comes()).toBe(true);
    const person = await accounts.byLoginName(`developer-of-${email}`);
    await connection.write((tx) =>
      tx
        .updateTable('memberships')
        .set({ ended_at: house.clock.now() })
        .where('person_id', '=', person?.id ?? '')
        .execute(),
    );
    expect([await comes(), await comes(`${site}.dev`)]).toEqual([true, false]);
    expect(await textOf(owner, `/sites/${site}/ftp`)).toContain('멈춤');
  });

  test('nobody into a folder that is gone, or that a program of the customer has made a link', async () => {
    const { owner, site } = await customer();
    const www = join(house.folder, 'sites', site, 'www');
    await mkdir(join(www, 'shop/inside'), { recursive: true });
    await makeAccount(owner, site);
    await makeAccount(owner, site, { user: 'shop', path: '/www/shop/inside' });
    const comes = async () => (await ask(house, { user: `${site}.shop` })) !== undefined;
    expect(await comes()).toBe(true);
    await rename(join(www, 'shop'), join(www, 'elsewhere'));
    expect(await comes()).toBe(false);
    await symlink(join(www, 'elsewhere'), join(www, 'shop'));
    expect(await comes()).toBe(false);
    await rm(join(www, 'shop'));
    await mkdir(join(www, 'shop'));
    await symlink('/etc', join(www, 'shop/inside'));
    expect(await comes()).toBe(false);
  });

  test('with a new password nobody who knows the old one, and nobody at all once the account was removed', async () => {
    const { owner, site } = await customer();
    const { id } = await makeAccount(owner, site);
    const renewed = 'quiet-Harbor-52-lantern';
    await owner.submit(`/sites/${site}/ftp/accounts/${id}/password`, { password: renewed });
    expect([await ask(house, { user: site }), await ask(house, { user: site, password: renewed })]).toMatchObject([
      undefined,
      {},
    ]);
    await owner.submit(`/sites/${site}/ftp/accounts/${id}/end`, {});
    expect(await ask(house, { user: site, password: renewed })).toBeUndefined();
    expect(await accountIds(owner, site)).toEqual([]);
    await makeAccount(owner, site);
    expect(await ask(house, { user: site })).toBeDefined();
  });
});

describe('what is written down', () => {
  test('nobody by what was true when the sign-in began: a password or a list of addresses that is changed meanwhile', async () => {
    const { owner, site } = await customer();
    const { id } = await makeAccount(owner, site);
    const { accounts } = house.panel.doors;
    const stronger = accounts.stronger;
    const inTheMiddle = async (change: () => PromiseLike<{ status: number }>, address = '203.0.113.9') => {
      accounts.stronger = async (...given) => {
        accounts.stronger = stronger;
        house.clock.advance(1);
        expect((await change()).status).toBe(303);
        return stronger.apply(accounts, given);
      };
      return ask(house, { user: site, address });
    };
    const page = `/sites/${site}/ftp/accounts/${id}`;
    expect(await inTheMiddle(() => owner.submit(page, { path: '/www', allow_ips: '198.51.100.7' }))).toBeUndefined();
    expect(await inTheMiddle(() => owner.submit(page, { path: '/www', allow_ips: '' }), '198.51.100.7')).toBeUndefined();
    expect(await ask(house, { user: site })).toBeDefined();
    expect(await inTheMiddle(() => owner.submit(`${page}/password`, { password: 'another-Lantern-72-river' }))).toBeUndefined();
    const rows = house.panel.doors.connection.db.selectFrom('ftp_sessions').select('session');
    expect(await rows.where('account_id', '=', id).execute()).toHaveLength(1);
  });

  test('a robot that uploads every minute is one line a day, with the number of its sign-ins', async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    for (let at = 0; at < 60; at += 1) {
      await ask(house, { user: site, address: '192.0.2.44' });
      house.clock.advance(minute);
    }
    expect((await actionsOf(site)).map(([action]) => action)).toEqual(['ftp.accountMade', 'ftp.signedIn']);
    await owner.logIn(`customer-${customers}@example.com`);
    const text = await textOf(owner, `/sites/${site}/ftp`);
    expect(text).toContain('60번');
    expect(text).toContain('192.0.2.44');
    house.clock.advance(hour);
    await ask(house, { user: site, address: '192.0.2.44' });
    expect((await actionsOf(site)).filter(([action]) => action === 'ftp.signedIn')).toHaveLength(2);
  });

  test("an owner reads sign-ins and refusals in the customer's history, with their addresses; the audit itself holds none", async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    await ask(house, { user: site, address: '192.0.2.45' });
    await ask(house, { user: site, address: '192.0.2.46', password: 'wrong' });
    const text = await textOf(owner, '/account/history?kind=ftp');
    for (const part of ['FTP 계정을 만듦', 'FTP 접속', 'FTP 접속 거절: 비밀번호가 다름', '192.0.2.45', '192.0.2.46'])
      expect(text).toContain(part);
    const { db } = house.panel.doors.connection;
    for (const table of ['audit', 'ftp_logins', 'ftp_accounts', 'audit_personal'] as const)
      expect(JSON.stringify(await db.selectFrom(table).selectAll().execute())).not.toMatch(/192\.0\.2\.4[56]/);
  });

  test('guesses from very many addresses fill no more than fifty lines a day', async () => {
    const { owner, site } = await customer();
    await makeAccount(owner, site);
    const { connection } = house.panel.doors;
    const [account] = await house.panel.doors.ftp.accounts.ofSite(await house.panel.doors.sites.byName(site));
    if (!account) throw new Error('there is no account');
    for (let at = 0; at < 70; at += 1) {
      house.clock.advance(1);
      await connection.write((tx) =>
        house.panel.doors.ftp.logins.note(tx, account, 'wrong', { address: `198.51.100.${at}`, isEncrypted: true }),
      );
    }
    const rows = (await actionsOf(site)).filter(([action]) => action === 'ftp.refused');
    expect(rows).toHaveLength(51);
    expect(await textOf(owner, `/sites/${site}/ftp`)).toContain('여러 주소');
  });
});

test('of an account that ended hash and addresses go at once, and the row with the last of its sign-ins', async () => {
  const { owner, site } = await customer();
  const { id } = await makeAccount(owner, site, { allow_ips: '203.0.113.9' });
  await ask(house, { user: site });
  await owner.submit(`/sites/${site}/ftp/accounts/${id}/end`, {});
  const { connection, ftp } = house.panel.doors;
  const rows = () => connection.db.selectFrom('ftp_accounts').selectAll().where('id', '=', id).execute();
  expect(await rows()).toMatchObject([{ password_hash: '', networks_sealed: null, used_address_sealed: null, user_name: site }]);
  house.clock.advance(364 * day);
  await ftp.tidy();
  expect(await rows()).toHaveLength(1);
  house.clock.advance(2 * day);
  await ftp.tidy();
  expect(await rows()).toEqual([]);
});

test('a site that was ever used by FTP is swept of parts of uploads once a day, and no other', async () => {
  const { owner, site } = await customer();
  const other = await customer();
  await makeAccount(owner, site);
  await ask(house, { user: site });
  const part = (name: string) => join(house.folder, 'sites', name, 'www/.in.photo.jpg.4711');
  for (const name of [site, other.site]) await writeFile(part(name), 'half');
  await house.work();
  // Files have the machine's own times.
  house.clock.advance(Math.max(0, Date.now() - house.clock.now()) + 25 * hour);
  await house.work();
  expect([existsSync(part(site)), existsSync(part(other.site))]).toEqual([false, true]);
});

test('a password that later turns up in a list of leaks lets nobody in, and the history says why', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  expect(await ask(house, { user: site })).toBeDefined();
  const list = join(house.folder, 'leaked.txt');
  await writeFile(list, `${createHash('sha1').update(ftpPassword).digest('hex')}\n`);
  await house.panel.doors.breachedPasswords.import(list);
  expect(await ask(house, { user: site })).toBeUndefined();
  expect(await textOf(owner, `/sites/${site}/ftp`)).toContain('유출된 비밀번호');
});
