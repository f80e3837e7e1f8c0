// Who comes from another panel: signs in with the name and password of before, agrees before anything else, and is told nothing that a stranger is not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpOf, inClear } from '../support/database-dump.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const bcrypt = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const sha512 =
  '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.';
const file = Buffer.from(
  `login_name,email,name,phone,password_hash,external_reference,domain,plan,language
hong123,hong@example.com,홍길동,010-1234-5678,${bcrypt},C-1,hong.example.kr,tree,ko
,lee@example.com,,,${sha512},C-2,,seed,en
park7,park@example.com,,,,C-3,park.example.kr,forest,ko
choi,choi@example.com,,,${bcrypt},,,tree,ko
`,
);
const boxes = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1' };

let house: TestPanel;
beforeAll(async () => {
  house = await startPanel();
  await house.panel.doors.accounts.imports.run(file);
});
afterAll(() => house.close());

const auditOf = async (action: string) =>
  house.panel.doors.connection.db.selectFrom('audit').selectAll().where('action', '=', action).execute();
const consentsOf = async (email: string) => {
  const { accounts, consent } = house.panel.doors;
  const person = await accounts.byLoginName(email);
  const membership = await accounts.membership(person?.id ?? '');
  return consent.forCustomer(membership?.customerId ?? '');
};

