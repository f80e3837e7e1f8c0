// Second factors: an app that counts once it was confirmed, codes that are good once, and what happens to somebody who guesses.
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, minute } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let visitor: Visitor;
const email = 'owner@example.com';
const page = '/account/security/app';

beforeEach(async () => {
  panel = await startPanel();
  visitor = new Visitor(panel);
  await visitor.arrive(email);
});
afterEach(() => panel.close());

/** What the phone shows. @param shift seconds that its clock is off */
const codeOf = (secret: string, shift = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() + shift * 1000 });

/** Sets the app up. @returns its secret and the recovery codes */
async function setUp(): Promise<{ secret: string; codes: string[] }> {
  const secret = /class="hash">([A-Z2-7 ]+)</.exec((await visitor.get(page)).text)?.[1]?.replaceAll(' ', '') ?? '';
  const answer = await visitor.submit(page, { code: codeOf(secret) });
  expect([answer.status, answer.headers.location]).toEqual([303, '/account/security/recovery-codes']);
  const shown = (await visitor.get('/account/security/recovery-codes')).text;
  const codes = [...shown.matchAll(/<code>([A-Z0-9 ]{29})<\/code>/g)].map(([, code = '']) => code);
  // The next code is another one.
  panel.clock.advance(30_000);
  return { secret, codes };
}

async function halfIn(): Promise<Visitor> {
  const other = new Visitor(panel);
  const answer = await other.logIn(email);
  expect(answer.headers.location).toMatch(/^\/login\/second-factor\?next=/);
  return other;
}
const give = (who: Visitor, fields: Record<string, string>) => who.submit('/login/second-factor', fields);
const isSignedIn = async (who: Visitor) => (await who.get('/dashboard')).status === 200;
const lettersAbout = async (word: string) => (await panel.letters()).filter((letter) => letter.includes(word)).length;

