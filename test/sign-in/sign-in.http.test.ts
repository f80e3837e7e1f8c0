// Signing in over HTTP: one vague answer, the CAPTCHA from the fifth failure, the mailed link, sessions and cookies.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hour, minute } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let known: Visitor;
const address = 'minji@example.com';

beforeAll(async () => {
  house = await startPanel({ limitsScale: 100 });
  known = new Visitor(house);
  await known.arrive(address);
});
afterAll(() => house?.close());

const fail = (visitor: Visitor, email: string, more = {}) =>
  visitor.submit('/login', { email, password: 'not-the-Right-1-one', ...more });
const asksForCaptcha = (html: string) => html.includes('name="captcha"');

describe('a login that fails', () => {
  test('answers 422 with the same page for an unknown address and for a wrong password', async () => {
    const [wrong, unknown] = await Promise.all([
      fail(new Visitor(house), address),
      fail(new Visitor(house), 'nobody@example.com'),
    ]);
    expect([wrong.status, unknown.status]).toEqual([422, 422]);
    const masked = ({ text }: { text: string }) => text.replaceAll(/value="[^"]*"|content="[\w-]{43}"/g, '');
    expect(masked(unknown)).toBe(masked(wrong));
    expect(wrong.text).toContain('이메일 또는 비밀번호가 일치하지 않습니다');
    const names = (answer: { headers: Record<string, string> }) => Object.keys(answer.headers).sort();
    expect(names(unknown)).toEqual(names(wrong));
  });

  test.each([
    ['a wrong password', address],
    ['an unknown address', 'nobody@example.com'],
  ])('is answered at its own time, later than any password is checked: %s', async (_what, email) => {
    const visitor = new Visitor(house);
    const fields = { ...(await visitor.hidden('/login')), email, password: 'not-the-Right-1-one' };
    const begun = house.clock.monotonic();
    await visitor.send('/login', fields);
    expect(house.clock.monotonic() - begun).toBeGreaterThan(298);
  });

  test('keeps the address that was typed and never the password', async () => {
    const { text } = await fail(new Visitor(house), 'typed@example.com');
    expect(text).toContain('value="typed@example.com"');
    expect(text).not.toContain('not-the-Right-1-one');
    expect(text).toMatch(/<title>오류: /);
  });
});

describe.each([
  ['a known address', 'sujin@example.com', true],
  ['an unknown address', 'ghost@example.com', false],
])('after five wrong passwords for %s', (_name, email, exists) => {
  beforeAll(async () => {
    if (exists) await new Visitor(house).arrive(email);
  });

  test('the form asks for a CAPTCHA, which the fifth answer already shows, and a sixth attempt without it is refused', async () => {
    const stranger = new Visitor(house);
    const answers = [];
    for (let i = 0; i < 5; i += 1) answers.push(await fail(stranger, email));
    expect(answers.map(({ text }) => asksForCaptcha(text))).toEqual([false, false, false, false, true]);
    const sixth = await stranger.submit('/login', { email, password });
    expect(sixth.status).toBe(422);
    expect(sixth.text).toContain('그림의 글자를 적어 주세요');
    const elsewhere = await fail(new Visitor(house), email);
    expect(elsewhere.text).toContain('그림의 글자를 적어 주세요');
  });

  test('an attempt that the CAPTCHA refused counts as no failure, and 15 minutes later none is asked', async () => {
    const stranger = new Visitor(house);
    for (let i = 0; i < 3; i += 1) await fail(stranger, email);
    house.clock.advance(17 * minute);
    expect(asksForCaptcha((await stranger.get('/login')).text)).toBe(false);
  });
});