describe('a customer of another panel', () => {
  test('signs in by the login name of before, and meets the contract before anything else', async () => {
    const visitor = new Visitor(house);
    const entered = await visitor.logIn('Hong123', { password: 'U*U' });
    expect([entered.status, entered.headers.location]).toEqual([303, '/dashboard']);
    for (const path of ['/dashboard', '/files', '/backups', '/account/security', '/plans', '/']) {
      const { status, headers } = await visitor.get(path);
      expect([path, status, headers.location]).toEqual([path, 303, '/agree']);
    }
    expect((await visitor.get('/documents/terms')).status).toBe(200);
    const json = await visitor.agent.get('/dashboard').set('Accept', 'application/json');
    expect(json.status).toBe(403);
    const page = await visitor.get('/agree');
    expect(page.status).toBe(200);
    expect(page.text).toContain('hong.example.kr');
    expect(page.text).not.toMatch(/type="checkbox"[^>]*\bchecked\b/);
    const hidden = await visitor.hidden('/agree');
    const change = await visitor.send('/account/security/sessions/end-others', hidden);
    expect(change.status).toBe(403);
    expect(change.text).toContain('먼저 계약 내용에 동의해 주세요');
  });

  test('meanwhile can stay signed in, and open the links of letters that guard the account', async () => {
    const visitor = new Visitor(house);
    await visitor.logIn('hong123', { password: 'U*U' });
    const hidden = await visitor.hidden('/agree');
    expect((await visitor.send('/account/stay', hidden)).status).toBeLessThan(400);
    for (const kind of ['not-me', 'lost-factor', 'networks', 'address/old', 'address/new', 'address/undo'])
      expect([kind, (await visitor.get(`/account/${kind}/never-given`)).status]).toEqual([kind, 410]);
  });

  test('has wrong passwords counted together, by login name and by address', async () => {
    const { accounts, connection } = house.panel.doors;
    const personId = (await accounts.byLoginName('park7'))?.id ?? '';
    for (const name of ['park7', 'park@example.com', 'PARK@example.com'])
      expect((await new Visitor(house).logIn(name, { password: 'not this one 1' })).status).toBe(422);
    const row = await connection.db.selectFrom('password_ways').select('failures').where('person_id', '=', personId).execute();
    expect(row).toEqual([{ failures: 3 }]);
  });

  test('who leaves out a box is told all of it, and nothing is recorded', async () => {
    const visitor = new Visitor(house);
    await visitor.logIn('hong123', { password: 'U*U' });
    const refused = await visitor.submit('/agree', { age_14: '1', agree_terms: '1', ads_email: '1' });
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/name="agree_backup"[^>]*aria-invalid|agree_backup-error/);
    expect(refused.text).toMatch(/agree_sla-error|name="agree_sla"[^>]*aria-invalid/);
    expect(await consentsOf('hong123')).toEqual([]);
    const forged = await visitor.submit('/agree', { ...boxes, terms_versions: 'ko;terms=1999-01-01~x' });
    expect(forged.status).toBe(422);
    expect(await consentsOf('hong123')).toEqual([]);
  });

  test('agrees as at sign-up: recorded with the versions shown, a copy by letter, the site prepared, and the rest is open', async () => {
    const visitor = new Visitor(house);
    await visitor.logIn('hong123', { password: 'U*U' });
    const other = visitor.another();
    await other.logIn('hong@example.com', { password: 'U*U' });
    const agreed = await visitor.submit('/agree', { ...boxes, ads_email: '1' });
    expect([agreed.status, agreed.headers.location]).toEqual([303, '/dashboard']);
    const given = await consentsOf('hong123');
    expect(
      given
        .filter((one) => one.agreed)
        .map(({ item }) => item)
        .sort(),
    ).toEqual(['ads_email', 'age_14', 'agree_backup', 'agree_sla', 'agree_terms']);
    expect(given.length).toBe(8);
    expect(given.every(({ method, language }) => method === 'checkbox' && language === 'ko')).toBe(true);
    expect(given.filter(({ item }) => item === 'agree_terms').every(({ version, textSha256 }) => version && textSha256)).toBe(
      true,
    );
    expect((await auditOf('orders.agreed')).length).toBe(1);
    await house.work();
    const letter = (await house.letters()).find((text) => text.includes('hong@example.com') && text.includes('SHA-256'));
    expect(letter).toBeDefined();
    expect((await visitor.get('/dashboard')).status).toBe(200);
    expect((await visitor.get('/agree')).headers.location).toBe('/dashboard');
    expect(await visitor.site()).toMatch(/^[a-z]/);
    // The other browser was waiting at the same page.
    expect((await other.get('/dashboard')).status).toBe(200);
    // Sent twice, it is recorded once.
    await visitor.send('/agree', { ...(await visitor.hidden('/dashboard')), ...boxes });
    expect((await consentsOf('hong123')).length).toBe(8);
  });

  test('in English, by address, with a hash that takes rounds; the next sign-in needs argon2id alone', async () => {
    const visitor = new Visitor(house, 'en');
    const entered = await visitor.logIn('lee@example.com', { password: 'Hello world!' });
    expect(entered.status).toBe(303);
    expect((await visitor.get('/dashboard')).headers.location).toBe('/en/agree');
    expect((await visitor.get('/agree')).text).toContain('Please agree to your contract first');
    const person = await house.panel.doors.accounts.byLoginName('lee@example.com');
    const row = await house.panel.doors.connection.db
      .selectFrom('persons')
      .select(['password_hash', 'legacy_hash'])
      .where('id', '=', person?.id ?? '')
      .executeTakeFirst();
    expect(row?.password_hash).toMatch(/^\$argon2id\$/);
    expect(row?.legacy_hash).toBeNull();
    expect((await visitor.another().logIn('lee@example.com', { password: 'Hello world!' })).status).toBe(303);
  });

  test('without a hash comes in by a letter for a new password, which goes to the address whatever name was typed', async () => {
    const visitor = new Visitor(house);
    expect((await visitor.logIn('park7', { password: '' })).status).toBe(422);
    await visitor.submit('/password/forgot', { email: 'park7' });
    const link = await visitor.linkFor('park@example.com', '/password/reset/');
    expect((await visitor.submit(link, { password: 'quiet-Harbor-52-lantern' })).status).toBe(303);
    expect((await visitor.logIn('park7', { password: 'quiet-Harbor-52-lantern' })).headers.location).toBe('/dashboard');
    expect((await visitor.get('/dashboard')).headers.location).toBe('/agree');
  });

  test('with a wrong password gets the answer of a stranger, to the letter', async () => {
    const masked = (text: string) => text.replace(/value="[^"]*"|content="[^"]*"|nonce="[^"]*"/g, '');
    const answers = [];
    for (const email of ['choi', 'choi@example.com', 'nobody', 'nobody@example.com']) {
      const { status, headers, text } = await new Visitor(house).logIn(email, { password: 'wrong-1-password' });
      const { date: _d, 'x-request-id': _x, 'set-cookie': cookies, 'content-security-policy': _c, etag: _e, ...rest } = headers;
      answers.push(
        JSON.stringify({
          status,
          rest: { ...rest, 'content-length': '' },
          cookies: (cookies as unknown as string[] | undefined)?.map((one) => one.split('=')[0]),
          text: masked(text),
        }),
      );
    }
    expect(new Set(answers).size).toBe(1);
  });

  test('leaves nothing personal in clear in the database: whoever takes it away learns no name, address, phone or link', async () => {
    const { choices, connection } = house.panel.doors;
    if (connection.engine === 'sqlite') await connection.check();
    const dump = await dumpOf(choices.databaseUrl ?? '');
    expect(inClear(dump, ['hong.example.kr', 'C-1'])).toEqual(['hong.example.kr', 'C-1']);
    const links = (await house.letters()).flatMap((text) =>
      [...text.matchAll(/\/(?:reset|not-me)\/([\w-]{20,})/g)].map(([, token]) => token),
    );
    expect(links.length).toBeGreaterThan(0);
    const personal = ['hong@example.com', 'hong123', '홍길동', '010-1234-5678', '01012345678', 'lee@example.com', 'park7'];
    // Nor the digest of the other panel, which a fast machine could guess the password from.
    const digests = ['E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM'];
    expect(inClear(dump, [...personal, ...digests, ...links.map(String)])).toEqual([]);
  });

  test('is taken back with the import only while nobody has come', async () => {
    const { imports } = house.panel.doors.accounts;
    const { before } = await imports.check(file);
    const { removed, left } = await imports.undo(before?.id ?? '');
    expect({ removed, left }).toEqual({
      removed: 1,
      left: [
        { row: 2, because: 'signedIn' },
        { row: 3, because: 'signedIn' },
        { row: 4, because: 'signedIn' },
      ],
    });
    expect((await new Visitor(house).logIn('choi', { password: 'U*U' })).status).toBe(422);
  });
});
