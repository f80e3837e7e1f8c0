// Programs read backups by tokens: what a token is, what it never may, and the job of two lines as docs/api.md has it, with curl and sha256sum.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { commandsFor } from '../../src/api/commands.ts';
import { day, minute } from '../../src/platform/clock.ts';
import { hashToken } from '../../src/platform/secrets.ts';
import { makeToken } from '../gates/alert-rows.ts';
import { welcome } from '../people/guests.ts';
import { heardLog } from '../support/heard-log.ts';
import { password, startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

const run = promisify(execFile);
const email = 'owner@example.com';
const heard = heardLog();
let house: TestPanel;
let folder: string;
let site: string;
let other: string;
let id: string;
let archive: Buffer;
let archiveName: string;
let token: string;
/** site of somebody whom the operator signs out */
let operated: string;

beforeAll(async () => {
  house = await startPanel({
    limitsScale: 2,
    limits: { apiByToken: { count: 100, windowMilliseconds: 15 * minute } },
    log: heard.log,
    trustProxy: 'loopback',
  });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-api-'));
  const owner = new Visitor(house);
  site = await owner.arrive(email, { plan: 'forest' });
  await writeFile(join(house.folder, 'sites', site, 'www', 'big.bin'), randomBytes(3_000_000));
  await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  const row = await house.panel.doors.connection.db.selectFrom('backups').selectAll().executeTakeFirstOrThrow();
  id = row.id;
  archiveName = row.file_name ?? '';
  archive = await readFile(join(house.folder, 'archives', site, archiveName));
  other = await new Visitor(house).arrive('stranger@example.com');
});
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

async function signedIn(as = email, language: 'ko' | 'en' = 'ko'): Promise<Visitor> {
  const visitor = new Visitor(house, language);
  await visitor.logIn(as);
  return visitor;
}

const page = (of = site) => `/sites/${of}/backups/tokens`;

/** Makes a token by the form. @returns what its page shows, once */
async function make(visitor: Visitor, fields: Record<string, string> = {}, of = site): Promise<string> {
  const made = await visitor.submit(page(of), { name: 'NAS', ...fields });
  expect([made.status, made.headers.location]).toEqual([303, visitor.path(`${page(of)}/once`)]);
  const { text } = await visitor.get(`${page(of)}/once`);
  return /<code id="token">([^<]+)</.exec(text)?.[1] ?? '';
}

beforeEach(async () => {
  token ??= await make(await signedIn());
});

const api = (path = '', of = site) => `/api/v1/sites/${of}/backups${path}`;
const ask = (path: string, with_ = token, from = '203.0.113.9') => {
  const asked = new Visitor(house).agent.get(path).set('X-Forwarded-For', from);
  return with_ === '' ? asked : asked.set('Authorization', `Bearer ${with_}`);
};
const inBytes = (asked: ReturnType<typeof ask>) =>
  asked.buffer(true).parse((res, done) => {
    const chunks: Buffer[] = [];
    res.on('data', (chunk: Buffer) => chunks.push(chunk));
    res.on('end', () => done(null, Buffer.concat(chunks)));
  });
const templates = async () => {
  const rows = await house.panel.doors.connection.db.selectFrom('letters').selectAll().orderBy('id').execute();
  return rows.map(({ template }) => template).filter((one) => one.startsWith('token-') || one === 'backup-downloaded');
};

describe('a token', () => {
  test('is shown once, kept nowhere, and told by letter', async () => {
    const visitor = await signedIn();
    const made = await make(visitor, { name: '사무실 <NAS>' });
    expect(made).toMatch(/^gotgan_[\w-]{43}$/);
    expect((await visitor.get(`${page()}/once`)).headers.location).toBe(page());
    const { text } = await visitor.get(page());
    expect([text.includes(made), text.includes('사무실 &lt;NAS&gt;')]).toEqual([false, true]);
    const rows = await house.panel.doors.connection.db.selectFrom('api_tokens').selectAll().execute();
    expect([JSON.stringify(rows).includes(made), JSON.stringify(rows).includes('사무실')]).toEqual([false, false]);
    expect(await templates()).toContain('token-made');
    expect((await house.letters()).join()).not.toContain(made);
  });

  test('is refused without name, reach or time, and there are twenty at the most', async () => {
    const visitor = await signedIn();
    const wrong: Record<string, string>[] = [{ name: '' }, { reach: 'everything' }, { days: '3650' }, { name: 'x'.repeat(61) }];
    for (const fields of wrong) expect((await visitor.submit(page(), { name: 'NAS', ...fields })).status).toBe(422);
    const stranger = await signedIn('stranger@example.com');
    for (let count = 0; count < 18; count += 1) await makeToken(house, other, 'stranger@example.com');
    const atOnce = await Promise.allSettled(Array.from({ length: 6 }, () => makeToken(house, other, 'stranger@example.com')));
    expect(atOnce.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    const refused = await stranger.submit(page(other), { name: 'NAS' });
    expect([refused.status, refused.text.includes('20개')]).toEqual([422, true]);
  });

  test.each([
    ['of one person', 'operated@example.com'],
    ['of everybody', undefined],
  ])('ends when the operator ends the sessions %s', async (_whose, name) => {
    const of = await new Visitor(house).arrive('operated@example.com').catch(() => operated);
    operated = of;
    const { token: made } = await makeToken(house, of, 'operated@example.com');
    expect((await ask(api('', of), made)).status).toBe(200);
    await house.panel.doors.signIn.own.endByOperator(name);
    expect((await ask(api('', of), made)).status).toBe(401);
    house.clock.advance(minute);
    token = await make(await signedIn());
  });

  test('lists, shows, downloads and checks, and does nothing else', async () => {
    const list = await ask(api());
    expect([list.status, list.type, list.body.total]).toEqual([200, 'application/json', 1]);
    expect(list.body.backups[0]).toMatchObject({ id, state: 'verified', is_good: true, file_name: archiveName });
    expect(list.body.backups[0].archive_url).toBe(`${house.origin}${api(`/${id}/archive`)}`);
    for (const name of ['latest', id, archiveName]) expect((await ask(api(`/${name}`))).body.id).toBe(id);
    const whole = await inBytes(ask(api('/latest/archive')));
    expect([whole.status, whole.body.equals(archive)]).toEqual([200, true]);
    const part = await inBytes(
      ask(api('/latest/archive')).set({ Range: 'bytes=100-199', 'If-Range': String(whole.headers.etag) }),
    );
    expect([part.status, part.body.equals(archive.subarray(100, 200))]).toEqual([206, true]);
    expect((await ask(api(`/${archiveName}/sha256`))).text).toMatch(new RegExp(`^[0-9a-f]{64}  ${archiveName}\\n$`));
    for (const path of ['/dashboard', `/sites/${site}`, `/sites/${site}/backups`, '/account/security', page()]) {
      const answer = await ask(path);
      expect([path, answer.status, answer.headers.location?.startsWith('/login')]).toEqual([path, 303, true]);
    }
    const post = new Visitor(house).agent.post(api()).set('Authorization', `Bearer ${token}`);
    expect((await post).status).toBe(403);
    expect((await ask('/api/v1/sites')).status).toBe(404);
    expect((await ask(`/en${api()}`)).status).toBe(404);
  });

  test('is noted in the downloads of the site, without a letter each time', async () => {
    await inBytes(ask(api('/latest/archive')));
    const visitor = await signedIn();
    expect((await visitor.get(`/sites/${site}/backups/downloads`)).text).toContain('프로그램의 토큰으로');
    expect((await visitor.get(page())).text).toContain('203.0.113.9');
    expect(await templates()).not.toContain('backup-downloaded');
  });

  test('is told when it comes from a network it never came from, once for each', async () => {
    const count = async () => (await templates()).filter((one) => one === 'token-used').length;
    const before = await count();
    for (const from of ['198.51.100.7', '198.51.100.8', '198.51.100.7']) await ask(api(), token, from);
    expect(await count()).toBe(before + 1);
    await ask(api(), token, '2001:db8::7');
    expect(await count()).toBe(before + 2);
  });

  test('is refused in one way, as JSON whatever is accepted, when it is missing, wrong, in the address, or over', async () => {
    const answers = [
      await ask(api(), ''),
      await ask(api(), 'gotgan_'.padEnd(50, 'x')),
      await ask(`${api()}?token=${token}`, ''),
      await ask(`${api()}?access_token=${token}`, ''),
      await ask(api(), '').set('Authorization', `Basic ${Buffer.from(`x:${token}`).toString('base64')}`),
      await ask(api(), '').set('Cookie', `sid=${token}`),
      await ask(api(), '').set('Accept', 'text/html'),
    ];
    for (const { status, type, body, headers } of answers) {
      expect([status, type, body.code]).toEqual([401, 'application/problem+json', 'api.refused.token']);
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="backups"/);
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  test('is for its own site alone, unless it was made for all, and never for another customer', async () => {
    const all = await make(await signedIn(), { reach: 'all' });
    for (const one of [token, all]) {
      for (const foreign of [other, 'no-such-site']) expect((await ask(api('', foreign), one)).status).toBe(404);
      expect((await ask(api(`/${id}`, other), one)).status).toBe(404);
    }
    expect((await ask(api(), all)).status).toBe(200);
    const theirs = await house.panel.doors.connection.db.selectFrom('backups').select('id').where('id', '!=', id).execute();
    for (const one of [
      '0199f3a2-7c41-7d10-9a55-2f1c6be7a301',
      'x'.repeat(300),
      '..%2f..',
      'none.zip',
      ...theirs.map((row) => row.id),
    ])
      expect([one, (await ask(api(`/${one}`))).status]).toEqual([one, 404]);
    expect((await ask(api('?page=0'))).status).toBe(400);
    expect((await ask(api('?page=99'))).status).toBe(404);
  });

  test('ends by its maker, its owner, its time, a new password, and the end of its maker’s place', async () => {
    const owner = await signedIn();
    await welcome(house, owner, { email: 'developer@example.com', sites: site });
    const developer = await signedIn('developer@example.com');
    const status = async (one: string) => (await ask(api(), one)).status;
    const idOf = async (visitor: Visitor, name: string) => {
      const { text } = await visitor.get(page());
      const row = text.split('<tr>').find((one) => one.includes(name)) ?? '';
      return /tokens\/([0-9a-f-]{36})\/end/.exec(row)?.[1] ?? '';
    };
    const end = async (visitor: Visitor, name: string) =>
      visitor.submit(page(), {}, `${page()}/${await idOf(visitor, name)}/end`);

    const own = await make(developer, { name: 'of the developer' });
    const owners = await make(owner, { name: 'of the owner' });
    const short = await make(owner, { name: 'short', days: '30' });
    // Who is no owner sees their own alone, and ends no other's.
    expect((await developer.get(page())).text).not.toContain('of the owner');
    const forced = await developer.submit(page(), {}, `${page()}/${await idOf(owner, 'of the owner')}/end`);
    expect([forced.status, await status(owners)]).toEqual([403, 200]);
    expect([await status(own), (await end(owner, 'of the developer')).status, await status(own)]).toEqual([200, 303, 401]);

    const second = await make(developer, { name: 'second' });
    await developer.submit(
      '/account/security',
      { current_password: password, new_password: 'quiet-Harbor-52-lantern' },
      '/account/security/password',
    );
    expect(await status(second)).toBe(401);
    house.clock.advance(minute);
    const third = await make(await signedInWith('developer@example.com', 'quiet-Harbor-52-lantern'), { name: 'third' });
    expect(await status(third)).toBe(200);
    const person = await house.panel.doors.accounts.byLoginName('developer@example.com');
    const { connection } = house.panel.doors;
    const until = (expires_at: number | null) =>
      connection.write((tx) =>
        tx
          .updateTable('memberships')
          .set({ expires_at })
          .where('person_id', '=', person?.id ?? '')
          .execute(),
      );
    await until(house.clock.now());
    expect(await status(third)).toBe(401);
    await until(null);
    expect(await status(third)).toBe(200);

    house.clock.advance(24 * day);
    await house.panel.doors.tokens.keep();
    await house.panel.doors.tokens.keep();
    expect((await templates()).filter((one) => one === 'token-ending')).toHaveLength(1);
    house.clock.advance(7 * day);
    expect([await status(short), await status(owners)]).toEqual([401, 200]);
  });

  async function signedInWith(as: string, word: string): Promise<Visitor> {
    const visitor = new Visitor(house);
    await visitor.logIn(as, { password: word });
    return visitor;
  }

  test('works only from where its maker may come', async () => {
    const visitor = await signedIn();
    const one = await make(visitor);
    await visitor.submit('/account/security/networks', { networks: '203.0.113.0/24', with_present: '1' });
    expect((await ask(api(), one, '203.0.113.77')).status).toBe(200);
    const outside = await ask(api(), one, '198.51.100.7');
    expect([outside.status, outside.type]).toEqual([403, 'application/problem+json']);
    await visitor.submit('/account/security/networks', { networks: '' });
    expect((await ask(api(), one, '198.51.100.7')).status).toBe(200);
  });

  test('of a viewer there is none, and of a page whose sign-in is old neither', async () => {
    const visitor = await signedIn();
    await welcome(house, visitor, { email: 'viewer@example.com', role: 'viewer', sites: site });
    const viewer = await signedIn('viewer@example.com');
    expect((await viewer.get(page())).text).not.toContain('name="reach"');
    expect(
      (await viewer.send(page(), { ...(await viewer.hidden(`/account/security/not-me`)), name: 'x', reach: 'site', days: '30' }))
        .status,
    ).toBe(403);
    const hidden = await visitor.hidden(page());
    house.clock.advance(11 * minute);
    const asked = await visitor.send(page(), { ...hidden, name: 'x' });
    expect([asked.status, asked.headers.location?.startsWith('/confirm')]).toEqual([303, true]);
  });

  test('waits when it asks too often, and says until when', async () => {
    const { limits } = house.panel.doors.choices;
    const hash = hashToken(token);
    const { connection } = house.panel.doors;
    const { id: tokenId } = await connection.db
      .selectFrom('api_tokens')
      .select('id')
      .where('token_hash', '=', hash)
      .executeTakeFirstOrThrow();
    const { counters } = house.panel.doors;
    for (let count = 0; count < limits.apiByToken.count; count += 50)
      await Promise.all(Array.from({ length: 50 }, () => counters.hit(`api:${tokenId}`, limits.apiByToken.windowMilliseconds)));
    const first = await ask(api());
    expect([first.status, first.type]).toEqual([429, 'application/problem+json']);
    expect(Number(first.headers['retry-after'])).toBeGreaterThan(60);
    house.clock.advance(20 * minute);
    expect((await ask(api())).status).toBe(200);
  });

  test('is in no line of the log, nor is its site', () => {
    const written = JSON.stringify(heard.lines());
    expect(written).toContain('/api/v1/sites/:site/backups');
    expect([written.includes(token), /gotgan_[\w-]{40}/.test(written), written.includes(archiveName)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('the description for programs', () => {
  test('is OpenAPI 3.1, open to everybody, and what the answers are by ajv', async () => {
    const { body: description, type, headers } = await ask('/api/v1/openapi.json', '');
    expect([type, description.openapi, headers['set-cookie']]).toEqual(['application/json', '3.1.0', undefined]);
    expect(description.servers).toEqual([{ url: `${house.origin}/api/v1` }]);
    const ajv = new Ajv2020({ strict: true, allErrors: true, strictSchema: false });
    (formats as unknown as (ajv: Ajv2020) => void)(ajv);
    ajv.addSchema({ $id: 'https://panel.example/openapi', components: description.components });
    const faults = (name: string, value: unknown) => {
      const check = ajv.getSchema(`https://panel.example/openapi#/components/schemas/${name}`);
      if (!check) throw new Error(`no schema ${name}`);
      return check(value) ? [] : check.errors;
    };
    expect(faults('Backups', (await ask(api())).body)).toEqual([]);
    expect(faults('Backup', (await ask(api('/latest'))).body)).toEqual([]);
    for (const refused of [await ask(api(), ''), await ask(api('/none')), await ask(api('?page=x'))])
      expect(faults('Problem', refused.body)).toEqual([]);
    // Or the check would prove nothing.
    expect(faults('Backups', { ...(await ask(api())).body, more: 1 })).not.toEqual([]);
    expect(faults('Backup', { ...(await ask(api('/latest'))).body, sha256: 'x' })).not.toEqual([]);
  });

  test('has every address of the program, and no other', async () => {
    const { body } = await ask('/api/v1/openapi.json', '');
    const written = Object.keys(body.paths).map((path) => `/api/v1${path.replace(/\{(\w+)\}/g, ':$1')}`);
    const { routesOf } = await import('../gates/routes.ts');
    const built = routesOf(house.panel.app)
      .map(({ path }) => path)
      .filter((path) => path.startsWith('/api/v1/sites'));
    expect(written.sort()).toEqual(built.sort());
  });

  test('is true of backups in every state', async () => {
    const { connection } = house.panel.doors;
    const row = await connection.db.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const states = [
      'queued',
      'running',
      'made',
      'proven',
      'warned',
      'failed',
      'missing',
      'shrunken',
      'damaged',
      'expired',
    ] as const;
    const { body: description } = await ask('/api/v1/openapi.json', '');
    const ajv = new Ajv2020({ strictSchema: false });
    (formats as unknown as (ajv: Ajv2020) => void)(ajv);
    const check = ajv.compile(description.components.schemas.Backup);
    for (const state of states) {
      const isEmpty = ['queued', 'running', 'failed', 'missing'].includes(state);
      const empty = { file_name: null, bytes: null, sha256: null, files: null, databases: null, data_at: null, made_at: null };
      await connection.write((tx) =>
        tx
          .updateTable('backups')
          .set({ state, ...(isEmpty && { ...empty, verified_at: null }) })
          .where('id', '=', id)
          .execute(),
      );
      const { body } = await ask(api(`/${id}`));
      expect([state, check(body), check.errors]).toEqual([state, true, null]);
      const isThere = ['made', 'proven', 'warned', 'shrunken'].includes(state);
      expect([state, body.archive_url !== null]).toEqual([state, isThere]);
      await connection.write((tx) => tx.updateTable('backups').set(row).where('id', '=', id).execute());
    }
    await connection.write((tx) => tx.updateTable('backups').set({ state: 'failed' }).where('id', '=', id).execute());
    expect((await ask(api('/latest'))).body.code).toBe('api.refused.none');
    await connection.write((tx) => tx.updateTable('backups').set(row).where('id', '=', id).execute());
  });
});

describe('the job of two lines', () => {
  /** The shell blocks of docs/api.md, and what stands on the page, which must be the same. */
  async function lines(): Promise<{ keep: string; job: string }> {
    const text = await readFile(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
    const [keep = '', job = ''] = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = '']) => script);
    return { keep, job: job.replaceAll('PANEL', house.origin).replaceAll('SITE', site) };
  }
  const sh = (script: string, input = '') => {
    const done = run('sh', ['-e', '-c', script], { cwd: folder });
    done.child.stdin?.end(input);
    return done;
  };

  test('is the same on the page and in docs/api.md', async () => {
    const visitor = await signedIn();
    const { text } = await visitor.get(page());
    const shown = [1, 2].map((line) => unescaped(new RegExp(`<code id="line-${line}">([^<]+)<`).exec(text)?.[1] ?? ''));
    expect((await lines()).job).toBe(`${shown.join('\n')}\n`);
    expect(shown).toEqual(commandsFor(`${house.origin}/api/v1`, site));
  });

  test('fetches the newest archive, not twice, goes on where it broke off, and fails on a wrong byte or token', async () => {
    const sent = async () =>
      (
        await house.panel.doors.connection.db
          .selectFrom('backup_downloads')
          .select('sent_bytes')
          .where('by_link', '=', 2)
          .orderBy('id', 'desc')
          .execute()
      ).reduce((sum, row) => sum + Number(row.sent_bytes), 0);
    // What went out is written down once the connection took it, which may be after curl has ended.
    const written = (bytes: number) => vi.waitFor(async () => expect(await sent()).toBe(bytes), 10_000);
    const first = await sent();
    const { keep, job } = await lines();
    await sh(keep, `${token}\n`);
    expect((await stat(join(folder, 'gotgan-header'))).mode & 0o777).toBe(0o600);
    await sh(job);
    const path = join(folder, archiveName);
    expect((await readFile(path)).equals(archive)).toBe(true);
    const before = first + archive.length;
    await written(before);
    await sh(job);
    expect(await sent()).toBe(before);
    await truncate(path, 2_000_000);
    await sh(job);
    expect((await readFile(path)).equals(archive)).toBe(true);
    await written(before + archive.length - 2_000_000);
    const broken = Buffer.from(archive);
    broken[1000] = (broken[1000] ?? 0) ^ 1;
    await writeFile(path, broken.subarray(0, 2_000_000));
    await expect(sh(job)).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED') });
    await rm(path);
    await sh(keep, 'gotgan_nobody\n');
    await expect(sh(job)).rejects.toMatchObject({ code: 22, stderr: expect.stringContaining('401') });
    expect(await readdir(folder)).not.toContain(archiveName);
  });
});
