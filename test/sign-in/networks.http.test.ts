// A person's own list of networks: who sets it stays in, who is elsewhere gets the answer of a wrong password, the mailbox is the way back.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
let owner: Visitor;
const email = 'owner@example.com';
const page = '/account/security/networks';
const office = '203.0.113.9';
const elsewhere = '198.51.100.77';

beforeEach(async () => {
  panel = await startPanel({ trustProxy: 'loopback' });
  owner = from(office);
  await owner.arrive(email);
});
afterEach(() => panel.close());

/** Somebody whose address the trusted proxy tells. */
function from(address: string, language: 'ko' | 'en' = 'ko'): Visitor {
  const visitor = new Visitor(panel, language);
  visitor.agent.set('X-Forwarded-For', address);
  return visitor;
}
const set = (networks: string, more: Record<string, string> = {}) => owner.submit(page, { networks, ...more });
const isSignedIn = async (visitor: Visitor) => (await visitor.get('/dashboard')).status === 200;
const masked = (text: string) =>
  text
    .replace(/(value|content|nonce)="[^"]*"/g, '')
    .replace(/\/assets\/\S+/g, '')
    .replace(/[\w.-]+@example\.com/g, '@');
const lettersAbout = async (word: string) => (await panel.letters()).filter((letter) => letter.includes(word)).length;

describe('a list of networks', () => {
  test.each([
    [office, office],
    ['203.0.113.0/24', '203.0.113.200'],
    ['2001:db8:1::/48\n203.0.113.9', '2001:db8:1:7::9'],
  ])('of %j lets in who comes from %s, and nobody from elsewhere', async (list, address) => {
    expect((await set(list)).headers.location).toBe(page);
    expect((await from(address).logIn(email)).status).toBe(303);
    expect((await from(elsewhere).logIn(email)).status).toBe(422);
    expect((await from('2001:db8:2::1').logIn(email)).status).toBe(422);
    expect(await isSignedIn(owner)).toBe(true);
  });

  test('that is emptied lets in from everywhere', async () => {
    await set(office);
    await set('  \n');
    expect((await from(elsewhere).logIn(email)).status).toBe(303);
  });

  test('without the present address is refused with that address, and nothing is saved', async () => {
    const answer = await set('198.51.100.0/24');
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(`지금 접속한 IP ${office} 주소가 빠져 있어`);
    expect(answer.text).toContain('198.51.100.0/24</textarea>');
    expect((await from('192.0.2.1').logIn(email)).status).toBe(303);
    expect((await set('198.51.100.0/24', { with_present: '1' })).status).toBe(303);
    expect(await isSignedIn(owner)).toBe(true);
    expect((await from('198.51.100.7').logIn(email)).status).toBe(303);
    expect((await from('192.0.2.1').logIn(email)).status).toBe(422);
  });

  test.each(['the office', '203.0.113.9/33', '203.0.113.*', '<script>', '2001:db8::/129', '203.0.113.9-20'])(
    'takes no “%s”, says so, and nothing is lost',
    async (typed) => {
      const answer = await set(`${office}\n${typed}`);
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('대역이 아닙니다');
      expect(answer.text).toContain(office);
      expect(answer.text).not.toContain('<script>');
      expect((await from(elsewhere).logIn(email)).status).toBe(303);
    },
  );

  test('has at most fifty lines, and what is too long or missing empties none', async () => {
    const many = Array.from({ length: 51 }, (_, index) => `10.0.${index}.0/24`).join('\n');
    expect((await set(many)).status).toBe(422);
    await set(office);
    expect((await set(`${office} ${'x'.repeat(30_000)}`)).status).toBe(422);
    const { networks: _, ...rest } = { networks: '', ...(await owner.hidden(page)) };
    expect((await owner.send(page, rest)).status).toBe(422);
    expect((await from(elsewhere).logIn(email)).status).toBe(422);
  });

  test('needs a fresh sign-in', async () => {
    const fields = await owner.hidden(page);
    panel.clock.advance(11 * minute);
    const answer = await owner.send(page, { ...fields, networks: office });
    expect(answer.headers.location).toContain('/confirm?next=');
    expect((await from(elsewhere).logIn(email)).status).toBe(303);
  });

  test('is told in a letter and in the history, and lies sealed in the database', async () => {
    await set(office);
    expect(await lettersAbout('접속 허용 IP가 바뀌었습니다')).toBe(1);
    expect((await owner.get('/account/security')).text).toContain('접속 허용 IP를 바꿈');
    const rows = await panel.panel.doors.connection.db.selectFrom('own_networks').selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(office);
  });
});

