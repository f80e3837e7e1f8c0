// The fresh sign-in before a delicate act: the password, and for whom that does not sign in alone a second factor as well.
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let owner: Visitor;
const email = 'owner@example.com';
const delicate = '/account/security/address';

beforeEach(async () => {
  panel = await startPanel();
  owner = new Visitor(panel);
  await owner.arrive(email);
});
afterEach(() => panel.close());

const codeOf = (key: string) => new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: panel.clock.now() });
const confirm = (fields: Record<string, string>) => owner.submit('/confirm', fields);
const isFresh = async () => (await owner.get(delicate)).status === 200;

/** @returns the key of the owner's app, and a recovery code; the sign-in is old afterwards */
async function withApp(): Promise<{ key: string; recovery: string }> {
  const text = (await owner.get('/account/security/app')).text;
  const key = /class="hash">([A-Z2-7 ]+)</.exec(text)?.[1]?.replaceAll(' ', '') ?? '';
  await owner.submit('/account/security/app', { code: codeOf(key) });
  const shown = (await owner.get('/account/security/recovery-codes')).text;
  panel.clock.advance(11 * minute);
  expect(await isFresh()).toBe(false);
  return { key, recovery: /<code>([A-Z0-9 ]{29})<\/code>/.exec(shown)?.[1] ?? '' };
}

describe('a fresh sign-in', () => {
  test('of somebody with a password alone needs that password, and lasts ten minutes', async () => {
    panel.clock.advance(10 * minute);
    expect(await isFresh()).toBe(false);
    expect((await confirm({ password: 'not-the-Right-1-one' })).status).toBe(422);
    expect(await isFresh()).toBe(false);
    expect((await confirm({ password })).status).toBe(303);
    expect(await isFresh()).toBe(true);
    panel.clock.advance(10 * minute - 1);
    expect(await isFresh()).toBe(true);
    panel.clock.advance(1);
    expect(await isFresh()).toBe(false);
  });

  test('of somebody who pastes too much is refused at that field, never taken for an empty one', async () => {
    panel.clock.advance(11 * minute);
    for (const field of ['password', 'code', 'recovery']) {
      const { status, text } = await confirm({ password, [field]: 'a'.repeat(5000) });
      expect([field, status, text.includes(`href="#${field}"`)]).toEqual([field, 422, true]);
      expect(text).toContain('내용이 너무 깁니다');
    }
    expect(await isFresh()).toBe(false);
  });

  test('of somebody with an app needs both, each code once', async () => {
    const { key } = await withApp();
    const alone = await confirm({ password });
    expect([alone.status, alone.text.includes('6자리 숫자도')]).toEqual([422, true]);
    expect((await confirm({ password, code: '000000' })).status).toBe(422);
    expect((await confirm({ password: 'not-the-Right-1-one', code: codeOf(key) })).status).toBe(422);
    expect(await isFresh()).toBe(false);
    const code = codeOf(key);
    expect((await confirm({ password, code })).status).toBe(303);
    expect(await isFresh()).toBe(true);
    panel.clock.advance(10 * minute);
    expect((await confirm({ password, code })).status).toBe(422);
  });

  test('by a recovery code uses it up and tells its owner', async () => {
    const { recovery } = await withApp();
    expect((await confirm({ password, recovery })).status).toBe(303);
    expect(await isFresh()).toBe(true);
    expect((await panel.letters()).filter((letter) => letter.includes('복구 코드로'))).toHaveLength(1);
    panel.clock.advance(10 * minute);
    expect((await confirm({ password, recovery })).status).toBe(422);
  });

  test('makes a new session id, and the one before is dead', async () => {
    panel.clock.advance(11 * minute);
    const before = owner.agent.jar.getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false }).toValueString();
    await confirm({ password });
    const old = await new Visitor(panel).agent.get('/dashboard').set('Cookie', before);
    expect([old.status, await isFresh()]).toEqual([303, true]);
  });

  test('is waited for after five wrong ones, also with the right one', async () => {
    panel.clock.advance(11 * minute);
    for (let n = 0; n < 5; n += 1) await confirm({ password: `not-the-Right-${n}` });
    const answer = await confirm({ password });
    expect([answer.status, /\d\d:\d\d/.test(answer.text), await isFresh()]).toEqual([429, true, false]);
  });

  test('is written down, failures too', async () => {
    panel.clock.advance(11 * minute);
    await confirm({ password: 'not-the-Right-1-one' });
    // Rows of one millisecond have no order.
    panel.clock.advance(1000);
    await confirm({ password });
    const rows = await panel.panel.doors.connection.db
      .selectFrom('audit')
      .select('action')
      .where('action', 'like', 'signIn.confirm%')
      .orderBy('id')
      .execute();
    expect(rows.map(({ action }) => action)).toEqual(['signIn.confirmFailed', 'signIn.confirmed']);
  });
});

test('the second step is over once the password was changed meanwhile', async () => {
  const { key } = await withApp();
  const thief = new Visitor(panel);
  await thief.logIn(email);
  panel.clock.advance(1000);
  await new Visitor(panel).submit('/password/forgot', { email });
  await new Visitor(panel).submit(await owner.linkFor(email, '/password/reset/'), { password: 'quiet-Harbor-52-lantern' });
  const fields = await thief.hidden('/login/second-factor');
  expect((await thief.send('/login/second-factor', { ...fields, code: codeOf(key) })).status).toBe(410);
});
