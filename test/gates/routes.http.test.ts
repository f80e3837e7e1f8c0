// Every route of the program, from its own list: who may enter, what refuses, and that a refusal changes nothing. In both languages.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { FactorStore } from '../../src/sign-in/factor-store.ts';
import { invite, placeOf, welcome } from '../people/guests.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { closeAccount, eraseAccount } from '../termination/leavers.ts';
import { headerFaults } from './answer-headers.ts';
import { answered, type How, sendForm, speaking, tokenOf } from './asking.ts';
import { entranceOf, entrances, isClosed, pathOf, valuesFor } from './entrances.ts';
import { fingerprint } from './fingerprint.ts';
import { type Household, household } from './household.ts';
import { differences, filled, namesOf } from './routes.ts';

const names = Object.keys(entrances);
const gets = names.filter((name) => name.startsWith('GET '));
const forPrograms = (name: string) => entranceOf(name).who === 'programs';
const changes = names.filter((name) => /^(POST|PATCH|DELETE) /.test(name));
/** Programs send no form and have no session: test/billing has what they send. */
const posts = changes.filter((name) => !forPrograms(name));

let house: TestPanel;
let owner: Household;
let stranger: Household;
let tokens: Record<string, string>;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  await hostDatabases(house, ['mariadb']);
  // First: it takes some minutes of the clock, and sign-ins and links that follow are to be fresh.
  const certificate = lastOf(await erased('erased@example.com'));
  owner = await household(house, 'owner@example.com');
  stranger = await household(house, 'stranger@example.com');
  await new Visitor(house).signUp('newcomer@example.com');
  const verify = await owner.visitor.linkFor('newcomer@example.com', '/verify/');
  tokens = {
    '/verify/:token': lastOf(verify),
    '/login/link/:token': 'any',
    '/password/reset/:token': (await accountLink('/password/reset/', 'forgetful@example.com')).token,
    '/account/lost-factor/:token': (await accountLink('/account/lost-factor/', 'phoneless@example.com')).token,
    '/account/not-me/:token': (await accountLink('/account/not-me/', 'alarmed@example.com')).token,
    '/account/address/old/:token': (await accountLink('/account/address/old/', 'moving@example.com')).token,
    '/account/address/new/:token': (await accountLink('/account/address/new/', 'moved@example.com')).token,
    '/account/address/undo/:token': (await accountLink('/account/address/undo/', 'sorry@example.com')).token,
    '/account/networks/:token': (await accountLink('/account/networks/', 'locked@example.com')).token,
    '/account/reopen/:token': (await accountLink('/account/reopen/', 'leaver@example.com')).token,
    ...certificateTokens(certificate),
    '/invitations/:token': lastOf(await owner.visitor.linkFor('viewer-of-owner@example.com', '/invitations/')),
  };
});
afterAll(() => house && closeHosted(house));

const certificateTokens = (token: string) => ({ '/certificates/:token': token, '/certificates/:token/json': token });

/** @returns the link of the certificate of somebody who was here */
async function erased(email: string): Promise<string> {
  await new Visitor(house).arrive(email);
  return eraseAccount(house, email);
}

const lastOf = (path: string) => path.split('/').at(-1) ?? '';
/** @returns the token of a letter to somebody new, as their own acts or those of another device bring it */
async function accountLink(name: string, email: string): Promise<{ token: string }> {
  const [visitor, other] = [new Visitor(house), new Visitor(house)];
  await visitor.arrive(email);
  const link = async (to: string, path: string) => lastOf(await visitor.linkFor(to, path));
  if (name.includes('lost-factor')) {
    await lose(email);
    return { token: await link(email, '/account/lost-factor/') };
  }
  if (name.includes('/reopen/')) return { token: lastOf(await closeAccount(house, email)) };
  if (name.includes('/networks/')) return { token: await liftToken(email) };
  if (name.includes('/address/')) {
    const wanted = `new-${email}`;
    await visitor.submit('/account/security/address', { email: wanted });
    if (name.includes('/old/')) return { token: await link(email, '/account/address/old/') };
    if (name.includes('/new/')) return { token: await link(wanted, '/account/address/new/') };
    await other.submit(await visitor.linkFor(email, '/account/address/old/'), {});
    await other.submit(await visitor.linkFor(wanted, '/account/address/new/'), {});
    return { token: await link(email, '/account/address/undo/') };
  }
  if (name.includes('reset')) await other.submit('/password/forgot', { email });
  else await other.logIn(email);
  return { token: await link(email, name.includes('reset') ? '/password/reset/' : '/account/not-me/') };
}

