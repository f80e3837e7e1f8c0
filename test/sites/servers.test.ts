// Servers: the next site goes where the fewest are, a drained one takes none, what does not answer is told to the operator and "being prepared" to the customer.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import type { NewServer } from '../../src/sites/sites.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const operator = { kind: 'operator' } as const;
const provisioning = join(import.meta.dirname, '../support/provisioning.ts');

let house: TestPanel;
let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'gotgan-servers-'));
  house = await startPanel();
});
afterEach(async () => {
  await house.close();
  await rm(base, { recursive: true, force: true });
});

const servers = () => house.panel.doors.sites.servers;
const plain = { group: 'web', hostKind: 'folders', hostCommand: null, ftpHost: null, ftpPort: null } as const;
const folders = (name: string): NewServer => ({ ...plain, name, storage: join(base, name) });
const byProgram = (name: string, program = [process.execPath, provisioning, join(base, name)]): NewServer => ({
  ...plain,
  ...{ name, storage: '', hostKind: 'command', hostCommand: program },
});

/** Puts a site on a server without a person. */
async function prepare(): Promise<string> {
  const { connection, sites } = house.panel.doors;
  const order = { id: newId(house.clock.now()), customerId: newId(house.clock.now()), storageBytes: 1e9 };
  return connection.write((tx) => sites.prepare(tx, order, { kind: 'system' }));
}

const counts = async () => Object.fromEntries((await servers().list()).map(({ name, sites }) => [name, sites]));
/** A job that failed comes again after a pause. */
async function later(milliseconds = 3_700_000): Promise<void> {
  house.clock.advance(milliseconds);
  await house.work();
}

test('new sites go to the server with the fewest, and to none that is drained or of the group ssh', async () => {
  await servers().add(folders('second'), operator);
  await servers().add({ ...folders('shells'), group: 'ssh' }, operator);
  for (let i = 0; i < 4; i++) await prepare();
  expect(await counts()).toEqual({ 'this-machine': 2, second: 2, shells: 0 });
  expect(await servers().drain('second', operator)).toBe(true);
  expect(await servers().drain('second', operator)).toBe(false);
  for (let i = 0; i < 2; i++) await prepare();
  expect(await counts()).toEqual({ 'this-machine': 4, second: 2, shells: 0 });
  expect(await servers().drain('second', operator, true)).toBe(true);
  for (let i = 0; i < 2; i++) await prepare();
  expect(await counts()).toEqual({ 'this-machine': 4, second: 4, shells: 0 });
  await servers().drain('second', operator);
  await servers().drain('this-machine', operator);
  await expect(prepare()).rejects.toMatchObject({ status: 503 });
  await expect(servers().drain('third', operator)).rejects.toMatchObject({ status: 404 });
});

test('a site lives on its server: opened, filled, suspended and resumed there, while others stay where they are', async () => {
  const here = await prepare();
  await servers().add(folders('second'), operator);
  const there = await prepare();
  await house.work();
  const { sites } = house.panel.doors;
  const site = await sites.byName(there);
  await writeFile(join(base, 'file'), 'x');
  await sites.storageFor(site).put(['www', 'a'], join(base, 'file'), 'create');
  expect(await readFile(join(base, 'second', there, 'www/a'), 'utf8')).toBe('x');
  expect((await sites.homeOf(site)).folder).toBe(join(base, 'second', there));
  expect(await sites.suspend(site, operator, 'unpaid')).toBe(true);
  expect(await sites.suspend(site, operator, 'unpaid')).toBe(false);
  await house.work();
  expect(await readdir(join(base, 'second'))).toEqual([]);
  expect(await readdir(join(base, 'second.closed'))).toEqual([there]);
  expect((await sites.storageFor(site).list(['www'])).map(({ name }) => name)).toEqual(['a']);
  expect(await readdir(join(house.folder, 'sites'))).toEqual([here]);
  expect(await sites.resume(site, operator)).toBe(true);
  expect(await sites.resume(site, operator)).toBe(false);
  await house.work();
  expect(await readFile(join(base, 'second', there, 'www/a'), 'utf8')).toBe('x');
});

test('suspended and resumed in a breath, or before it is open: what stands in the end is what was said last', async () => {
  const name = await prepare();
  const { sites } = house.panel.doors;
  await sites.suspend(await sites.byName(name), operator, 'security');
  await house.work();
  expect(await readdir(join(house.folder, 'sites'))).toEqual([]);
  const site = await sites.byName(name);
  expect(site.openedAt).not.toBeNull();
  await sites.resume(site, operator);
  await sites.suspend(site, operator, 'security');
  await sites.resume(site, operator);
  await house.work();
  expect(await readdir(join(house.folder, 'sites'))).toEqual([name]);
  await Promise.all([
    sites.enforce(site.id),
    sites.suspend(site, operator, 'terms').then(() => sites.enforce(site.id)),
    sites.enforce(site.id),
  ]);
  expect(await readdir(join(house.folder, 'sites'))).toEqual([]);
});

