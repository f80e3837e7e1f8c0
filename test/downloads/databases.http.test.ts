// A backup with databases: taken alone and without them, looked into, and compared from day to day.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { day } from '../../src/platform/clock.ts';
import { administrator } from '../support/database-servers.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let folder: string;
let owner: Visitor;
let site: string;
let id: string;
let name: string;

const run = (sql: string) => {
  const { host, port, user, password } = administrator('mariadb');
  const options = ['-h', String(host), '-P', String(port), '-u', String(user), ...(password ? [`-p${password}`] : [])];
  execFileSync('mariadb', [...options, name, '-e', sql]);
};

async function backUp(): Promise<string> {
  const { headers } = await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  await house.work();
  return headers.location?.split('/').at(-1) ?? '';
}

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  folder = await mkdtemp(join(tmpdir(), 'gotgan-database-parts-'));
  await hostDatabases(house, ['mariadb']);
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com', { plan: 'forest' });
  await owner.submit(`/sites/${site}/databases`, { db_name: 'blog', engine: 'mariadb' });
  await house.work();
  name = (await house.panel.doors.connection.db.selectFrom('databases').select('name').executeTakeFirstOrThrow()).name;
  run("CREATE TABLE posts (id INT PRIMARY KEY, title TEXT); INSERT INTO posts VALUES (1, '첫 글')");
  await backUp();
  house.clock.advance(day);
  await owner.logIn('owner@example.com');
  run("INSERT INTO posts VALUES (2, '둘째 글')");
  id = await backUp();
});
afterAll(async () => {
  if (house) await closeHosted(house);
  await rm(folder, { recursive: true, force: true });
});

const here = (path = '') => `/sites/${site}/backups/${id}${path}`;

async function unzipped(part: 'files' | 'databases'): Promise<string[]> {
  const { body, status } = await owner
    .get(here(`/download/${part}`))
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
    });
  expect(status).toBe(200);
  await writeFile(join(folder, `${part}.zip`), body);
  execFileSync('unzip', ['-tq', `${part}.zip`], { cwd: folder });
  return execFileSync('unzip', ['-Z1', `${part}.zip`], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n');
}

test('databases only is an archive of the dumps alone, and files only has none of them', async () => {
  expect((await owner.get(here())).text).toContain(here('/download/databases'));
  const dumps = await unzipped('databases');
  expect(dumps.filter((one) => !one.startsWith('databases/'))).toEqual([]);
  const dump = dumps.find((one) => one.endsWith('.sql')) ?? '';
  expect(execFileSync('unzip', ['-p', join(folder, 'databases.zip'), dump], { encoding: 'utf8' })).toContain('둘째 글');
  expect((await unzipped('files')).filter((one) => !one.startsWith('www/'))).toEqual([]);
});

test('a dump is a file of the backup like others, and one that differs counts as changed', async () => {
  const { text } = await owner.get(here('/browse'));
  expect(text).toContain(`href="${here('/browse/databases')}"`);
  const dump = new RegExp(`href="(${here('/browse/databases/')}[^"]+\\.sql)"`).exec(
    (await owner.get(here('/browse/databases'))).text,
  )?.[1];
  const file = await owner.get(dump ?? '');
  expect(file.text).toMatch(/<code id="sha256">[0-9a-f]{64}</);
  expect(file.text).not.toContain('/restoration?');
  expect((await owner.get(here('/changes?kind=changed'))).text).toContain(`/databases/${name}`);
});
