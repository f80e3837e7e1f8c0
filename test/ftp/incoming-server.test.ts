// What comes in through the real FTP server, from a real client to quarantine and back: nothing of it is a pretended event.
import { chmod, chown, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from 'basic-ftp';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';
import { chopper, IncomingHouse, ordinary, pixel } from './incoming-house.ts';

/** nobody's numbers on this machine, others in each run */
const userId = 40_000 + Math.floor(Math.random() * 20_000);
let house: IncomingHouse;
let server: FtpServer;

beforeAll(async () => {
  house = await IncomingHouse.open();
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

test('an upload that breaks off leaves nothing in the site', async () => {
  const before = await house.findings();
  const client = new Client(20_000);
  await client.access({
    ...{ host: server.host, port: server.port, user: house.site.name, password: 'right', secure: true },
    secureOptions: { ca: server.certificate },
  });
  let isBroken = false;
  const half = Readable.from(
    (async function* () {
      yield Buffer.from(ordinary);
      await new Promise((resolve) => setTimeout(resolve, 300));
      isBroken = true;
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 300));
    })(),
  );
  await client.uploadFrom(half, '/www/data/half.php').catch(() => {});
  await house.incoming.took(await server.eventsUntil(({ kind }) => kind === 'ended'), house.site);
  await house.judge();
  await house.watch();
  expect(isBroken).toBe(true);
  expect((await house.findings()).filter((line) => !before.includes(line) && !line.includes('half.php'))).toEqual([]);
  expect(await house.isThere('www/data/half.php')).toBe(false);
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
