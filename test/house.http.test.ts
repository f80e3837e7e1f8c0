// What holds for every address: headers, order of checks, bad input in words, both languages, no stack and never a 500.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from './support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
});
afterAll(() => house?.close());

const pages = [
  '/',
  '/plans',
  '/backup-location',
  '/officers',
  '/privacy',
  '/guideline',
  '/documents/terms',
  '/documents/backup',
  '/documents/backup-service',
  '/documents/sla',
  '/documents/privacy',
  '/signup',
  '/login',
];

describe.each(['ko', 'en'] as const)('in %s', (language) => {
  test.each(pages)('%s is a page with the strict policy, without inline style or script', async (path) => {
    const answer = await new Visitor(house, language).get(path);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`<html lang="${language}"`);
    expect(answer.text).not.toMatch(/<style|style="|<script(?![^>]*src=)|\son\w+="/);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).not.toContain('unsafe');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.text).toContain(language === 'ko' ? '보안 담당자' : 'Security officer');
    for (const [, href] of answer.text.matchAll(/href="(\/[^"#?]*)/g)) {
      const target = await new Visitor(house).agent.get(href ?? '');
      expect([href, target.status < 400]).toEqual([href, true]);
    }
  });

  test.each(['/dashboard', '/files', '/backups', '/sites/unknown/files/www'])(
    '%s without a session leads to the login and back',
    async (path) => {
      const answer = await new Visitor(house, language).get(path);
      expect(answer.status).toBe(303);
      expect(answer.headers.location).toBe(
        `${language === 'en' ? '/en' : ''}/login?next=${encodeURIComponent((language === 'en' ? '/en' : '') + path)}`,
      );
    },
  );
});

test('the home page of a guest sets no cookie', async () => {
  for (const path of ['/', '/plans', '/officers'])
    expect((await new Visitor(house).get(path)).headers['set-cookie']).toBeUndefined();
});

test('the backup-responsibility notice is the first thing on the home page, with its carve-out, and cannot be closed', async () => {
  const { text } = await new Visitor(house).get('/');
  const main = text.slice(text.indexOf('<main'));
  expect(main.indexOf('백업은 고객께서 직접 하셔야 합니다')).toBeGreaterThan(0);
  expect(main.indexOf('백업은 고객께서 직접 하셔야 합니다')).toBeLessThan(main.indexOf('<h1'));
  expect(main).toContain('고의');
  expect(main).toContain('중대한 과실');
  expect(main.slice(0, main.indexOf('<h1'))).not.toMatch(/<details|<button|aria-hidden="true"[^>]*>\s*백업/);
});

test.each([
  ['GET', '/no-such-page', 404],
  ['GET', '/operator/', 404],
  ['GET', '/en/healthz', 404],
  ['GET', '/assets/panel.css', 404],
  ['GET', '/%', 400],
  ['GET', '/verify/nothing', 410],
  ['GET', '/login/link/nothing', 200],
  ['GET', '/plans/nothing', 404],
  ['GET', '/documents/nothing', 404],
  ['GET', '/documents/..%2fterms', 404],
  ['GET', '/sites/nothing/backups/1', 404],
  ['GET', '/sites/..%2f/files/www', 404],
])('%s %s answers %i in words', async (_method, path, status) => {
  const answer = await owner.agent.get(path);
  expect(answer.status).toBe(status);
  expect(answer.text).not.toMatch(/at \w+.*\.ts:\d+|node_modules|(?<!<title>)Error:/);
  if (status >= 400) expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
});

test('errors are problem+json for programs', async () => {
  const answer = await owner.agent.get('/no-such-page').set('Accept', 'application/json');
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ status: 404, type: 'about:blank' });
});

test('a body that is too large, of another type or unreadable is refused, never a 500', async () => {
  const post = () => owner.agent.post('/login').set('Origin', house.origin);
  expect(
    (
      await post()
        .type('form')
        .send({ email: 'x'.repeat(70_000) })
    ).status,
  ).toBe(413);
  expect((await post().type('json').send('{"email":"x"}')).status).toBe(415);
  expect((await post().type('text/plain').send('email=x')).status).toBe(415);
  expect(
    (
      await post()
        .type('form')
        .send(Array.from({ length: 2000 }, (_, i) => `f${i}=1`).join('&'))
    ).status,
  ).toBe(413);
  expect([400, 403]).toContain((await post().type('form').send('email=%E0%A4%A')).status);
});

test('other methods and a missing origin are refused', async () => {
  for (const method of ['put', 'delete', 'patch'] as const) expect((await owner.agent[method]('/login')).status).toBe(403);
  for (const method of ['put', 'delete', 'patch'] as const)
    expect((await owner.agent[method]('/login').set('Origin', house.origin)).status).toBeGreaterThanOrEqual(403);
});

test('every change checks origin, then session, then token', async () => {
  const changes = [
    '/login',
    '/login/link',
    '/logout',
    '/signup',
    '/signup/resend',
    '/confirm',
    `/sites/${site}/files/folder`,
    `/sites/${site}/files/move`,
    `/sites/${site}/files/delete`,
    `/sites/${site}/backups`,
  ];
  for (const path of changes) {
    expect([path, (await owner.agent.post(path).type('form').send({ a: '1' })).status]).toEqual([path, 403]);
    const guest = await new Visitor(house).send(path, { a: '1' });
    const open = ['/login', '/login/link', '/signup', '/signup/resend'].includes(path);
    expect([path, guest.status]).toEqual([path, open ? 403 : 303]);
    expect([path, (await owner.send(path, { a: '1' })).status]).toEqual([path, 403]);
    expect([path, (await owner.send(path, { a: '1', _csrf: 'x'.repeat(43) })).status]).toEqual([path, 403]);
  }
});

test('what was typed when the session had died is shown again after signing in', async () => {
  const visitor = new Visitor(house);
  await visitor.get('/login');
  const answer = await visitor.send(`/sites/${site}/backups`, { note: 'kept' });
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe(`/login?next=${encodeURIComponent(`/sites/${site}/backups`)}`);
});

test('too many sign-ups from one address wait until a clock time', async () => {
  const strict = await startPanel({ limits: { signUp: { count: 3, windowMilliseconds: 3_600_000 } } });
  try {
    const visitor = new Visitor(strict);
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(await visitor.submit('/signup', { email: `a${i}@example.com` }));
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 429]);
    expect(answers[3]?.text).toMatch(/\d\d:\d\d 이후/);
  } finally {
    await strict.close();
  }
});

test('on https the cookie is __Host- and Secure, and HSTS is sent; below a path it is __Secure- with that path', async () => {
  const whole = await startPanel({ publicUrl: 'https://panel.example.com' });
  const below = await startPanel({ publicUrl: 'https://example.com/hosting' });
  try {
    const cookie = async (panel: TestPanel) => String((await new Visitor(panel).get('/login')).headers['set-cookie']);
    expect(await cookie(whole)).toMatch(/^__Host-sid=.*Path=\/;.*HttpOnly; Secure/);
    expect((await new Visitor(whole).get('/')).headers['strict-transport-security']).toContain('max-age=');
    expect((await new Visitor(below).get('/')).headers['strict-transport-security']).toBeUndefined();
  } finally {
    await Promise.all([whole.close(), below.close()]);
  }
});
