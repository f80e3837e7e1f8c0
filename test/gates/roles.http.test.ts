// Every closed route of the program as each role meets it: viewer, developer, of a site the place is not for, expired, from elsewhere.
// Each route says in entrances.ts what it needs (`may`); what is said there is held against the program here (KHADA 3.4).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, hour } from '../../src/platform/clock.ts';
import { publishNext } from '../consent/publish.ts';
import { accept, invite, welcome } from '../people/guests.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { answered, sendForm, tokenOf } from './asking.ts';
import { entranceOf, entrances, isClosed, pathOf, valuesFor } from './entrances.ts';
import { fingerprint } from './fingerprint.ts';
import { type Household, household } from './household.ts';
import { filled } from './routes.ts';
import { openSecond } from './worlds.ts';

const closed = Object.keys(entrances).filter(isClosed);
const gets = closed.filter((name) => name.startsWith('GET '));
const posts = closed.filter((name) => /^(POST|PATCH|DELETE) /.test(name));
const needs =
  (...wanted: (string | undefined)[]) =>
  (name: string) =>
    wanted.includes(entranceOf(name).may);
const ofSite = (name: string) => pathOf(name).includes(':site');

const inside = '203.0.113.7';

let house: TestPanel;
let home: Household;
let foreignSite: string;
const guests = {} as Record<'viewer' | 'developer' | 'elsewhere', Visitor>;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, trustProxy: 'loopback' });
  await hostDatabases(house, ['mariadb']);
  home = await household(house, 'owner@example.com');
  const sites = home.site;
  foreignSite = await openSecond(house, home.site);
  guests.viewer = await welcome(house, home.visitor, { email: 'viewer@example.com', role: 'viewer', sites });
  guests.developer = await welcome(house, home.visitor, { email: 'developer@example.com', sites });
  await welcome(house, home.visitor, { email: 'expired@example.com', sites });
  await invite(house, home.visitor, { email: 'elsewhere@example.com', sites, networks: `${inside}\n2001:db8::/32` });
  guests.elsewhere = new Visitor(house);
  guests.elsewhere.agent.set('X-Forwarded-For', inside);
  await accept(house, 'elsewhere@example.com', guests.elsewhere);
});
afterAll(() => house && closeHosted(house));

const addressOf = (name: string, more: Record<string, string> = {}) =>
  filled(pathOf(name), { ...valuesFor(pathOf(name), home, {}), ...more });

test('every closed route says what it needs of whom it lets in, and no open one does', () => {
  expect(closed.filter(needs(undefined))).toEqual([]);
  expect(Object.keys(entrances).filter((name) => !isClosed(name) && entranceOf(name).may !== undefined)).toEqual([]);
  expect(posts.filter(needs('look'))).toEqual([]);
  // What stands under a site needs a right at it, or an owner's, and nothing else needs one at a site.
  expect(closed.filter((name) => (ofSite(name) ? needs('own') : needs('look', 'change', 'maker'))(name))).toEqual([]);
});

describe.each(['viewer', 'developer'] as const)('a %s', (role) => {
  const isViewer = role === 'viewer';
  test.each(gets.filter(isViewer ? needs('own', 'look') : needs('own', 'look', 'change')))(
    'is let in by %s, and sees nothing of what is not theirs',
    async (name) => {
      const { as, status = 200 } = entranceOf(name);
      const answer = await answered(guests[role].get(addressOf(name)), as);
      expect(answer.status).toBe(status);
      expect(answer.text ?? '').not.toContain(foreignSite);
      expect(answer.text ?? '').not.toContain('/account/people');
    },
  );

  test.each(gets.filter(isViewer ? needs('change', 'maker', 'people') : needs('maker', 'people')))(
    'is refused by %s',
    async (name) => {
      expect((await answered(guests[role].get(addressOf(name)))).status).toBe(403);
      expect((await answered(guests[role].get(addressOf(name)).set('Accept', 'application/json'))).status).toBe(403);
    },
  );

  const refusing = posts.filter(isViewer ? needs('change', 'maker', 'people') : needs('maker', 'people'));
  test.each(refusing)('is refused by %s, which changes nothing', async (name) => {
    const token = await tokenOf(guests[role]);
    const before = await fingerprint(house);
    const answer = await answered(sendForm(house, name, guests[role], addressOf(name), { token }));
    expect([answer.status, answer.text.includes('role') || answer.text.includes('역할')]).toEqual([403, true]);
    expect(await fingerprint(house)).toEqual(before);
  });

  test.each(closed.filter(ofSite))('finds no site behind %s that the place is not for', async (name) => {
    const token = await tokenOf(guests[role]);
    const before = await fingerprint(house);
    const address = addressOf(name, { site: foreignSite });
    const asked = name.startsWith('GET') ? guests[role].get(address) : sendForm(house, name, guests[role], address, { token });
    expect((await answered(asked)).status).toBe(404);
    expect(await fingerprint(house)).toEqual(before);
  });
});

