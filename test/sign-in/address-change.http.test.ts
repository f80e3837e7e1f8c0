// Another e-mail address: both mailboxes agree, the old one can undo it for a week, and nobody learns whose addresses there are.
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let owner: Visitor;
const email = 'owner@example.com';
const wanted = 'New.Home@example.com';
const page = '/account/security/address';
const newPassword = 'quiet-Harbor-52-lantern';

beforeEach(async () => {
  panel = await startPanel();
  owner = new Visitor(panel);
  await owner.arrive(email);
});
afterEach(() => panel.close());

const reader = () => new Visitor(panel);
const isSignedIn = async (visitor: Visitor) => (await visitor.get('/dashboard')).status === 200;
const logIn = async (address: string, secret = password) => (await reader().logIn(address, { password: secret })).status;
const linkTo = (address: string, side: string) => reader().linkFor(address.toLowerCase(), `/account/address/${side}/`);
const lettersTo = async (address: string) =>
  (await panel.letters()).filter((letter) => letter.toLowerCase().includes(`to: ${address.toLowerCase()}`));
const personRow = () => panel.panel.doors.connection.db.selectFrom('persons').selectAll().executeTakeFirstOrThrow();
const changes = () => panel.panel.doors.connection.db.selectFrom('address_changes').selectAll().execute();

async function follow(address: string, side: 'old' | 'new' | 'undo', by = reader()) {
  return by.submit(await linkTo(address, side), {});
}

/** Asks and follows both links. */
async function changed(): Promise<void> {
  await owner.submit(page, { email: wanted });
  await follow(wanted, 'new');
  await follow(email, 'old');
}