/** Nobody comes from elsewhere here (test/sign-in/networks.http.test.ts has who does), so no letter brings this token. */
async function liftToken(email: string): Promise<string> {
  const { accounts, connection } = house.panel.doors;
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  return connection.write((tx) => accounts.mailToken(tx, { purpose: 'networks-off', personId, lifetimeMinutes: 30 * 24 * 60 }));
}

/** An app that is said to be lost. */
async function lose(email: string): Promise<void> {
  const { accounts, clock, connection, secrets, signIn } = house.panel.doors;
  const now = clock.now();
  const personId = (await accounts.byLoginName(email))?.id ?? '';
  const app = { id: newId(now), personId, secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', step: 0, now };
  await connection.write((tx) => new FactorStore(connection, secrets).addApp(tx, app));
  await signIn.lostFactors.begin(email, { askedBy: 'a caller', reason: 'a lost telephone' });
}

const addressOf = (name: string, home = owner, more: Record<string, string> = {}) =>
  filled(pathOf(name), { ...valuesFor(pathOf(name), home, tokens), ...more });

async function signedIn(language: 'ko' | 'en', email = owner.email): Promise<Visitor> {
  const visitor = new Visitor(house, language);
  expect((await visitor.logIn(email)).status).toBe(303);
  return visitor;
}

describe('the table of entrances', () => {
  test('names every route of the program, and nothing else', () => {
    expect(differences(namesOf(house.panel.app), entrances)).toEqual([]);
  });

  test('names every route of a panel whose features are off', async () => {
    const bare = await startPanel({ features: [] });
    try {
      const extra = differences(namesOf(bare.panel.app), entrances).filter((sentence) => sentence.includes('nobody said'));
      expect(extra).toEqual([]);
    } finally {
      await bare.close();
    }
  });

  test('has a form with fields, or at least a key for them, behind every change', () => {
    expect(posts.filter((name) => entranceOf(name).fields === undefined)).toEqual([]);
    expect(names.filter((name) => !/^(GET|POST|PATCH|DELETE|USE) /.test(name))).toEqual([]);
  });
});

describe.each(['ko', 'en'] as const)('in %s', (language) => {
  const prefix = language === 'en' ? '/en' : '';
  /** A language is a prefix, and the same handlers stand behind it: the second one gets the first of each kind of question. */
  const some = <T>(questions: readonly T[]) => (language === 'ko' ? questions : questions.slice(0, 1));
  /** A token lives as long as its session, and nothing that is asked here may end one: that it did not is looked at below. */
  const known: { by: Visitor; token: string }[] = [];
  async function knownToken(by: Visitor): Promise<string> {
    const found = known.find((one) => one.by === by);
    if (found) return found.token;
    const token = await tokenOf(by);
    known.push({ by, token });
    return token;
  }
  let nobody: Visitor;
  beforeAll(() => {
    nobody = new Visitor(house, language);
  });

  test.each(gets.filter((name) => !isClosed(name)))('%s is open to everybody', async (name) => {
    const { who, as, status = 200 } = entranceOf(name);
    const answer = await answered(new Visitor(house, language).get(addressOf(name)), as);
    expect(answer.status).toBe((who === 'machines' || who === 'programs') && language === 'en' ? 404 : status);
    expect(answer.headers.location ?? '').not.toContain('/login?next=');
  });

  test.each(gets.filter(isClosed))('%s without a session leads to the login and back', async (name) => {
    const visitor = new Visitor(house, language);
    const address = `${addressOf(name)}?a=1`;
    const answer = await answered(visitor.get(address));
    expect([answer.status, answer.headers.location]).toEqual([
      303,
      `${prefix}/login?next=${encodeURIComponent(prefix + address)}`,
    ]);
    expect((await answered(visitor.agent.head(visitor.path(address)))).status).toBe(303);
    expect((await answered(visitor.get(address).set('Accept', 'application/json'))).status).toBe(401);
  });

  test.each(gets.filter(isClosed))('%s lets its owner in', async (name) => {
    const { as, status = 200 } = entranceOf(name);
    const visitor = speaking(house, language, owner.visitor);
    expect((await answered(visitor.get(addressOf(name)), as)).status).toBe(status);
  });

  test.each(names.filter((name) => /:site|:id/.test(pathOf(name)) && !forPrograms(name)))(
    '%s is not there for a stranger',
    async (name) => {
      const visitor = speaking(house, language, owner.visitor);
      const token = await knownToken(owner.visitor);
      const before = await fingerprint(house);
      const theirs = valuesFor(pathOf(name), stranger, tokens);
      const ids = { ...(theirs.id && pathOf(name).includes(':id') && { id: theirs.id }) };
      const ofSite = pathOf(name).includes(':site');
      const addresses = [
        addressOf(name, stranger),
        ...(ofSite ? [addressOf(name, owner, { site: stranger.site }), addressOf(name, owner, { site: 'no-such-site' })] : []),
        ...(ids.id ? [addressOf(name, owner, ids), addressOf(name, owner, { id: '0199f3a2-7c41-7d10-9a55-2f1c6be7a301' })] : []),
      ];
      for (const address of some(addresses)) {
        const asked = () => (name.startsWith('GET') ? visitor.get(address) : sendForm(house, name, visitor, address, { token }));
        expect([address, (await answered(asked())).status]).toEqual([address, 404]);
        expect([address, (await answered(asked().set('Accept', 'application/json'))).status]).toEqual([address, 404]);
      }
      expect(await fingerprint(house)).toEqual(before);
    },
  );

  test.each(changes.filter(forPrograms))(
    '%s by the session of an owner, and without a token of a program, changes nothing',
    async (name) => {
      const before = await fingerprint(house);
      const asked = speaking(house, language, owner.visitor)
        .agent.post(`${prefix}${addressOf(name)}`)
        .send({ plan: 'seed' });
      expect((await answered(asked)).status).toBe(language === 'en' ? 404 : 401);
      expect(await fingerprint(house)).toEqual(before);
    },
  );

  test.each(posts)('%s without its token, or from elsewhere, is refused and changes nothing', async (name) => {
    const closed = isClosed(name);
    const beforeSignIn = await knownToken(nobody);
    const visitor = closed ? speaking(house, language, owner.visitor) : new Visitor(house, language);
    const token = await (closed ? knownToken(owner.visitor) : tokenOf(visitor));
    const theirs = await knownToken(stranger.visitor);
    const address = addressOf(name);
    const before = await fingerprint(house);
    const status = async (how: How) => (await answered(sendForm(house, name, visitor, address, how))).status;

    for (const wrong of some([theirs, undefined, '', 'x'.repeat(43), beforeSignIn])) {
      expect([wrong, await status(wrong === undefined ? {} : { token: wrong })]).toEqual([wrong, 403]);
    }
    const elsewhere: Record<string, string>[] = [
      { Origin: 'https://evil.example' },
      {},
      { Origin: 'null' },
      { Origin: `${house.origin}.evil.example` },
      { Referer: `${house.origin}/login` },
      { Origin: house.origin, 'Sec-Fetch-Site': 'cross-site' },
      { Origin: house.origin, 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
    ];
    for (const headers of some(elsewhere)) expect([headers, await status({ headers, token })]).toEqual([headers, 403]);
    expect(await fingerprint(house)).toEqual(before);
  });

  test.each(posts)('%s in another form than its own is refused and changes nothing', async (name) => {
    const visitor = isClosed(name) ? speaking(house, language, owner.visitor) : new Visitor(house, language);
    const token = await (isClosed(name) ? knownToken(owner.visitor) : tokenOf(visitor));
    const before = await fingerprint(house);
    const body = { _csrf: token, ...entranceOf(name).fields };
    const bodies = [
      ['application/json', JSON.stringify(body)],
      ['text/plain', new URLSearchParams(body).toString()],
      entranceOf(name).multipart
        ? ['application/x-www-form-urlencoded', new URLSearchParams(body).toString()]
        : ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'],
    ] as const;
    const method = name.split(' ')[0]?.toLowerCase() as 'post' | 'patch' | 'delete';
    for (const [type, text] of some(bodies.filter(([one]) => one !== entranceOf(name).script?.type))) {
      const post = visitor.agent[method](visitor.path(addressOf(name)))
        .set('Origin', house.origin)
        .set('X-CSRF-Token', token);
      expect([type, (await answered(post.set('Content-Type', type).send(text))).status]).toEqual([type, 415]);
    }
    expect(await fingerprint(house)).toEqual(before);
  });

  test('what was refused ended no session: the tokens that were sent still hold', async () => {
    expect(known.length).toBe(3);
    for (const { by, token } of known) expect(await tokenOf(by)).toBe(token);
  });

  test.each(posts.filter(isClosed))('%s without a session leads to the login, and then to a page that is there', async (name) => {
    const visitor = new Visitor(house, language);
    const token = await tokenOf(visitor);
    const before = await fingerprint(house);
    const answer = await answered(sendForm(house, name, visitor, addressOf(name), { token }));
    const next = new URL(answer.headers.location ?? '', house.origin);
    expect([answer.status, next.pathname]).toEqual([303, `${prefix}/login`]);
    const page = next.searchParams.get('next') ?? '';
    expect(page.startsWith(`${prefix}/`)).toBe(true);
    expect([page, (await owner.visitor.agent.get(page)).status]).toEqual([page, 200]);
    const json = sendForm(house, name, visitor, addressOf(name), { token }).set('Accept', 'application/json');
    expect((await answered(json)).status).toBe(401);
    const foreign = { Origin: 'https://evil.example' };
    expect((await answered(sendForm(house, name, visitor, addressOf(name), { headers: foreign }))).status).toBe(403);
    expect(await fingerprint(house)).toEqual(before);
  });

  test('a used, expired or invented link changes nothing, whoever sends it', async () => {
    for (const name of posts.filter((one) => one.includes(':token'))) {
      const visitor = speaking(house, language, owner.visitor);
      const token = await tokenOf(visitor);
      const before = await fingerprint(house);
      const answer = await answered(sendForm(house, name, visitor, addressOf(name, owner, { token: 'nothing' }), { token }));
      expect([name, answer.status]).toEqual([name, 410]);
      expect(await fingerprint(house)).toEqual(before);
    }
  });

  test('no address takes a method that the program does not have', async () => {
    const visitor = speaking(house, language, owner.visitor);
    const token = await tokenOf(visitor);
    const before = await fingerprint(house);
    for (const name of names.filter((one) => !one.startsWith('USE'))) {
      const address = visitor.path(addressOf(name));
      const missing = (['post', 'put', 'patch', 'delete'] as const).filter(
        (method) => !(`${method.toUpperCase()} ${pathOf(name)}` in entrances),
      );
      for (const method of some(missing)) {
        const foreign = await answered(visitor.agent[method](address).set('Origin', 'https://evil.example'));
        expect([method, address, foreign.status]).toEqual([method, address, 403]);
        const ours = visitor.agent[method](address).set('Origin', house.origin).set('X-CSRF-Token', token);
        expect([method, address, (await answered(ours)).status]).toEqual([method, address, 404]);
      }
    }
    expect(await fingerprint(house)).toEqual(before);
  });
});

describe("a customer's bytes", () => {
  const archive = 'GET /sites/:site/backups/:id/download';
  test.each([
    ['a file', 200, {}],
    ['an archive', 200, {}],
    ['a part of an archive', 206, { Range: 'bytes=0-99' }],
    ['an archive that the browser has', 304, { 'If-None-Match': '*' }],
    ['a part that is not there', 416, { Range: 'bytes=999999999-' }],
    ['an archive that has changed', 412, { 'If-Match': '"another"' }],
  ])('%s is handed out under its own name, and never shown or run in place', async (what, status, headers) => {
    const address = what === 'a file' ? `/sites/${owner.site}/files/www/notes.html` : addressOf(archive);
    const answer = await owner.visitor.get(address).set(headers);
    expect([answer.status, headerFaults(answer, { as: 'attachment' })]).toEqual([status, []]);
    const head = await owner.visitor.agent.head(address);
    expect([head.status, headerFaults(head, { as: 'attachment' })]).toEqual([200, []]);
  });
});

describe('a delicate act', () => {
  test('asks for a fresh sign-in, whatever route it has', () => {
    expect(names.filter((name) => (entranceOf(name).delicate !== undefined) !== (entranceOf(name).who === 'fresh'))).toEqual([]);
  });

  test("is every change of one's own account, unless somebody said why it is harmless", () => {
    const open = posts.filter((name) => pathOf(name).startsWith('/account/') && isClosed(name));
    const undecided = open.filter((name) => entranceOf(name).delicate === undefined && entranceOf(name).harmless === undefined);
    expect(open.length).toBeGreaterThan(10);
    expect(undecided).toEqual([]);
  });

  test.each(posts.filter((name) => entranceOf(name).who === 'fresh'))(
    '%s by an old sign-in leads to /confirm and back to a page that is there, and changes nothing',
    async (name) => {
      const visitor = await signedIn('ko');
      const token = await tokenOf(visitor);
      house.clock.advance(11 * minute);
      const before = await fingerprint(house);
      const answer = await answered(sendForm(house, name, visitor, addressOf(name), { token }));
      const next = new URL(answer.headers.location ?? '', house.origin);
      expect([answer.status, next.pathname]).toEqual([303, '/confirm']);
      const json = sendForm(house, name, visitor, addressOf(name), { token }).set('Accept', 'application/json');
      expect((await answered(json)).status).toBe(403);
      expect(await fingerprint(house)).toEqual(before);
      const back = (await signedIn('ko')).get(next.searchParams.get('next') ?? '');
      expect((await back).status).toBe(200);
    },
  );
});

describe('a sign-in that is not fresh any more', () => {
  test('is enough for every page that does not ask for a fresh one, and for none that does', async () => {
    const visitor = await signedIn('ko');
    house.clock.advance(11 * minute);
    for (const name of gets.filter(isClosed)) {
      const { who, as, status = 200 } = entranceOf(name);
      const answer = await answered(visitor.get(addressOf(name)), as);
      const asks = answer.status === 303 && (answer.headers.location ?? '').startsWith('/confirm?next=');
      expect([name, asks, answer.status]).toEqual([name, who === 'fresh', who === 'fresh' ? 303 : status]);
    }
  });
});

describe('the same forms with their own token', () => {
  // Were it not so, "refused and changes nothing" would prove nothing.
  test.each(posts.filter((name) => entranceOf(name).provenBy === undefined))('%s changes something', async (name) => {
    // An hour, which limits forget; a day each let the worker back every site up in between, three quarters of all this file's work.
    house.clock.advance(hour);
    const { before, cookie, alone, found, fields = {} } = entranceOf(name);
    const visitor = isClosed(name) ? await (alone ? somebody() : signedIn('ko')) : new Visitor(house);
    await before?.(visitor);
    house.clock.advance(2 * minute);
    const more = await found?.(visitor, house.clock.now(), owner);
    const real = await realTokens(name);
    const versions: Record<string, string> = 'terms_versions' in fields ? { terms_versions: versionsShown(), plan: 'seed' } : {};
    const address = addressOf(name, owner, real);
    const token = await tokenOf(visitor);
    const untouched = await fingerprint(house);
    const answer = await answered(
      sendForm(house, name, visitor, address, { token, fields: { ...versions, ...more, _csrf: token } }),
    );
    expect([answer.status, /<li>[^<]*<\/li>/.exec(answer.text)?.[0]]).toEqual([
      entranceOf(name).script?.status ?? 303,
      undefined,
    ]);
    if (cookie) return expect(String(answer.headers['set-cookie'])).toContain(`${cookie}=`);
    expect(await fingerprint(house)).not.toEqual(untouched);
  });

  test('are answered by a device or an app where no form alone can, and a test that does is there', () => {
    const files = posts.map((name) => entranceOf(name).provenBy).filter((file) => file !== undefined);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  /** A person of their own, with a name that nobody had before. */
  async function somebody(): Promise<Visitor> {
    const visitor = new Visitor(house);
    await visitor.arrive(`${newId(Date.now())}@example.com`);
    return visitor;
  }

  /** A guest or an invitation of its own: the act is the end of it. */
  async function somebodyElse(name: string): Promise<Record<string, string>> {
    const email = `${newId(Date.now())}@example.com`;
    const inviter = await signedIn('ko');
    if (!name.includes('/invitations/')) {
      await welcome(house, inviter, { email, sites: owner.site });
      return { id: await placeOf(inviter, email) };
    }
    await invite(house, inviter, { email, sites: owner.site });
    const row = (await inviter.get('/account/people')).text.split('<tr>').find((one) => one.includes(email)) ?? '';
    return { id: /invitations\/([0-9a-f-]{36})\/letter/.exec(row)?.[1] ?? '' };
  }

  const versionsShown = () => house.panel.doors.accounts.shownVersions('ko');

  /** Links that work, from letters. */
  async function realTokens(name: string): Promise<Record<string, string>> {
    const visitor = new Visitor(house);
    if (pathOf(name) === '/verify/:token') {
      await visitor.signUp('late@example.com');
      return { token: lastOf(await visitor.linkFor('late@example.com', '/verify/')) };
    }
    if (name.includes('/invitations/:token')) {
      const email = `${newId(Date.now())}@example.com`;
      const inviter = new Visitor(house);
      const site = await inviter.arrive(`${newId(Date.now())}@example.com`);
      await invite(house, inviter, { email, sites: site });
      return { token: lastOf(await visitor.linkFor(email, '/invitations/')) };
    }
    if (name.startsWith('POST /account/people/:id') || name.includes('/people/invitations/:id')) return somebodyElse(name);
    if (/(reset|not-me|address\/\w+|networks|lost-factor|reopen)\/:token/.test(name))
      return accountLink(name, `${newId(Date.now())}@example.com`);
    if (pathOf(name) !== '/login/link/:token') return {};
    await visitor.send('/login/link', { _csrf: await tokenOf(visitor), email: owner.email });
    return { token: lastOf(await visitor.linkFor(owner.email, '/login/link/')) };
  }
});
