// A lost second factor: asked for by an operator, told by letters, stopped by its owner, removed only after the wait; and the last way in.
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { PasskeyStore } from '../../src/sign-in/passkey-store.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let visitor: Visitor;
const email = 'owner@example.com';
const asked = { askedBy: '김곳간, 010-0000-0000', reason: '휴대전화를\n바꾸며 잃어버림' };

beforeEach(async () => {
  panel = await startPanel();
  visitor = new Visitor(panel);
  await visitor.arrive(email);
});
afterEach(() => panel.close());

const doors = () => panel.panel.doors;
const losses = () => doors().signIn.lostFactors;
const lettersAbout = async (word: string) => (await panel.letters()).filter((letter) => letter.includes(word));
const personId = async () => (await doors().accounts.byLoginName(email))?.id ?? '';
const isSignedIn = async (who: Visitor) => (await who.get('/dashboard')).status === 200;
/** The worker's minute: timetable, then letters. */
const round = async () => {
  await losses().keep();
  await panel.work();
};

async function withApp(): Promise<{ code(): string; recovery: string[] }> {
  const page = '/account/security/app';
  const secret = /class="hash">([A-Z2-7 ]+)</.exec((await visitor.get(page)).text)?.[1]?.replaceAll(' ', '') ?? '';
  const code = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() });
  await visitor.submit(page, { code: code() });
  const shown = (await visitor.get('/account/security/recovery-codes')).text;
  panel.clock.advance(30_000);
  return { code, recovery: [...shown.matchAll(/<code>([A-Z0-9 ]{29})<\/code>/g)].map(([, one = '']) => one) };
}

async function addPasskey(id: string): Promise<void> {
  const { connection, secrets, clock } = doors();
  const key = { id, personId: await personId(), name: id, publicKey: 'x', counter: 0, transports: [], isBackedUp: false };
  const store = new PasskeyStore(connection, secrets);
  await connection.write((tx) => store.add(tx, { ...key, createdAt: clock.now(), usedAt: null }));
}

const actions = async () => {
  const rows = await doors().connection.db.selectFrom('audit').select(['action', 'actor_kind', 'details']).execute();
  return rows.filter(({ action }) => action.startsWith('signIn.lostFactor'));
};

