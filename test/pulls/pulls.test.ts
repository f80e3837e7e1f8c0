// A backup host that trusts nobody, on three hosts in networks of their own: it pulls, it is gone again, and it keeps what nobody may take (KHADA 8.7–8.9, ruling 9).
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostChoices, openHost } from '../../src/backup-host.ts';
import { day, hour, StoppedClock, systemClock } from '../../src/platform/clock.ts';
import { openDatabase } from '../../src/platform/database/database.ts';
import { type HostParts, Ledger, round } from '../../src/pulls/host.ts';
import type { Site } from '../../src/sites/sites.ts';
import { openPullWorld, type PullWorld } from '../support/pull-world.ts';

let world: PullWorld;
let site: Site;
let signal: AbortSignal;
beforeAll(async () => {
  world = await openPullWorld();
  signal = new AbortController().signal;
  const name = await world.visitor().arrive('mina@example.com');
  site = await world.panel.panel.doors.sites.byName(name);
  await writeFile(world.place('sites', name, 'www', 'index.html'), '<h1>mina</h1>');
});
afterAll(() => world?.close());

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const backUp = () => world.backUp(site);

const lines = () => world.panel.panel.doors.pulls.lines(100);
const snapshots = () =>
  world.panel.panel.doors.connection.db.selectFrom('tier_snapshots').selectAll().where('tier', '=', 'short-term').execute();

/** On that host: how a connection to each of the first 2,048 ports of an address ends. */
async function knock(from: 'panel' | 'web', address: string): Promise<Record<string, number>> {
  const script = `const net = require('node:net'); const seen = {}; let port = 1;
    const next = () => { const at = port++; if (at > 2048) return; return new Promise((go) => {
      const end = (how) => { seen[how] = (seen[how] ?? 0) + 1; socket.destroy(); go(next()); };
      const socket = net.connect(at, ${JSON.stringify(address)});
      socket.setTimeout(2000, () => end('silent')).once('connect', () => end('open')).once('error', (e) => end(e.code)); }); };
    Promise.all(Array.from({ length: 200 }, next)).then(() => console.log(JSON.stringify(seen)));`;
  return JSON.parse((await world.hosts.run(from, process.execPath, ['-e', script])).stdout);
}

test('the role of a backup host sees its own tier, and no person, session or sealed column', async () => {
  const client = new pg.Client({ connectionString: world.roleUrl });
  await client.connect();
  try {
    for (const table of ['persons', 'sessions', 'tier_keys', 'backups', 'sites', 'graphile_worker._private_jobs'])
      await expect(client.query(`select * from public.${table.replace('graphile_worker.', '')}`), table).rejects.toThrow(
        /permission denied|does not exist/,
      );
    const { rows: reachable } = await client.query(`select n.nspname || '.' || c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select, insert, update, delete, truncate') or has_any_column_privilege(c.oid, 'select, insert, update')) order by 1`);
    expect(reachable.map(({ name }) => name)).toEqual(
      ['connections', 'erasures', 'host', 'snapshots', 'stagings', 'states', 'work'].map(
        (name) => `gotgan_pull_short_term.pulled_${name}`,
      ),
    );
    const { rows: columns } = await client.query(
      `select column_name from information_schema.columns where table_schema = 'gotgan_pull_short_term'`,
    );
    expect(
      columns.map(({ column_name }) => column_name).filter((name) => /sealed|customer|person|email|index$|password/.test(name)),
    ).toEqual([]);
    await expect(client.query(`update pulled_snapshots set data_at = 0`)).rejects.toThrow('permission denied');
    await expect(client.query(`delete from pulled_snapshots`)).rejects.toThrow('permission denied');
    await expect(client.query(`create table x (y int)`)).rejects.toThrow('permission denied');
    const other = `insert into pulled_connections (id, tier, purpose, site_id, backup_id, server, opened_at) values ('1', 'long-term', 'pull', 's', 'b', 'x', 1)`;
    await expect(client.query(other)).rejects.toThrow(/check option/);
  } finally {
    await client.end();
  }
});

