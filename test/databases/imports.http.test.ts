// Imports over HTTP on real servers: dumps go in whole or not at all, the line of a refusal is named, and the old content is never lost.
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogues } from '../../src/messages/catalogue.ts';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { ask } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { bytesOf, type Made, make, sendDump } from './owners.ts';
import { postgresDump, wordpressDump, wordpressTables } from './wordpress-dump.ts';

let house: TestPanel;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, limits: { importBytes: 3_000_000 } });
  await hostDatabases(house);
});
afterAll(() => house && closeHosted(house));

const importRow = async (location: string | undefined) => {
  const id = location?.split('/').at(-1) ?? '';
  const { db } = house.panel.doors.connection;
  return db.selectFrom('database_imports').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
};
const path = (location: string | undefined) => location?.replace(/^\/en(?=\/)/, '') ?? '';

/** Both engines and both languages, each once: pages are the same code on both engines, and no database knows what language is spoken. */
const cases = engines.map((engine, at) => [engine, at % 2 === 0 ? 'ko' : 'en'] as const);

describe.each(cases)('on %s, in %s', (engine, language) => {
  const t = (key: string, values: Record<string, string> = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), String(catalogues[language][key]));
  const dump = engine === 'mariadb' ? wordpressDump : postgresDump;
  const table = engine === 'mariadb' ? 'wp_posts' : 'posts';
  let owner: Visitor;
  let site: string;
  let blog: Made;
  const count = async (made: Made, from = table) => {
    const [row] = await ask(administrator(engine), made.name, `SELECT count(*) AS n FROM ${from}`);
    return Number(row?.n);
  };
  const send = (body: Buffer | string, fields: Record<string, string> = {}, name = 'dump.sql') =>
    sendDump(owner, house.origin, { site, id: blog.id, body, name, fields });
  const nothingLeft = async () => {
    const { archives, connection } = house.panel.doors;
    const keys = (await archives.list(site)).map(({ key }) => key);
    expect(keys.filter((key) => key.includes('/import-'))).toEqual([]);
    const rows = await connection.db.selectFrom('database_imports').select(['staged_name', 'source']).execute();
    expect(rows.filter(({ staged_name, source }) => staged_name !== null || source !== null)).toEqual([]);
    expect(await databasesLike(engine, `${site}__`)).toEqual([]);
  };

  beforeAll(async () => {
    owner = new Visitor(house, language);
    site = await owner.arrive(`${engine}-${language}@example.com`, { plan: 'tree' });
    blog = await make(owner, site, { db_name: 'blog', engine });
  });

  test("another host's export goes into an empty database, with its page on the way and its tables afterwards", async () => {
    const sent = await send(dump(300));
    expect([sent.status, sent.headers.location]).toEqual([303, expect.stringContaining(`/databases/${blog.id}/imports/`)]);
    const waiting = await owner.get(path(sent.headers.location));
    expect(waiting.text).toContain(t('databases.import.step.queued'));
    expect(waiting.text).toContain('data-job=');
    const state = await owner.get(`${path(sent.headers.location)}/state`);
    expect(state.body).toMatchObject({ finished: false, failed: false });
    await house.work();
    const lines = dump(300).split('\n').length;
    expect((await owner.get(`${path(sent.headers.location)}/state`)).body).toMatchObject({ finished: true, failed: false });
    expect(Number((await importRow(sent.headers.location)).lines)).toBe(lines);
    expect(await count(blog)).toBe(300);
    const page = await owner.get(`/sites/${site}/databases/${blog.id}`);
    for (const name of engine === 'mariadb' ? wordpressTables : ['posts']) expect(page.text).toContain(name);
    await nothingLeft();
  });

  test('the user of the database owns what came in', async () => {
    const access = { ...administrator(engine), user: blog.name, password: blog.password };
    await ask(access, blog.name, `DELETE FROM ${table}`);
    await ask(access, blog.name, `ALTER TABLE ${table} ADD COLUMN extra int`);
    expect(await count(blog)).toBe(0);
  });

  test('into what is not empty nothing is begun, unless it may be replaced; then the old lies in the trash', async () => {
    const refused = await send(dump(5));
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('id="mode-error"');
    await nothingLeft();
    const sent = await send(gzipSync(dump(7)), { mode: 'replace' }, 'dump.sql.gz');
    expect(sent.status).toBe(303);
    await house.work();
    expect(await count(blog)).toBe(7);
    expect((await owner.get(path(sent.headers.location))).text).toContain(t('databases.import.oldInTrash'));
    expect((await owner.get(`/sites/${site}/databases/trash`)).text).toContain(t('databases.trash.replaced'));
    await nothingLeft();
  });

  test('what was replaced comes back from the trash', async () => {
    const trash = await owner.get(`/sites/${site}/databases/trash`);
    const id = /databases\/trash\/([0-9a-f-]{36})\/restoration/.exec(trash.text)?.[1] ?? '';
    const asking = await owner.get(`/sites/${site}/databases/trash/${id}/restoration`);
    expect(asking.text).toContain(t('databases.restoration.over'));
    const sent = await owner.submit(`/sites/${site}/databases/trash/${id}/restoration`, {});
    expect(sent.status).toBe(303);
    await house.work();
    expect((await importRow(sent.headers.location)).state).toBe('done');
    expect(await count(blog)).toBe(0);
    expect((await bytesOf(owner, `/sites/${site}/databases/trash/${id}/download`)).status).toBe(200);
    // Back to seven rows, which the restoration has put into the trash.
    const again = await send(dump(7), { mode: 'replace' });
    await house.work();
    expect((await importRow(again.headers.location)).state).toBe('done');
  });

  test('a dump of its own comes back in, byte for byte as far as rows go', async () => {
    const { body } = await bytesOf(owner, `/sites/${site}/databases/${blog.id}/download`);
    const sent = await send(body as Buffer, { mode: 'replace' }, 'own.sql.gz');
    await house.work();
    expect((await importRow(sent.headers.location)).fault_about).toBeNull();
    expect(await count(blog)).toBe(7);
  });

  const hostile: readonly [string, string][] =
    engine === 'mariadb'
      ? [
          ['GRANT', 'GRANT ALL ON *.* TO CURRENT_USER;'],
          ['a user', "CREATE USER 'x'@'%' IDENTIFIED BY 'y';"],
          ['another database', 'USE mysql;'],
          ['a file read', "LOAD DATA INFILE '/etc/passwd' INTO TABLE wp_posts;"],
          ['a local file read', "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE wp_posts;"],
          ['a file written', "SELECT 1 INTO OUTFILE '/tmp/x';"],
          ['a setting of the server', 'SET GLOBAL general_log = 1;'],
          ['hidden in a version comment', '/*!50000 GRANT ALL ON *.* TO me */;'],
          ['a shell', '\\! id'],
          ['a plugin', "INSTALL PLUGIN x SONAME 'x.so';"],
        ]
      : [
          ['GRANT', 'GRANT pg_read_server_files TO CURRENT_USER;'],
          ['a role', "CREATE ROLE x LOGIN PASSWORD 'y';"],
          ['another database', '\\connect postgres'],
          ['a program', "COPY posts FROM PROGRAM 'id';"],
          ['a file read', "COPY posts FROM '/etc/passwd';"],
          ['a shell', '\\! id'],
          ['another role', 'SET ROLE postgres;'],
          ['an extension', 'CREATE EXTENSION file_fdw;'],
        ];
  test.each(hostile)('%s in a dump stops it at its line, and nothing of the dump is in', async (_what, statement) => {
    const before = await count(blog);
    const sent = await send(`CREATE TABLE a_new_one (id int);\n\n-- a comment\n${statement}\n`, { mode: 'replace' });
    await house.work();
    const row = await importRow(sent.headers.location);
    expect([row.state, row.fault_line]).toEqual(['failed', 4]);
    expect(['refused', 'engine']).toContain(row.fault);
    const { text } = await owner.get(path(sent.headers.location));
    expect(text).toContain(t('databases.import.stoppedAt', { n: '4' }));
    expect(text).toContain(t('databases.import.untouched'));
    expect(await count(blog)).toBe(before);
    await expect(count(blog, 'a_new_one')).rejects.toThrow();
    await nothingLeft();
  });

  test('a mistake in a dump, and one that ends in the middle, leave the old content as it was', async () => {
    const before = await count(blog);
    const wrong = await send(`${dump(3)}\nINSERT INTO nowhere VALUES (1);\n`, { mode: 'replace' });
    await house.work();
    expect(await importRow(wrong.headers.location)).toMatchObject({ state: 'failed', fault: 'engine' });
    const half = gzipSync(dump(400));
    const cut = await send(half.subarray(0, half.length - 200), { mode: 'replace' }, 'cut.sql.gz');
    await house.work();
    expect(await importRow(cut.headers.location)).toMatchObject({ state: 'failed', fault: 'gzip' });
    expect((await owner.get(path(cut.headers.location))).text).toContain(t('databases.importFault.gzip'));
    expect(await count(blog)).toBe(before);
    await nothingLeft();
  });

  test('a small file that unpacks to far too much is stopped', async () => {
    const bomb = gzipSync(Buffer.alloc(300_000_000, ' '));
    expect(bomb.length).toBeLessThan(400_000);
    const sent = await send(bomb, { mode: 'replace' }, 'bomb.sql.gz');
    await house.work();
    expect(await importRow(sent.headers.location)).toMatchObject({ state: 'failed', fault: 'tooBig' });
    await nothingLeft();
  });

  test('storage that is full stops an import, and what was there stays', async () => {
    const before = await count(blog);
    const { connection } = house.panel.doors;
    const { quota_bytes, used_bytes } = await connection.db
      .selectFrom('sites')
      .selectAll()
      .where('name', '=', site)
      .executeTakeFirstOrThrow();
    const use = (used: number) =>
      connection.write((tx) => tx.updateTable('sites').set({ used_bytes: used }).where('name', '=', site).execute());
    await use(quota_bytes - 100_000);
    const sent = await send(gzipSync(dump(9000)), { mode: 'replace' }, 'dump.sql.gz');
    expect(sent.status).toBe(303);
    await house.work();
    expect(await importRow(sent.headers.location)).toMatchObject({ state: 'failed', fault: 'full' });
    await use(used_bytes);
    expect(await count(blog)).toBe(before);
    await nothingLeft();
  });

  test.each([
    ['nothing', '', 'databases.fault.dumpMissing'],
    ['a ZIP file', 'PK\u0003\u0004rest of it', 'databases.fault.dumpKind'],
    ['a custom dump', 'PGDMP\u0001', 'databases.fault.dumpKind'],
    ['too large a file', Buffer.alloc(3_000_001, 'x'), 'databases.fault.dumpBig'],
  ])('%s is refused on the form, and lies nowhere', async (_what, body, key) => {
    const answer = await send(body, { mode: 'replace' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(t(key).split('{')[0]?.slice(0, 12));
    await nothingLeft();
  });

  test('an upload that is cut off begins nothing and leaves nothing', async () => {
    const page = `/sites/${site}/databases/${blog.id}/imports`;
    const hidden = await owner.hidden(page);
    const before = await house.panel.doors.connection.db.selectFrom('database_imports').select('id').execute();
    await cutOff(owner, page, { ...hidden, mode: 'replace' } as Record<string, string>);
    expect(await house.panel.doors.connection.db.selectFrom('database_imports').select('id').execute()).toEqual(before);
    await nothingLeft();
  });

  test('of two imports at once one is taken, and a database that takes one cannot be deleted', async () => {
    const answers = await Promise.all([send(dump(2), { mode: 'replace' }), send(dump(4), { mode: 'replace' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409]);
    expect((await owner.submit(`/sites/${site}/databases/${blog.id}/deletion`, { confirm: '1' })).status).toBe(409);
    await house.work();
    expect([2, 4]).toContain(await count(blog));
    await nothingLeft();
  });

  test('the same form sent twice loads once', async () => {
    const page = `/sites/${site}/databases/${blog.id}/imports`;
    const fields = (await owner.hidden(page)) as Record<string, string>;
    const first = await send(dump(2), { ...fields, mode: 'replace' });
    const second = await send(dump(2), { ...fields, mode: 'replace' });
    expect([first.status, second.status, second.headers.location]).toEqual([303, 303, first.headers.location]);
    await house.work();
  });
});

async function databasesLike(engine: DatabaseEngine, prefix: string): Promise<string[]> {
  const escaped = prefix.replaceAll('_', '\\_');
  const [from, sql] =
    engine === 'mariadb'
      ? [
          'mysql',
          `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name LIKE '${escaped.replaceAll('\\', '\\\\')}%'`,
        ]
      : ['postgres', `SELECT datname AS name FROM pg_database WHERE datname LIKE '${escaped}%'`];
  return (await ask(administrator(engine), from, sql)).map(({ name }) => String(name));
}

/** Sends the fields and the beginning of a file, and goes away. */
async function cutOff(owner: Visitor, page: string, fields: Record<string, string>): Promise<void> {
  const { hostname, port } = new URL(house.origin);
  const jar = owner.agent.jar.getCookies({ domain: hostname, path: '/', secure: false, script: false } as never);
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file =
    '--x\r\nContent-Disposition: form-data; name="dump"; filename="a.sql"\r\nContent-Type: application/sql\r\n\r\nCREATE TABLE half (';
  const body = parts.join('') + file;
  const head = [
    `POST ${owner.path(page)} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Origin: ${house.origin}`,
    `Cookie: ${jar.toValueString()}`,
    'Content-Type: multipart/form-data; boundary=x',
    `Content-Length: ${Buffer.byteLength(body) + 100_000}`,
  ];
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
      setTimeout(() => socket.destroy(), 300);
    });
    socket.once('close', () => setTimeout(resolve, 300));
  });
}
