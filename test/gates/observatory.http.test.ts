// Mozilla's published tests of HTTP headers, run over answers of a panel on https: /login ≥ 140, home ≥ 130, A+ (ruling 11, ux.md 5.2).
import fs from 'node:fs';
import { ALL_TESTS } from '@mdn/mdn-http-observatory/src/constants.js';
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from '@mdn/mdn-http-observatory/src/grader/charts.js';
import { getGradeForScore, getScoreModifier } from '@mdn/mdn-http-observatory/src/grader/grader.js';
import { Session } from '@mdn/mdn-http-observatory/src/retriever/session.js';
import { parseHttpEquivHeaders } from '@mdn/mdn-http-observatory/src/retriever/utils.js';
import { Requests } from '@mdn/mdn-http-observatory/src/types.js';
import type { Response, Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { headerFaults } from './answer-headers.ts';

const publicUrl = 'https://panel.example.com';
let house: TestPanel;
let owner: Visitor;

beforeAll(async () => {
  withoutPreloadList();
  house = await startPanel({ publicUrl });
  owner = new Visitor(house);
});
afterAll(() => house?.close());

/** The grader reads a list of preloaded hosts that its installer fetches; we install nothing from the network, and our host is in none. */
function withoutPreloadList(): void {
  const read = fs.readFileSync;
  const asked = vi.spyOn(fs, 'readFileSync');
  asked.mockImplementation(((path: fs.PathOrFileDescriptor, ...more: []) =>
    String(path).endsWith('hsts-preload.json') ? '{}' : read(path, ...more)) as typeof read);
}

type Graded = { readonly score: number; readonly grade: string; readonly results: Readonly<Record<string, number>> };

/** The arithmetic of the grader's `scan()`, which would fetch the page itself: extra credit counts only from 90 on. */
function graded(page: Response, preflight: Response): Graded {
  const outputs = ALL_TESTS.map((judge) => judge(requestsOf(page, preflight)));
  const results = Object.fromEntries(outputs.map(({ result }) => [String(result), getScoreModifier(String(result))]));
  const modifiers = Object.values(results);
  const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 100);
  const strict = sum(modifiers.filter((modifier) => modifier < 0));
  return { ...getGradeForScore(strict >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(modifiers) : strict), results };
}

/** TLS ends at the proxy (docs/operations.md), so its certificate and its redirect from http are taken as given. */
function requestsOf(page: Response, preflight: Response): Requests {
  const url = new URL(publicUrl);
  const requests = new Requests(url.hostname);
  const answer = ({ status, headers, text = '' }: Response) => ({
    status,
    statusText: '',
    headers,
    data: text,
    verified: true,
    config: {},
    request: { headers: { origin: 'https://http-observatory.security.mozilla.org' } },
    httpEquiv: parseHttpEquivHeaders(text, publicUrl),
  });
  const session = new Session(url);
  for (const cookie of [page.headers['set-cookie'] ?? []].flat()) session.jar.setCookieSync(cookie, publicUrl);
  requests.session = session;
  requests.resources.path = page.text;
  requests.responses.auto = answer(page);
  requests.responses.https = answer(page);
  requests.responses.cors = answer(preflight);
  return requests;
}

async function gradeOf(path: string, visitor = new Visitor(house)): Promise<Graded> {
  const preflight = await new Visitor(house).agent
    .options(visitor.path(path))
    .set('Origin', 'https://http-observatory.security.mozilla.org')
    .set('Access-Control-Request-Method', 'GET');
  return graded(await visitor.get(path), preflight);
}

describe.each(['ko', 'en'] as const)('in %s the Observatory gives', (language) => {
  test.each([
    ['/login', 140],
    ['/signup', 140],
    ['/', 130],
    ['/plans', 130],
    ['/officers', 130],
    ['/no-such-page', 130],
  ])('%s at least %i points and an A+, with no test below zero', async (path, least) => {
    const { score, grade, results } = await gradeOf(path, new Visitor(house, language));
    expect(Object.entries(results).filter(([, modifier]) => modifier < 0)).toEqual([]);
    expect([score >= least, grade, Object.keys(results).length]).toEqual([true, 'A+', ALL_TESTS.length]);
  });
});

