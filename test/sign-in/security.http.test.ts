// One's own account: a new password, sessions that are listed and ended, the ways back, and the letters about them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hour, minute } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let panel: TestPanel;
beforeEach(async () => {
  panel = await startPanel();
});
afterEach(() => panel.close());

const email = 'owner@example.com';
const newPassword = 'quiet-Harbor-52-lantern';

async function owner(language: 'ko' | 'en' = 'ko') {
  const visitor = new Visitor(panel, language);
  await visitor.arrive(email);
  return visitor;
}

async function otherBrowser(more: { language?: 'ko' | 'en'; secret?: string } = {}) {
  const visitor = new Visitor(panel, more.language ?? 'ko');
  const answer = await visitor.logIn(email, { password: more.secret ?? password });
  return { visitor, status: answer.status };
}

const lettersAbout = async (word: string) => (await panel.letters()).filter((letter) => letter.includes(word));
const isSignedIn = async (visitor: Visitor) => (await visitor.get('/dashboard')).status === 200;

describe('a new password', () => {
  const change = (visitor: Visitor, fields: Record<string, string>) =>
    visitor.submit('/account/security', fields, '/account/security/password');

  test('signs every other device out, and the old one signs in no more', async () => {
    const visitor = await owner();
    const { visitor: other } = await otherBrowser();
    const answer = await change(visitor, { current_password: password, new_password: newPassword });
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/security']);
    expect((await visitor.get('/account/security')).text).toContain('다른 기기의 로그인 1건을 끊었습니다.');
    expect(await isSignedIn(visitor)).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
    expect((await otherBrowser()).status).toBe(422);
    expect((await otherBrowser({ secret: newPassword })).status).toBe(303);
  });

  test('is refused with its reasons, and nothing changed', async () => {
    const visitor = await owner();
    const weak = await change(visitor, { current_password: password, new_password: 'owner1234' });
    expect(weak.status).toBe(422);
    expect(weak.text).toContain('이메일 주소나 이름, 서비스 이름으로 쉽게 추측됩니다.');
    const wrong = await change(visitor, { current_password: 'not-it-48-at-all', new_password: newPassword });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('지금 비밀번호와 일치하지 않습니다.');
    expect(wrong.text).not.toContain(newPassword);
    expect((await otherBrowser()).status).toBe(303);
  });

  test('five wrong present ones make a wait that is told as a clock time', async () => {
    const visitor = await owner();
    for (let n = 0; n < 5; n += 1) await change(visitor, { current_password: `wrong-${n}-Password`, new_password: newPassword });
    const answer = await change(visitor, { current_password: password, new_password: newPassword });
    expect(answer.status).toBe(429);
    expect(answer.text).toMatch(/\d\d:\d\d/);
    expect((await otherBrowser()).status).toBe(303);
  });

  test('is told in a letter with a link for “this was not me”', async () => {
    const visitor = await owner('en');
    await change(visitor, { current_password: password, new_password: newPassword });
    await panel.work();
    const [letter] = await lettersAbout('password was changed');
    expect(letter).toContain('/en/account/not-me/');
  });

  test('makes links void that were mailed before', async () => {
    const visitor = await owner();
    const stranger = new Visitor(panel);
    await stranger.submit('/login', { email }, '/login/link');
    await stranger.submit('/password/forgot', { email });
    const [loginLink, resetLink] = [
      await visitor.linkFor(email, '/login/link/'),
      await visitor.linkFor(email, '/password/reset/'),
    ];
    await change(visitor, { current_password: password, new_password: newPassword });
    expect((await stranger.get(loginLink)).status).toBe(200);
    expect((await stranger.submit(loginLink, {})).status).toBe(410);
    expect((await stranger.get(resetLink)).status).toBe(410);
  });
});

describe('sessions', () => {
  test('are listed with device and address, and one can be ended', async () => {
    const visitor = await owner();
    const other = new Visitor(panel);
    other.agent.set(
      'User-Agent',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
    );
    await other.logIn(email);
    const page = (await visitor.get('/account/security')).text;
    expect(page).toContain('Chrome, Windows');
    expect(page).toContain('이 기기');
    expect(page).toContain('127.0.0.1');
    expect(page.match(/name="session"/g)).toHaveLength(1);
    const ended = await visitor.submit('/account/security', {}, '/account/security/sessions/end');
    expect(ended.status).toBe(303);
    expect((await visitor.get('/account/security')).text).toContain('그 기기의 로그인을 끊었습니다.');
    expect([await isSignedIn(visitor), await isSignedIn(other)]).toEqual([true, false]);
  });

  test('of somebody else cannot be ended, nor guessed', async () => {
    const visitor = await owner();
    const stranger = new Visitor(panel);
    await stranger.arrive('stranger@example.com');
    await new Visitor(panel).logIn('stranger@example.com');
    await otherBrowser();
    const { session } = await stranger.hidden('/account/security', '/account/security/sessions/end');
    for (const wanted of [String(session), '', 'x'.repeat(64), '%'])
      expect((await visitor.submit('/account/security', { session: wanted }, '/account/security/sessions/end')).status).toBe(404);
    expect(await isSignedIn(stranger)).toBe(true);
  });

  test('of all other devices end together', async () => {
    const visitor = await owner();
    const others = [(await otherBrowser()).visitor, (await otherBrowser()).visitor];
    await visitor.submit('/account/security', {}, '/account/security/sessions/end-others');
    expect((await visitor.get('/account/security')).text).toContain('다른 기기의 로그인 2건을 끊었습니다.');
    for (const other of others) expect(await isSignedIn(other)).toBe(false);
    expect(await isSignedIn(visitor)).toBe(true);
  });
});

