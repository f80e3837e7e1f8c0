// The panel as a module in a stranger's Express app: installed from the tarball, mounted under a path, twice in one process, or with few features.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newTestDatabase, type TestDatabase } from './support/databases.ts';
import { type Answer, Client, placesIn } from './support/embedding/client.ts';
import { type Host, type Installed, install, startHost } from './support/embedding/installed.ts';
import { password, secret, wanted } from './support/panel.ts';

let installed: Installed;
let data: string;
let host: Host | undefined;
const databases: TestDatabase[] = [];

beforeAll(async () => {
  installed = await install();
}, 180_000);
afterAll(() => installed?.remove());
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'gotgan-embedding-'));
});
afterEach(async () => {
  host?.kill();
  host = undefined;
  for (const database of databases.splice(0)) await database.remove();
  await rm(data, { recursive: true, force: true });
});

async function panelAt(mount: string, more: object = {}, place = mount): Promise<object> {
  const database = await newTestDatabase();
  databases.push(database);
  return { mount, secret, dataFolder: join(data, place), databaseUrl: database.url, ...more };
}

async function lettersOf(place: string): Promise<string[]> {
  const folder = join(data, place, 'outbox');
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
}

/** @returns the links of all letters: each stands alone on its line */
const linksOf = async (place: string) => (await lettersOf(place)).flatMap((letter) => letter.match(/^https?:\/\/\S+$/gm) ?? []);

/** Signs up and verifies at the panel under `mount`. */
async function arrive(client: Client, at: Host, mount: string, email: string, prefix = ''): Promise<void> {
  const { text } = await client.get(`${mount}${prefix}/signup`);
  const plan = /name="plan"[^>]*value="([^"]+)"/.exec(text)?.[1] ?? '';
  const signedUp = await client.submit(`${mount}${prefix}/signup`, { ...wanted, plan, email, password });
  expect([signedUp.status, signedUp.location]).toEqual([303, `${mount}${prefix}/signup/sent`]);
  await at.ask('workOnce');
  const link = (await linksOf(mount)).find((one) => one.includes('/verify/'));
  const verified = await client.submit(new URL(link ?? '').pathname, {});
  expect([verified.status, verified.location]).toEqual([303, `${mount}${prefix}/dashboard`]);
  await at.ask('workOnce');
}

/** Follows every link of the panel from these pages. @returns each page's answer by its address */
async function crawl(client: Client, mount: string, from: readonly string[]): Promise<Map<string, Answer>> {
  const pages = new Map<string, Answer>();
  const waiting = [...from];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (pages.has(next)) continue;
    const answer = await client.get(next);
    pages.set(next, answer);
    const isPage = answer.headers.get('content-type')?.startsWith('text/html');
    const places = [...(isPage ? placesIn(answer.text).links : []), ...(answer.location ? [answer.location] : [])];
    waiting.push(...places.filter((place) => place === mount || place.startsWith(`${mount}/`)));
    expect(pages.size, 'the crawl does not end').toBeLessThan(400);
  }
  return pages;
}

/** @returns every link and form of the crawled pages */
const leads = (pages: ReadonlyMap<string, Answer>) =>
  [...pages].flatMap(([page, { text, headers }]) => {
    if (!headers.get('content-type')?.startsWith('text/html')) return [];
    const { links, forms } = placesIn(text);
    return [...links, ...forms].map((to) => ({ page, to }));
  });

/** @returns pages that were linked to and are not there */
const missing = (pages: ReadonlyMap<string, Answer>) =>
  [...pages].filter(([, { status }]) => status !== 200 && status !== 303).map(([page, { status }]) => `${page} ${status}`);

const brandOf = (name: string) => ({ name, sender: `${name} <hello@${name.toLowerCase()}.example>` });

test('the tarball holds the built program with its types, views, assets and documents, and no sources', () => {
  for (const file of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli.js',
    'bin/gotgan.mjs',
    'views/layout.ejs',
    'docs/configuration.md',
    'LICENSE',
    'README.md',
  ]) {
    expect(installed.files).toContain(file);
  }
  for (const folder of ['public/css/', 'public/behaviours/', 'views/documents/', 'views/mail/', 'views/icons/']) {
    expect(
      installed.files.some((name) => name.startsWith(folder)),
      folder,
    ).toBe(true);
  }
  expect(
    installed.files.filter((name) => /^(src|test|data|\.ci)\//.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts'))),
  ).toEqual([]);
});

