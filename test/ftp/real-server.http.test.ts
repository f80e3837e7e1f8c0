// FTP accounts through a real ProFTPD with a real client: made on the page, used, seen as used, and cut off when they end (KHADA 7.2, 7.3).
import { chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'basic-ftp';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';
import { ftpPassword, makeAccount, openFtp, withRoom } from './customer.ts';
import { giveTo, siteUser } from './server.ts';

let house: TestPanel;
let server: FtpServer;
const clients: Client[] = [];

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  const sitesFolder = join(house.folder, 'sites');
  await mkdir(sitesFolder, { recursive: true });
  server = await startFtpServer({ answer: house.panel.doors.ftp.answer, sitesFolder });
  await openFtp(house, server);
  await withRoom(house);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await server?.stop();
  await house?.close();
});

let customers = 0;
async function customer(): Promise<{ owner: Visitor; site: string; www: string }> {
  customers += 1;
  const owner = new Visitor(house);
  const site = await owner.arrive(`real-${customers}@example.com`);
  await giveTo(house, site);
  return { owner, site, www: join(house.folder, 'sites', site, 'www') };
}

async function connect(user: string, password = ftpPassword, secure = true): Promise<Client> {
  const client = new Client(10_000);
  clients.push(client);
  const { host, port, certificate: ca } = server;
  await client.access({ host, port, user, password, secure, secureOptions: { ca, host: 'localhost' } });
  return client;
}

const refusal = (user: string, password = ftpPassword, secure = true) =>
  connect(user, password, secure).then(
    () => undefined,
    (error: Error & { code?: number }) => error.code ?? error.message,
  );

test('an account that was made on the page lists www and backup, uploads, and is seen as used with its address', async () => {
  const { owner, site, www } = await customer();
  await makeAccount(owner, site);
  const client = await connect(site);
  expect((await client.list()).map(({ name }) => name).sort()).toEqual(['backup', 'www']);
  await client.uploadFrom(Readable.from(['<?php echo 1;']), 'www/index.php');
  expect(await readFile(join(www, 'index.php'), 'utf8')).toBe('<?php echo 1;');
  const text = (await owner.get(`/sites/${site}/ftp`)).text;
  expect(text).toContain('127.0.0.1');
  expect(text).not.toContain('아직 접속한 적이 없습니다');
  expect((await owner.get('/account/history?kind=ftp')).text).toContain('FTP 접속');
});

test('an account for one folder sees that folder and nothing above it', async () => {
  const { owner, site, www } = await customer();
  await mkdir(join(www, 'shop'));
  await chown(join(www, 'shop'), siteUser, siteUser);
  await makeAccount(owner, site);
  await makeAccount(owner, site, { user: 'shop', path: '/www/shop' });
  const client = await connect(`${site}.shop`);
  await client.uploadFrom(Readable.from(['x']), 'new.txt');
  expect(await readdir(join(www, 'shop'))).toEqual(['new.txt']);
  await client.cd('..');
  expect(await client.pwd()).toBe('/');
  expect((await client.list()).map(({ name }) => name)).toEqual(['new.txt']);
});

test('unknown, wrong, off, expired and suspended are one and the same refusal', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  const off = await makeAccount(owner, site, { user: 'off' });
  await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${off.id}/off`);
  await makeAccount(owner, site, { user: 'elsewhere', allow_ips: '203.0.113.7' });
  const expired = await makeAccount(owner, site, { user: 'expired' });
  const { connection, clock } = house.panel.doors;
  const past = { expires_at: clock.now() - 1 };
  await connection.write((tx) => tx.updateTable('ftp_accounts').set(past).where('id', '=', expired.id).execute());
  const codes = [
    await refusal('nobody'),
    await refusal(site, 'wrong'),
    await refusal(`${site}.off`),
    await refusal(`${site}.elsewhere`),
    await refusal(`${site}.expired`),
  ];
  expect(await refusal(site)).toBeUndefined();
  const at = { suspended_at: clock.now() };
  await connection.write((tx) => tx.updateTable('sites').set(at).where('name', '=', site).execute());
  codes.push(await refusal(site));
  expect(codes).toEqual([530, 530, 530, 530, 530, 530]);
});

test('a password over a plain line is refused before it is asked for', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  expect([await refusal(site, ftpPassword, false), await refusal(site)]).toEqual([550, undefined]);
});

const isCutOff = async (client: Client) => {
  for (let tries = 0; tries < 40; tries += 1, await sleep(50))
    if (
      await client.pwd().then(
        () => false,
        () => true,
      )
    )
      return true;
  return false;
};

test('a session that runs ends within seconds when its account is turned off, and others go on', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  const { id } = await makeAccount(owner, site, { user: 'guest' });
  const [ours, theirs] = [await connect(site), await connect(`${site}.guest`)];
  await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${id}/off`);
  await house.work();
  expect(await isCutOff(theirs)).toBe(true);
  expect(await ours.pwd()).toBe('/');
});

test('every session of a site ends when it is suspended, and by the clock when nobody said so', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  const { sites, ftp, connection, clock } = house.panel.doors;
  const { id } = await sites.byName(site);
  const [one, other] = [await connect(site), await connect(site)];
  expect(await ftp.suspended(id)).toBe(2);
  expect([await isCutOff(one), await isCutOff(other)]).toEqual([true, true]);
  expect(await ftp.suspended(id)).toBe(0);
  const third = await connect(site);
  await connection.write((tx) => tx.updateTable('sites').set({ suspended_at: clock.now() }).where('id', '=', id).execute());
  await ftp.tidy();
  expect(await isCutOff(third)).toBe(true);
});

test('a number that another process has now is left alone', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  const { ftp, sites, connection } = house.panel.doors;
  const found = await sites.byName(site);
  const [account] = await ftp.accounts.ofSite(found);
  const row = { server_id: found.serverId, account_id: account?.id ?? '', site_id: found.id, begun_at: 0 };
  await connection.write((tx) =>
    tx
      .insertInto('ftp_sessions')
      .values([
        { ...row, session: String(process.pid) },
        { ...row, session: String(server.pid) },
        { ...row, session: '-1' },
      ])
      .execute(),
  );
  expect(await ftp.suspended(found.id)).toBe(0);
  expect(await refusal(site)).toBeUndefined();
});
