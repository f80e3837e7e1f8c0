// Sessions as attackers meet them: made-up cookies, too many of them, their end; and what a new panel does not have.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, minute } from '../../src/platform/clock.ts';
import { mostSessions } from '../../src/sign-in/own-account.ts';
import { entranceOf, entrances, isClosed } from '../gates/entrances.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
beforeAll(async () => {
  panel = await startPanel({ limitsScale: 1000 });
});
afterAll(() => panel.close());

async function arrived(email: string): Promise<Visitor> {
  const visitor = new Visitor(panel);
  await visitor.arrive(email);
  return visitor;
}
const cookieOf = (visitor: Visitor) =>
  visitor.agent.jar.getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false }).toValueString();
const isSignedIn = async (visitor: Visitor) => (await visitor.get('/dashboard')).status === 200;
const statusWith = async (cookie: string) => (await new Visitor(panel).agent.get('/dashboard').set('Cookie', cookie)).status;

describe('a new panel', () => {
  test('knows nobody: no default account signs in', async () => {
    const fresh = await startPanel();
    try {
      expect(await fresh.panel.doors.connection.db.selectFrom('persons').selectAll().execute()).toEqual([]);
      for (const name of ['admin', 'root', 'test', 'administrator', 'gotgan', 'admin@localhost'])
        for (const secret of [name, 'admin', 'password', ''])
          expect((await new Visitor(fresh).logIn(name, { password: secret })).status).toBe(422);
    } finally {
      await fresh.close();
    }
  });
});

describe('a cookie', () => {
  test('that was changed, unsigned, made up or empty is nobody’s', async () => {
    const owner = await arrived('changed@example.com');
    const cookie = cookieOf(owner);
    const [, id = '', signature = ''] = /sid=s%3A([^.]+)\.([^;]+)/.exec(cookie) ?? [];
    expect([id.length, signature.length > 40, await statusWith(cookie)]).toEqual([32, true, 200]);
    for (const value of [
      `s%3A${id}.${signature.slice(0, -3)}AAA`,
      `s%3A${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}.${signature}`,
      `s%3A${id}`,
      id,
      '',
      `s%3A${'A'.repeat(32)}.${signature}`,
      encodeURIComponent('j:{"personId":"1"}'),
    ])
      expect([value, await statusWith(`sid=${value}`)]).toEqual([value, 303]);
  });

  test('is another one each time, and before and after signing in', async () => {
    const ids = new Set<string>();
    for (let n = 0; n < 200; n += 1) ids.add(String((await new Visitor(panel).get('/login')).headers['set-cookie']));
    expect(ids.size).toBe(200);
    const visitor = new Visitor(panel);
    await arrived('fixed@example.com');
    await visitor.get('/login');
    const before = cookieOf(visitor);
    await visitor.logIn('fixed@example.com');
    expect(cookieOf(visitor)).not.toBe(before);
    expect([await statusWith(before), await statusWith(cookieOf(visitor))]).toEqual([303, 200]);
  });

  test('of somebody who signed out opens nothing any more, and the browser is told to forget', async () => {
    const owner = await arrived('leaves@example.com');
    const cookie = cookieOf(owner);
    const answer = await owner.submit('/dashboard', {}, '/logout');
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
    expect(String(answer.headers['set-cookie'])).toMatch(/sid=;.*Expires=Thu, 01 Jan 1970/);
    expect(await statusWith(cookie)).toBe(303);
  });
});

test('every page of somebody who is signed in has the button that signs out', async () => {
  const owner = await arrived('everywhere@example.com');
  const site = await owner.site();
  const pages = Object.keys(entrances).filter((name) => name.startsWith('GET ') && isClosed(name) && !/:id/.test(name));
  const shown = pages.filter((name) => !entranceOf(name).status && !entranceOf(name).as);
  expect(shown.length).toBeGreaterThan(8);
  for (const name of [...shown, 'GET /', 'GET /plans', 'GET /no-such-page']) {
    const { text } = await owner.get(name.slice(4).replace(':site', site).replace('{/*path}', '/www'));
    expect([name, /<form method="post" action="\/logout">/.test(text)]).toEqual([name, true]);
  }
});

describe('many sessions', () => {
  test('of one person are at most twenty: one more ends the one that was used longest ago', async () => {
    const email = 'many@example.com';
    const first = await arrived(email);
    panel.clock.advance(1000);
    const others: Visitor[] = [];
    for (let n = 1; n < mostSessions; n += 1) {
      const other = new Visitor(panel);
      await other.logIn(email);
      others.push(other);
      panel.clock.advance(1000);
    }
    // Used again, the first is not the oldest any more.
    panel.clock.advance(2 * minute);
    expect(await isSignedIn(first)).toBe(true);
    await new Visitor(panel).logIn(email);
    expect([await isSignedIn(first), await isSignedIn(others[0] as Visitor), await isSignedIn(others[1] as Visitor)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('are ended by the operator, of one person or of everybody', async () => {
    const [one, other] = [await arrived('one@example.com'), await arrived('other@example.com')];
    const { own } = panel.panel.doors.signIn;
    expect(await own.endByOperator('ONE@example.com')).toBe(1);
    expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([false, true]);
    expect(await own.endByOperator()).toBeGreaterThan(0);
    expect(await isSignedIn(other)).toBe(false);
    await expect(own.endByOperator('nobody@example.com')).rejects.toThrow('error.notFound');
    await one.logIn('one@example.com');
    expect((await one.get('/account/security')).text).toContain('다른 기기의 로그인을 모두 끊음');
  });
});

test('a password is not asked to be changed because of its age', async () => {
  await arrived('old@example.com');
  panel.clock.advance(400 * day);
  const back = new Visitor(panel);
  expect((await back.logIn('old@example.com', { password })).headers.location).toBe('/dashboard');
  expect(await isSignedIn(back)).toBe(true);
});
