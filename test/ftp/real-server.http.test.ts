// FTP accounts through a real ProFTPD with a real client: made on the page, used, seen as used, and cut off when they end (KHADA 7.2, 7.3).
import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'basic-ftp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { second } from '../../src/platform/clock.ts';
import type { FtpAnswer } from '../../src/platform/ftp-server/port.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { type FtpServer, startFtpServer } from '../support/proftpd.ts';
import { ftpPassword, makeAccount, openFtp, withRoom } from './customer.ts';
import { giveTo, siteUser } from './server.ts';

let house: TestPanel;
let server: FtpServer;
/** A sign-in that was let in is written down, and its process does not know yet. */
let beforeTheServerHears = async (): Promise<unknown> => undefined;
const clients: Client[] = [];

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  const sitesFolder = join(house.folder, 'sites');
  await mkdir(sitesFolder, { recursive: true });
  const answer: FtpAnswer = async (attempt) => {
    const home = await house.panel.doors.ftp.answer(attempt);
    await beforeTheServerHears();
    return home;
  };
  server = await startFtpServer({ answer, sitesFolder });
  await openFtp(house, server);
  await withRoom(house);
});
afterEach(() => {
  beforeTheServerHears = async () => undefined;
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
  expect((await client.list()).map(({ name }) => name).sort()).toEqual(['backup', 'trash', 'www']);
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

test('a session that just begins is ended with its site, and is no ended one for the clock', async () => {
  const { owner, site } = await customer();
  await makeAccount(owner, site);
  const { sites, ftp, connection, clock } = house.panel.doors;
  const { id, serverId } = await sites.byName(site);
  const rows = () => connection.db.selectFrom('ftp_sessions').select('session').where('site_id', '=', id).execute();
  beforeTheServerHears = () => ftp.tidy();
  const client = await connect(site);
  expect(await rows()).toHaveLength(1);
  const ended: number[] = [];
  beforeTheServerHears = async () => ended.push(await ftp.suspended(id));
  expect(await refusal(site)).toBeDefined();
  expect([ended, await isCutOff(client), await rows()]).toEqual([[2], true, []]);
  // One that cannot be seen at all is waited for, and forgotten when it is older.
  const [account] = await ftp.accounts.ofSite(await sites.byName(site));
  const unseen = { server_id: serverId, session: '-2', account_id: account?.id ?? '', site_id: id, begun_at: clock.now() };
  await connection.write((tx) => tx.insertInto('ftp_sessions').values(unseen).execute());
  expect(await ftp.suspended(id)).toBe(0);
  await ftp.tidy();
  expect(await rows()).toHaveLength(1);
  house.clock.advance(16 * second);
  await ftp.tidy();
  expect(await rows()).toEqual([]);
});

describe('over IPv6, at a server that demands what FileZilla does: data connections that take up the TLS session of the control line', () => {
  let six: FtpServer;
  beforeAll(async () => {
    const { answer } = house.panel.doors.ftp;
    const sitesFolder = join(house.folder, 'sites');
    six = await startFtpServer({ answer, sitesFolder, options: { address: '::1' }, except: /^TLSOptions / });
  });
  afterAll(() => six?.stop());

  const overSix = async (user: string) => {
    const client = new Client(10_000);
    clients.push(client);
    const { host, port, certificate: ca } = six;
    await client.access({ host, port, user, password: ftpPassword, secure: true, secureOptions: { ca, host: 'localhost' } });
    return client;
  };

  test('an account comes in from the networks of its list alone, and is seen with its address', async () => {
    const { owner, site, www } = await customer();
    const { id } = await makeAccount(owner, site, { allow_ips: '2001:db8::/32\n127.0.0.1' });
    await expect(overSix(site)).rejects.toThrow('530');
    expect((await owner.submit(`/sites/${site}/ftp/accounts/${id}`, { allow_ips: '2001:db8::/32\n::1/128' })).status).toBe(303);
    const client = await overSix(site);
    await client.uploadFrom(Readable.from(['six']), 'www/six.txt');
    expect((await client.list('www')).map(({ name }) => name)).toContain('six.txt');
    expect(await readFile(join(www, 'six.txt'), 'utf8')).toBe('six');
    expect(await refusal(site)).toBe(530);
    const found = await house.panel.doors.sites.byName(site);
    const last = await house.panel.doors.ftp.logins.last(found, 10);
    expect(new Set(last.map(({ outcome, address }) => `${outcome} ${address}`))).toEqual(
      new Set(['network ::1', 'in ::1', 'network 127.0.0.1']),
    );
    expect((await six.eventsUntil(({ kind }) => kind === 'stored')).every(({ address }) => address === '::1')).toBe(true);
  });

  test('lftp works as FileZilla does: EPSV, MLSD, the TLS session taken up again, and a whole folder there and back', async () => {
    const { owner, site, www } = await customer();
    await makeAccount(owner, site);
    const ca = join(house.folder, 'ca.pem');
    await writeFile(ca, six.certificate);
    const local = join(house.folder, 'to-send');
    await mkdir(join(local, 'board'), { recursive: true });
    for (const name of ['index.html', 'board/post.txt']) await writeFile(join(local, name), name);
    const lines = [
      ...['set ftp:ssl-force true', 'set ftp:ssl-protect-data true', 'set ftp:use-mlsd true', 'set net:max-retries 1'],
      ...[`set ssl:ca-file ${ca}`, 'set ssl:check-hostname false', 'set cmd:fail-exit true', 'debug 5'],
      `open -u ${site},${ftpPassword} -p ${six.port} ftp://[::1]`,
      ...[`mirror -R ${local} www/mirrored`, 'cls -1 www/mirrored', `mirror www/mirrored ${local}-back`, 'bye'],
    ];
    const { stdout, stderr } = await promisify(execFile)('lftp', ['--norc', '-c', lines.join('; ')], {
      env: { ...process.env, LC_ALL: 'C.UTF-8', HOME: house.folder },
    });
    for (const command of ['EPSV', 'MLSD', 'PROT P']) expect(`${stdout}${stderr}`).toContain(`---> ${command}`);
    expect(`${stdout}${stderr}`).not.toContain('---> PASV');
    expect(await readFile(join(www, 'mirrored/board/post.txt'), 'utf8')).toBe('board/post.txt');
    expect(await readFile(join(`${local}-back`, 'index.html'), 'utf8')).toBe('index.html');
  });
});
