// What a stranger tries at the sign-in: many requests at the same moment, old sessions, addresses that lead elsewhere.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hiddenFields, password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
const address = 'owner@example.com';

beforeAll(async () => {
  house = await startPanel({
    limitsScale: 1000,
    captcha: {
      draw: async () => ({ answer: 'ABCDEF', picture: Buffer.from('\x89PNG') }),
      normalise: (typed) => typed.toUpperCase(),
    },
  });
  await new Visitor(house).arrive(address);
});
afterAll(() => house?.close());

const statuses = (answers: readonly { status: number }[]) => answers.map(({ status }) => status).sort((a, b) => a - b);
const wrong = 'not-the-Right-1-one';
const failed = '이메일 또는 비밀번호가 일치하지 않습니다';

/** So many browsers, each with the form of a page open. */
const browsers = (count: number, page: string) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const visitor = new Visitor(house);
      return { visitor, hidden: await visitor.hidden(page) };
    }),
  );

describe('of twenty requests at the same moment', () => {
  test('one verifies the address', async () => {
    const email = 'verify@example.com';
    const visitor = new Visitor(house);
    await visitor.signUp(email);
    const link = await visitor.linkFor(email, '/verify/');
    const hidden = await visitor.hidden(link);
    const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.send(link, hidden)));
    expect(statuses(answers)).toEqual([303, ...Array(19).fill(410)]);
  });

  test('one signs in by a mailed link', async () => {
    await new Visitor(house).submit('/login', { email: address }, '/login/link');
    const link = await new Visitor(house).linkFor(address, '/login/link/');
    const all = await browsers(20, link);
    const answers = await Promise.all(all.map(({ visitor, hidden }) => visitor.send(link, hidden)));
    expect(statuses(answers)).toEqual([303, ...Array(19).fill(410)]);
    const dashboards = await Promise.all(all.map(({ visitor }) => visitor.get('/dashboard')));
    expect(statuses(dashboards)).toEqual([200, ...Array(19).fill(303)]);
  });

  test.each([
    ['a known address', address],
    ['an unknown one', 'nobody@example.com'],
  ])('with wrong passwords for %s, five are looked at before a CAPTCHA is asked', async (_name, email) => {
    const all = await browsers(20, '/login');
    const answers = await Promise.all(
      all.map(({ visitor, hidden }) => visitor.send('/login', { ...hidden, email, password: wrong })),
    );
    expect(answers.filter(({ text }) => text.includes(failed))).toHaveLength(5);
  });

  test('with the answer to one CAPTCHA, one is let through', async () => {
    const email = 'captcha@example.com';
    const visitor = new Visitor(house);
    for (let i = 0; i < 5; i += 1) await visitor.submit('/login', { email, password: wrong });
    const hidden = await visitor.hidden('/login');
    await visitor.get('/login/captcha');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => visitor.send('/login', { ...hidden, email, password: wrong, captcha: 'abcdef' })),
    );
    expect(answers.filter(({ text }) => text.includes(failed))).toHaveLength(1);
  });
});

test('the answer to the CAPTCHA of another session lets nobody through', async () => {
  const email = 'borrowed@example.com';
  const [one, other] = [new Visitor(house), new Visitor(house)];
  for (let i = 0; i < 5; i += 1) await one.submit('/login', { email, password: wrong });
  await other.submit('/login', { email, password: wrong });
  await one.get('/login/captcha');
  const answer = await other.submit('/login', { email, password: wrong, captcha: 'ABCDEF' });
  expect(answer.text).not.toContain(failed);
});

test('signing in leads to no other host, whatever `next` says', async () => {
  const visitor = new Visitor(house);
  const email = 'next@example.com';
  await visitor.arrive(email);
  for (const next of ['/en//evil.example', '/en//evil.example/login', '/en/%2e%2e//evil.example', '/en///evil.example']) {
    const answer = await visitor.logIn(email, { next });
    expect(answer.status).toBe(303);
    expect(new URL(answer.headers.location ?? '', house.origin).origin).toBe(house.origin);
  }
});

test('the link to the other language leads to no other host', async () => {
  const { text } = await new Visitor(house).get('/en//evil.example');
  const links = [...text.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, link]) => new URL(link ?? '', house.origin));
  expect(links.filter(({ protocol, origin }) => protocol === 'http:' && origin !== house.origin)).toEqual([]);
});

test('who signed out stays signed out, also when an upload of theirs ends later', async () => {
  const visitor = new Visitor(house);
  const site = await visitor.arrive('upload@example.com');
  const { text, request } = await visitor.get(`/sites/${site}/files/www`);
  const fields = hiddenFields(text, `/sites/${site}/files/upload`);
  const cookie = (request as unknown as { cookies: string }).cookies;
  const part = (name: string, value: unknown) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const start = part('_csrf', fields._csrf) + part('to', 'www');
  const end = '--b--\r\n';
  const answered = new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(house.origin).port), '127.0.0.1', async () => {
      socket.write(
        `POST /sites/${site}/files/upload HTTP/1.1\r\nHost: x\r\nOrigin: ${house.origin}\r\nCookie: ${cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${start.length + end.length}\r\n\r\n${start}`,
      );
      await new Promise((wait) => setTimeout(wait, 200));
      expect((await visitor.submit('/dashboard', {}, '/logout')).status).toBe(303);
      socket.write(end);
    });
    socket.once('data', (bytes) => resolve(bytes.toString())).once('error', reject);
  });
  // An upload without files says so on the next page, so its session is written again.
  expect(await answered).toMatch(/^HTTP\/1.1 303 /);
  const back = await new Visitor(house).get('/dashboard').set('Cookie', cookie);
  expect(back.headers.location).toMatch(/^\/login/);
});

test('a person whose place at the customer ended is out at the next request, and comes in no more', async () => {
  const email = 'leaver@example.com';
  const visitor = new Visitor(house);
  const site = await visitor.arrive(email);
  const { doors } = house.panel;
  const person = await doors.accounts.byLoginName(email);
  await doors.connection.write((tx) =>
    tx
      .updateTable('memberships')
      .set({ ended_at: house.clock.now() })
      .where('person_id', '=', person?.id ?? '')
      .execute(),
  );
  expect((await visitor.get(`/sites/${site}/files/www`)).headers.location).toMatch(/^\/login/);
  const answer = await new Visitor(house).logIn(email, { password });
  expect([answer.status, answer.text.includes(failed)]).toEqual([422, true]);
});

test('two tabs that are opened at the same moment after signing in can both send their forms', async () => {
  const visitor = new Visitor(house);
  const site = await visitor.arrive('tabs@example.com');
  await visitor.logIn('tabs@example.com');
  const folder = `/sites/${site}/files/folder`;
  const tabs = await Promise.all([1, 2, 3, 4].map(() => visitor.hidden(`/sites/${site}/files/www`, folder)));
  const answers = await Promise.all(
    tabs.map((hidden, tab) => visitor.send(folder, { ...hidden, path: 'www', name: `tab-${tab}` })),
  );
  expect(statuses(answers)).toEqual([303, 303, 303, 303]);
});