describe('another e-mail address', () => {
  test('takes over once both mailboxes agreed, and nothing changes before', async () => {
    const before = await personRow();
    expect((await owner.submit(page, { email: wanted })).headers.location).toBe(page);
    const [old, fresh] = [await linkTo(email, 'old'), await linkTo(wanted, 'new')];
    // A mail scanner that follows links changes nothing.
    for (const link of [old, fresh]) expect((await reader().get(link)).status).toBe(200);
    expect((await follow(wanted, 'new')).headers.location).toBe('/login');
    expect(await personRow()).toEqual(before);
    expect([await logIn(wanted), await logIn(email)]).toEqual([422, 303]);

    await follow(email, 'old');
    const after = await personRow();
    for (const column of ['email_sealed', 'email_index', 'login_name_sealed', 'login_name_index'] as const)
      expect(after[column]).not.toBe(before[column]);
    expect([await logIn(wanted.toUpperCase()), await logIn(email)]).toEqual([303, 422]);
    expect(panel.panel.doors.accounts.loginIndex(wanted)).toBe(after.login_name_index);
  });

  test('is confirmed by the old one alone as little as by the new one alone, and each link is good once', async () => {
    await owner.submit(page, { email: wanted });
    const link = await linkTo(email, 'old');
    expect((await reader().submit(link, {})).status).toBe(303);
    expect((await reader().submit(link, {})).status).toBe(410);
    expect((await reader().get(link)).status).toBe(410);
    // The link of one mailbox does not stand for the other.
    expect((await reader().get(link.replace('/old/', '/new/'))).status).toBe(410);
    expect(await logIn(wanted)).toBe(422);
  });

  test('ends every other session, and the one that confirmed stays', async () => {
    const other = reader();
    await other.logIn(email);
    await owner.submit(page, { email: wanted });
    await follow(wanted, 'new');
    const answer = await follow(email, 'old', owner);
    expect(answer.headers.location).toBe('/account/security');
    expect([await isSignedIn(owner), await isSignedIn(other)]).toEqual([true, false]);
    expect((await owner.get('/account/security')).text).toContain(wanted);
    expect((await owner.get('/account/security')).text).toContain('이메일을 바꿈');
    // Its device stays known under the new name.
    await owner.submit('/dashboard', {}, '/logout');
    await owner.logIn(wanted);
    expect((await lettersTo(wanted)).filter((letter) => letter.includes('/account/not-me/'))).toHaveLength(0);
  });

  test('makes links void that were mailed to the old one', async () => {
    const other = reader();
    await other.logIn(email);
    await other.submit('/login', { email }, '/login/link');
    await other.submit('/password/forgot', { email });
    const links = {
      '/login/link/': await other.linkFor(email, '/login/link/'),
      '/password/reset/': await other.linkFor(email, '/password/reset/'),
      '/account/not-me/': await other.linkFor(email, '/account/not-me/'),
    };
    await changed();
    expect((await reader().submit(links['/login/link/'], {})).status).toBe(410);
    expect((await reader().get(links['/password/reset/'])).status).toBe(410);
    expect((await reader().get(links['/account/not-me/'])).status).toBe(410);
    await reader().submit('/password/forgot', { email });
    await expect(reader().linkFor(wanted.toLowerCase(), '/password/reset/')).rejects.toThrow('no letter');
  });

  test('tells both mailboxes in the language of the person', async () => {
    const english = new Visitor(panel, 'en');
    await english.arrive('english@example.com');
    await english.submit(page, { email: 'english.new@example.com' });
    const [asked] = (await lettersTo('english@example.com')).slice(-1);
    expect(asked).toContain('english.new@example.com');
    expect(asked).toContain('/en/account/address/old/');
    expect(asked).toContain('/en/account/not-me/');
    const [fresh] = await lettersTo('english.new@example.com');
    expect(fresh).toContain('/en/account/address/new/');
    // Who holds the new mailbox by a slip of the pen learns nothing of the account.
    expect(fresh).not.toContain('english@example.com');
    for (const [address, side] of [
      ['english@example.com', 'old'],
      ['english.new@example.com', 'new'],
    ] as const)
      await english.submit(await english.linkFor(address, `/account/address/${side}/`), {});
    expect((await lettersTo('english@example.com')).at(-1)).toContain('/en/account/address/undo/');
    expect((await lettersTo('english.new@example.com')).at(-1)).toContain('this became the email');
  });

  test('needs a fresh sign-in, and comes back to the page with what was typed', async () => {
    const fields = await owner.hidden(page);
    panel.clock.advance(11 * 60_000);
    const refused = await owner.send(page, { ...fields, email: wanted });
    expect(refused.headers.location).toBe(`/confirm?next=${encodeURIComponent(page)}`);
    expect(await changes()).toEqual([]);
    await owner.submit(`/confirm?next=${encodeURIComponent(page)}`, { password }, '/confirm');
    expect((await owner.get(page)).text).toContain(`value="${wanted}"`);
  });

  test('is refused with its reason when it is none, or the present one', async () => {
    for (const [typed, reason] of [
      ['', '이메일'],
      ['nobody', '이메일'],
      ['OWNER@Example.com ', '지금 쓰고 있는 주소입니다'],
      [`${'x'.repeat(300)}@example.com`, ''],
      ['a@example.com\r\nBcc: b@example.com', ''],
    ] as const) {
      const answer = await owner.submit(page, { email: typed });
      expect([typed, answer.status]).toEqual([typed, 422]);
      expect(answer.text).toContain(reason);
    }
    expect(await changes()).toEqual([]);
  });

  test('older than 24 hours, replaced or called off is gone', async () => {
    await owner.submit(page, { email: wanted });
    const first = await linkTo(email, 'old');
    await owner.submit(page, { email: 'second@example.com' });
    expect((await reader().get(first)).status).toBe(410);
    const second = await linkTo(email, 'old');
    await owner.submit(page, {}, `${page}/cancel`);
    expect((await reader().get(second)).status).toBe(410);
    panel.clock.advance(hour);
    await owner.submit('/confirm', { password });
    await owner.submit(page, { email: wanted });
    const third = await linkTo(email, 'old');
    panel.clock.advance(24 * hour);
    expect((await reader().get(third)).status).toBe(410);
  });

  test.each([
    ['“this was not me”', async () => reader().submit(await reader().linkFor(email, '/account/not-me/'), {})],
    [
      'a new password',
      () =>
        owner.submit(
          '/account/security',
          { current_password: password, new_password: newPassword },
          '/account/security/password',
        ),
    ],
    [
      'a reset by letter',
      async () => {
        await reader().submit('/password/forgot', { email });
        return reader().submit(await reader().linkFor(email, '/password/reset/'), { password: newPassword });
      },
    ],
  ])('that waits is over with %s', async (_what, act) => {
    await owner.submit(page, { email: wanted });
    expect((await act()).status).toBe(303);
    expect((await reader().get(await linkTo(wanted, 'new'))).status).toBe(410);
  });

  test('is asked for at most three times an hour', async () => {
    for (const name of ['a', 'b', 'c']) expect((await owner.submit(page, { email: `${name}@example.com` })).status).toBe(303);
    const answer = await owner.submit(page, { email: 'd@example.com' });
    expect(answer.status).toBe(429);
    expect(answer.text).toMatch(/\d\d:\d\d/);
    expect(await lettersTo('d@example.com')).toEqual([]);
  });

  test('of both links at the same moment changes once', async () => {
    await owner.submit(page, { email: wanted });
    const links = [await linkTo(email, 'old'), await linkTo(wanted, 'new')];
    const readers = [reader(), reader()];
    const fields = await Promise.all(readers.map((one, index) => one.hidden(links[index] ?? '')));
    const answers = await Promise.all(readers.map((one, index) => one.send(links[index] ?? '', fields[index] ?? {})));
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(await logIn(wanted)).toBe(303);
    expect((await lettersTo(email)).filter((letter) => letter.includes('/account/address/undo/'))).toHaveLength(1);
  });
});