test('with SQLite the role of a backup host is refused at the start, and so are two tiers on one host', async () => {
  const said = async (more: Record<string, string>) =>
    world.round(more).then(
      () => '',
      (error) => `${error.stdout}${error.stderr}`,
    );
  expect(await said({ DATABASE_URL: 'sqlite:data/panel.db' })).toMatch(
    /^DATABASE_URL: is no PostgreSQL\. a backup host takes its work from the panel's PostgreSQL/,
  );
  // A database that does not answer, or does not let this role in, is told in a line.
  const away = await said({ DATABASE_URL: world.environment.DATABASE_URL.replace(':5432', ':5433') });
  expect(away).toMatch(/^the round could not be done: ECONNREFUSED.*\n$/);
  const wrong = await said({ DATABASE_URL: world.environment.DATABASE_URL.replace(/:[^:@]+@/, ':wrong@') });
  expect(wrong).toMatch(/^the round could not be done: 28P01: .*\n$/);
  expect(() => hostChoices({ ...world.environment, LONG_TERM_URL: 'file:/x' })).toThrow('a host keeps one (KHADA 8.5)');
  expect(() => hostChoices({ ...world.environment, SHORT_TERM_URL: 'restic:sftp:a@b:/c' })).toThrow('is no folder of this host');
  expect(() => hostChoices({ ...world.environment, FLOOR_DAYS: '0', FLOOR_COPIES: 'x' })).toThrow(
    /FLOOR_COPIES.*\n?.*FLOOR_DAYS/s,
  );
});

test('it pulls the archive out of the web server, and is gone again: both times are written down, and no connection is left', async () => {
  const backup = await backUp();
  expect((await snapshots()).map(({ state }) => state)).toEqual(['waiting']);
  expect(await world.round()).toBe('1 pulled, 0 failed, 0 staged, 0 sites erased, 0 erasures wait for the floor\n');
  expect(await world.held()).toEqual([`${site.id}/${backup.id}.zip`]);
  expect(digest(await readFile(world.place('tier', site.id, `${backup.id}.zip`)))).toBe(backup.sha256);
  const [line] = await lines();
  expect(line).toMatchObject({
    tier: 'short-term',
    purpose: 'pull',
    server: 'this-machine',
    backup_id: backup.id,
    fault: null,
    bytes: backup.bytes,
  });
  expect(line?.closed_at).toBeGreaterThanOrEqual(line?.opened_at ?? Number.NaN);
  for (const host of ['backup', 'web', 'panel'] as const)
    expect(await world.hosts.sockets(host, '-t', 'state', 'established')).toEqual([]);
  // What customers read of it stands in rows, as of every tier.
  expect((await snapshots())[0]).toMatchObject({ state: 'kept', fault: null });
  const [tier] = await world.panel.panel.doors.tiers.of(site);
  expect(tier).toMatchObject({ tier: 'short-term', isElsewhere: true, dataAt: backup.dataAt, failedAt: undefined });
  expect(world.panel.panel.doors.tiers.areReady).toBe(true);
  // A host that does not come any more is told.
  world.panel.clock.advance(27 * hour);
  for (let time = 0; time < 2; time += 1) await world.panel.panel.doors.pulls.keep();
  expect((await world.panel.letters()).filter((letter) => letter.includes('SILENT'))).toHaveLength(1);
  // Nothing is pulled twice.
  expect(await world.round()).toMatch(/^0 pulled, 0 failed/);
});

test('neither panel nor web server can open a connection to the backup host: it listens nowhere', async () => {
  expect(await world.hosts.sockets('backup', '-tul')).toEqual([]);
  for (const from of ['panel', 'web'] as const)
    expect(await knock(from, world.hosts.address('backup', from)), from).toEqual({ ECONNREFUSED: 2048 });
});

