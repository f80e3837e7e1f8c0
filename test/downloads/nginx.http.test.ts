// Archives that a real nginx sends on the panel's word: ranges, who may not, and nothing without that word.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nginxArchives } from '../../src/platform/webserver/nginx.ts';
import { webServerCommand } from '../../src/web-server-commands.ts';
import { freePort, frontServer } from '../support/nginx.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const email = 'owner@example.com';
let house: TestPanel;
let front: Awaited<ReturnType<typeof frontServer>>;
let site: string;
let id: string;
let archive: Buffer;
let archiveName: string;
let cookie: string;

beforeAll(async () => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  house = await startPanel({ limitsScale: 1000, publicUrl, trustProxy: 'loopback', accelArchives: '/internal-archives' });
  const locations = (await webServerCommand(['nginx', '--archives'], house.panel.doors)).toString();
  const zones = /limit_conn_zone [^;]+;/.exec(locations)?.[0] ?? '';
  front = await frontServer(port, (house.server.address() as AddressInfo).port, { locations, zones });
  const owner = new Visitor(house);
  site = await owner.arrive(email);
  await writeFile(join(house.folder, 'sites', site, 'www', 'big.bin'), randomBytes(12_000_000));
  await owner.submit(`/sites/${site}/backups`, {});
  await house.work();
  const row = await house.panel.doors.connection.db.selectFrom('backups').selectAll().executeTakeFirstOrThrow();
  [id, archiveName] = [row.id, row.file_name ?? ''];
  archive = await readFile(join(house.folder, 'archives', site, archiveName));
  const { headers } = await new Visitor(house).logIn(email);
  cookie = [headers['set-cookie'] ?? []]
    .flat()
    .map((one) => String(one).split(';')[0])
    .join('; ');
});
afterAll(async () => {
  await front?.close();
  await house?.close();
});

const download = () => `/sites/${site}/backups/${id}/download`;
const asked = (path: string, headers: Record<string, string> = { cookie }, method = 'GET') =>
  fetch(house.origin + path, { headers, method, redirect: 'manual' });
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

test('a whole archive comes from nginx as the panel would send it, and any part of it', async () => {
  const whole = await asked(download());
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'application/zip']);
  expect(whole.headers.get('content-disposition')).toContain(archiveName);
  expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
  expect(whole.headers.get('content-security-policy')).toContain('sandbox');
  expect(whole.headers.get('cache-control')).toBe('no-store');
  for (const hidden of ['x-accel-redirect', 'x-accel-customer'])
    expect([hidden, whole.headers.get(hidden)]).toEqual([hidden, null]);
  expect((await bytesOf(whole)).equals(archive)).toBe(true);
  const tag = whole.headers.get('etag') ?? '';
  const part = await asked(download(), { cookie, Range: 'bytes=100-199', 'If-Range': tag });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${archive.length}`]);
  expect((await bytesOf(part)).equals(archive.subarray(100, 200))).toBe(true);
  const changed = await asked(download(), { cookie, Range: 'bytes=100-199', 'If-Range': '"another"' });
  expect(changed.status).toBe(200);
  await changed.body?.cancel();
  expect((await asked(download(), { cookie, Range: `bytes=${archive.length}-` })).status).toBe(416);
  expect((await asked(download(), { cookie }, 'HEAD')).headers.get('content-length')).toBe(String(archive.length));
});

test('without the word of the panel there is nothing: no session, the internal address, another path, a stranger', async () => {
  const without = await asked(download(), {});
  expect([without.status, without.headers.get('location')?.startsWith('/login?next=')]).toEqual([303, true]);
  for (const path of [
    `/internal-archives/${site}/${archiveName}`,
    `/internal-archives/`,
    `/internal-archives/../${site}/${archiveName}`,
    `/sites/../internal-archives/${site}/${archiveName}`,
  ])
    for (const more of ['', `/internal-archives/${site}/${archiveName}`])
      expect([path, (await asked(path, { cookie, 'X-Accel-Redirect': more })).status]).toEqual([path, 404]);
  const stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(download())).status).toBe(404);
});

test('what is gone is told by the panel, in its own words', async () => {
  const change = (bytes: number) =>
    house.panel.doors.connection.write((tx) => tx.updateTable('backups').set({ bytes }).where('id', '=', id).execute());
  await change(7);
  const answer = await asked(download());
  expect([answer.status, (await answer.text()).includes('지금 이 백업 파일을 읽을 수 없습니다')]).toEqual([503, true]);
  await change(archive.length);
});

test('it is written down as if the panel had sent it, and a customer has four at a time', async () => {
  const rows = await house.panel.doors.connection.db.selectFrom('backup_downloads').selectAll().execute();
  expect(rows).toHaveLength(1);
  expect(Number(rows[0]?.sent_bytes)).toBeGreaterThan(archive.length);
  const hanging = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(house.origin + download(), { headers: { cookie } }, (answer) => resolve(answer.pause())).on('error', reject);
    });
  const begun = await Promise.all(Array.from({ length: 4 }, hanging));
  expect(begun.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  expect((await asked(download())).status).toBe(429);
  for (const answer of begun) answer.destroy();
  await vi.waitFor(async () => {
    const again = await asked(download(), { cookie, Range: 'bytes=0-9' });
    expect([again.status, (await bytesOf(again)).length]).toEqual([206, 10]);
  });
});

test('the configuration is printed for nginx alone, and only for plain paths', async () => {
  const { doors } = house.panel;
  await expect(webServerCommand(['apache', '--archives'], doors)).rejects.toThrow('only nginx');
  const { accelArchives: _, ...choices } = doors.choices;
  const unset = { ...doors, choices: { ...choices, accelArchives: undefined } };
  await expect(webServerCommand(['nginx', '--archives'], unset)).rejects.toThrow('ACCEL_ARCHIVES');
  expect(() => nginxArchives('/a', '/srv/a; }')).toThrow(RangeError);
  expect(() => nginxArchives('/a { }', '/srv')).toThrow(RangeError);
});
