// An archive that is brought back in pieces (tus 1.0): whatever breaks off in between it becomes one backup, or none.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Arrivals } from '../../src/backups/arrivals.ts';
import { Bringing } from '../../src/backups/bringing.ts';
import type { BackupsParts } from '../../src/backups/parts.ts';
import { day, hour, minute } from '../../src/platform/clock.ts';
import { furnish, openWorld, owner, type World } from '../restores/world.ts';
import { Visitor } from '../support/panel.ts';

let world: World;
let kept: Buffer;
let stranger: Visitor;
let second: string;

beforeAll(async () => {
  world = await openWorld();
  await furnish(world.place);
  const { fileName } = await world.backup();
  kept = await readFile(join(world.house.folder, 'archives', world.name, fileName ?? ''));
  stranger = new Visitor(world.house);
  second = await stranger.arrive('second@example.com');
  await world.visitor.logIn(owner);
});
afterAll(() => world?.house.close());

const pieces = (site = world.name) => `/sites/${site}/backups/archives/pieces`;
const arrived = () => readdir(join(world.house.folder, 'arriving')).catch(() => [] as string[]);
const stored = async () =>
  (await readdir(join(world.house.folder, 'archives'), { recursive: true })).filter((name) => name.endsWith('.zip')).length;
const staged = async () =>
  (await readdir(join(world.house.folder, 'archives'), { recursive: true })).filter((name) => name.includes('.staging-')).length;
const rows = () =>
  world.doors.connection.db.selectFrom('backups').selectAll().where('kind', '=', 'brought').orderBy('id').execute();
const openRows = () =>
  world.doors.connection.db.selectFrom('unfinished_archives').selectAll().where('finished_at', 'is', null).execute();