describe('mounted under /hosting in a foreign app', () => {
  let client: Client;
  let mounted: Host;

  beforeEach(async () => {
    mounted = await startHost(installed, [await panelAt('/hosting', { brand: brandOf('Alpha') })]);
    host = mounted;
    client = new Client(mounted.origin);
  });

  test.each(['', '/en'])(
    'every link, form and asset of its public pages stays under the mount (language "%s")',
    async (prefix) => {
      const pages = await crawl(client, '/hosting', [
        `/hosting${prefix || '/'}`,
        `/hosting${prefix}/login`,
        `/hosting${prefix}/signup`,
      ]);
      const outside = leads(pages).filter(({ to }) => to.startsWith('/') && to !== '/hosting' && !to.startsWith('/hosting/'));
      expect(outside).toEqual([]);
      expect(missing(pages)).toEqual([]);
      expect([...pages.keys()].some((page) => /^\/hosting\/assets\/panel\.[0-9a-f]+\.css$/.test(page))).toBe(true);
      expect(pages.size).toBeGreaterThan(10);
    },
  );

  test('the mount without a slash at its end is the home page', async () => {
    const { status, text } = await client.get('/hosting');
    expect(status).toBe(200);
    expect(text).toContain('<title>');
    expect(text).toContain('Alpha');
  });

  test('sign-up, letter, verification, logout and login keep to the mount, in both languages', async () => {
    await arrive(client, mounted, '/hosting', 'lee@example.com', '/en');
    const links = await linksOf('/hosting');
    expect(links.filter((link) => !link.startsWith(`${mounted.origin}/hosting/en/`))).toEqual([]);
    expect((await client.get('/hosting/en/dashboard')).status).toBe(200);
    expect(client.kept().filter((cookie) => !cookie.startsWith('host.sid'))).toContain('sid Path=/hosting');
    expect(client.kept().filter((cookie) => !cookie.startsWith('host.sid') && !cookie.endsWith('Path=/hosting'))).toEqual([]);

    const out = await client.submit('/hosting/en/dashboard', {}, '/hosting/en/logout');
    expect([out.status, out.location]).toEqual([303, '/hosting/en/login']);
    const asked = await client.get('/hosting/dashboard');
    expect([asked.status, asked.location]).toEqual([303, '/hosting/login?next=%2Fhosting%2Fdashboard']);
    const wrong = await client.submit('/hosting/login', { email: 'lee@example.com', password: 'not-this-one-7' });
    expect(wrong.status).toBe(422);
    const right = await client.submit('/hosting/login', { email: 'lee@example.com', password });
    expect([right.status, right.location]).toEqual([303, '/hosting/dashboard']);
    expect((await client.get('/hosting/dashboard')).status).toBe(200);
  });

  test('an upload passes the body parsers of the host', async () => {
    await arrive(client, mounted, '/hosting', 'park@example.com');
    const site = /\/hosting\/sites\/([a-z0-9-]+)\//.exec((await client.get('/hosting/files')).location)?.[1];
    const sent = await client.upload(`/hosting/sites/${site}/files/www`, `/hosting/sites/${site}/files/upload`, [
      { name: 'hello.html', body: '<!doctype html><title>hello</title>' },
      { name: 'shell.php', body: '<?php echo 1;' },
    ]);
    expect([sent.status, sent.location]).toEqual([303, expect.stringMatching(`^/hosting/sites/${site}/files/results/`)]);
    const { text } = await client.get(sent.location);
    expect(text).toContain('hello.html');
    expect(text).toContain('shell.php');
    const download = await client.get(`/hosting/sites/${site}/files/www/hello.html`);
    expect([download.status, download.text]).toEqual([200, '<!doctype html><title>hello</title>']);
  });

  test('a page that is missing inside is the panel’s, outside the host’s', async () => {
    const inside = await client.get('/hosting/no-such-page');
    expect(inside.status).toBe(404);
    expect(inside.text).toContain('Alpha');
    expect(inside.text).toContain('href="/hosting');
    expect(inside.text).not.toContain('the host');
    const outside = await client.get('/no-such-page');
    expect([outside.status, outside.text]).toEqual([404, 'the host knows no such page']);
    expect(outside.headers.get('content-security-policy')).toBeNull();
  });

  test('an error inside is the panel’s, outside the host’s', async () => {
    const forged = await client.ask('/hosting/login', {
      method: 'POST',
      body: new URLSearchParams({ email: 'a', password: 'b' }),
      headers: { origin: 'https://evil.example' },
    });
    expect(forged.status).toBe(403);
    expect(forged.text).toContain('Alpha');
    const unreadable = await client.get('/hosting/documents/%zz');
    expect(unreadable.status).toBe(400);
    expect(unreadable.text).toContain('Alpha');
    const json = await client.ask('/hosting/no-such-page', { headers: { accept: 'application/json' } });
    expect([json.status, json.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    const bug = await client.get('/broken');
    expect([bug.status, bug.text]).toEqual([500, 'the host says: a bug of the host']);
  });

  test('the sessions of host and panel do not touch each other', async () => {
    expect((await client.get('/')).text).toContain('seen 1,');
    const before = client.kept();
    await arrive(client, mounted, '/hosting', 'choi@example.com');
    expect(client.kept()).toEqual(
      [...before, 'sid Path=/hosting'].concat(client.kept().filter((cookie) => /^(device|__)/.test(cookie))).sort(),
    );
    const { text } = await client.get('/');
    expect(text).toContain('keys cookie seen');
    expect(Number(/seen (\d+),/.exec(text)?.[1])).toBeGreaterThan(5);
    const form = await client.ask('/form', { method: 'POST', body: new URLSearchParams('a[b]=c') });
    expect(JSON.parse(form.text).body).toEqual({ a: { b: 'c' } });
  });

  test('fields that the host has parsed into objects are refused with a page, never a bug', async () => {
    const page = await client.get('/hosting/login');
    const csrf = /name="_csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const odd = await client.post('/hosting/login', { _csrf: csrf, 'email[a]': 'x', 'password[b][c]': 'y', 'next[d]': 'z' });
    expect(odd.status).toBe(422);
    const without = await client.post('/hosting/login', { '_csrf[a]': csrf, email: 'x', password: 'y' });
    expect(without.status).toBe(403);
  });

  test('work goes on until its signal, and closed panels let the process end', async () => {
    await mounted.ask('work');
    const { text } = await client.get('/hosting/signup');
    const plan = /name="plan"[^>]*value="([^"]+)"/.exec(text)?.[1] ?? '';
    await client.submit('/hosting/signup', { ...wanted, plan, email: 'han@example.com', password });
    await expect.poll(() => linksOf('/hosting').catch(() => []), { timeout: 5000 }).not.toEqual([]);
    await mounted.ask('stopWork');
    expect(await mounted.close()).toBe(0);
  });
});

