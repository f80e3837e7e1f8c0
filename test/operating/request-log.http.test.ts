// One line a request and a job, in which nobody is named: the main journeys with known secrets, and the whole log searched for each of them.
import { connect } from 'node:net';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HeardLog, heardLog } from '../support/heard-log.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let heard: HeardLog;
let panel: TestPanel;

beforeEach(async () => {
  heard = heardLog();
  panel = await startPanel({ log: heard.log, trustProxy: 'loopback' });
});
afterEach(() => panel.close());

const requests = () => heard.lines('request');
const last = () => requests().at(-1);

/** The line is written when the connection has the whole answer, which the visitor may see first. */
const untilLines = (count: number) => expect.poll(() => requests().length, { timeout: 5000 }).toBeGreaterThanOrEqual(count);

describe('a request', () => {
  test('has one line with its route, outcome, time and bytes, and the number that its answer carries', async () => {
    const answer = await new Visitor(panel).get('/plans?from=somewhere');
    await untilLines(1);
    expect(requests()).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        msg: 'request',
        requestId: answer.headers['x-request-id'],
        method: 'GET',
        route: '/plans',
        status: 200,
        milliseconds: expect.any(Number),
        bytes: expect.any(Number),
        aborted: false,
      },
    ]);
    expect(Number(last()?.bytes)).toBeGreaterThan(Buffer.byteLength(answer.text));
  });

  test('is told by the pattern of its route, in both languages; what no route took is "none"', async () => {
    const guest = new Visitor(panel);
    await guest.get('/verify/the-token-of-a-letter');
    await guest.get('/en/documents/terms');
    await guest.get('/nowhere/at-all');
    await guest.agent.post('/login').set('Origin', 'https://evil.example').type('form').send({});
    await untilLines(4);
    expect(requests().map(({ method, route, status }) => [method, route, status])).toEqual([
      ['GET', '/verify/:token', 410],
      ['GET', '/documents/:document', 200],
      ['GET', 'none', 404],
      ['POST', 'none', 403],
    ]);
  });

  test('of a person who is signed in carries the same digest each time, which is not their id', async () => {
    const visitor = new Visitor(panel);
    await visitor.arrive('yoon@example.com');
    await visitor.get('/dashboard');
    await visitor.get('/dashboard');
    const ids = await panel.panel.doors.connection.db.selectFrom('persons').select('id').execute();
    const lines = requests().filter(({ route }) => route === '/dashboard');
    expect(lines[0]?.person).toMatch(/^[\w-]{16}$/);
    expect(lines[1]?.person).toBe(lines[0]?.person);
    for (const { id } of ids) expect(heard.text()).not.toContain(id);
  });

  test('that a bug ended is an error, and the page, the line of the bug and the line of the request show one number', async () => {
    const visitor = new Visitor(panel);
    const site = await visitor.arrive('bug@example.com');
    await panel.panel.doors.connection.write((tx) => sql`alter table uploads rename to uploads_gone`.execute(tx));
    const answer = await visitor.upload(site, [{ name: 'private-diary.txt', body: 'dear diary' }]);
    await panel.panel.doors.connection.write((tx) => sql`alter table uploads_gone rename to uploads`.execute(tx));
    expect(answer.status).toBe(500);
    const [bug] = heard.lines('bug');
    expect(answer.text).toContain(bug?.requestId);
    await expect.poll(() => requests().find(({ requestId }) => requestId === bug?.requestId)?.level).toBe(50);
    expect(bug?.err).toMatchObject({
      says: expect.stringContaining('uploads'),
      at: expect.arrayContaining([expect.any(String)]),
    });
    expect(heard.text()).not.toContain('private-diary');
  });

  test('whose visitor left before the end is marked as aborted', async () => {
    const visitor = new Visitor(panel);
    const site = await visitor.arrive('left@example.com');
    await visitor.upload(site, [{ name: 'big.txt', body: 'a'.repeat(30_000_000) }]);
    const cookie = cookieOf(await visitor.get('/dashboard'), visitor);
    const { port } = new URL(panel.origin);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET /sites/${site}/files/www/big.txt HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n\r\n`),
      );
      socket.once('data', () => socket.destroy());
      socket.once('close', () => resolve());
    });
    await expect.poll(() => requests().filter(({ aborted }) => aborted).length, { timeout: 5000 }).toBe(1);
    const line = requests().find(({ aborted }) => aborted);
    expect(line).toMatchObject({ route: '/sites/:site/files{/*path}', status: 200 });
    expect(Number(line?.bytes)).toBeLessThan(30_000_000);
  });

  test('of a machine that looks whether the panel lives is only told at "debug"', async () => {
    const guest = new Visitor(panel);
    for (const path of ['/healthz', '/readyz', '/metrics']) await guest.get(path);
    await untilLines(3);
    expect(requests().map(({ level, route }) => [level, route])).toEqual([
      [20, '/healthz'],
      [20, '/readyz'],
      [20, '/metrics'],
    ]);
  });
});

describe('the number of a request', () => {
  const sent = async (id: string) => (await new Visitor(panel).get('/plans').set('X-Request-Id', id)).headers['x-request-id'];

  test('is the one a trusted proxy gave', async () => {
    expect(await sent('3f2a9c7d10b44e0f9a51c2d3e4f50617')).toBe('3f2a9c7d10b44e0f9a51c2d3e4f50617');
  });

  test.each([
    'short',
    'with space in it',
    `${'a'.repeat(65)}`,
    '"}{"msg":"forged"',
    '<script>alert(1)</script>',
    '%0aforged-line',
    'kim@example.com',
  ])('is our own where the proxy sent %j', async (id) => {
    expect(await sent(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  test('is our own where no proxy is trusted, whatever a visitor sends', async () => {
    const alone = await startPanel({ log: heard.log });
    const answer = await new Visitor(alone).get('/plans').set('X-Request-Id', '3f2a9c7d10b44e0f9a51c2d3e4f50617');
    await alone.close();
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(heard.text()).not.toContain('3f2a9c7d10b44e0f');
  });
});

test('a job has one line with its name, time, attempt and outcome', async () => {
  await new Visitor(panel).arrive('job@example.com');
  const jobs = heard.lines('job').map(({ job, outcome, attempt, milliseconds }) => [job, outcome, attempt, typeof milliseconds]);
  expect(jobs).toContainEqual(['sites.open', 'done', 1, 'number']);
});

test('a job that failed tells why, and the one that gave up is an error', async () => {
  const unreachable = await startPanel({ log: heard.log, mailUrl: 'smtp://127.0.0.1:9' });
  await new Visitor(unreachable).signUp('nobody-there@example.com');
  await unreachable.work();
  const { connection, queue } = unreachable.panel.doors;
  const { id } = await connection.db.selectFrom('letters').select('id').executeTakeFirstOrThrow();
  await connection.write((tx) => queue.add(tx, 'letters.send', { letterId: id }, { maximumAttempts: 1 }));
  await unreachable.work();
  await unreachable.close();
  const why = { type: 'PanelError', says: 'error.unavailable', code: 'ESOCKET' };
  expect(heard.lines('job')).toMatchObject([
    { level: 40, job: 'letters.send', outcome: 'failed', attempt: 1, err: why },
    { level: 50, job: 'letters.send', outcome: 'gave_up', attempt: 1, err: why },
  ]);
});

test('after the main journeys the log holds no password, token, cookie, address, name, file name or query', async () => {
  const secrets = {
    email: 'secret.person@private-mail.example',
    name: '홍길동비밀',
    phone: '010-9876-1234',
    wrongPassword: 'wrong-Password-99-typed',
    password,
    file: '가족사진-2026.txt',
    folder: '비밀폴더',
    refusedFile: 'hidden-shell.php',
    content: 'the-words-inside-the-file',
    query: 'value-of-a-query',
    agent: 'Tell-Tale-Browser/7.1',
    address: '203.0.113.77',
  };
  const visitor = new Visitor(panel);
  visitor.agent.set('User-Agent', secrets.agent).set('X-Forwarded-For', secrets.address);
  const found = new Set<string>();
  const note = (page: { text: string; headers: Record<string, string | string[] | undefined> }) => {
    for (const [, token = ''] of page.text.matchAll(/name="_(?:csrf|idem)" value="([^"]+)"/g)) found.add(token);
    for (const cookie of [page.headers['set-cookie'] ?? []].flat()) found.add(cookie.split(';')[0]?.split('=')[1] ?? '');
  };
  note(await visitor.get(`/signup?utm=${secrets.query}`));
  await visitor.signUp(secrets.email, { name: secrets.name, phone: secrets.phone });
  const link = await visitor.linkFor(secrets.email, '/verify/');
  found.add(link.split('/').at(-1) ?? '');
  await visitor.submit(link, {});
  await panel.work();
  const site = await visitor.site();
  note(await visitor.get(`/dashboard?next=${secrets.query}`));
  await visitor.submit(`/sites/${site}/files/www`, { path: 'www', name: secrets.folder }, `/sites/${site}/files/folder`);
  const uploaded = await visitor.upload(site, [
    { name: secrets.file, body: secrets.content },
    { name: secrets.refusedFile, body: '<?php 1;' },
  ]);
  note(await visitor.get(uploaded.headers.location ?? ''));
  await visitor.get(`/sites/${site}/files/www/${encodeURIComponent(secrets.file)}`).expect(200);
  await visitor.get(`/sites/${site}/files/www/${encodeURIComponent('없는-파일.txt')}`).expect(404);
  await visitor.submit(`/sites/${site}/backups`, {});
  await panel.work();
  await visitor.submit('/dashboard', {}, '/logout');
  note(await visitor.get('/login'));
  const failed = await visitor.logIn(secrets.email, { password: secrets.wrongPassword });
  expect(failed.status).toBe(422);
  await visitor.submit('/login', { email: secrets.email }, '/login/link');
  found.add((await visitor.linkFor(secrets.email, '/login/link/')).split('/').at(-1) ?? '');
  note(await visitor.logIn(secrets.email));
  const download = /href="(\/sites\/[^"]+\/download)"/.exec((await visitor.get(`/sites/${site}/backups`)).text)?.[1] ?? '';
  await visitor.get(download).expect(200);
  // The letter about the download, and a backup under the name of its site.
  await panel.work();
  // A body that cannot be read, and an address that cannot be read.
  await visitor.agent.post('/login').set('Origin', panel.origin).type('json').send({ email: secrets.email });
  await visitor.agent.get(`/documents/%zz?${secrets.query}`);
  found.delete('');
  expect(found.size).toBeGreaterThan(6);

  const text = heard.text();
  expect(requests().length).toBeGreaterThan(20);
  for (const secret of [...Object.values(secrets), ...found, site]) {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      JSON.stringify(secret).slice(1, -1),
    ])
      expect(text.toLowerCase().includes(form.toLowerCase()), `the log holds ${secret}`).toBe(false);
  }
});

/** What the browser of a visitor would send. */
function cookieOf(_page: unknown, visitor: Visitor): string {
  const { jar } = visitor.agent as unknown as { jar: { getCookies(access: unknown): { toValueString(): string }[] } };
  const { hostname } = new URL(panel.origin);
  return jar
    .getCookies({ domain: hostname, path: '/', secure: false, script: false })
    .map((cookie) => cookie.toValueString())
    .join('; ');
}