test('the key of the backup host reads there, and changes nothing', async () => {
  const key = world.place('host/ssh-backup-host.key');
  const to = ['-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'];
  const at = `${world.reader}@${world.hosts.address('web', 'backup')}`;
  const sftp = async (order: string) => {
    const batch = world.place('batch');
    await writeFile(batch, `${order}\n`);
    return world.hosts.run('backup', 'sftp', [...to, '-b', batch, at]).then(
      ({ stdout }) => stdout,
      (error) => `refused: ${error.stderr}`,
    );
  };
  expect(await sftp('ls /')).toContain(site.name);
  for (const order of [`rm /${site.name}/backup/*`, `put ${key} /${site.name}/www/x`, `rename /${site.name}/www /${site.name}/w`])
    expect(await sftp(order), order).toMatch(/^refused: .*(denied|Failure)/is);
  const program = world.hosts.run('backup', 'ssh', ['-n', ...to, at, 'id']).then(
    ({ stdout }) => stdout,
    () => 'refused',
  );
  expect(await program).not.toContain('uid=');
});

test('a wrong host key stops the job with a clear message; nothing was sent, and with the right one it goes on', async () => {
  world.panel.clock.advance(day + hour);
  const backup = await backUp();
  await world.writeServers(`SHA256:${'A'.repeat(43)}`);
  const before = world.hosts.said().match(/Accepted publickey/g)?.length;
  expect(await world.round()).toMatch(/^0 pulled, 1 failed/);
  const [line] = await lines();
  expect(line).toMatchObject({ fault: 'HOST_KEY', bytes: null, backup_id: backup.id });
  expect(line?.says).toContain(`the host key is ${await world.fingerprint('web')}, written down is SHA256:AAAA`);
  expect(line?.closed_at).not.toBeNull();
  expect(world.hosts.said().match(/Accepted publickey/g)?.length).toBe(before);
  expect(await world.hosts.sockets('backup', '-t', 'state', 'established')).toEqual([]);
  expect((await snapshots()).find(({ backup_id }) => backup_id === backup.id)).toMatchObject({
    state: 'failed',
    fault: 'HOST_KEY',
  });
  // The operator hears of it, and it is tried again within two hours.
  const { doors } = world.panel.panel;
  await doors.pulls.keep();
  expect((await world.panel.letters()).filter((letter) => letter.includes('HOST_KEY'))).toHaveLength(1);
  await world.writeServers();
  world.panel.clock.advance(2 * hour);
  await doors.tiers.tidy();
  expect(await world.round()).toMatch(/^1 pulled, 0 failed/);
  expect(await world.held()).toHaveLength(2);
});

test('a row that leads elsewhere, and an archive that is another one, are refused', async () => {
  world.panel.clock.advance(day);
  const backup = await backUp();
  const shown = world.place('sites', site.name, 'backup', backup.fileName);
  const bytes = await readFile(shown);
  const original = bytes[100] ?? 0;
  bytes.set([original === 0 ? 1 : 0], 100);
  await rm(shown);
  await writeFile(shown, bytes, { mode: 0o644 });
  expect(await world.round()).toMatch(/^0 pulled, 1 failed/);
  expect((await lines())[0]).toMatchObject({ fault: 'DIFFERENT', backup_id: backup.id });
  await world.postgres.psql(`update backups set file_name = '../../../etc/passwd' where id = '${backup.id}';
    update tier_snapshots set state = 'waiting' where backup_id = '${backup.id}'`);
  expect(await world.round()).toMatch(/^0 pulled, 1 failed/);
  expect((await snapshots()).find(({ backup_id }) => backup_id === backup.id)).toMatchObject({ fault: 'BAD_ROW' });
  expect(await world.held()).toHaveLength(2);
  // As it was, it is taken: here by a host that keeps contents, with a key of its own for the site.
  await world.postgres.psql(`update backups set file_name = '${backup.fileName}' where id = '${backup.id}';
    update tier_snapshots set state = 'waiting' where backup_id = '${backup.id}'`);
  bytes.set([original], 100);
  await writeFile(shown, bytes, { mode: 0o644 });
  const second = { DATA_DIR: world.place('host-restic'), SHORT_TERM_URL: `restic:${world.place('repositories')}` };
  await cp(world.place('host'), second.DATA_DIR, { recursive: true });
  await rm(join(second.DATA_DIR, 'ledger'), { recursive: true });
  expect(await world.round(second)).toMatch(/^1 pulled, 0 failed/);
  const { tier } = await openHost(hostChoices({ ...world.environment, ...second }));
  const opened = await tier.open(site.id, backup.id, signal);
  const html = { path: 'www/index.html', sha256: digest(Buffer.from('<h1>mina</h1>')) };
  expect(await textOf(await opened.content(html))).toBe('<h1>mina</h1>');
  await opened.close();
  // It holds none of the others, and said so: one host keeps one tier.
  await world.postgres.psql(`update tier_snapshots set state = 'kept' where state = 'forgotten'`);
});