test('the picture is a PNG of this session, void after a new one, and 404 when none is due', async () => {
  const visitor = new Visitor(house);
  expect((await visitor.get('/login/captcha')).status).toBe(404);
  for (let i = 0; i < 5; i += 1) await fail(visitor, 'pictures@example.com');
  const picture = await visitor.get('/login/captcha');
  expect(picture.status).toBe(200);
  expect(picture.headers['content-type']).toBe('image/png');
  expect(picture.headers['cache-control']).toContain('no-store');
  expect(picture.body.subarray(1, 4).toString()).toBe('PNG');
  const wrong = await fail(visitor, 'pictures@example.com', { captcha: 'AAAAAA' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('적은 글자가 그림과 다르거나');
});

test('with the right picture the right password signs in', async () => {
  const drawn: string[] = [];
  const other = await startPanel({
    captcha: {
      draw: async () => {
        drawn.push('ABCDEF');
        return { answer: 'ABCDEF', picture: Buffer.from('\x89PNG') };
      },
      normalise: (typed) => typed.replaceAll(' ', '').toUpperCase(),
    },
  });
  try {
    await new Visitor(other).arrive(address);
    const visitor = new Visitor(other);
    for (let i = 0; i < 5; i += 1) await fail(visitor, address);
    await visitor.get('/login/captcha');
    const answer = await visitor.submit('/login', { email: address, password, captcha: 'abc def' });
    expect(drawn).toHaveLength(1);
    expect([answer.status, answer.headers.location]).toEqual([303, '/dashboard']);
  } finally {
    await other.close();
  }
});

test('a stranger who fails often does not stop the owner, whose browser is known', async () => {
  await known.send('/logout', await known.hidden('/dashboard', '/logout'));
  for (let i = 0; i < 8; i += 1) await fail(new Visitor(house), address);
  const answer = await known.logIn(address);
  expect([answer.status, answer.headers.location]).toEqual([303, '/dashboard']);
});

test('a mailed link signs in once, within ten minutes, and GET changes nothing', async () => {
  const email = 'linked@example.com';
  await new Visitor(house).arrive(email);
  const visitor = new Visitor(house);
  const sent = await visitor.submit('/login', { email }, '/login/link');
  expect([sent.status, sent.headers.location]).toEqual([303, '/login']);
  const path = await visitor.linkFor(email, '/login/link/');
  await new Visitor(house).get(path);
  expect((await visitor.submit(path, {})).headers.location).toBe('/dashboard');
  expect((await new Visitor(house).submit(path, {})).status).toBe(410);
  await new Visitor(house).submit('/login', { email }, '/login/link');
  const late = await visitor.linkFor(email, '/login/link/');
  house.clock.advance(11 * minute);
  expect((await new Visitor(house).submit(late, {})).status).toBe(410);
});

test('an unknown address gets the same answer for a mailed link, and no letter', async () => {
  const before = (await house.letters()).length;
  const begun = house.clock.monotonic();
  const sent = await new Visitor(house).submit('/login', { email: 'nobody-here@example.com' }, '/login/link');
  expect([sent.status, sent.headers.location]).toEqual([303, '/login']);
  expect(house.clock.monotonic() - begun).toBeGreaterThan(148);
  expect((await house.letters()).length).toBe(before);
});

describe('a session', () => {
  test('gets a new id at sign-in, and the cookie is HttpOnly, SameSite and not persistent', async () => {
    const email = 'cookie@example.com';
    await new Visitor(house).arrive(email);
    const visitor = new Visitor(house);
    const before = (await visitor.get('/login')).headers['set-cookie']?.[0] ?? '';
    const after =
      [(await visitor.logIn(email)).headers['set-cookie'] ?? []].flat().find((cookie) => cookie.startsWith('sid=')) ?? '';
    expect(before.split(';')[0]).not.toBe(after.split(';')[0]);
    expect(after).toMatch(/HttpOnly/);
    expect(after).toMatch(/SameSite=Lax/);
    expect(after).not.toMatch(/Expires|Max-Age|Secure/);
  });

  test('ends after 30 idle minutes and after 12 hours in any case, and keeps what was typed for a new submit', async () => {
    const email = 'idle@example.com';
    const visitor = new Visitor(house);
    await visitor.arrive(email);
    house.clock.advance(29 * minute);
    expect((await visitor.get('/dashboard')).status).toBe(200);
    house.clock.advance(31 * minute);
    const answer = await visitor.get('/dashboard');
    expect([answer.status, answer.headers.location]).toEqual([303, '/login?next=%2Fdashboard']);
    const back = await visitor.submit('/login?next=%2Fdashboard', { email, password }, '/login');
    expect(back.headers.location).toBe('/dashboard');
    for (let passed = 0; passed < 12 * hour; passed += 20 * minute) {
      house.clock.advance(20 * minute);
      await visitor.get('/dashboard');
    }
    expect((await visitor.get('/dashboard')).status).toBe(303);
  });

  test('gets a new id when the rights of its person change, and the old one opens nothing', async () => {
    const email = 'rights@example.com';
    const visitor = new Visitor(house);
    await visitor.arrive(email);
    const sid = ({ headers }: { headers: object }) => {
      const cookies = (headers as { 'set-cookie'?: string[] })['set-cookie'] ?? [];
      return cookies.find((cookie) => cookie.startsWith('sid='))?.split(';')[0];
    };
    const before = sid(await visitor.logIn(email)) ?? '';
    expect(before).not.toBe('');
    for (let n = 0; n < 2; n += 1) expect(sid(await visitor.get('/dashboard'))).toBeUndefined();
    const { accounts, connection } = house.panel.doors;
    const personId = (await accounts.byLoginName(email))?.id ?? '';
    await connection.write((tx) =>
      tx.updateTable('memberships').set({ role: 'viewer' }).where('person_id', '=', personId).execute(),
    );
    const answer = await visitor.get('/dashboard');
    expect(answer.status).toBe(200);
    expect(sid(answer)).toMatch(/^sid=./);
    expect(sid(answer)).not.toBe(before);
    const thief = new Visitor(house);
    expect((await thief.get('/dashboard').set('Cookie', before)).status).toBe(303);
    expect((await visitor.get('/dashboard')).status).toBe(200);
  });

  test('that ended keeps a form for who was signed in, and for nobody else who signs in there', async () => {
    const email = 'writer@example.com';
    const visitor = new Visitor(house);
    const site = await visitor.arrive(email);
    await new Visitor(house).arrive('neighbour@example.com');
    const folder = `/sites/${site}/files/www`;
    const lose = async () => {
      const hidden = await visitor.hidden(folder, `/sites/${site}/files/folder`);
      house.clock.advance(31 * minute);
      const answer = await visitor.send(`/sites/${site}/files/folder`, {
        ...hidden,
        name: '여름 사진',
        password: 'not-to-be-kept-1',
      });
      expect([answer.status, answer.headers.location]).toEqual([303, expect.stringMatching(/^\/login\?next=/)]);
    };
    await lose();
    const rows = await house.panel.doors.connection.db.selectFrom('sessions').select('data_sealed').execute();
    expect(JSON.stringify(rows)).not.toContain('여름');
    await visitor.logIn(email);
    const shown = (await visitor.get(folder)).text;
    expect(shown).toContain('value="여름 사진"');
    expect(shown).not.toContain('not-to-be-kept-1');
    expect((await visitor.get(folder)).text).not.toContain('value="여름 사진"');
    await lose();
    await visitor.logIn('neighbour@example.com');
    await visitor.submit('/dashboard', {}, '/logout');
    await visitor.logIn(email);
    expect((await visitor.get(folder)).text).not.toContain('value="여름 사진"');
  });

  test('says when it ends, and a press of the button lets it go on until the twelve hours are over', async () => {
    const visitor = new Visitor(house);
    await visitor.arrive('stays@example.com');
    const { text } = await visitor.get('/dashboard');
    expect(text).toMatch(/data-idle="1740" data-left="43200" data-warn="180"/);
    const csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
    const stay = (token: string) =>
      visitor.agent
        .post('/account/stay')
        .set('Origin', house.origin)
        .set('Accept', 'application/json')
        .set('X-CSRF-Token', token);
    for (let n = 1; n <= 25; n += 1) {
      house.clock.advance(28 * minute);
      const answer = await stay(csrf);
      expect([answer.status, answer.body.seconds, answer.body.left]).toEqual([200, 1740, 43_200 - n * 28 * 60]);
    }
    expect((await stay('forged')).status).toBe(403);
    house.clock.advance(28 * minute);
    expect((await stay(csrf)).status).toBe(401);
  });

  test('is gone after signing out, and JSON without one is 401', async () => {
    const visitor = new Visitor(house);
    await visitor.arrive('leaving@example.com');
    const out = await visitor.send('/logout', await visitor.hidden('/dashboard', '/logout'));
    expect([out.status, out.headers.location]).toEqual([303, '/login']);
    const json = await visitor.get('/dashboard').set('Accept', 'application/json');
    expect(json.status).toBe(401);
    expect(json.headers['content-type']).toContain('application/problem+json');
  });

  test('goes only to pages of ours after signing in', async () => {
    const email = 'next@example.com';
    await new Visitor(house).arrive(email);
    for (const next of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      'javascript:alert(1)',
      '/%2F/evil.example/..//',
    ]) {
      const visitor = new Visitor(house);
      const answer = await visitor.submit('/login', { email, password, next });
      expect(answer.status).toBe(303);
      expect(new URL(answer.headers.location ?? '', house.origin).origin).toBe(house.origin);
    }
  });
});

test('a change without a token, with another session’s token or from a foreign page is 403 and changes nothing', async () => {
  const visitor = new Visitor(house);
  const other = await new Visitor(house).hidden('/login');
  await visitor.get('/login');
  expect((await visitor.send('/login', { email: address, password })).status).toBe(403);
  expect((await visitor.send('/login', { email: address, password, _csrf: String(other._csrf) })).status).toBe(403);
  const own = await visitor.hidden('/login');
  const foreign = (headers: Record<string, string>) =>
    visitor.agent
      .post('/login')
      .set(headers)
      .type('form')
      .send({ ...own, email: address, password });
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: house.origin, 'Sec-Fetch-Site': 'cross-site' },
    {},
  ]) {
    expect((await foreign(headers as Record<string, string>)).status).toBe(403);
  }
  const form = await visitor.send('/login', { email: 'kept@example.com', password });
  expect(form.text).toContain('value="kept@example.com"');
  expect(form.text).toContain('name="_csrf"');
});

test('a restored session cannot be read from the database: only digests and sealed values stand there', async () => {
  const rows = await house.panel.doors.connection.db.selectFrom('sessions').selectAll().execute();
  const persons = await house.panel.doors.connection.db.selectFrom('persons').selectAll().execute();
  const dump = JSON.stringify([
    rows,
    persons,
    await house.panel.doors.connection.db.selectFrom('audit_personal').selectAll().execute(),
  ]);
  expect(dump).not.toMatch(/minji|example\.com|127\.0\.0\.1|personId/);
});