test('two panels with two brands in one process know nothing of each other', async () => {
  const both = await startHost(installed, [
    await panelAt('/a', { brand: brandOf('Alpha') }),
    await panelAt('/b', { brand: brandOf('Beta'), captchaAfter: 3 }),
  ]);
  host = both;
  const client = new Client(both.origin);
  await arrive(client, both, '/a', 'kim@example.com');
  expect((await client.get('/a/login')).text).toContain('Alpha');
  expect((await client.get('/a/login')).text).not.toContain('Beta');
  expect((await client.get('/b/login')).text).toContain('Beta');
  expect((await client.get('/b/login')).text).not.toContain('Alpha');

  expect((await client.get('/a/dashboard')).status).toBe(200);
  expect((await client.get('/b/dashboard')).location).toBe('/b/login?next=%2Fb%2Fdashboard');
  expect((await client.submit('/b/login', { email: 'kim@example.com', password })).status).toBe(422);
  const stranger = new Client(both.origin);
  expect((await stranger.submit('/a/login', { email: 'kim@example.com', password })).status).toBe(303);

  const [letter = ''] = await lettersOf('/a');
  expect(letter).toContain('hello@alpha.example');
  await expect(lettersOf('/b')).rejects.toThrow();
  expect(await both.close()).toBe(0);
});

test('a panel with only consent and backups answers 404 elsewhere, and nothing leads there', async () => {
  const whole = (await panelAt('/whole', { brand: brandOf('Alpha') })) as { databaseUrl: string };
  const few = { ...whole, mount: '/few', features: ['consent', 'backups'] };
  const both = await startHost(installed, [whole, few]);
  host = both;
  const client = new Client(both.origin);
  await arrive(client, both, '/whole', 'seo@example.com');
  const login = await client.submit('/few/login', { email: 'seo@example.com', password });
  expect([login.status, login.location]).toEqual([303, '/few/dashboard']);

  await client.submit((await client.get('/few/backups')).location, {});
  await both.ask('workOnce');

  const pages = await crawl(client, '/few', ['/few/dashboard', '/few/backups', '/few/documents/terms', '/few/en/dashboard']);
  const guest = await crawl(new Client(both.origin), '/few', ['/few/login', '/few/plans', '/few/en/login']);
  for (const crawled of [pages, guest]) {
    expect(missing(crawled)).toEqual([]);
    expect(leads(crawled).filter(({ to }) => off.test(to))).toEqual([]);
  }
  expect([...pages.keys()].some((page) => page.endsWith('/download'))).toBe(true);
  for (const path of ['/signup', '/files', '/backup-location', '/officers', '/guideline', '/notices', '/en/signup']) {
    expect([path, (await client.get(`/few${path}`)).status]).toEqual([path, 404]);
  }
});

/** Addresses of features that are not mounted there; `download/files` is a part of a backup. */
const off = /(?<!\/download)\/(signup|files|backup-location|officers|guideline|notices)(\/|$|\?)/;
