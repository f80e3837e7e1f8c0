// Signing up over HTTP: agree provably, one answer for everyone, verified by letter.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { password, startPanel, type TestPanel, Visitor, wanted } from '../support/panel.ts';

let house: TestPanel;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
});
afterAll(() => house?.close());

const db = () => house.panel.doors.connection.db;
const persons = async () => (await db().selectFrom('persons').select('id').execute()).length;

test('nothing is ticked before the customer ticks it, and the rule for passwords is shown first', async () => {
  const { text } = await new Visitor(house).get('/signup');
  expect(text).not.toMatch(/type="checkbox"[^>]*checked/);
  expect(text.indexOf('8자 이상')).toBeGreaterThan(0);
  expect(text).toMatch(/name="password"[^>]*autocomplete="new-password"/);
});

test.each(['agree_terms', 'agree_backup', 'agree_sla', 'age_14'])(
  'without %s nobody is signed up, and what was typed stays',
  async (missing) => {
    const before = await persons();
    const visitor = new Visitor(house);
    const fields = Object.fromEntries(Object.entries(wanted).filter(([name]) => name !== missing));
    const answer = await visitor.submit('/signup', {
      ...fields,
      email: 'almost@example.com',
      password,
      name: '김민지',
      marketing_use: '1',
    });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('value="almost@example.com"');
    expect(answer.text).toContain('value="김민지"');
    expect(answer.text).not.toContain(password);
    expect(answer.text).toMatch(new RegExp(`name="${missing}"(?![^>]*checked)`));
    expect(answer.text).toMatch(/name="marketing_use"[^>]*checked/);
    expect(answer.text).toContain(`href="#${missing}"`);
    expect(await persons()).toBe(before);
  },
);

test.each([
  ['', 'password'],
  ['short1', 'password'],
  ['onlyletters', 'password'],
  ['password1', 'password'],
  ['sujin2026', 'password'],
])('the password %j is refused with its reason', async (weak, field) => {
  const answer = await new Visitor(house).submit('/signup', { ...wanted, email: 'sujin2026@example.com', password: weak });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain(`href="#${field}"`);
});

test.each(['', 'no-at-sign', 'a@b', 'two@@example.com', 'line\nbreak@example.com', `${'a'.repeat(300)}@example.com`])(
  'the address %j is refused',
  async (email) => {
    const answer = await new Visitor(house).submit('/signup', { ...wanted, email, password });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('href="#email"');
  },
);

test('fields that nobody knows, lists instead of texts and plans that do not exist do no harm', async () => {
  const visitor = new Visitor(house);
  const plan = await visitor.submit('/signup', { ...wanted, email: 'x1@example.com', password, plan: 'nothing-like-it' });
  expect(plan.status).toBe(422);
  const lists = await visitor.submit('/signup', {
    ...wanted,
    email: ['a@example.com', 'b@example.com'],
    password: [password, password],
  });
  expect(lists.status).toBe(422);
  const unknown = await visitor.submit('/signup', {
    ...wanted,
    email: 'x2@example.com',
    password,
    role: 'operator',
    __proto__polluted: '1',
  });
  expect(unknown.status).toBe(303);
});

describe('a customer who agreed', () => {
  const email = 'agreed@example.com';
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = new Visitor(house);
    const answer = await visitor.signUp(email, { ads_email: '1', name: '김민지', phone: '010-1234-5678' });
    expect([answer.status, answer.headers.location]).toEqual([303, '/signup/sent']);
  });

  test('has three separate consents for the order, each with document, version, digest of the exact text, wording and time', async () => {
    const index = house.panel.doors.secrets.index('persons.email', email);
    const person = await db().selectFrom('persons').select('id').where('email_index', '=', index).executeTakeFirstOrThrow();
    const order = await db().selectFrom('orders').selectAll().where('actor_person_id', '=', person.id).executeTakeFirstOrThrow();
    const rows = await db().selectFrom('consents').selectAll().where('order_id', '=', order.id).execute();
    const documents = { agree_terms: 'terms', agree_backup: 'backup', agree_sla: 'sla' };
    for (const [item, document] of Object.entries(documents)) {
      const row = rows.find((each) => each.item === item);
      const file = new URL(`../../views/documents/${document}/${row?.version}.ko.md`, import.meta.url);
      expect(row).toMatchObject({ document, required: 1, agreed: 1, language: 'ko', at: house.clock.now() });
      expect(row?.text_sha256).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'));
      expect(row?.wording.length).toBeGreaterThan(5);
      expect(row?.address_digest).toBeTruthy();
      const personal = await db()
        .selectFrom('consents_personal')
        .selectAll()
        .where('id', '=', row?.id ?? '')
        .executeTakeFirstOrThrow();
      expect(personal.address_sealed).toMatch(/^v1\./);
    }
    expect(rows.find((row) => row.item === 'ads_email')).toMatchObject({ required: 0, agreed: 1 });
    expect(rows.filter((row) => ['ads_sms', 'marketing_use'].includes(row.item) && row.agreed === 1)).toEqual([]);
    expect(order.consented_at).toBe(house.clock.now());
  });

  test('gets a letter with the link alone on its line and a copy of what was agreed', async () => {
    const letter = (await house.letters()).find((each) => each.includes(email) && each.includes('/verify/')) ?? '';
    expect(letter).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/verify\/[\w-]{43}$/m);
    const digest = createHash('sha256')
      .update(readFileSync(new URL('../../views/documents/backup/2026-11-22.ko.md', import.meta.url)))
      .digest('hex');
    expect(letter).toContain(digest);
    expect(letter).toContain('고의');
  });

  test('is not signed in before the letter was answered, and an unverified login fails like any other', async () => {
    expect((await visitor.get('/dashboard')).status).toBe(303);
    const login = await new Visitor(house).logIn(email);
    expect(login.status).toBe(422);
    expect(login.text).toContain('이메일 또는 비밀번호가 일치하지 않습니다');
  });

  test('verifies by a button, not by opening the link; another browser also needs the password; the link works once', async () => {
    const path = await visitor.linkFor(email, '/verify/');
    await visitor.get(path);
    expect((await new Visitor(house).logIn(email)).status).toBe(422);
    const elsewhere = new Visitor(house);
    expect((await elsewhere.get(path)).text).toContain('name="password"');
    expect((await elsewhere.submit(path, { password: 'not-Mine-at-all-7' })).status).toBe(422);
    expect((await visitor.get(path)).text).not.toContain('name="password"');
    const done = await visitor.submit(path, {});
    expect([done.status, done.headers.location]).toEqual([303, '/dashboard']);
    expect((await visitor.get(path)).status).toBe(410);
    expect((await new Visitor(house).submit(path, { password })).status).toBe(410);
    await house.work();
    expect(await visitor.site()).toMatch(/^[a-z0-9-]{3,32}$/);
  });

  test('whose address somebody else tries again gets a letter, and the other sees the same page', async () => {
    const stranger = new Visitor(house);
    const before = await persons();
    const again = await stranger.signUp(email);
    const fresh = await new Visitor(house).signUp('brand-new@example.com');
    expect([again.status, again.headers.location]).toEqual([fresh.status, fresh.headers.location]);
    expect(await persons()).toBe(before + 1);
    const letter = (await house.letters()).filter((each) => each.includes(email)).at(-1) ?? '';
    expect(letter).not.toContain('/verify/');
  });
});