async function headersOf(visitor: Visitor, site: string): Promise<Record<string, string>> {
  const { text, request } = await visitor.get(`/sites/${site}/backups/archives`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  const cookie = String((request as unknown as { cookies?: string }).cookies ?? '');
  return {
    Cookie: cookie,
    Origin: world.house.origin,
    'X-CSRF-Token': csrf,
    Accept: 'application/json',
    'Tus-Resumable': '1.0.0',
  };
}

type Asking = { visitor?: Visitor; site?: string; headers?: Record<string, string>; body?: Buffer };

async function ask(method: string, path: string, { visitor = world.visitor, site = world.name, headers, body }: Asking = {}) {
  return fetch(`${world.house.origin}${path}`, {
    method,
    headers: { ...(await headersOf(visitor, site)), ...headers },
    ...(body && { body: new Uint8Array(body) }),
    redirect: 'manual',
  });
}

const changed = `changed ${btoa('1700000000000')}`;
async function announce(bytes: number, more: Asking = {}): Promise<string> {
  const headers = { 'Upload-Length': String(bytes), 'Upload-Metadata': changed };
  const answer = await ask('POST', pieces(more.site), { ...more, headers });
  expect(answer.status).toBe(201);
  return String(answer.headers.get('location'));
}

const sumOf = (body: Buffer) => `sha256 ${createHash('sha256').update(body).digest('base64')}`;
const send = (address: string, offset: number, body: Buffer, headers: Record<string, string> = {}) =>
  ask('PATCH', address, {
    headers: {
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(offset),
      'Upload-Checksum': sumOf(body),
      ...headers,
    },
    body,
  });
const said = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
const far = async (address: string) => said(await ask('GET', address));

/** In three pieces. @returns the last answer */
async function sendAll(content: Buffer): Promise<{ address: string; last: Response }> {
  const address = await announce(content.length);
  const third = Math.ceil(content.length / 3);
  let last: Response | undefined;
  for (let at = 0; at < content.length; at += third) last = await send(address, at, content.subarray(at, at + third));
  if (!last) throw new Error('nothing was sent');
  return { address, last };
}

/** Those of two that stand aside make room for the next test. */
async function afterAWeek(): Promise<void> {
  await world.house.work();
  world.house.clock.advance(8 * day);
  await world.doors.backups.retainAll();
  await world.visitor.logIn(owner);
  await stranger.logIn('second@example.com');
}

test('it becomes a backup with its last piece, byte for byte, and nothing of it is there before', async () => {
  const address = await announce(kept.length);
  const half = Math.floor(kept.length / 2);
  const there = await stored();
  expect((await send(address, 0, kept.subarray(0, half))).status).toBe(204);
  expect(await far(address)).toMatchObject({ state: 'receiving', offset: half, bytes: kept.length, address: null });
  expect([await stored(), (await rows()).length, await arrived()]).toEqual([there, 0, [address.split('/').at(-1)]]);
  // Another sign-in finds on the page what to go on with.
  const again = new Visitor(world.house, 'en');
  await again.logIn(owner);
  const page = (await again.get(`/sites/${world.name}/backups/archives`)).text;
  expect(page).toContain('of an archive have arrived');
  expect(page).toContain(`&#34;changedAt&#34;:1700000000000,&#34;address&#34;:&#34;${address.replace('/sites', '/en/sites')}`);
  expect((await send(address, half, kept.subarray(half))).status).toBe(204);
  const done = await far(address);
  const [row] = await rows();
  expect(done).toMatchObject({ state: 'finished', address: `/sites/${world.name}/backups/${row?.id}` });
  expect(await readFile(join(world.house.folder, 'archives', world.name, row?.file_name ?? ''))).toEqual(kept);
  expect([await arrived(), await staged(), await stored()]).toEqual([[], 0, there + 1]);
  await world.house.work();
  expect((await rows())[0]).toMatchObject({ state: 'verified', bytes: kept.length });
  expect(await world.audited('backups.brought')).toHaveLength(1);
  // Asked once more, since the answer was lost: the same backup, and no second one.
  expect((await send(address, kept.length, Buffer.alloc(0))).status).toBe(204);
  expect([await far(address), (await rows()).length]).toEqual([done, 1]);
  await afterAWeek();
});

test('what broke off goes on where it was: a cut piece, a wrong checksum, a wrong place', async () => {
  const address = await announce(kept.length);
  expect((await send(address, 0, kept.subarray(0, 1000))).status).toBe(204);
  const wrong = await send(address, 1000, kept.subarray(1000, 2000), { 'Upload-Checksum': sumOf(Buffer.from('other')) });
  expect([wrong.status, (await far(address)).offset]).toEqual([460, 1000]);
  const elsewhere = await send(address, 999, kept.subarray(999, 2000));
  expect([elsewhere.status, (await far(address)).offset]).toEqual([409, 1000]);
  expect((await send(address, 1000, Buffer.alloc(kept.length))).status).toBe(413);
  expect((await send(address, 1000, kept.subarray(1000, 2000), { 'Upload-Checksum': 'md5 AAAA' })).status).toBe(400);
  expect((await send(address, 1000, kept.subarray(1000), { 'Tus-Resumable': '0.2.0' })).status).toBe(412);
  const head = await ask('HEAD', address);
  expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([
    200,
    '1000',
    String(kept.length),
  ]);
  expect((await send(address, 1000, kept.subarray(1000))).status).toBe(204);
  expect((await far(address)).state).toBe('finished');
  await afterAWeek();
});

test('what is not ours, damaged, no archive, too large, or empty is told in its words, and no byte of it stays', async () => {
  const [there, before] = [await stored(), (await rows()).length];
  const told = async (content: Buffer) => {
    const { last, address } = await sendAll(content);
    expect((await ask('GET', address)).status).toBe(404);
    return [last.status, (await said(last)).detail];
  };
  expect(await told(kept.subarray(0, kept.length - 500))).toEqual([422, expect.stringContaining('손상되었습니다')]);
  const foreign = Buffer.from(kept);
  foreign.write('x', foreign.lastIndexOf('manifest.json.sig'));
  expect((await told(foreign))[0]).toBe(422);
  const gif = Buffer.from('GIF89a no archive, whatever its name says');
  const address = await announce(gif.length);
  const first = await send(address, 0, gif.subarray(0, 20));
  expect([first.status, (await said(first)).detail]).toEqual([422, expect.stringContaining('.zip')]);
  expect((await ask('GET', address)).status).toBe(404);
  const { quotaBytes } = await world.site();
  const most = world.doors.backups.bringing.mostBytes({ quotaBytes } as never);
  const big = await ask('POST', pieces(), { headers: { 'Upload-Length': String(most + 1) } });
  expect([big.status, (await said(big)).detail]).toEqual([422, expect.stringContaining('너무 큽니다')]);
  const empty = await ask('POST', pieces(), { headers: { 'Upload-Length': '0' } });
  expect([empty.status, (await said(empty)).detail]).toEqual([422, expect.stringContaining('골라 주세요')]);
  expect([await stored(), (await rows()).length, await arrived(), await staged()]).toEqual([there, before, [], 0]);
});

test('one of another site is refused there, and nobody else sees, sends, or ends what comes', async () => {
  const site = { visitor: stranger, site: second };
  const elsewhere = await announce(kept.length, site);
  const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' };
  const other = await ask('PATCH', elsewhere, { ...site, headers, body: kept });
  expect([other.status, (await said(other)).detail]).toEqual([422, expect.stringContaining('이 사이트의 백업이 아닙니다')]);
  const address = await announce(kept.length);
  for (const method of ['GET', 'HEAD', 'PATCH', 'DELETE']) {
    const body = method === 'PATCH' ? kept.subarray(0, 10) : undefined;
    const asked = { ...site, headers: body ? headers : {}, ...(body && { body }) };
    expect([method, (await ask(method, address, asked)).status]).toEqual([method, 404]);
    // The stranger's own site does not lead to it either.
    expect([method, (await ask(method, address.replace(world.name, second), asked)).status]).toEqual([method, 404]);
  }
  const forged = { 'X-CSRF-Token': 'x' };
  expect((await ask('POST', pieces(), { headers: { ...forged, 'Upload-Length': '10' } })).status).toBe(403);
  expect((await send(address, 0, kept, forged)).status).toBe(403);
  expect((await ask('DELETE', address, { headers: forged })).status).toBe(403);
  expect(await arrived()).toEqual([]);
  expect((await ask('DELETE', address)).status).toBe(204);
  expect((await ask('GET', address)).status).toBe(404);
});

test('a new one takes the place of one that was not whole; after a day without a byte all of it is gone', async () => {
  const first = await announce(kept.length);
  await send(first, 0, kept.subarray(0, 1000));
  const address = await announce(kept.length);
  expect([(await ask('GET', first)).status, await arrived(), (await openRows()).length]).toEqual([404, [], 1]);
  await send(address, 0, kept.subarray(0, 1000));
  world.house.clock.advance(25 * hour);
  await world.visitor.logIn(owner);
  expect((await ask('GET', address)).status).toBe(410);
  await world.doors.backups.bringing.arrivals.sweep();
  expect([await arrived(), await openRows()]).toEqual([[], []]);
});

test('killed before the backup has its row it is taken afterwards, once; an announcement needs a fresh sign-in', async () => {
  const address = await announce(kept.length);
  const id = address.split('/').at(-1) ?? '';
  const site = await world.site();
  await send(address, 0, kept.subarray(0, 1000));
  // Another process, which dies after the archive was laid and before its row is written.
  const arriving = { folder: join(world.house.folder, 'arriving'), leaseMilliseconds: 30_000, keptHours: 24, reserveBytes: 1 };
  const parts = { ...world.doors, arriving } as unknown as BackupsParts;
  class Dying extends Bringing {
    override async take(...[, brought]: Parameters<Bringing['take']>): Promise<string> {
      await brought.commit();
      throw new Error('killed');
    }
  }
  const dying = new Arrivals(parts, {
    bringing: new Dying(parts, { store: { inStates: async () => [] }, keeping: {} } as never),
  });
  await writeFile(join(arriving.folder, id), kept);
  const end = {
    body: new (await import('node:stream')).PassThrough().end() as never,
    offset: kept.length,
    length: 0,
    checksum: undefined,
  };
  const there = await stored();
  await expect(dying.take(site, world.actor, id, end)).rejects.toThrow('killed');
  expect([await stored(), (await far(address)).state, await arrived()]).toEqual([there + 1, 'received', [id]]);
  const before = (await rows()).length;
  // As if it had died without giving back its claim.
  const until = world.house.clock.now() + 30_000;
  await world.doors.connection.write((tx) =>
    tx.updateTable('unfinished_archives').set({ judged_until: until }).where('id', '=', id).execute(),
  );
  expect((await far(address)).state).toBe('judging');
  expect((await send(address, kept.length, Buffer.alloc(0))).status).toBe(409);
  expect((await ask('DELETE', address)).status).toBe(409);
  world.house.clock.advance(31_000);
  expect((await send(address, kept.length, Buffer.alloc(0))).status).toBe(204);
  expect([(await far(address)).state, (await rows()).length, await arrived()]).toEqual(['finished', before + 1, []]);
  const { last } = await sendAll(kept);
  expect(last.status).toBe(204);
  const third = await ask('POST', pieces(), { headers: { 'Upload-Length': '1000' } });
  expect([third.status, (await said(third)).detail]).toEqual([409, expect.stringContaining('이미 2개 있습니다')]);
  const headers = await headersOf(world.visitor, world.name);
  world.house.clock.advance(20 * minute);
  const stale = await fetch(`${world.house.origin}${pieces()}`, {
    method: 'POST',
    headers: { ...headers, 'Upload-Length': '10' },
    redirect: 'manual',
  });
  expect(stale.status).toBe(403);
});
