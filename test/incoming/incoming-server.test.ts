// What comes in through the real FTP server, from a real client to quarantine and back: nothing of it is a pretended event.
import { chmod, chown, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'basic-ftp';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { day, StoppedClock } from '../../src/platform/clock.ts';
import type { FtpEvent } from '../../src/platform/ftp-server/port.ts';
import { heardLog } from '../support/heard-log.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';
import { chopper, IncomingHouse, ordinary, pixel } from './incoming-house.ts';

/** nobody's numbers on this machine, others in each run */
const userId = 40_000 + Math.floor(Math.random() * 20_000);
const heard = heardLog();
let house: IncomingHouse;
let server: FtpServer;

beforeAll(async () => {
  // Files have the machine's own times, and parts of uploads are told by their age.
  house = await IncomingHouse.open({ clock: new StoppedClock(Date.now()), log: heard.log });
  // Every folder above must let the site's own user through, and `www/` is its own.
  for (const path of [house.test.folder, dirname(house.home), house.home]) await chmod(path, 0o755);
  await chown(join(house.home, 'www'), userId, userId);
  const home = { userId, groupId: userId, folder: house.home };
  const answer = async ({ password }: { password: string }) => (password === 'right' ? home : undefined);
  server = await startFtpServer({ sitesFolder: dirname(house.home), answer });
  await house.mark('www/data');
});

afterAll(async () => {
  await server?.stop();
  await house?.close();
});

beforeEach(() => server.events());

/** Does something as a client, and hands to the panel what the server told of it. */
async function asClient(act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client(20_000);
  try {
    await client.access({
      ...{ host: server.host, port: server.port, user: house.site.name, password: 'right', secure: true },
      secureOptions: { ca: server.certificate },
    });
    await act(client);
    await client.send('QUIT');
  } finally {
    client.close();
  }
  await house.incoming.took(await server.eventsUntil(({ kind }) => kind === 'ended'), house.site);
}

const put = (client: Client, path: string, content: string | Buffer) =>
  client.uploadFrom(Readable.from([Buffer.from(content)]), path);

test('scripts come into the program area, a shell does not, and in an upload folder no script does', async () => {
  await asClient(async (client) => {
    await client.ensureDir('/www/data');
    await client.cd('/');
    await put(client, '/www/index.php', ordinary);
    await put(client, '/www/cache.php', chopper());
    await put(client, '/www/data/사진.png', pixel);
    await put(client, '/www/data/게시판.php', ordinary);
    await put(client, '/www/data/아이콘.png'.normalize('NFD'), ordinary);
  });
  await house.judge();
  expect((await house.findings()).sort()).toEqual([
    'refused www/cache.php web_shell',
    'refused www/data/게시판.php type_not_allowed',
    'refused www/data/아이콘.png content_mismatch',
  ]);
  const rows = await house.incoming.findings(house.site, 0, 10);
  expect(new Set(rows.map(({ userName }) => userName))).toEqual(new Set([house.site.name]));
  expect(await readFile(house.at('www/index.php'), 'utf8')).toBe(ordinary);
  expect(await house.isThere('www/data/사진.png')).toBe(true);
});

test('a script that is renamed into an upload folder is taken out there', async () => {
  await asClient(async (client) => {
    await put(client, '/www/moved.php', ordinary);
    await client.rename('/www/moved.php', '/www/data/moved.php');
  });
  await house.judge();
  expect(await house.findings()).toContain('refused www/data/moved.php type_not_allowed');
  expect(await house.isThere('www/data/moved.php')).toBe(false);
});

async function hasBegun(): Promise<boolean> {
  const part = (await readdir(house.at('www/data'))).find((name) => name.startsWith('.in.'));
  return part !== undefined && (await stat(house.at(`www/data/${part}`))).size > 0;
}

/** Begins an upload, and waits for `cut` in its middle. @returns what the server told of it */
async function halfUpload(path: string, cut: (client: Client, session: string) => Promise<void> | void): Promise<FtpEvent[]> {
  const client = new Client(20_000);
  const { host, port, certificate: ca } = server;
  await client.access({ host, port, user: house.site.name, password: 'right', secure: true, secureOptions: { ca } });
  const [came] = await server.eventsUntil(({ kind }) => kind === 'signedIn');
  const half = Readable.from(
    (async function* () {
      yield Buffer.from(ordinary);
      // Until it stands there: what is cut off before it began leaves nothing in any case.
      while (!(await hasBegun())) await sleep(20);
      await cut(client, came?.sessionId ?? '');
      await sleep(200);
    })(),
  );
  await expect(client.uploadFrom(half, path)).rejects.toThrow();
  client.close();
  return server.events();
}

const untilEnded = async (events: readonly FtpEvent[]) =>
  events.some(({ kind }) => kind === 'ended')
    ? [...events]
    : [...events, ...(await server.eventsUntil(({ kind }) => kind === 'ended'))];

test('what a client that dies has left under the name is told as cut off, and judged as it stands', async () => {
  const [before, held] = [await house.findings(), await house.heldFiles()];
  const events = await untilEnded(await halfUpload('/www/data/half.php', (client) => client.close()));
  expect(events.map(({ kind }) => kind)).toEqual(['cutOff', 'ended']);
  await house.incoming.took(events, house.site);
  await house.judge();
  await house.watch();
  expect((await house.findings()).filter((line) => !before.includes(line))).toEqual([
    'refused www/data/half.php type_not_allowed',
  ]);
  expect([await house.isThere('www/data/half.php'), await house.heldFiles()]).toEqual([false, held + 1]);
});

test('an upload whose session is ended leaves nothing at all', async () => {
  const before = await house.findings();
  const ended = (_client: Client, session: string) => void process.kill(Number(session), 'SIGTERM');
  const events = await untilEnded(await halfUpload('/www/data/ended.php', ended));
  await house.incoming.took(events, house.site);
  await house.judge();
  await house.watch();
  expect(await house.findings()).toEqual(before);
  expect((await readdir(house.at('www/data'))).filter((name) => name.includes('ended'))).toEqual([]);
});

test('what a session that was killed has left is swept after a day, and the log tells of it', async () => {
  const killed = (_client: Client, session: string) => void process.kill(Number(session), 'SIGKILL');
  await halfUpload('/www/data/killed.php', killed);
  const parts = async () => (await readdir(house.at('www/data'))).filter((name) => name.startsWith('.in.killed.php.'));
  const sweep = () => house.incoming.sweepParts(house.site.id, new AbortController().signal);
  await house.lay('www/data/.in.mine', 'no part of anything');
  await sweep();
  expect(await parts()).toHaveLength(1);
  house.test.clock.advance(day);
  await sweep();
  expect([await parts(), await house.isThere('www/data/.in.mine')]).toEqual([[], true]);
  const [line] = heard.lines('parts of FTP uploads that broke off were removed');
  expect(line).toMatchObject({ site: house.site.name, files: 1, bytes: ordinary.length });
});

test('a name that the panel hides as its own is taken from nobody', async () => {
  await asClient(async (client) => {
    const hidden = '.gotgan-0193b3f0-0000-7000-8000-00000000000a';
    await expect(put(client, `/www/${hidden}`, chopper())).rejects.toThrow();
  }).catch(() => {});
  await asClient((client) => put(client, '/www/.gotgan-a.php', chopper('own')).then(() => {}));
  await house.judge();
  expect((await readdir(house.at('www'))).filter((name) => name.startsWith('.gotgan-'))).toEqual([]);
  expect(await house.findings()).toContain('refused www/.gotgan-a.php web_shell');
});

test('a thousand small files are judged within a minute of their arrival', async () => {
  await asClient(async (client) => {
    await client.ensureDir('/www/many');
    await client.cd('/');
    for (let at = 0; at < 1000; at += 1)
      await put(client, `/www/many/${at}.php`, at % 100 === 7 ? chopper(`a${at}`) : `${ordinary}// ${at}`);
  });
  const begun = performance.now();
  await house.judge();
  const seconds = (performance.now() - begun) / 1000;
  console.log(`1,000 small files judged ${seconds.toFixed(2)} s after the server told of the last`);
  expect((await house.findings()).filter((line) => line.startsWith('refused www/many/'))).toHaveLength(10);
  expect(seconds).toBeLessThan(60);
}, 180_000);