describe('an address of somebody else', () => {
  const theirs = 'neighbour@example.com';

  test('gets the same answers, and its owner a letter without a link', async () => {
    const neighbour = reader();
    await neighbour.arrive(theirs);
    const shown = async (address: string) => {
      await owner.submit(page, { email: address });
      const { text, status } = await owner.get(page);
      return [status, text.replaceAll(address, '@').replace(/(value|content|nonce)="[^"]*"/g, '').length];
    };
    expect(await shown('Neighbour@example.com')).toEqual(await shown('nobody.else@example.com'));
    const letter = (await lettersTo(theirs)).at(-1) ?? '';
    expect(letter).toContain('바뀐 것은 없습니다');
    expect(letter).not.toContain('/account/address/');
    await owner.submit(page, { email: theirs });
    expect((await follow(email, 'old')).status).toBe(303);
    expect([await logIn(theirs), await logIn(email)]).toEqual([303, 303]);
    expect(await isSignedIn(neighbour)).toBe(true);
  });

  test('that becomes theirs meanwhile is not taken from them', async () => {
    await owner.submit(page, { email: theirs });
    await follow(theirs, 'new');
    await reader().arrive(theirs);
    const answer = await follow(email, 'old');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('바뀐 것은 없습니다');
    expect([await logIn(theirs), await logIn(email)]).toEqual([303, 303]);
  });

  test('that signed up and waits for its letter finds it taken', async () => {
    const late = reader();
    await late.signUp(wanted.toLowerCase());
    const verify = await late.linkFor(wanted.toLowerCase(), '/verify/');
    await changed();
    expect((await late.submit(verify, {})).status).toBe(410);
  });

  test('of two who both want it goes to one', async () => {
    const second = reader();
    await second.arrive('second@example.com');
    await owner.submit(page, { email: wanted });
    const links = [await linkTo(email, 'old'), await linkTo(wanted, 'new')];
    await second.submit(page, { email: wanted });
    const more = [await linkTo('second@example.com', 'old'), await linkTo(wanted, 'new')];
    for (const link of [links[1], more[1]]) await reader().submit(link ?? '', {});
    const readers = [reader(), reader()];
    const last = [links[0] ?? '', more[0] ?? ''];
    const fields = await Promise.all(readers.map((one, index) => one.hidden(last[index] ?? '')));
    const answers = await Promise.all(readers.map((one, index) => one.send(last[index] ?? '', fields[index] ?? {})));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409]);
  });
});

