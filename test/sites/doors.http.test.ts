// Every door of one site on real servers, suspended and resumed as the operator does: nginx, ProFTPD, MariaDB, PostgreSQL and sshd (KHADA 7.2).
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as FtpClient } from 'basic-ftp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../src/platform/database-server/port.ts';
import { resumeCommand, suspendCommand } from '../../src/site-commands.ts';
import { type Made, make, usedAs } from '../databases/owners.ts';
import { ftpPassword, makeAccount, openFtp } from '../ftp/customer.ts';
import { ask } from '../ssh/asking.ts';
import { type SshHouse, startSshHouse } from '../ssh/house.ts';
import type { Key } from '../ssh/server.ts';
import { client } from '../support/database-client.ts';
import { administrator, engines } from '../support/database-servers.ts';
import { dropHosted } from '../support/hosted-databases.ts';
import { type WebServer, webServer } from '../support/nginx.ts';
import { Visitor } from '../support/panel.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';

let house: SshHouse;
let owner: Visitor;
let site: string;
let ftp: FtpServer;
let web: WebServer;
let key: Key;
const databases = new Map<DatabaseEngine, Made>();
const doors = () => house.panel.doors;

beforeAll(async () => {
  house = await startSshHouse();
  owner = new Visitor(house);
  site = await owner.arrive('every-door@example.com', { plan: 'forest' });
  await house.moveIn(site);
  const { serverId } = await doors().sites.byName(site);
  const home = await doors().sites.homeOf(await doors().sites.byName(site));
  for (const engine of engines)
    await doors().databases.registerServer({ serverId, access: administrator(engine) }, { kind: 'operator' });
  ftp = await startFtpServer({ answer: doors().ftp.answer, sitesFolder: dirname(home.folder) });
  await openFtp(house, ftp);
  web = await webServer(dirname(home.folder));
  await makeAccount(owner, site);
  for (const engine of engines) databases.set(engine, await make(owner, site, { db_name: engine.slice(0, 2), engine }));
  key = await house.ssh.newKey();
  await ask(house, owner, site, { public_key: key.line, networks: '127.0.0.1' });
  const [asked] = await doors().ssh.grants.list();
  await doors().ssh.grants.approve(asked?.request.id ?? '');
  await house.work();
});
afterAll(async () => {
  await web?.close();
  await ftp?.stop();
  if (house) await dropHosted(house);
  await house?.close();
});

const ftpClients: FtpClient[] = [];
async function byFtp(): Promise<FtpClient> {
  const made = new FtpClient(20_000);
  ftpClients.push(made);
  const { host, port, certificate: ca } = ftp;
  await made.access({ host, port, user: site, password: ftpPassword, secure: true, secureOptions: { ca } });
  return made;
}
afterAll(() => {
  for (const one of ftpClients) one.close();
});

const madeOf = (engine: DatabaseEngine): Made => databases.get(engine) ?? { id: '', name: '', password: '' };
const byDatabase = (engine: DatabaseEngine) => client(usedAs.access(engine, madeOf(engine)), madeOf(engine).name);
const bySsh = (line: string) => house.ssh.run(key, line, { user: house.ssh.userOf(site) });

const isLetIn = (asked: Promise<{ end?(): Promise<void>; close?(): void }>) =>
  asked.then(
    async (session) => {
      await session.end?.();
      session.close?.();
      return true;
    },
    () => false,
  );

/** @returns which doors let somebody in who comes now */
async function open(): Promise<Record<string, boolean>> {
  return {
    web: (await web.get(site, 'index.html')).text === 'a page by FTP',
    ftp: await isLetIn(byFtp()),
    mariadb: await isLetIn(byDatabase('mariadb')),
    postgresql: await isLetIn(byDatabase('postgresql')),
    ssh: (await bySsh('true')).code === 0,
  };
}
const all = (state: boolean) => ({ web: state, ftp: state, mariadb: state, postgresql: state, ssh: state });

/** @returns whether it fails within some seconds: a server may need a moment to end what runs */
async function ends(use: () => Promise<unknown>): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1, await sleep(100)) {
    const works = await use().then(
      () => true,
      () => false,
    );
    if (!works) return true;
  }
  return false;
}

test('every door of a site stops when it is suspended, with the sessions that run, and resume brings each back with what was there', async () => {
  const session = await byFtp();
  await session.uploadFrom(Readable.from(['a page by FTP']), 'www/index.html');
  const programs = await Promise.all(engines.map(byDatabase));
  for (const program of programs) await program.rows('CREATE TABLE kept (word varchar(20))');
  for (const program of programs) await program.rows("INSERT INTO kept VALUES ('rice')");
  const shell: ChildProcess = house.ssh.stay(key, 'echo begun; sleep 600', { user: house.ssh.userOf(site) });
  const shellEnded = once(shell, 'exit');
  await once(shell.stdout ?? shell, 'data');
  expect(await open()).toEqual(all(true));

  expect(await suspendCommand([site, '--reason', 'unpaid'], doors())).toContain('shuts its doors');
  await house.work();
  expect(await open()).toEqual(all(false));
  expect(await ends(() => session.pwd())).toBe(true);
  for (const program of programs) expect(await ends(() => program.rows('SELECT 1'))).toBe(true);
  await shellEnded;

  expect(await resumeCommand([site], doors())).toContain('opens its doors');
  await house.work();
  expect(await open()).toEqual(all(true));
  for (const engine of engines) {
    const again = await byDatabase(engine);
    expect(await again.rows('SELECT word FROM kept')).toEqual([{ word: 'rice' }]);
    await again.end();
  }
});