test('of two that wait the web server shows the newer one; the other is not missed, and not tried for ever', async () => {
  const { doors } = world.panel.panel;
  world.panel.clock.advance(day);
  const older = await backUp();
  world.panel.clock.advance(day);
  const newer = await backUp();
  expect(await world.round()).toMatch(/^1 pulled, 1 failed/);
  const stateOf = async (id: string) => (await snapshots()).find(({ backup_id }) => backup_id === id);
  expect([(await stateOf(older.id))?.fault, (await stateOf(newer.id))?.state]).toEqual(['NOT_THERE', 'kept']);
  world.panel.clock.advance(2 * hour);
  await doors.tiers.tidy();
  expect(await world.round()).toMatch(/^0 pulled, 1 failed/);
  expect(await stateOf(older.id)).toMatchObject({ state: 'failed', fault: 'EXPIRED' });
  expect((await doors.tiers.of(site))[0]).toMatchObject({ dataAt: newer.dataAt, failedAt: undefined });
  world.panel.clock.advance(2 * hour);
  await doors.tiers.tidy();
  expect(await world.round()).toMatch(/^0 pulled, 0 failed/);
});

/** @param is asked again and again, for 30 s at most */
async function until(is: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await is()); await sleep(50)) if (Date.now() > end) throw new Error('it did not come');
}

const established = () => world.hosts.sockets('backup', '-t', 'state', 'established');

