// A panel with PostgreSQL, a web server with sshd and a backup host, each in a network of its own, set up with the commands of docs/backup-host.md.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { StoppedClock } from '../../src/platform/clock.ts';
import type { JobRun } from '../../src/platform/jobs/port.ts';
import { fingerprintOf } from '../../src/platform/ssh/connection.ts';
import type { Site } from '../../src/sites/sites.ts';
import { freshPostgreSql } from './fresh-engines.ts';
import { startPanel, Visitor } from './panel.ts';
import { childrenOf, isAlive, untilGone } from './program.ts';
import { draw, insisting } from './remote-sites.ts';
import { ThreeHosts } from './three-hosts.ts';

const run = promisify(execFile);
/** What other processes have compiled. */
const compiled: Readonly<Record<string, string>> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};
const program = join(import.meta.dirname, '../../bin/gotgan.mjs');

export type PullWorld = Awaited<ReturnType<typeof openPullWorld>>;

export async function openPullWorld() {
  const endings: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end().catch(() => {});
  };
  try {
    return { ...(await build(endings)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(endings: (() => Promise<unknown>)[]) {
  const hosts = await ThreeHosts.open();
  endings.push(() => hosts.close());
  for (const path of ['/srv', '/run/sshd']) await mkdir(path, { recursive: true, mode: 0o755 });
  // sshd shuts nobody into a folder below one that everybody may write to.
  const folder = await mkdtemp('/srv/gotgan-pull-');
  endings.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const at = (...names: string[]) => join(folder, ...names);

  const postgres = await startPostgres(hosts, endings);
  const [group, reader, stager] = [draw('gg'), draw('gr'), draw('gt')];
  await insisting('groupadd', [group]);
  endings.push(() => insisting('groupdel', [group]));
  for (const path of ['sites', 'staging', 'staging/incoming']) await mkdir(at(path), { mode: 0o755 });
  const plain = ['--system', '--no-create-home', '--password', '*', '--shell', '/usr/sbin/nologin'];
  for (const [user, home] of [
    [reader, at('sites')],
    [stager, at('staging')],
  ] as const) {
    await insisting('useradd', [...plain, '--home-dir', home, '--groups', group, user]);
    endings.push(() => insisting('userdel', [user]));
  }
  const uid = Number((await run('id', ['-u', stager])).stdout);
  await chown(at('staging/incoming'), uid, 0);

  const panel = await startPanel({
    databaseUrl: postgres.url('postgres'),
    // What the host writes down is of the machine's time.
    clock: new StoppedClock(Date.now()),
    sitesUrl: `file:${at('sites')}`,
    sitesGroup: group,
    stagingFolder: at('staging/incoming'),
    shortTermUrl: 'pull:store1.example.com',
    longTermUrl: 'pull:store2.example.com',
    operatorEmail: 'operator@example.com',
  });
  endings.push(() => panel.close());

  /** `gotgan` on one of the three hosts. */
  const gotgan = async (host: 'panel' | 'backup', args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    (await hosts.run(host, process.execPath, [program, ...args], { ...environment, HOME: folder })).stdout;

  // The page's own words.
  const page = await readFile(join(import.meta.dirname, '../../docs/backup-host.md'), 'utf8');
  const command = /```sh\n(.*?)```/s.exec(page)?.[1] ?? '';
  await mkdir(at('bin'));
  await writeFile(at('bin/gotgan'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, { mode: 0o755 });
  await run('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: folder,
    env: { ...compiled, PATH: `${at('bin')}:${process.env.PATH}`, DATABASE_URL: postgres.url('postgres') },
  });
  const password = (await readFile(at('short-term.password'), 'utf8')).trim();
  const address = hosts.address('panel', 'backup');
  const databaseUrl = `postgres://gotgan_short_term:${password}@${address}:5432/panel`;

  const environment: Readonly<Record<string, string>> & { readonly DATABASE_URL: string } = {
    DATABASE_URL: databaseUrl,
    DATA_DIR: at('host'),
    SHORT_TERM_URL: `file:${at('tier')}`,
    LOG_LEVEL: 'silent',
    ...compiled,
  };
  await mkdir(at('host'), { mode: 0o700 });
  let webSshd = await startSshd('web', ['--user', reader, '--from', hosts.address('backup', 'web')]);
  await startSshd('panel', ['--user', stager, '--from', hosts.address('backup', 'panel'), '--staging']);

  async function startSshd(host: 'web' | 'panel', words: readonly string[]) {
    const place = (name: string) => at(`${host}-${name}`);
    const keyFile = place('keys');
    const printed = await gotgan('backup', ['backup-host', 'sshd-config', ...words, '--key-file', keyFile], environment);
    await writeFile(keyFile, /^#(restrict,.*)$/m.exec(printed)?.[1] ?? '', { mode: 0o644 });
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', place('host')]);
    const lines = ['Port 22', `HostKey ${place('host')}`, `PidFile ${place('pid')}`, 'UsePAM no', 'LogLevel VERBOSE'];
    await writeFile(place('sshd_config'), `${lines.join('\n')}\nSubsystem sftp internal-sftp\n${printed}`);
    return serve(host);
  }

  async function serve(host: 'web' | 'panel') {
    const child = hosts.start(host, '/usr/sbin/sshd', ['-D', '-e', '-f', at(`${host}-sshd_config`)]);
    await hosts.listening(host, 22);
    return child;
  }

  /** Jobs of backups alone: no night begins here. */
  const work = () => {
    const { doors } = panel.panel;
    const id = (run: JobRun, name: string) => String(run.payload[name]);
    return doors.queue.drain({
      'tiers.keep': (run) => doors.tiers.keep(id(run, 'backupId')),
      'tiers.store': (run) => doors.tiers.store(id(run, 'snapshotId'), run),
      'pulls.take': (run) => doors.pulls.take(id(run, 'stagingId')),
      'backups.verify': (run) => doors.backups.verify(id(run, 'backupId'), run),
    });
  };

  /** @returns a backup of that day, made, read back and shown in the site's `backup/` */
  const backUp = async (site: Site) => {
    const { doors } = panel.panel;
    const fileName = await doors.backups.runNow(site);
    await work();
    const found = (await doors.backups.held(site)).find((one) => one.fileName === fileName);
    if (!found?.sha256) throw new Error('no backup was made');
    return { ...found, fileName, sha256: found.sha256 };
  };

  const fingerprint = async (host: 'web' | 'panel') => {
    const [, blob = ''] = (await readFile(at(`${host}-host.pub`), 'utf8')).split(' ');
    return fingerprintOf(Buffer.from(blob, 'base64'));
  };
  /** @param web fingerprint that the list has of the web server @param more lines of servers that lie there too: name, folder */
  const writeServers = async (web?: string, more: Readonly<Record<string, string>> = {}) => {
    const there = Object.entries({ 'this-machine': '/', ...more });
    const print = web ?? (await fingerprint('web'));
    const lines = [
      ...there.map(([name, folder]) => `${name} ${reader}@${hosts.address('web', 'backup')} ${folder} ${print}`),
      `staging ${stager}@${hosts.address('panel', 'backup')} /incoming ${await fingerprint('panel')}`,
    ];
    await writeFile(at('host/servers.txt'), `# servers of this host\n${lines.join('\n')}\n`);
  };
  await writeServers();

  return {
    ...{ hosts, panel, postgres, folder, environment, reader, writeServers, fingerprint, work, backUp },
    webSshd: () => webSshd,
    /** Another sshd on the web server, after the first was killed. */
    serveWeb: async () => {
      webSshd = await serve('web');
    },
    /** The backup host's program as a process of its own there. */
    startHost: (...args: readonly string[]) => {
      const env = { ...environment, PATH: process.env.PATH, HOME: folder };
      return hosts.start('backup', process.execPath, [program, 'work', '--role', 'backup', ...args], env);
    },
    place: at,
    /** the host's own database role, over the socket of the test's machine */
    roleUrl: postgres.url('gotgan_short_term'),
    /** One round on the backup host, as a program of its own there. @returns what it said */
    round: (more: Readonly<Record<string, string>> = {}) =>
      gotgan('backup', ['work', '--role', 'backup', '--once'], { ...environment, ...more }),
    /** @returns archives that lie on the backup host, of all sites */
    held: async () => {
      const sites = await readdir(at('tier')).catch(() => []);
      const names = await Promise.all(
        sites.map(async (site) => (await readdir(at('tier', site))).map((name) => `${site}/${name}`)),
      );
      return names
        .flat()
        .filter((name) => name.endsWith('.zip'))
        .sort();
    },
    visitor: () => new Visitor(panel),
  };
}

/** PostgreSQL on the panel's host: over the network for the backup host's role alone, and over a socket for this test. */
async function startPostgres(hosts: ThreeHosts, endings: (() => Promise<unknown>)[]) {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-pull-pg-'));
  endings.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const { program: started, args } = await freshPostgreSql(folder, 5432);
  const [there, from] = [hosts.address('panel', 'backup'), hosts.address('backup', 'panel')];
  const rules = ['local all all trust', `host panel gotgan_short_term ${from}/32 scram-sha-256`];
  await writeFile(join(folder, 'data/pg_hba.conf'), `${rules.join('\n')}\n`);
  const own = ['-h', there, '-c', `unix_socket_directories=${folder}`];
  // setpriv and ip become the program that they start: this is PostgreSQL's first process.
  let server = hosts.start('panel', started, [...args, ...own]);
  const url = (role: string, database = 'panel') => `postgres://${role}@localhost/${database}?host=${encodeURIComponent(folder)}`;
  const psql = async (text: string) => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    return client.query(text).finally(() => client.end());
  };
  const answering = async (act: (client: pg.Client) => Promise<unknown>) => {
    for (let attempt = 0; ; attempt++) {
      const client = new pg.Client({ connectionString: url('postgres', 'postgres') });
      client.on('error', () => {});
      try {
        await client.connect();
        return await act(client).finally(() => client.end());
      } catch (error) {
        await client.end().catch(() => {});
        if (attempt === 400) throw new Error(`PostgreSQL does not answer: ${hosts.said()}`, { cause: error });
        await sleep(25);
      }
    }
  };
  await answering((client) => client.query('create database panel'));
  return {
    url,
    psql,
    /** As `kill -9` of all its processes does it. */
    kill: async () => {
      const all = [server.pid ?? 0, ...(await childrenOf(server.pid ?? 0).catch(() => []))];
      for (const pid of all) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
      for (const pid of all) await untilGone(pid, 30);
    },
    restart: async () => {
      server = hosts.start('panel', started, [...args, ...own]);
      await answering((client) => client.query('select 1'));
    },
  };
}
