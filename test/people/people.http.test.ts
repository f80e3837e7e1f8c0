// Other people at a customer: invited by letter, with rights to named sites, for a while, from named networks.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Request } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Invitation } from '../../src/people/invitations.ts';
import { InvitationStore } from '../../src/people/store.ts';
import { day, minute } from '../../src/platform/clock.ts';
import { Invalid } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import type { SignedIn } from '../../src/platform/web/visit.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { accept, agreed, invite, placeOf, welcome } from './guests.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let count = 0;
const newAddress = () => {
  count += 1;
  return `guest${count}@example.com`;
};

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, trustProxy: 'loopback' });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
});
afterAll(() => house?.close());

const ownerAgain = async () => {
  owner = new Visitor(house);
  await owner.logIn('owner@example.com');
};
const errors = (text: string) =>
  [...text.matchAll(/<p class="error">[\s\S]*?<\/span>([^<]*)<\/span>/g)].map(([, one]) => one?.trim());

describe('an invitation', () => {
  test('makes an account with the rights that were given, once, and the owner is told', async () => {
    const email = newAddress();
    expect((await invite(house, owner, { email, sites: site })).status).toBe(303);
    const letter = (await house.letters()).filter((one) => one.includes(email)).at(-1) ?? '';
    expect(letter).toContain('owner@example.com');
    const guest = new Visitor(house);
    const link = await guest.linkFor(email, '/invitations/');
    const page = await guest.get(link);
    expect(page.text).toContain(site);
    expect((await accept(house, email, guest)).headers.location).toBe('/dashboard');
    expect(await guest.site()).toBe(site);
    expect((await guest.upload(site, [{ name: `${email}.txt`, body: 'by a developer' }])).status).toBe(303);
    expect(await readdir(join(house.folder, 'sites', site, 'www'))).toContain(`${email}.txt`);
    expect((await new Visitor(house).get(link)).status).toBe(410);
    const told = (await house.letters()).filter((one) => /^to: owner@example.com/im.test(one)).at(-1) ?? '';
    expect(told).toContain(email);
    const list = (await owner.get('/account/people')).text;
    expect(list).toContain(email);
    expect(list).toContain('개발자');
  });

  test('is in the language that the inviter chose', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site, language: 'en' });
    const letter = (await house.letters()).filter((one) => one.includes(email)).at(-1) ?? '';
    expect(letter).toContain('/en/invitations/');
    expect(letter).toContain('invites you to work together');
  });

  test('is void when it is withdrawn, sent again or a week old', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site });
    const first = await owner.linkFor(email, '/invitations/');
    const { text } = await owner.get('/account/people');
    const row = text.split('<tr>').find((one) => one.includes(email)) ?? '';
    const id = /invitations\/([0-9a-f-]{36})\/letter/.exec(row)?.[1] ?? '';
    await owner.submit('/account/people', {}, `/account/people/invitations/${id}/letter`);
    const second = await owner.linkFor(email, '/invitations/');
    expect(second).not.toBe(first);
    expect((await new Visitor(house).get(first)).status).toBe(410);
    expect((await new Visitor(house).get(second)).status).toBe(200);
    await owner.submit('/account/people', {}, `/account/people/invitations/${id}/withdrawal`);
    expect((await new Visitor(house).get(second)).status).toBe(410);

    const late = newAddress();
    await invite(house, owner, { email: late, sites: site });
    const link = await owner.linkFor(late, '/invitations/');
    house.clock.advance(7 * day);
    const answer = await new Visitor(house).get(link);
    expect([answer.status, answer.text.includes('기한이 지났거나')]).toEqual([410, true]);
    await ownerAgain();
  });

  test('is refused with every reason at once, and nothing is sent', async () => {
    const before = (await house.letters()).length;
    const answer = await owner.submit('/account/people/invitation', {
      email: 'nobody',
      role: 'owner',
      sites: 'no-such-site',
      until: '2020-01-01',
      networks: '203.0.113.0/24, office',
    });
    expect(answer.status).toBe(422);
    expect(errors(answer.text)).toHaveLength(5);
    expect(answer.text).toContain('2번째 주소');
    expect(answer.text).toContain('value="nobody"');
    expect((await house.letters()).length).toBe(before);
  });

  test.each([
    ['', '개발자는 언제까지'],
    ['2026-02-30', '날짜를'],
    ['tomorrow', '날짜를'],
    ['2030-01-01', '1년 안의'],
  ])('a developer until "%s" is refused: %s', async (until, reason) => {
    const answer = await owner.submit('/account/people/invitation', {
      email: newAddress(),
      role: 'developer',
      sites: site,
      until,
    });
    expect([answer.status, errors(answer.text).some((one) => one?.startsWith(reason))]).toEqual([422, true]);
  });

  test('to somebody who is there or invited already is refused in words', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site });
    expect((await invite(house, owner, { email: email.toUpperCase(), sites: site })).text).toContain('이미 초대한 주소');
    await accept(house, email);
    expect((await invite(house, owner, { email, sites: site })).text).toContain('이미 함께 쓰고 있는');
    expect((await invite(house, owner, { email: 'owner@example.com', sites: site })).text).toContain('이미 함께 쓰고 있는');
  });

  test('sent twice at the same moment is one', async () => {
    const email = newAddress();
    const answers = await Promise.all([
      invite(house, owner, { email, sites: site }),
      invite(house, owner, { email, sites: site }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
  });

  test('asks for a good password and consent, and keeps what was typed', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site });
    const guest = new Visitor(house);
    const link = await guest.linkFor(email, '/invitations/');
    const answer = await guest.submit(link, { password: 'qlalfqjsgh1', name: '박지훈' });
    expect(answer.status).toBe(422);
    expect(errors(answer.text).length).toBeGreaterThanOrEqual(3);
    expect(answer.text).toContain('value="박지훈"');
    const { id } = (await house.panel.doors.accounts.byLoginName(email)) ?? {};
    expect(id).toBeUndefined();
    expect((await guest.submit(link, { password, name: '박지훈', age_14: '1', agree_terms: '1' })).status).toBe(303);
    const { db } = house.panel.doors.connection;
    const person = await house.panel.doors.accounts.byLoginName(email);
    const given = await db
      .selectFrom('consents')
      .selectAll()
      .where('actor_person_id', '=', person?.id ?? '')
      .execute();
    expect(given.map((one) => [one.item, one.agreed, one.order_id])).toEqual([
      ['age_14', 1, null],
      ['agree_terms', 1, null],
    ]);
  });

  test('goes out fifty times a day for one customer, and a name that is a link stands in none of them', async () => {
    const sender = new Visitor(house);
    const theirs = await sender.arrive('sender@example.com', { name: '당첨 http://evil.example' });
    await invite(house, sender, { email: 'victim@example.com', sites: theirs });
    const { text } = await sender.get('/account/people');
    const id = /invitations\/([0-9a-f-]{36})\/letter/.exec(text)?.[1] ?? '';
    const hidden = await sender.hidden('/account/people', `/account/people/invitations/${id}/letter`);
    const again = () => sender.send(`/account/people/invitations/${id}/letter`, hidden);
    for (let sent = 1; sent < 50; sent += 1) expect((await again()).status).toBe(303);
    expect((await again()).status).toBe(429);
    const letter = (await house.letters()).find((one) => one.includes('victim@example.com')) ?? '';
    expect(letter).toContain('sender@example.com');
    expect(letter).not.toContain('evil.example');
  });

  test('makes no fifty-first of a customer, whose owner sends two side by side', async () => {
    const full = new Visitor(house);
    const theirs = await full.arrive('full@example.com');
    await invite(house, full, { email: 'first@example.com', sites: theirs });
    const { connection, secrets, accounts, people } = house.panel.doors;
    const owned = await accounts.byLoginName('full@example.com');
    const store = new InvitationStore(connection, secrets);
    const { customerId = '' } = (await accounts.memberships.valid(owned?.id ?? ''))[0] ?? {};
    const [one] = await store.open(customerId);
    // With the owner and the first one that makes 49.
    for (let at = 2; at < 49; at += 1)
      await connection.write((tx) =>
        store.add(tx, { ...(one as Invitation), id: newId(at) }, { token: `token-${at}`, emailIndex: `index-${at}` }),
      );
    const by = { personId: owned?.id, customerId } as SignedIn;
    const req = { visit: { person: by, address: '127.0.0.1', agent: '' } } as unknown as Request;
    const wanted = { role: 'developer', siteIds: [], networks: [], endsAt: null, language: 'ko' } as const;
    const once = { finish: async () => {} };
    // Both count before either of them is written: over HTTP that is chance.
    const both = [newAddress(), newAddress()].map((email) => people.invitations.invite(req, by, { ...wanted, email }, once));
    expect((await Promise.allSettled(both)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(people.invitations.invite(req, by, { ...wanted, email: newAddress() }, once)).rejects.toBeInstanceOf(Invalid);
    expect(await store.open(customerId)).toHaveLength(49);
  });

  test('is not sent again once its access would be over', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site, days: 2 });
    house.clock.advance(5 * day);
    await owner.logIn('owner@example.com');
    const { text } = await owner.get('/account/people');
    const id = /invitations\/([0-9a-f-]{36})\/letter/.exec(text.split('<tr>').find((row) => row.includes(email)) ?? '')?.[1];
    const answer = await owner.submit('/account/people', {}, `/account/people/invitations/${id}/letter`);
    expect([answer.status, answer.text.includes('이용 기한이 이미 지났습니다')]).toEqual([409, true]);
  });

  test('accepted twice at the same moment makes one person', async () => {
    const email = newAddress();
    await invite(house, owner, { email, sites: site });
    const link = await owner.linkFor(email, '/invitations/');
    const visitors = [new Visitor(house), new Visitor(house)];
    const shown = await Promise.all(visitors.map(async (visitor) => ({ visitor, hidden: await visitor.hidden(link) })));
    const answers = await Promise.all(shown.map(({ visitor, hidden }) => visitor.send(link, { ...hidden, ...agreed })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
  });

  test('of somebody who has an account joins it, after signing in, and nobody else', async () => {
    const other = new Visitor(house);
    const theirs = await other.arrive('studio@example.com');
    await invite(house, owner, { email: 'studio@example.com', sites: site });
    const link = await other.linkFor('studio@example.com', '/invitations/');
    const stranger = await new Visitor(house).get(link);
    expect(stranger.text).toContain('/login?next=');
    expect(stranger.text).not.toContain('name="password"');
    expect((await owner.get(link)).text).toContain('다른 사람에게 온 것입니다');
    expect((await owner.submit(link, {}, link)).status).toBe(403);
    const cookie = other.agent.jar.getCookie('sid', { domain: '127.0.0.1', path: '/', secure: false, script: false })?.value;
    expect((await other.submit(link, {})).headers.location).toBe('/dashboard');
    expect(other.agent.jar.getCookie('sid', { domain: '127.0.0.1', path: '/', secure: false, script: false })?.value).not.toBe(
      cookie,
    );
    expect(await other.site()).toBe(site);

    const choose = await other.get('/account/customers');
    const own = /name="customer" value="([^"]+)"/.exec(choose.text)?.[1] ?? '';
    expect((await other.submit('/account/customers', { customer: own })).status).toBe(303);
    expect(await other.site()).toBe(theirs);
    expect((await other.get(`/sites/${site}/files/www`)).status).toBe(404);
    expect((await other.submit('/account/customers', { customer: 'nobody' }, '/account/customers')).status).toBe(404);
  });
});