describe('from elsewhere', () => {
  test('the right password has the answer of a wrong one, and that of an unknown name', async () => {
    await set(office);
    const answers = [];
    for (const [name, secret] of [
      [email, password],
      [email, 'not-the-Right-1-one'],
      ['nobody@example.com', password],
    ] as const) {
      const { status, headers, text } = await from(elsewhere).logIn(name, { password: secret });
      answers.push([status, Object.keys(headers).sort().join(), headers['content-type'], masked(text)]);
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('neither does a mailed link sign in, with the answer of a used one', async () => {
    const visitor = from(elsewhere);
    await visitor.submit('/login', { email }, '/login/link');
    const link = await visitor.linkFor(email, '/login/link/');
    await set(office);
    const used = await visitor.submit('/login/link/never-given', {});
    const answer = await visitor.submit(link, {});
    expect([answer.status, answer.text.includes('이미 썼거나 10분이 지난')]).toEqual([used.status, true]);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('a session is cut at its next request, and is over where it came from too', async () => {
    await set(office);
    const moved = from(office);
    await moved.logIn(email);
    expect(await isSignedIn(moved)).toBe(true);
    const copied = from(elsewhere);
    copied.agent.jar = moved.agent.jar;
    expect((await copied.get('/account/security').redirects(0)).status).toBe(303);
    expect(await isSignedIn(copied)).toBe(false);
    moved.agent.set('X-Forwarded-For', office);
    expect(await isSignedIn(moved)).toBe(false);
    expect((await owner.get('/account/security')).text).toContain('허용하지 않은 IP로 옮겨 로그인이 끊김');
  });

  test('a stolen cookie opens nothing, neither to read nor to change', async () => {
    await set(office);
    const cookie = await cookiesOf(owner);
    const thief = from(elsewhere);
    for (const path of ['/dashboard', '/account/security', page]) {
      const answer = await thief.agent.get(path).set('Cookie', cookie);
      expect([path, answer.status, answer.headers.location?.startsWith('/login?next=')]).toEqual([path, 303, true]);
    }
  });

  test('a header that anybody can write stands for no address where no proxy is trusted', async () => {
    const open = await startPanel({ trustProxy: '' });
    try {
      const visitor = new Visitor(open);
      await visitor.arrive(email);
      await visitor.submit(page, { networks: '203.0.113.0/24', with_present: '1' });
      await visitor.submit(page, { networks: '127.0.0.1' });
      const forged = new Visitor(open);
      forged.agent.set('X-Forwarded-For', elsewhere);
      expect((await forged.logIn(email)).status).toBe(303);
    } finally {
      await open.close();
    }
  });
});

describe('the way back', () => {
  const lift = () => from(elsewhere).linkFor(email, '/account/networks/');

  test('comes by letter to who knows the password, once, and leaves password and factors alone', async () => {
    await set(office);
    await from(elsewhere).logIn(email, { password: 'not-the-Right-1-one' });
    await expect(lift()).rejects.toThrow('no letter');
    await from(elsewhere).logIn(email);
    const link = await lift();
    expect((await from(elsewhere).get(link)).status).toBe(200);
    expect((await from(elsewhere).logIn(email)).status).toBe(422);
    expect((await from(elsewhere).submit(link, {})).headers.location).toBe('/login');
    expect((await from(elsewhere).submit(link, {})).status).toBe(410);
    expect((await from(elsewhere).logIn(email)).status).toBe(303);
    expect((await owner.get('/account/security')).text).toContain('이메일 링크로 접속 허용 IP를 풂');
  });

  test('is gone after thirty minutes', async () => {
    await set(office);
    await from(elsewhere).logIn(email);
    const link = await lift();
    panel.clock.advance(30 * minute);
    const answer = await from(elsewhere).get(link);
    expect([answer.status, answer.text.includes('30분이 지난')]).toEqual([410, true]);
  });

  test('is mailed at most three times an hour', async () => {
    await set(office);
    for (let n = 0; n < 4; n += 1) await from(elsewhere).logIn(email);
    expect(await lettersAbout('/account/networks/')).toBe(3);
  });

  test('is told in the letter in the language of the person, with the link for “this was not me”', async () => {
    const english = from(office, 'en');
    await english.arrive('english@example.com');
    await english.submit(page, { networks: office });
    await from(elsewhere, 'en').logIn('english@example.com');
    const letter = (await panel.letters()).filter((one) => one.includes('/en/account/networks/'));
    expect(letter).toHaveLength(1);
    expect(letter[0]).toContain('/en/account/not-me/');
    expect(letter[0]).toContain(elsewhere);
  });
});

async function cookiesOf(visitor: Visitor): Promise<string> {
  return visitor.agent.jar.getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false }).toValueString();
}