test('as a service it comes by itself, has no connection to anything between its rounds, and ends when it is told', async () => {
  world.panel.clock.advance(day);
  const backup = await backUp();
  const service = world.startHost();
  const ended = once(service, 'exit');
  await until(async () => (await snapshots()).some(({ backup_id, state }) => backup_id === backup.id && state === 'kept'));
  await until(async () => (await established()).length === 0);
  expect(service.exitCode).toBeNull();
  expect(await world.hosts.sockets('backup', '-tul')).toEqual([]);
  service.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('killed in the middle of a job it leaves a row that says so, and the next round does the job', async () => {
  world.panel.clock.advance(day);
  const backup = await backUp();
  // The web server takes connections and says nothing.
  world.webSshd().kill('SIGSTOP');
  const killed = world.startHost('--once');
  const ended = once(killed, 'exit');
  const rows = async () => (await lines()).filter(({ backup_id }) => backup_id === backup.id);
  await until(async () => (await rows()).length === 1 && (await established()).some((line) => line.includes(':22 ')));
  killed.kill('SIGKILL');
  await ended;
  world.webSshd().kill('SIGCONT');
  expect(await world.round()).toMatch(/^1 pulled, 0 failed/);
  expect((await rows()).map(({ closed_at, fault }) => [closed_at !== null, fault])).toEqual([
    [true, null],
    [false, null],
  ]);
  expect(await readdir(world.place('host/working'))).toEqual(['arriving', 'lock.db']);
  expect(await readdir(world.place('host/working/arriving'))).toEqual([]);
});

test('an archive that has gone from the panel is asked for, laid into staging by the host, compared, and can be downloaded again', async () => {
  const { doors } = world.panel.panel;
  const [first] = (await doors.backups.held(site)).toSorted((one, other) => one.queuedAt - other.queuedAt);
  if (!first?.fileName || !first.sha256) throw new Error('no backup');
  await expect(doors.pulls.ask(site, first.id, { kind: 'operator' })).rejects.toMatchObject({ key: 'tiers.isHere' });
  // As retention leaves it.
  await world.postgres.psql(`update backups set state = 'expired', expired_at = 1 where id = '${first.id}'`);
  await rm(join(world.panel.folder, 'archives', site.name, first.fileName));
  for (let time = 0; time < 2; time += 1) expect(await doors.pulls.ask(site, first.id, { kind: 'operator' })).toBe('short-term');
  expect(await world.round()).toMatch(/^0 pulled, 0 failed, 1 staged/);
  expect(await readdir(world.place('staging/incoming'))).toHaveLength(1);
  await doors.pulls.keep();
  await world.work();
  const back = await doors.backups.byId(site, first.id);
  expect(back).toMatchObject({ state: 'verified', expiredAt: null });
  expect(digest(await readFile(join(world.panel.folder, 'archives', site.name, first.fileName)))).toBe(first.sha256);
  expect(await readdir(world.place('staging/incoming'))).toEqual([]);
  expect((await lines())[0]).toMatchObject({ purpose: 'push', server: 'staging', fault: null, bytes: first.bytes });
  await doors.backups.retain(site);
  expect((await doors.backups.byId(site, first.id)).keptBecause).toContain('backups.keptForRestore');
});

/** The same host in this process, with a clock that a test moves; it comes to the database as its own role. */
async function hostWith(clock: StoppedClock, more: Partial<HostParts> = {}): Promise<HostParts> {
  const parts = await openHost(hostChoices({ ...world.environment, KEEP_DAILY: '1', LOG_LEVEL: 'silent' }));
  return { ...parts, clock, ledger: await Ledger.open(world.place('host/ledger'), clock), ...more };
}

const roundOf = (parts: HostParts) => round(parts, () => openDatabase(world.roleUrl, systemClock), signal);

test('a panel database that orders everything deleted deletes nothing under the floor, also when the clock is set ten years ahead', async () => {
  const before = await world.held();
  expect(before).toHaveLength(5);
  await world.postgres.psql(`update tier_snapshots set state = 'forgotten', forgotten_at = 1, data_at = 1;
    delete from backups; delete from tier_states; update sites set terminated_at = 1;
    insert into tier_keys (id, site_id, customer_id, tier, made_at, destroyed_at)
      select 'k' || id, id, customer_id, 'short-term', 1, 1 from sites`);
  expect(await world.round({ KEEP_DAILY: '1' })).toMatch(/0 sites erased/);
  expect(await world.held()).toEqual(before);
  const far = new StoppedClock(Date.now() + 3650 * day);
  for (let time = 0; time < 3; time += 1) await roundOf(await hostWith(far, { floor: { copies: 1, days: 14 } }));
  expect(await world.held()).toEqual(before);
});

test('an erasure is done once it has stood for the days of the floor, a few sites a day; withdrawn it counts anew', async () => {
  const clock = new StoppedClock(Date.now() + 3650 * day);
  const passDays = async (count: number, more: Partial<HostParts> = {}) => {
    let erased = 0;
    for (let time = 0; time < count; time += 1) {
      clock.advance(day);
      erased += (await roundOf(await hostWith(clock, more))).erased;
    }
    return erased;
  };
  expect(await passDays(8)).toBe(0);
  await world.postgres.psql(`update tier_keys set destroyed_at = null`);
  expect(await passDays(1)).toBe(0);
  await world.postgres.psql(`update tier_keys set destroyed_at = 1`);
  expect(await passDays(12)).toBe(0);
  expect(await world.held()).not.toEqual([]);
  // None may go in a day.
  expect(await passDays(4, { erasuresADay: 0 })).toBe(0);
  expect(await passDays(1)).toBe(1);
  expect(await world.held()).toEqual([]);
  expect((await world.panel.panel.doors.pulls.hosts())[0]).toMatchObject({ tier: 'short-term', copies: 0, erasures_waiting: 0 });
});