describe('rights', () => {
  test('a viewer sees and downloads, and changes nothing; neither sees people of the account', async () => {
    const viewer = await welcome(house, owner, { email: newAddress(), role: 'viewer', sites: site });
    const folder = await viewer.get(`/sites/${site}/files/www`);
    expect([folder.status, folder.text.includes('보거나 받는 것은 할 수 있습니다')]).toEqual([200, true]);
    // No form that would be refused: what is left signs out and keeps signed in.
    expect([...folder.text.matchAll(/<form[^>]* method="post"[^>]* action="([^"]+)"/g)].map(([, action]) => action)).toEqual([
      '/logout',
      '/account/stay',
    ]);
    expect((await viewer.get(`/sites/${site}/files/www?do=move&path=www/index.html`)).status).toBe(403);
    expect((await viewer.upload(site, [{ name: 'a.txt', body: 'a' }])).status).toBe(403);
    expect((await viewer.get('/account/people')).status).toBe(403);
    expect((await viewer.get('/account/people/invitation')).status).toBe(403);
    expect((await viewer.get('/account/security')).status).toBe(200);
    expect((await viewer.get('/dashboard')).text).not.toContain('/account/people');
  });

  test('may be changed, and hold from the next request on', async () => {
    const email = newAddress();
    const guest = await welcome(house, owner, { email, sites: site });
    const id = await placeOf(owner, email);
    const changed = await owner.submit(`/account/people/${id}`, { role: 'viewer', sites: site, until: '', networks: '' });
    expect(changed.status).toBe(303);
    // Another role is another session.
    expect((await guest.get('/dashboard')).headers.location).toContain('/login');
    await guest.logIn(email);
    expect((await guest.upload(site, [{ name: 'a.txt', body: 'a' }])).status).toBe(403);
    expect((await house.letters()).at(-2)).toContain(email);
  });

  test('are not widened by a list of networks or a day that cannot be read', async () => {
    const email = newAddress();
    await welcome(house, owner, { email, sites: site, networks: '127.0.0.0/8' });
    const page = `/account/people/${await placeOf(owner, email)}`;
    const fields = { role: 'viewer', sites: site, until: '', networks: '127.0.0.0/8' };
    for (const wrong of [
      { networks: '127.0.0.1\n'.repeat(500) },
      { networks: ['127.0.0.1', '::1'] },
      { until: ['2099-01-01', ''] },
    ])
      expect((await owner.submit(page, { ...fields, ...wrong })).status).toBe(422);
    expect((await owner.get(page)).text).toContain('127.0.0.0/8</textarea>');
  });

  test('end at once, with every session, and the way in is closed', async () => {
    const email = newAddress();
    const guest = await welcome(house, owner, { email, sites: site });
    const second = new Visitor(house);
    await second.logIn(email);
    const id = await placeOf(owner, email);
    const token = await guest.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/folder`);
    expect((await owner.submit(`/account/people/${id}/end`, {})).status).toBe(303);
    for (const one of [guest, second]) expect((await one.get('/dashboard')).headers.location).toContain('/login');
    expect((await guest.send(`/sites/${site}/files/folder`, { ...token, name: 'late' })).headers.location).toContain('/login');
    expect(await readdir(join(house.folder, 'sites', site, 'www'))).not.toContain('late');
    expect((await guest.logIn(email)).status).toBe(422);
    expect((await owner.get('/account/people')).text).not.toContain(email);
    expect((await owner.submit(`/account/people/${id}/end`, {}, `/account/people/${id}/end`)).status).toBe(404);
  });

  test("an owner's own place can neither be changed nor ended here", async () => {
    const { db } = house.panel.doors.connection;
    const { id } = await db
      .selectFrom('memberships')
      .select('id')
      .where('role', '=', 'owner')
      .orderBy('created_at')
      .executeTakeFirstOrThrow();
    expect((await owner.get(`/account/people/${id}`)).status).toBe(404);
    expect((await owner.get(`/account/people/${id}/end`)).status).toBe(404);
  });
});

describe('the end of a place', () => {
  test('ends sessions although no worker ran, and extending it does not bring them back', async () => {
    const email = newAddress();
    const guest = await welcome(house, owner, { email, sites: site, days: 0 });
    // 03:00 UTC is noon in Seoul: the place ends twelve hours from now, as sessions would; so this one begins later.
    const at = house.clock.now();
    const midnight = Date.parse(`${new Date(at + 9 * 3_600_000).toISOString().slice(0, 10)}T15:00:00Z`);
    house.clock.advance(midnight - minute - at);
    await guest.logIn(email);
    expect((await guest.get('/dashboard')).status).toBe(200);
    const token = await guest.hidden(`/sites/${site}/files/www`, `/sites/${site}/files/folder`);
    house.clock.advance(minute);
    expect((await guest.send(`/sites/${site}/files/folder`, { ...token, name: 'late' })).headers.location).toContain('/login');
    expect((await guest.get('/dashboard')).headers.location).toContain('/login');
    expect((await guest.logIn(email)).status).toBe(422);
    await ownerAgain();
    expect((await owner.get('/account/people')).text).toContain('기한 지남');
    const id = await placeOf(owner, email);
    const until = new Date(house.clock.now() + 5 * day).toISOString().slice(0, 10);
    expect((await owner.submit(`/account/people/${id}`, { role: 'developer', sites: site, until, networks: '' })).status).toBe(
      303,
    );
    expect((await guest.get('/dashboard')).headers.location).toContain('/login');
    expect((await guest.logIn(email)).status).toBe(303);
    expect((await guest.get('/dashboard')).status).toBe(200);
  });

  test('is written down once by the worker, which ends sessions that nobody uses', async () => {
    const email = newAddress();
    await welcome(house, owner, { email, sites: site, days: 0 });
    const { db } = house.panel.doors.connection;
    const person = await house.panel.doors.accounts.byLoginName(email);
    const sessions = () =>
      db
        .selectFrom('sessions')
        .select('id_hash')
        .where('person_id', '=', person?.id ?? '')
        .execute();
    expect(await sessions()).toHaveLength(1);
    house.clock.advance(day);
    await house.work();
    await house.work();
    expect(await sessions()).toHaveLength(0);
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'people.expired')
      .where('subject_id', '=', person?.id ?? '')
      .execute();
    expect(rows).toHaveLength(1);
    await ownerAgain();
  });
});

describe('allowed networks', () => {
  const inside = { 'X-Forwarded-For': '203.0.113.7' };
  const outside = { 'X-Forwarded-For': '198.51.100.9' };
  let email: string;
  let guest: Visitor;

  beforeAll(async () => {
    email = newAddress();
    await invite(house, owner, { email, sites: site, networks: '203.0.113.0/24\n2001:db8::/32' });
    guest = new Visitor(house);
  });

  test('refuse the invitation from elsewhere, in words, without using it up', async () => {
    const link = await guest.linkFor(email, '/invitations/');
    const fields = { ...(await guest.hidden(link)), password, name: '', age_14: '1', agree_terms: '1' };
    const refused = await guest.send(link, fields).set(outside);
    expect([refused.status, refused.text.includes('198.51.100.9')]).toEqual([403, true]);
    expect((await guest.send(link, fields).set(inside)).status).toBe(303);
  });

  test('are asked at each request: elsewhere every page says so, and back inside the session goes on', async () => {
    expect((await guest.get('/dashboard').set(inside)).status).toBe(200);
    expect((await guest.get('/dashboard').set({ 'X-Forwarded-For': '2001:db8::9' })).status).toBe(200);
    const refused = await guest.get('/dashboard').set(outside);
    expect([refused.status, refused.text.includes('198.51.100.9')]).toEqual([403, true]);
    expect(refused.text).not.toContain(site);
    expect((await guest.get('/dashboard').set(outside).set('Accept', 'application/json')).status).toBe(403);
    expect((await guest.get('/dashboard').set(inside)).status).toBe(200);
  });

  test('refuse a right password as a wrong one is refused; its owner is told by letter, once an hour', async () => {
    const letters = async () =>
      (await house.letters()).filter((one) => one.includes(email) && one.includes('/password/forgot')).length;
    const logIn = async (word: string) => {
      const visitor = new Visitor(house);
      const hidden = await visitor.hidden('/login');
      return visitor.send('/login', { ...hidden, email, password: word }).set(outside);
    };
    const strip = (text: string) =>
      text.replace(/value="[\w-]{20,}"|content="[\w-]{20,}"|nonce="[^"]*"/g, '').replace(/<small[^>]*>[^<]*<\/small>/g, '');
    const before = await letters();
    const [right, wrong] = [await logIn(password), await logIn('not-the-Right-1-one')];
    expect([right.status, wrong.status]).toEqual([422, 422]);
    expect(strip(right.text)).toBe(strip(wrong.text));
    expect(await letters()).toBe(before + 1);
    await logIn(password);
    expect(await letters()).toBe(before + 1);
    expect((await owner.get('/account/history?kind=signIn')).text).toContain('허용하지 않은 IP 주소');
  });

  test('refuse a mailed link from elsewhere in words, since whoever has it reads the mailbox', async () => {
    const visitor = new Visitor(house);
    await visitor.submit('/login', { email }, '/login/link');
    const link = await visitor.linkFor(email, '/login/link/');
    const answer = await visitor.send(link, await visitor.hidden(link)).set(outside);
    expect([answer.status, answer.text.includes('198.51.100.9')]).toEqual([403, true]);
  });
});