describe('an authenticator app', () => {
  test('counts only once one of its codes was right', async () => {
    await visitor.get(page);
    const wrong = await visitor.submit(page, { code: '000000' });
    expect(wrong.status).toBe(422);
    expect((await new Visitor(panel).logIn(email)).headers.location).toBe('/dashboard');
    await setUp();
    expect((await new Visitor(panel).logIn(email)).headers.location).toContain('/login/second-factor');
  });

  test('is asked for after the password, and lets in with its code, spaces and all', async () => {
    const { secret } = await setUp();
    const other = await halfIn();
    expect(await isSignedIn(other)).toBe(false);
    const code = codeOf(secret);
    const answer = await give(other, { code: ` ${code.slice(0, 3)} ${code.slice(3)}` });
    expect([answer.status, answer.headers.location]).toEqual([303, '/dashboard']);
    expect(await isSignedIn(other)).toBe(true);
  });

  test('is asked for after the mailed link too', async () => {
    const { secret } = await setUp();
    const other = new Visitor(panel);
    await other.submit('/login', { email }, '/login/link');
    const answer = await other.submit(await other.linkFor(email, '/login/link/'), {});
    expect(answer.headers.location).toBe('/login/second-factor');
    expect((await give(other, { code: codeOf(secret) })).headers.location).toBe('/dashboard');
  });

  test('stays when the password is reset by letter', async () => {
    await setUp();
    const other = new Visitor(panel);
    await other.submit('/password/forgot', { email });
    await other.submit(await other.linkFor(email, '/password/reset/'), { password: 'quiet-Harbor-52-lantern' });
    const answer = await other.logIn(email, { password: 'quiet-Harbor-52-lantern' });
    expect(answer.headers.location).toContain('/login/second-factor');
  });

  test('may be half a minute off, not a minute', async () => {
    const { secret } = await setUp();
    for (const [shift, status] of [
      [-30, 303],
      [30, 303],
      [-61, 422],
      [61, 422],
    ] as const) {
      panel.clock.advance(3 * minute);
      expect((await give(await halfIn(), { code: codeOf(secret, shift) })).status, `${shift} s`).toBe(status);
    }
  });

  test('code is good once, also at the same moment and for the step before', async () => {
    const { secret } = await setUp();
    const both = [await halfIn(), await halfIn()];
    const code = codeOf(secret);
    const fields = await Promise.all(both.map((one) => one.hidden('/login/second-factor')));
    const answers = await Promise.all(both.map((one, index) => one.send('/login/second-factor', { ...fields[index], code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
    expect((await give(await halfIn(), { code: codeOf(secret, -30) })).status).toBe(422);
  });

  test('that is guessed at lets nobody in after five, and its owner is told', async () => {
    const { secret } = await setUp();
    const other = await halfIn();
    for (let n = 0; n < 5; n += 1) expect((await give(other, { code: String(100_000 + n) })).status).toBe(422);
    expect((await give(other, { code: codeOf(secret) })).status).toBe(429);
    // What was begun is over: the password is asked for again.
    expect((await other.get('/login/second-factor')).headers.location).toBe('/login');
    expect((await give(await halfIn(), { code: codeOf(secret) })).status).toBe(429);
    expect(await lettersAbout('2단계 인증에 여러 번')).toBe(1);
    panel.clock.advance(16 * minute);
    expect((await give(await halfIn(), { code: codeOf(secret) })).status).toBe(303);
  });

  test('that is guessed at a hundred times closes the password, since somebody else knows it, and its owner is told', async () => {
    const { secret } = await setUp();
    const { counters, accounts, connection } = panel.panel.doors;
    const person = await accounts.byLoginName(email);
    const key = `signIn.secondFactorEver:${person?.id}`;
    for (let n = 0; n < 98; n += 1) await counters.hit(key, 365 * day);
    const other = await halfIn();
    expect((await give(other, { code: '100000' })).status).toBe(422);
    const closed = () => connection.db.selectFrom('password_ways').select('closed_because').executeTakeFirst();
    expect(await closed()).not.toMatchObject({ closed_because: 'codes' });
    expect((await give(other, { code: '100001' })).status).toBe(410);
    expect(await closed()).toMatchObject({ closed_because: 'codes' });
    expect(await lettersAbout('2단계 인증에서 100번')).toBe(1);
    expect((await new Visitor(panel).logIn(email)).status).toBe(422);
    expect(await isSignedIn(visitor)).toBe(true);
    expect(secret).not.toBe('');
  });

  test('is asked for within ten minutes of the password', async () => {
    const { secret } = await setUp();
    const other = await halfIn();
    const fields = await other.hidden('/login/second-factor');
    panel.clock.advance(10 * minute);
    const answer = await other.send('/login/second-factor', { ...fields, code: codeOf(secret) });
    expect([answer.status, (await other.get('/login/second-factor')).headers.location]).toEqual([410, '/login']);
    expect(await isSignedIn(other)).toBe(false);
  });

  test('is removed by its owner after a fresh sign-in, on a page that asks', async () => {
    const { secret } = await setUp();
    panel.clock.advance(11 * minute);
    expect((await visitor.get('/account/security/app/removal')).headers.location).toContain('/confirm?next=');
    await visitor.submit('/confirm', { password, code: codeOf(secret) });
    expect((await visitor.submit('/account/security/app/removal', {})).headers.location).toBe('/account/security');
    expect((await new Visitor(panel).logIn(email)).headers.location).toBe('/dashboard');
  });

  test('from the letter about a new factor removes that one, from any other letter none', async () => {
    const back = () => visitor.linkFor(email, '/account/not-me/');
    await new Visitor(panel).logIn(email);
    const about = { device: await back(), app: '' };
    panel.clock.advance(1000);
    await setUp();
    about.app = await back();
    const factors = () => panel.panel.doors.connection.db.selectFrom('second_factors').select('id').execute();
    await new Visitor(panel).submit(about.device, {});
    expect(await factors()).toHaveLength(1);
    await new Visitor(panel).submit(about.app, {});
    expect(await factors()).toHaveLength(0);
    expect(await panel.panel.doors.connection.db.selectFrom('recovery_codes').select('person_id').execute()).toEqual([]);
  });

  test('its secret stands sealed in the database', async () => {
    const { secret } = await setUp();
    const rows = await panel.panel.doors.connection.db.selectFrom('second_factors').selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('recovery codes', () => {
  test('are long enough for a digest to keep them, and none stands in the database', async () => {
    const { codes } = await setUp();
    const signs = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
    for (const code of codes) {
      const plain = code.replaceAll(' ', '');
      expect([...plain].every((sign) => signs.includes(sign))).toBe(true);
      expect(plain.length * Math.log2(signs.length)).toBeGreaterThan(112);
    }
    const rows = JSON.stringify(await panel.panel.doors.connection.db.selectFrom('recovery_codes').selectAll().execute());
    for (const code of codes) expect(rows).not.toContain(code.replaceAll(' ', ''));
  });

  test('are ten, shown once, and each lets in once', async () => {
    const { codes } = await setUp();
    expect(new Set(codes).size).toBe(10);
    expect((await visitor.get('/account/security/recovery-codes')).headers.location).toBe('/account/security');
    const [code = ''] = codes;
    const typed = code.toLowerCase().replaceAll(' ', '-');
    expect((await give(await halfIn(), { recovery: typed })).status).toBe(303);
    expect((await give(await halfIn(), { recovery: code })).status).toBe(422);
    expect((await visitor.get('/account/security')).text).toContain('남은 복구 코드: 9개');
  });

  test('of one person are none of another’s', async () => {
    const { codes } = await setUp();
    const stranger = new Visitor(panel);
    await stranger.arrive('stranger@example.com');
    visitor = stranger;
    await setUp();
    const other = new Visitor(panel);
    await other.logIn('stranger@example.com');
    expect((await give(other, { recovery: codes[0] ?? '' })).status).toBe(422);
  });

  test('made anew make the ones before void', async () => {
    const { codes } = await setUp();
    await visitor.submit('/account/security', {}, '/account/security/recovery-codes');
    expect((await visitor.get('/account/security/recovery-codes')).text).toContain('<code>');
    expect((await give(await halfIn(), { recovery: codes[1] ?? '' })).status).toBe(422);
  });
});