describe('somebody whose place has expired', () => {
  const until = (expires_at: number | null) =>
    house.panel.doors.connection.write(async (tx) => {
      const person = await house.panel.doors.accounts.byLoginName('expired@example.com');
      await tx
        .updateTable('memberships')
        .set({ expires_at })
        .where('person_id', '=', person?.id ?? '')
        .execute();
    });

  test.each(closed)('is led to the login by %s, although no worker has ended the session', async (name) => {
    const visitor = new Visitor(house);
    await until(null);
    expect((await visitor.logIn('expired@example.com')).status).toBe(303);
    const token = await tokenOf(visitor);
    await until(house.clock.now());
    const before = await fingerprint(house);
    const address = addressOf(name);
    const answer = await answered(
      name.startsWith('GET') ? visitor.get(address) : sendForm(house, name, visitor, address, { token }),
    );
    expect([answer.status, answer.headers.location?.startsWith('/login?next=')]).toEqual([303, true]);
    expect((await answered(visitor.get('/dashboard').set('Accept', 'application/json'))).status).toBe(401);
    expect(await fingerprint(house)).toEqual(before);
  });
});

describe('somebody from an address that the place does not allow', () => {
  const outside = '198.51.100.9';

  test.each(closed)('is told so by %s, and nothing else', async (name) => {
    const { elsewhere } = guests;
    const token = await tokenOf(elsewhere);
    const address = addressOf(name);
    const ask = () => (name.startsWith('GET') ? elsewhere.get(address) : sendForm(house, name, elsewhere, address, { token }));
    const before = await fingerprint(house);
    const answer = await answered(ask().set('X-Forwarded-For', outside));
    // The page names its own address, for the other language: nothing but what was asked.
    const text = answer.text.replaceAll(address, '').replaceAll(encodeURIComponent(address), '');
    expect([answer.status, text.includes(outside), text.includes(home.site)]).toEqual([403, true, false]);
    expect((await answered(ask().set({ 'X-Forwarded-For': outside, Accept: 'application/json' }))).status).toBe(403);
    expect(await fingerprint(house)).toEqual(before);
  });

  test('goes on where they were, once they are back', async () => {
    expect((await guests.elsewhere.get('/dashboard')).status).toBe(200);
    expect((await guests.elsewhere.get('/dashboard').set('X-Forwarded-For', outside)).status).toBe(403);
    expect((await guests.elsewhere.get('/dashboard').set('X-Forwarded-For', '2001:db8::77')).status).toBe(200);
  });
});

describe('a developer', () => {
  // Were it not so, "refused" above could be true of everybody.
  const changing = posts.filter(needs('change')).filter((name) => entranceOf(name).provenBy === undefined);
  test.each(changing)('changes something at their own site by %s', async (name) => {
    // An hour each, which limits forget; a day each would let the worker back every site up in between.
    house.clock.advance(hour);
    const developer = new Visitor(house);
    await developer.logIn('developer@example.com');
    const token = await tokenOf(developer);
    const { found, before: prepare } = entranceOf(name);
    if (pathOf(name).includes('/files/')) await prepare?.(developer);
    const isFound = pathOf(name).includes('/files/') || pathOf(name).includes('/backups/');
    const fields = isFound ? await found?.(developer, house.clock.now(), home) : undefined;
    const before = await fingerprint(house);
    const answer = await answered(sendForm(house, name, developer, addressOf(name), { token, ...(fields && { fields }) }));
    expect(answer.status).toBe(entranceOf(name).script?.status ?? 303);
    expect(await fingerprint(house)).not.toEqual(before);
  });
});

describe('an owner whose contract has changed and who has not agreed to it', () => {
  let owner: Visitor;
  beforeAll(async () => {
    const { doors } = house.panel;
    await publishNext(doors, 'backup-service');
    house.clock.advance(8 * day);
    owner = new Visitor(house);
    await owner.logIn('owner@example.com');
    // The page to agree stands before the dashboard once.
    expect((await owner.get('/dashboard')).headers.location).toBe('/agree');
  });

  test.each(posts.filter(ofSite))('is refused by %s, which changes nothing', async (name) => {
    const token = await tokenOf(owner);
    const before = await fingerprint(house);
    const answer = await answered(sendForm(house, name, owner, addressOf(name), { token }));
    expect([answer.status, answer.text.includes('agree') || answer.text.includes('동의')]).toEqual([403, true]);
    expect(await fingerprint(house)).toEqual(before);
  });

  const reading = ['/sites/:site', '/sites/:site/files/*path', '/sites/:site/backups', '/sites/:site/backups/:id'];
  test.each([...reading, '/sites/:site/databases', '/sites/:site/usage'])('still looks at %s', async (path) => {
    const name = closed.find((one) => one === `GET ${path}` || one === `GET ${path.replace('/*path', '{/*path}')}`) ?? '';
    // The folder that every site has: others come and go with what is tried above.
    expect((await owner.get(addressOf(name, { path: 'www' }))).status).toBe(200);
  });
});