test('a server that cannot make a site is not added, nor one with nonsense or with a name that is taken', async () => {
  const add = (server: NewServer) => servers().add(server, operator);
  await expect(add(byProgram('broken', ['/nowhere/program']))).rejects.toMatchObject({ status: 503 });
  await expect(add(byProgram('silent', ['true']))).rejects.toMatchObject({ status: 503 });
  await writeFile(join(base, 'file'), '');
  await expect(add({ ...folders('inside-a-file'), storage: join(base, 'file/sites') })).rejects.toMatchObject({ status: 503 });
  for (const [field, wrong] of Object.entries({
    name: { name: 'Web 1' },
    command: { hostKind: 'command', hostCommand: [] },
    storage: { storage: 'sites' },
    'ftp-host': { ftpHost: 'a b' },
    'ftp-port': { ftpHost: 'ftp.example.com', ftpPort: 0 },
  })) {
    await expect(add({ ...folders('web-1'), ...wrong } as NewServer), field).rejects.toMatchObject({ status: 422 });
  }
  await expect(add({ ...byProgram('web-1'), hostCommand: ['a b;c'] })).rejects.toMatchObject({ status: 422 });
  await add(folders('web-1'));
  await expect(add(folders('web-1'))).rejects.toMatchObject({ status: 409 });
  expect((await servers().list()).map(({ name }) => name)).toEqual(['this-machine', 'web-1']);
});

test('a provisioning that is down for a night: the customer sees a site being prepared, the operator why, and it opens by itself', async () => {
  await mkdir(join(base, 'far'));
  const program = join(base, 'program.mjs');
  const working = `import { spawnSync } from 'node:child_process';
    const { stdout } = spawnSync(process.execPath, [${JSON.stringify(provisioning)}, ${JSON.stringify(join(base, 'far'))}], { stdio: ['inherit', 'pipe', 'inherit'] });
    process.stdout.write(stdout);`;
  await writeFile(program, working);
  await servers().add(byProgram('far', [process.execPath, program]), operator);
  await servers().drain('this-machine', operator);

  await writeFile(program, `console.error('the\\x1b[31m disks are full'); process.exit(1);`);
  const visitor = new Visitor(house);
  await visitor.signUp('owner@example.com');
  await visitor.submit(await visitor.linkFor('owner@example.com', '/verify/'), {});
  await house.work();
  const dashboard = (await visitor.get('/dashboard')).text;
  expect(dashboard).not.toContain('disks are full');
  const [trouble] = await servers().inTrouble();
  expect(trouble).toMatchObject({ server: 'far', fault: 'open: ended with 1: the [31m disks are full' });
  expect((await servers().list()).find(({ name }) => name === 'far')).toMatchObject({
    ...{ sites: 1, inTrouble: 1 },
    checkFault: 'check: ended with 1: the [31m disks are full',
  });
  const figures = (await visitor.agent.get('/metrics')).text;
  expect(figures).toMatch(/^gotgan_server_up\{server="this-machine"\} 1$/m);
  expect(figures).toMatch(/^gotgan_server_up\{server="far"\} 0$/m);
  expect(figures).toMatch(/^gotgan_server_sites\{server="far",state="trouble"\} 1$/m);

  // Longer than its job is tried: all attempts are used up.
  for (let hours = 0; hours < 14; hours++) await later();
  expect(await servers().inTrouble()).toHaveLength(1);
  await writeFile(program, working);
  await later();
  await later();
  expect(await servers().inTrouble()).toEqual([]);
  const site = await house.panel.doors.sites.byName(trouble?.site ?? '');
  expect(site.openedAt).not.toBeNull();
  expect(site.home?.folder).toBe(join(base, 'far/sites', site.name));
  await visitor.logIn('owner@example.com');
  expect((await visitor.get(`/sites/${site.name}/files/www`)).status).toBe(200);
  expect((await servers().list()).find(({ name }) => name === 'far')?.checkFault).toBeNull();
});

test('new sites go to a server that answers before one that does not', async () => {
  await servers().add(byProgram('far'), operator);
  await prepare();
  await prepare();
  await prepare();
  expect(await counts()).toEqual({ 'this-machine': 2, far: 1 });
  await rm(join(base, 'far'), { recursive: true, force: true });
  await writeFile(join(base, 'far'), 'in the way');
  await servers().check();
  await prepare();
  expect(await counts()).toEqual({ 'this-machine': 3, far: 1 });
});

test('what was done to servers and sites is written down, with the operator as its actor', async () => {
  const name = await prepare();
  await house.work();
  await servers().add(folders('second'), operator);
  await servers().drain('second', operator);
  await servers().drain('second', operator, true);
  const { sites, connection } = house.panel.doors;
  await sites.suspend(await sites.byName(name), operator, 'authority');
  await sites.resume(await sites.byName(name), operator);
  const rows = await connection.db
    .selectFrom('audit')
    .select(['action', 'actor_kind', 'details'])
    .where('actor_kind', '=', 'operator')
    .orderBy('action')
    .execute();
  expect(rows.map(({ action }) => action)).toEqual([
    'sites.resumed',
    'sites.serverAdded',
    'sites.serverDrained',
    'sites.serverTakenBack',
    'sites.suspended',
  ]);
  expect(rows[4]?.details).toContain('authority');
});