describe('the grader sees', () => {
  const planted = async (change: (page: Response) => void) => {
    const page = await new Visitor(house).get('/login');
    change(page);
    return graded(page, page);
  };

  test.each([
    ['a policy with an inline style', 'content-security-policy', "default-src 'none'; style-src 'unsafe-inline'"],
    ['no HSTS', 'strict-transport-security', undefined],
    ['a session cookie without Secure', 'set-cookie', ['session=1; Path=/']],
    ['no isolation', 'cross-origin-resource-policy', undefined],
  ])('%s', async (_what, name, value) => {
    const whole = await planted(() => undefined);
    const without = await planted(({ headers }) => {
      delete headers[name];
      if (value !== undefined) Object.assign(headers, { [name]: value });
    });
    expect(without.score).toBeLessThan(whole.score);
  });

  test('scripts without integrity', async () => {
    const plain = await planted((page) => Object.assign(page, { text: page.text.replaceAll(/ integrity="[^"]*"/g, '') }));
    expect(plain.score).toBe(135);
  });
});

describe('on https every answer carries', () => {
  const asks: readonly [string, (visitor: Visitor) => Test, number][] = [
    ['a page', (visitor) => visitor.get('/'), 200],
    ['a page with a session', (visitor) => visitor.get('/login'), 200],
    ['JSON', (visitor) => visitor.get('/healthz'), 200],
    ['the way to the login', (visitor) => visitor.get('/dashboard'), 303],
    ['an address that cannot be read', (visitor) => visitor.get('/%'), 400],
    ['a forged form', (visitor) => visitor.agent.post('/login').type('form').send({ a: '1' }), 403],
    ['an unknown page', (visitor) => visitor.get('/no-such-page'), 404],
    ['an unknown file of ours', (visitor) => visitor.get('/assets/no-such.css'), 404],
    ['a link that is used', (visitor) => visitor.get('/verify/nothing'), 410],
    ['a body that is too large', (visitor) => visitor.send('/login', { email: 'x'.repeat(70_000) }), 413],
    ['an unexpected type', (visitor) => visitor.agent.post('/login').set('Origin', publicUrl).send({ a: 1 }), 415],
  ];

  test.each(asks)('the headers of the house: %s', async (_what, ask, status) => {
    const answer = await ask(owner);
    expect([answer.status, headerFaults(answer, { https: true })]).toEqual([status, []]);
  });

  test('the headers of the house: style, scripts and images', async () => {
    const { text } = await owner.get('/login');
    const files = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) {
      const answer = await owner.agent.get(path);
      expect([path, answer.status, headerFaults(answer, { https: true, as: 'asset' })]).toEqual([path, 200, []]);
    }
  });
});

describe('a look at headers sees', () => {
  test('each header that is missing, each that tells too much, and a cookie that others can read', async () => {
    const { headers } = await new Visitor(house).get('/login');
    const faults = (change: object) => headerFaults({ status: 200, headers: { ...headers, ...change } }, { https: true });
    expect(faults({})).toEqual([]);
    for (const [name, value] of [
      ['x-content-type-options', undefined],
      ['content-security-policy', "default-src 'self'"],
      ['cache-control', 'public'],
      ['strict-transport-security', 'max-age=60'],
      ['content-type', 'text/html'],
      ['x-powered-by', 'Express'],
      ['access-control-allow-origin', '*'],
      ['set-cookie', '__Host-sid=1; Path=/; Secure; SameSite=Lax'],
      ['set-cookie', 'sid=1; Path=/; Secure; HttpOnly; SameSite=Lax'],
    ] as const) {
      expect([name, faults({ [name]: value }).length]).toEqual([name, 1]);
    }
  });
});