describe('the old mailbox', () => {
  test('undoes it for seven days: address back, all out, password void, a link for a new one', async () => {
    await changed();
    const thief = reader();
    expect((await thief.logIn(wanted)).status).toBe(303);
    panel.clock.advance(7 * day - hour);
    const link = await linkTo(email, 'undo');
    expect((await reader().get(link)).text).toContain(email);
    const late = reader();
    await late.logIn(wanted);
    expect((await reader().submit(link, {})).headers.location).toBe('/login');
    expect([await isSignedIn(thief), await isSignedIn(late)]).toEqual([false, false]);
    expect([await logIn(wanted), await logIn(email)]).toEqual([422, 422]);
    expect((await reader().submit(link, {})).status).toBe(410);
    const reset = await reader().linkFor(email, '/password/reset/');
    await reader().submit(reset, { password: newPassword });
    expect(await logIn(email, newPassword)).toBe(303);
  });

  test('undoes nothing after seven days, and what cannot be used any more is deleted', async () => {
    await changed();
    const link = await linkTo(email, 'undo');
    panel.clock.advance(7 * day);
    expect((await reader().get(link)).status).toBe(410);
    await panel.panel.doors.signIn.addressChanges.sweep();
    expect(await changes()).toEqual([]);
  });

  test('undoes a second change too, and the link of the mailbox between is void', async () => {
    await changed();
    const undo = await linkTo(email, 'undo');
    const thief = reader();
    await thief.logIn(wanted);
    await thief.submit(page, { email: 'further@example.com' });
    await follow('further@example.com', 'new');
    await follow(wanted, 'old');
    const between = await linkTo(wanted, 'undo');
    expect((await reader().submit(undo, {})).status).toBe(303);
    expect((await reader().get(between)).status).toBe(410);
    expect(await reader().linkFor(email, '/password/reset/')).toContain('/password/reset/');
    expect([await logIn('further@example.com'), await logIn(wanted)]).toEqual([422, 422]);
  });

  test('removes the factors that came with the change, and keeps those that were there before', async () => {
    const setUpApp = async (visitor: Visitor) => {
      const text = (await visitor.get('/account/security/app')).text;
      const secret = /class="hash">([A-Z2-7 ]+)</.exec(text)?.[1]?.replaceAll(' ', '') ?? '';
      const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: panel.clock.now() });
      await visitor.submit('/account/security/app', { code });
    };
    await changed();
    panel.clock.advance(1000);
    const thief = reader();
    await thief.logIn(wanted);
    await setUpApp(thief);
    await follow(email, 'undo');
    await reader().submit(await reader().linkFor(email, '/password/reset/'), { password: newPassword });
    const back = reader();
    expect((await back.logIn(email, { password: newPassword })).headers.location).toBe('/dashboard');

    await setUpApp(back);
    panel.clock.advance(hour);
    const { connection } = panel.panel.doors;
    expect(await connection.db.selectFrom('second_factors').select('id').execute()).toHaveLength(1);
    const [app] = await connection.db.selectFrom('second_factors').select('created_at').execute();
    await back.submit('/account/security', {}, '/account/security/not-me').catch(() => undefined);
    expect(app?.created_at).toBeLessThan(panel.clock.now());
    expect(await connection.db.selectFrom('second_factors').select('id').execute()).toHaveLength(1);
  });
});

describe('a lost mailbox', () => {
  const ask = () => panel.panel.doors.signIn.addressChanges.askForLostMailbox(email, wanted);

  test('is replaced by an operator after seven days in which it may object', async () => {
    const from = await ask();
    expect(from).toBe(panel.clock.now() + 7 * day);
    const link = await linkTo(wanted, 'new');
    expect((await reader().get(link)).text).not.toContain('type="submit"');
    expect((await reader().submit(link, { _csrf: '' })).status).toBe(403);
    const early = await reader();
    const { _csrf } = await early.hidden('/login');
    expect((await early.send(link, { _csrf: String(_csrf) })).status).toBe(409);
    expect(await logIn(wanted)).toBe(422);
    panel.clock.advance(7 * day);
    expect((await reader().submit(link, {})).status).toBe(303);
    expect(await logIn(wanted)).toBe(303);
    expect(await linkTo(email, 'undo')).toContain('/undo/');
  });

  test('that is not lost stops it', async () => {
    await ask();
    await reader().submit(await reader().linkFor(email, '/account/not-me/'), {});
    panel.clock.advance(7 * day);
    expect((await reader().get(await linkTo(wanted, 'new'))).status).toBe(410);
  });

  test('is not replaced by an address that is somebody else’s, none, or of nobody', async () => {
    const { addressChanges } = panel.panel.doors.signIn;
    await reader().arrive('neighbour@example.com');
    await expect(addressChanges.askForLostMailbox(email, 'neighbour@example.com')).rejects.toThrow('address.taken');
    await expect(addressChanges.askForLostMailbox(email, 'nobody')).rejects.toThrow();
    await expect(addressChanges.askForLostMailbox('nobody@example.com', wanted)).rejects.toThrow('error.notFound');
    expect(await changes()).toEqual([]);
  });
});

test('nothing of the addresses stands open in the database', async () => {
  await changed();
  const text = JSON.stringify([await changes(), await panel.panel.doors.connection.db.selectFrom('audit').selectAll().execute()]);
  for (const part of ['owner@', 'new.home', 'New.Home']) expect(text).not.toContain(part);
});