describe('a sign-in from a new device', () => {
  test('is told in a letter, from a known device it is not', async () => {
    const visitor = await owner();
    await visitor.submit('/dashboard', {}, '/logout');
    await visitor.logIn(email);
    expect(await lettersAbout('/account/not-me/')).toHaveLength(0);
    await otherBrowser();
    expect(await lettersAbout('/account/not-me/')).toHaveLength(1);
  });

  test('that was somebody else is undone with the letter’s link: all out, the password void, a link for a new one', async () => {
    const visitor = await owner();
    const { visitor: thief } = await otherBrowser();
    const link = await visitor.linkFor(email, '/account/not-me/');
    const reader = new Visitor(panel);
    const page = await reader.get(link);
    expect(page.status).toBe(200);
    expect(await isSignedIn(thief)).toBe(true);
    expect((await reader.submit(link, {})).headers.location).toBe('/login');
    expect([await isSignedIn(visitor), await isSignedIn(thief)]).toEqual([false, false]);
    expect((await otherBrowser()).status).toBe(422);
    expect((await reader.get(link)).status).toBe(410);
    const reset = await reader.linkFor(email, '/password/reset/');
    expect((await reader.submit(reset, { password: newPassword })).headers.location).toBe('/login');
    expect((await otherBrowser({ secret: newPassword })).status).toBe(303);
  });
});

describe('a forgotten password', () => {
  test('is set anew once by the mailed link, and signs everybody out', async () => {
    const visitor = await owner();
    const stranger = new Visitor(panel);
    await stranger.submit('/password/forgot', { email });
    const link = await stranger.linkFor(email, '/password/reset/');
    const weak = await stranger.submit(link, { password: 'qlalfqjsgh12!' });
    expect(weak.status).toBe(422);
    expect(weak.text).toContain('한글 낱말을 영문 자판으로 입력한 비밀번호');
    expect(await isSignedIn(visitor)).toBe(true);
    expect((await stranger.submit(link, { password: newPassword })).status).toBe(303);
    expect(await isSignedIn(visitor)).toBe(false);
    expect((await stranger.submit(link, { password: `${newPassword}-2` })).status).toBe(410);
    expect((await otherBrowser({ secret: newPassword })).status).toBe(303);
  });

  test('two at once set one password', async () => {
    await owner();
    const [one, two] = [new Visitor(panel), new Visitor(panel)];
    await one.submit('/password/forgot', { email });
    const link = await one.linkFor(email, '/password/reset/');
    const fields = await Promise.all([one.hidden(link), two.hidden(link)]);
    const answers = await Promise.all([
      one.send(link, { ...fields[0], password: newPassword }),
      two.send(link, { ...fields[1], password: `${newPassword}-2` }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
  });

  test('answers the same for an address that nobody has, and mails nothing', async () => {
    await owner();
    const visitor = new Visitor(panel);
    const before = (await panel.letters()).length;
    const unknown = await visitor.submit('/password/forgot', { email: 'nobody@example.com' });
    const page = (await visitor.get('/login')).text;
    expect((await panel.letters()).length).toBe(before);
    const known = await visitor.submit('/password/forgot', { email });
    expect((await visitor.get('/login')).text.replace(/value="[^"]*"/g, '')).toBe(page.replace(/value="[^"]*"/g, ''));
    expect([unknown.status, unknown.headers.location]).toEqual([known.status, known.headers.location]);
    expect((await panel.letters()).length).toBe(before + 1);
  });

  test('a link older than 30 minutes says so and shows the way on', async () => {
    await owner();
    const visitor = new Visitor(panel);
    await visitor.submit('/password/forgot', { email });
    const link = await visitor.linkFor(email, '/password/reset/');
    panel.clock.advance(30 * minute + 1);
    const answer = await visitor.get(link);
    expect(answer.status).toBe(410);
    expect(answer.text).toContain('30분이 지난 재설정 링크');
  });

  test('at most so many letters go to one address, whoever asks', async () => {
    await owner();
    const visitor = new Visitor(panel);
    for (let n = 0; n < 8; n += 1) await visitor.submit('/password/forgot', { email });
    const { count } = panel.panel.doors.choices.limits.lettersPerAddress;
    expect(await lettersAbout('/password/reset/')).toHaveLength(count);
  });
});

test('the history tells where everything came from, also failures, and nobody else’s', async () => {
  const visitor = await owner();
  await otherBrowser({ secret: 'wrong-Password-77' });
  const stranger = new Visitor(panel);
  await stranger.arrive('stranger@example.com');
  panel.clock.advance(hour / 2 - minute);
  const page = (await visitor.get('/account/security')).text;
  expect(page).toContain('로그인 실패');
  expect(page).toContain('이메일 확인');
  expect((await stranger.get('/account/security')).text).not.toContain('로그인 실패');
});