describe('a lost second factor', () => {
  test('is removed after three days and a letter on each of them, and the devices are signed out', async () => {
    await withApp();
    await addPasskey('finger');
    const endsAt = await losses().begin(email, asked);
    expect(endsAt - panel.clock.now()).toBe(3 * day);
    await panel.work();
    const [first] = await lettersAbout('잃어버렸다는 요청을 받았습니다');
    expect(first).toContain('휴대전화를 바꾸며 잃어버림');
    for (let hours = 0; hours < 71; hours += 1) {
      panel.clock.advance(hour);
      await round();
    }
    expect(await doors().signIn.factors.isDue(await personId())).toBe(true);
    expect(await lettersAbout('잃어버렸다는 요청을 받았습니다')).toHaveLength(3);
    panel.clock.advance(hour);
    await round();
    expect(await doors().signIn.factors.kinds(await personId())).toEqual({ app: false, passkey: false });
    expect(await lettersAbout('인증 수단을 모두 지우고')).toHaveLength(1);
    expect(await isSignedIn(visitor)).toBe(false);
    expect((await new Visitor(panel).logIn(email)).headers.location).toBe('/dashboard');
    expect((await actions()).map(({ action, actor_kind }) => [action, actor_kind])).toEqual([
      ['signIn.lostFactorBegun', 'operator'],
      ['signIn.lostFactorRemoved', 'system'],
    ]);
    const left = await doors().connection.db.selectFrom('recovery_codes').selectAll().execute();
    expect(left).toEqual([]);
  });

  test('stays when its owner opens the link of any letter; every link is void then', async () => {
    const { code } = await withApp();
    await losses().begin(email, asked);
    const first = await visitor.linkFor(email, '/account/lost-factor/');
    panel.clock.advance(day);
    await round();
    const second = await visitor.linkFor(email, '/account/lost-factor/');
    expect(second).not.toBe(first);
    const reader = new Visitor(panel);
    expect((await reader.get(first)).text).toContain('해제 멈추기');
    expect((await reader.submit(first, {})).headers.location).toBe('/login');
    expect((await reader.get('/login')).text).toContain('2단계 인증 해제를 멈추었습니다');
    expect([(await reader.get(first)).status, (await reader.get(second)).status]).toEqual([410, 410]);
    panel.clock.advance(5 * day);
    await round();
    const other = new Visitor(panel);
    await other.logIn(email);
    expect((await other.submit('/login/second-factor', { code: code() })).status).toBe(303);
    expect(await lettersAbout('해제를 멈추었습니다')).toHaveLength(1);
    expect((await actions()).at(-1)).toMatchObject({ action: 'signIn.lostFactorStopped', actor_kind: 'visitor' });
  });

  test.each(['the app', 'a recovery code'])('is found again by a sign-in with %s, which stops it', async (way) => {
    const { code, recovery } = await withApp();
    await losses().begin(email, asked);
    const other = new Visitor(panel);
    await other.logIn(email);
    const typed: Record<string, string> = way === 'the app' ? { code: code() } : { recovery: recovery[0] ?? '' };
    expect((await other.submit('/login/second-factor', typed)).status).toBe(303);
    panel.clock.advance(4 * day);
    await round();
    expect(await doors().signIn.factors.isDue(await personId())).toBe(true);
    expect(await lettersAbout('해제를 멈추었습니다')).toHaveLength(1);
    expect((await actions()).at(-1)?.details).toContain('"found"');
  });

  test('can be kept by somebody who is signed in, on the page of account security', async () => {
    await withApp();
    await losses().begin(email, asked);
    expect((await visitor.get('/account/security')).text).toContain('2단계 인증을 해제할 예정입니다');
    await visitor.submit('/account/security', {}, '/account/security/lost-factor/stop');
    expect((await visitor.get('/account/security')).text).not.toContain('2단계 인증을 해제할 예정입니다');
    const { _csrf = '' } = await visitor.hidden('/account/security', '/account/security/password');
    expect((await visitor.send('/account/security/lost-factor/stop', { _csrf })).status).toBe(409);
  });

  test('stays as long as the first letter has not gone out for three days', async () => {
    await withApp();
    await losses().begin(email, asked);
    // Nobody works off letters: the mail server is away.
    panel.clock.advance(4 * day);
    await losses().keep();
    expect(await doors().signIn.factors.isDue(await personId())).toBe(true);
    await panel.work();
    panel.clock.advance(2 * day);
    await losses().keep();
    expect(await doors().signIn.factors.isDue(await personId())).toBe(true);
    panel.clock.advance(day);
    await losses().keep();
    expect(await doors().signIn.factors.isDue(await personId())).toBe(false);
  });

  test('is asked for once, by somebody with a name and a reason, for somebody who has one', async () => {
    await expect(losses().begin(email, asked)).rejects.toMatchObject({ status: 409, key: 'lostFactor.none' });
    await withApp();
    await expect(losses().begin(email, { askedBy: ' ', reason: '' })).rejects.toMatchObject({ status: 422 });
    await expect(losses().begin('nobody@example.com', asked)).rejects.toMatchObject({ status: 404 });
    const both = await Promise.allSettled([losses().begin(email, asked), losses().begin(await personId(), asked)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await lettersAbout('잃어버렸다는 요청을 받았습니다')).toHaveLength(1);
    await losses().withdraw(email);
    await expect(losses().withdraw(email)).rejects.toMatchObject({ status: 409 });
    const rows = await doors().connection.db.selectFrom('lost_factors').selectAll().execute();
    expect(rows.map(({ outcome }) => outcome)).toEqual(['withdrawn']);
    expect(JSON.stringify(rows)).not.toContain('김곳간');
  });

  test('is told in the language of the account', async () => {
    const english = new Visitor(panel, 'en');
    await english.arrive('english@example.com');
    const page = '/account/security/app';
    const secret = /class="hash">([A-Z2-7 ]+)</.exec((await english.get(page)).text)?.[1]?.replaceAll(' ', '') ?? '';
    await english.submit(page, {
      code: new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() }),
    });
    await losses().begin('english@example.com', asked);
    const [letter] = await lettersAbout('second factors of your');
    expect(letter).toMatch(/^https?:\S+\/en\/account\/lost-factor\/\S+$/m);
  });
});

describe('the last way in', () => {
  const remove = async (passkey: string) => {
    const { _csrf = '' } = await visitor.hidden('/account/security', '/account/security/password');
    return visitor.send('/account/security/passkeys/removal', { _csrf, passkey });
  };
  const close = async () => {
    const { accounts, connection } = doors();
    const id = await personId();
    await connection.write((tx) => accounts.closePassword(tx, id, 'disowned'));
  };

  test('without a password is the last passkey, and it cannot be removed', async () => {
    await addPasskey('one');
    await addPasskey('two');
    await close();
    expect((await remove('one')).status).toBe(303);
    const refused = await remove('two');
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('유일한 방법');
    expect((await visitor.get('/account/security')).text).toContain('value="two"');
  });

  test('is kept also when both passkeys are removed at the same moment', async () => {
    await addPasskey('one');
    await addPasskey('two');
    await close();
    const answers = await Promise.all([remove('one'), remove('two')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409]);
  });

  test('with a password is the password, so that every passkey may go', async () => {
    await addPasskey('one');
    expect((await remove('one')).status).toBe(303);
  });
});
