// What the FTP server tells afterwards, read from its log while the panel itself answers its questions: nothing lost, nothing forged.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'basic-ftp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FtpLogReading } from '../../src/ftp/log-reading.ts';
import { FtpStore } from '../../src/ftp/store.ts';
import { ftpKeysFile } from '../../src/ftp-server-commands.ts';
import { ftpServerKeys } from '../../src/platform/ftp-server/keys.ts';
import type { FtpEvent } from '../../src/platform/ftp-server/port.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';
import { ftpPassword, makeAccount, openFtp } from './customer.ts';
import { giveTo } from './server.ts';

let house: TestPanel;
let server: FtpServer;
let logFolder: string;
let radius: { close(): Promise<void> } | undefined;

beforeAll(async () => {
  logFolder = await realpath(await mkdtemp(join(tmpdir(), 'gotgan-ftp-log-')));
  const log = join(logFolder, 'panel.log');
  const port = await freePort();
  house = await startPanel({ limitsScale: 1000, ftpLog: log, ftpRadius: `127.0.0.1:${port}` });
  radius = await house.panel.listenForFtp();
  const sitesFolder = join(house.folder, 'sites');
  await mkdir(sitesFolder, { recursive: true });
  const { secret, logWord } = await ftpServerKeys(ftpKeysFile(house.folder));
  server = await startFtpServer({ radius: `127.0.0.1:${port}`, secret, sitesFolder, options: { log, logWord } });
  await openFtp(house, server);
});
afterAll(async () => {
  await server?.stop();
  await radius?.close();
  await house?.close();
  if (logFolder) await rm(logFolder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

test('the panel answers at FTP_RADIUS, and each event of the log is told once, with its site', async () => {
  const owner = new Visitor(house);
  const site = await owner.arrive('owner@example.com');
  await giveTo(house, site);
  await makeAccount(owner, site);
  const { doors } = house.panel;
  const told: [string, FtpEvent][] = [];
  const { logWord } = await ftpServerKeys(ftpKeysFile(house.folder));
  const reading = new FtpLogReading({
    ...doors,
    store: new FtpStore(doors.connection, doors.secrets),
    logWord: async () => logWord,
    farLog: () => Promise.reject(new Error('there is no other machine')),
    incoming: { took: async (events, { name }) => void told.push(...events.map((event) => [name, event] as [string, FtpEvent])) },
  });
  const client = new Client(10_000);
  const { host, port, certificate: ca } = server;
  await client.access({ host, port, user: site, password: ftpPassword, secure: true, secureOptions: { ca, host: 'localhost' } });
  for (const name of ['one.php', 'two.php']) await client.uploadFrom(Readable.from([name]), `www/${name}`);
  const sessions = () => doors.connection.db.selectFrom('ftp_sessions').selectAll().execute();
  expect(await sessions()).toHaveLength(1);
  client.close();
  await appendFile(server.logFile, `forged\t1\t${site}\tSTOR\t226\t/etc/passwd\tforged\n`);
  for (let tries = 0; tries < 100 && (await sessions()).length > 0; tries += 1) {
    await reading.read();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await sessions()).toEqual([]);
  await Promise.all([reading.read(), reading.read()]);
  const stored = told.filter(([, { kind }]) => kind === 'stored' || kind === 'cutOff');
  expect(stored.map(([name, { path }]) => [name, path])).toEqual(
    ['one.php', 'two.php'].map((name) => [site, join(house.folder, 'sites', site, 'www', name)]),
  );
  expect(JSON.stringify(told)).not.toContain('passwd');
});

test('with a database that answers late and wrongly one fault is thrown, and none is left to end the worker', async () => {
  const { doors } = house.panel;
  const list = async () => {
    await sleep(300);
    throw new Error('the database is gone');
  };
  const reading = new FtpLogReading({
    ...doors,
    sites: Object.create(doors.sites, { servers: { value: { list } } }),
    store: new FtpStore(doors.connection, doors.secrets),
    // A folder cannot be read, which is known at once.
    choices: { ftpLog: logFolder },
    logWord: async () => 'word',
    farLog: () => Promise.reject(new Error('there is no other machine')),
  });
  await expect(reading.read()).rejects.toThrow('the database is gone');
});

test('a server whose log hangs is read by one reading, however often the worker comes, and by the next once that has ended', async () => {
  const { doors } = house.panel;
  const far = { id: 'far', name: 'far', reach: {}, ftpLog: '/var/log/far', checkFault: null };
  const ends: (() => void)[] = [];
  const reading = new FtpLogReading({
    ...doors,
    sites: Object.create(doors.sites, { servers: { value: { list: async () => [far] } } }),
    store: new FtpStore(doors.connection, doors.secrets),
    choices: { ftpLog: undefined },
    logWord: async () => 'word',
    farLog: () => new Promise((_, reject) => ends.push(() => reject(new Error('the line has broken')))),
  });
  const first = reading.read();
  for (let times = 0; times < 5; times += 1) await reading.read();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  const second = reading.read();
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.();
  await second;
});

test('the worker reads the log by the clock', async () => {
  const position = () => house.panel.doors.connection.db.selectFrom('ftp_logs').selectAll().execute();
  const [before] = await position();
  const client = new Client(10_000);
  const { host, port, certificate: ca } = server;
  const wrong = { host, port, user: 'nobody', password: 'x', secure: true, secureOptions: { ca, host: 'localhost' } };
  await client.access(wrong).catch(() => {});
  client.close();
  await house.work();
  const [after] = await position();
  expect(after?.position).not.toBe(before?.position);
});