test('a panel that shows no documents of their own leads to none, and their texts stand on the page', async () => {
  const bare = await startPanel({ features: ['signUp'] });
  try {
    const { text } = await new Visitor(bare).get('/signup');
    expect(text).not.toContain('/documents/');
    expect(text.match(/<details>/g)?.length).toBeGreaterThan(3);
  } finally {
    await bare.close();
  }
});

test('how long data is kept is what the panel is set to', async () => {
  const brief = await startPanel({ eraseAfterDays: 14 });
  try {
    expect((await new Visitor(brief).get('/signup')).text).toContain('해지한 날부터 14일, 그 뒤 5일 안에 파기');
    expect((await new Visitor(house).get('/en/signup')).text).toContain('30 days from termination');
  } finally {
    await brief.close();
  }
});

test('a form that is sent twice makes one customer', async () => {
  const visitor = new Visitor(house);
  const hidden = await visitor.hidden('/signup');
  const fields = { ...hidden, ...wanted, email: 'twice@example.com', password };
  const answers = await Promise.all([visitor.send('/signup', fields), visitor.send('/signup', fields)]);
  expect(answers.map(({ status }) => status).sort()).toSatisfy(
    (all: number[]) => all.every((status) => status === 303 || status === 409) && all.includes(303),
  );
  const third = await visitor.send('/signup', fields);
  expect(third.status).toBe(303);
  const index = house.panel.doors.secrets.index('persons.email', 'twice@example.com');
  expect(await db().selectFrom('persons').select('id').where('email_index', '=', index).execute()).toHaveLength(1);
});

test('of two sign-ups with one address the first that is verified wins, the other link answers 410', async () => {
  const email = 'coexist@example.com';
  const [first, second] = [new Visitor(house), new Visitor(house)];
  await first.signUp(email);
  const firstLink = await first.linkFor(email, '/verify/');
  house.clock.advance(1000);
  await second.signUp(email);
  const secondLink = await second.linkFor(email, '/verify/');
  expect(secondLink).not.toBe(firstLink);
  expect((await second.submit(secondLink, {})).status).toBe(303);
  expect((await first.get(firstLink)).status).toBe(410);
});

test('a link is good for 24 hours; unverified sign-ups are erased a day later, their consents stay without personal values', async () => {
  const email = 'forgotten@example.com';
  const visitor = new Visitor(house);
  await visitor.signUp(email);
  const link = await visitor.linkFor(email, '/verify/');
  const index = house.panel.doors.secrets.index('persons.email', email);
  const person = await db().selectFrom('persons').select('id').where('email_index', '=', index).executeTakeFirstOrThrow();
  house.clock.advance(25 * hour);
  expect((await visitor.get(link)).status).toBe(410);
  house.clock.advance(day);
  await house.work();
  expect(await db().selectFrom('persons').select('id').where('id', '=', person.id).execute()).toEqual([]);
  const consents = await db().selectFrom('consents').select('id').where('actor_person_id', '=', person.id).execute();
  expect(consents.length).toBeGreaterThanOrEqual(4);
  const ids = consents.map(({ id }) => id);
  expect(await db().selectFrom('consents_personal').select('id').where('id', 'in', ids).execute()).toEqual([]);
});

test('in English the same, with English documents and letters', async () => {
  const visitor = new Visitor(house, 'en');
  const answer = await visitor.signUp('english@example.com');
  expect(answer.headers.location).toBe('/en/signup/sent');
  const link = await visitor.linkFor('english@example.com', '/verify/');
  const letter = (await house.letters()).find((each) => each.includes('english@example.com')) ?? '';
  expect(letter).toContain('/en/verify/');
  expect((await visitor.submit(link, {})).headers.location).toBe('/en/dashboard');
});
