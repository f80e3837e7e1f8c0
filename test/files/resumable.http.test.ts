// Resumable uploads (tus 1.0) with the client that browsers use: whatever breaks off in between, the file arrives whole or not at all.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPanel } from '../../src/panel.ts';
import { unavailable } from '../../src/platform/errors.ts';
import { DiskRoom } from '../../src/platform/storage/disk-room.ts';
import { secret, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const megabyte = 1_000_000;

let house: TestPanel;
let owner: Visitor;
let stranger: Visitor;
let site: string;
const scanner = { isAway: false };

beforeAll(async () => {
  house = await startPanel({
    limitsScale: 1000,
    limits: { diskReserveBytes: 1 },
    scanner: {
      present: true,
      scan: async () => {
        if (scanner.isAway) throw unavailable('error.scanner', { code: 'away' });
        return { clean: true };
      },
      check: async () => {},
    },
  });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
});
afterAll(() => house?.close());
beforeEach(() => {
  house.clock.advance(1000);
  scanner.isAway = false;
});

const www = (...path: string[]) => join(house.folder, 'sites', site, 'www', ...path);
const arrived = () => readdir(join(house.folder, 'unfinished')).catch(() => [] as string[]);
const base = () => `${house.origin}/sites/${site}/files/uploads`;

async function headersOf(visitor = owner, name = site): Promise<Record<string, string>> {
  const { text, request } = await visitor.get(`/sites/${name}/files/upload`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  const cookie = String((request as unknown as { cookies?: string }).cookies ?? '');
  return { Cookie: cookie, Origin: house.origin, 'X-CSRF-Token': csrf, Accept: 'application/json' };
}
const tusHeaders = async (visitor = owner) => ({ ...(await headersOf(visitor)), 'Tus-Resumable': '1.0.0' });

type Sent = { readonly url: string; readonly error?: undefined } | { readonly url: string | null; readonly error: DetailedError };

/** Sends with tus-js-client; `stopAt`: leaves as soon as as many bytes were acknowledged. */
async function send(
  body: Buffer,
  path: string,
  more: Partial<UploadOptions> & { stopAt?: number; conflict?: string } = {},
): Promise<Sent> {
  const { stopAt, conflict = 'skip', ...options } = more;
  const headers = await headersOf();
  return new Promise((resolve) => {
    const upload = new Upload(body, {
      endpoint: base(),
      headers,
      chunkSize: megabyte,
      retryDelays: null,
      metadata: { path, conflict, changed: '1700000000000' },
      uploadDataDuringCreation: true,
      ...options,
      onSuccess: () => resolve({ url: upload.url ?? '' }),
      onError: (error) => resolve({ url: upload.url, error: error as DetailedError }),
      onChunkComplete: (_size, accepted) => {
        if (stopAt === undefined || accepted < stopAt) return;
        void upload.abort();
        resolve({ url: upload.url ?? '' });
      },
    });
    upload.start();
  });
}

const asked = async (url: string | null, visitor = owner) =>
  (await visitor.agent.get(new URL(url ?? '').pathname).set('Accept', 'application/json')).body;
const raw = async (method: 'POST' | 'PATCH' | 'DELETE' | 'HEAD', url: string, headers: Record<string, string>, body?: Buffer) =>
  fetch(url, {
    method,
    headers: { ...(await tusHeaders()), ...headers },
    ...(body && { body: new Uint8Array(body) }),
    redirect: 'manual',
  });
const metadata = (path: string, conflict = 'skip') =>
  `path ${Buffer.from(path).toString('base64')},conflict ${Buffer.from(conflict).toString('base64')}`;
const piece = { 'Content-Type': 'application/offset+octet-stream' };
const announce = async (path: string, bytes: number) => {
  const answer = await raw('POST', base(), { 'Upload-Length': String(bytes), 'Upload-Metadata': metadata(path) });
  expect(answer.status).toBe(201);
  return `${house.origin}${answer.headers.get('location')}`;
};

describe('a file sent by tus', () => {
  test('arrives byte for byte under a Korean name, with its result, and is in the audit as any upload', async () => {
    const body = randomBytes(3 * megabyte + 17);
    const { url, error } = await send(body, 'www/영상/여행.pdf');
    expect(error).toBeUndefined();
    expect(await asked(url)).toMatchObject({ state: 'finished', result: { result: 'refused', code: 'content_mismatch' } });
    const good = Buffer.concat([Buffer.from('%PDF-1.7\n'), body]);
    const sent = await send(good, 'www/영상/여행.pdf');
    expect(await asked(sent.url)).toMatchObject({ state: 'finished', result: { result: 'stored' }, bytes: good.length });
    expect(await readFile(www('영상', '여행.pdf'))).toEqual(good);
    expect(await arrived()).toEqual([]);
  });

  test('an empty file arrives, and so does one whose length is a whole number of pieces', async () => {
    expect((await send(Buffer.alloc(0), 'www/empty.txt')).error).toBeUndefined();
    expect((await stat(www('empty.txt'))).size).toBe(0);
    expect((await send(Buffer.alloc(2 * megabyte, 'a'), 'www/even.txt')).error).toBeUndefined();
    expect((await stat(www('even.txt'))).size).toBe(2 * megabyte);
  });

  test('goes on where it stopped, after a new sign-in, in another browser, and once the panel was started anew', async () => {
    const body = Buffer.from('곳간 '.repeat(600_000));
    const first = await send(body, 'www/long.txt', { stopAt: megabyte });
    expect(await asked(first.url)).toMatchObject({ state: 'receiving', offset: expect.any(Number), bytes: body.length });
    await expect(stat(www('long.txt'))).rejects.toThrow();
    const page = await owner.get(`/sites/${site}/files/upload`);
    expect(page.text).toContain('www/long.txt');
    // A second panel on the same data knows nothing of what the first remembers.
    const second = await createPanel({
      ...{ secret, dataFolder: house.folder, databaseUrl: house.databaseUrl, publicUrl: house.origin, clock: house.clock },
      ...{ logLevel: 'silent', limits: { diskReserveBytes: 1 }, passwordCost: 'm=19456,t=2,p=1' },
    });
    const rows = await second.doors.files.unfinished.ofSite(await second.doors.sites.byName(site));
    expect(rows).toHaveLength(1);
    await second.close();
    await owner.submit('/dashboard', {}, '/logout');
    expect((await fetch(first.url ?? '', { method: 'HEAD', redirect: 'manual' })).status).toBe(303);
    const elsewhere = new Visitor(house);
    await elsewhere.logIn('owner@example.com');
    owner = elsewhere;
    const offset = Number((await raw('HEAD', first.url ?? '', {})).headers.get('upload-offset'));
    expect(offset).toBeGreaterThanOrEqual(megabyte);
    const rest = await send(body, 'www/long.txt', { uploadUrl: first.url });
    expect(rest.error).toBeUndefined();
    expect(await readFile(www('long.txt'))).toEqual(body);
    expect(await asked(first.url)).toMatchObject({ state: 'finished', result: { result: 'stored' } });
  });

  test('three at once, of which one is cut off in the middle of a piece, end as they should', async () => {
    const bodies = ['a', 'b', 'c'].map((sign) => Buffer.alloc(4 * megabyte, sign));
    const url = await announce('www/cut.txt', bodies[0]?.length ?? 0);
    const { port, hostname } = new URL(url);
    const headers = {
      ...(await tusHeaders()),
      ...piece,
      'Upload-Offset': '0',
      'Content-Length': String(4 * megabyte),
      Host: 'x',
    };
    const socket = connect(Number(port), hostname);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`PATCH ${new URL(url).pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.write(bodies[0]?.subarray(0, megabyte) ?? '');
    const others = [send(bodies[1] as Buffer, 'www/b.txt'), send(bodies[2] as Buffer, 'www/c.txt')];
    for (let tries = 0; (await asked(url)).offset < megabyte && tries < 200; tries += 1) await sleep(25);
    socket.destroy();
    expect((await Promise.all(others)).map(({ error }) => error)).toEqual([undefined, undefined]);
    const kept = Number((await raw('HEAD', url, {})).headers.get('upload-offset'));
    expect(kept).toBe(megabyte);
    expect((await send(bodies[0] as Buffer, 'www/cut.txt', { uploadUrl: url })).error).toBeUndefined();
    for (const [at, name] of ['cut.txt', 'b.txt', 'c.txt'].entries()) expect(await readFile(www(name))).toEqual(bodies[at]);
  });

  test('somebody who comes back while the old connection still hangs takes over', async () => {
    const body = Buffer.alloc(megabyte, 'x');
    const url = await announce('www/takeover.txt', body.length);
    const { port, hostname } = new URL(url);
    const headers = { ...(await tusHeaders()), ...piece, 'Upload-Offset': '0', 'Content-Length': String(body.length), Host: 'x' };
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`PATCH ${new URL(url).pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${'x'.repeat(1000)}`);
    for (let tries = 0; (await asked(url)).offset < 1000 && tries < 200; tries += 1) await sleep(25);
    expect(Number((await raw('HEAD', url, {})).headers.get('upload-offset'))).toBe(1000);
    await closed;
    expect((await send(body, 'www/takeover.txt', { uploadUrl: url })).error).toBeUndefined();
    expect(await readFile(www('takeover.txt'))).toEqual(body);
  });
});

describe('what is not what was announced', () => {
  test('a piece whose checksum does not fit is thrown away, and the right one taken', async () => {
    const body = Buffer.from('right bytes');
    const url = await announce('www/checked.txt', body.length);
    const sum = (bytes: Buffer, name = 'sha256') => `${name} ${createHash(name).update(bytes).digest('base64')}`;
    const patch = (headers: Record<string, string>, bytes = body) =>
      raw('PATCH', url, { ...piece, 'Upload-Offset': '0', ...headers }, bytes);
    for (const name of ['sha1', 'sha256']) {
      const wrong = await patch({ 'Upload-Checksum': sum(Buffer.from('other bytes'), name) });
      expect([name, wrong.status, (await asked(url)).offset]).toEqual([name, 460, 0]);
      expect(wrong.headers.get('tus-checksum-algorithm')).toBe('sha1,sha256');
    }
    // A digest of the one under the name of the other, an algorithm that the server does not offer, and what is no digest.
    const swapped = sum(body, 'sha1').replace('sha1', 'sha256');
    for (const bad of [swapped, sum(body, 'md5'), 'sha1', 'sha256', 'sha256 AAAA', 'sha256 !!!', 'constructor AAAA', ''])
      expect([bad, (await patch({ 'Upload-Checksum': bad })).status]).toEqual([bad, 400]);
    const [first, rest] = [body.subarray(0, 5), body.subarray(5)];
    expect((await patch({ 'Upload-Checksum': sum(first, 'sha1') }, first)).status).toBe(204);
    expect((await patch({ 'Upload-Offset': '5', 'Upload-Checksum': sum(rest) }, rest)).status).toBe(204);
    expect(await readFile(www('checked.txt'))).toEqual(body);
  });

  test('more than was announced, in one piece or in pieces of unknown length, is not taken', async () => {
    const url = await announce('www/liar.txt', 10);
    const long = Buffer.alloc(11, 'x');
    expect((await raw('PATCH', url, { ...piece, 'Upload-Offset': '0' }, long)).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 5; at += 1) controller.enqueue(new Uint8Array(10_000));
        controller.close();
      },
    });
    const headers = { ...(await tusHeaders()), ...piece, 'Upload-Offset': '0' };
    const chunked = await fetch(url, { method: 'PATCH', headers, body: stream, duplex: 'half' } as never).catch(() => undefined);
    expect([413, undefined]).toContain(chunked?.status);
    expect((await asked(url)).offset).toBe(0);
    expect((await raw('PATCH', url, { ...piece, 'Upload-Offset': '5' }, Buffer.alloc(5))).status).toBe(409);
    expect((await raw('DELETE', url, {})).status).toBe(204);
    expect((await raw('HEAD', url, {})).status).toBe(404);
    expect(await arrived()).toEqual([]);
  });

  test('an unfinished one stands on the page, and is discarded there without JavaScript', async () => {
    const url = await announce('www/unwanted.txt', 10);
    await raw('PATCH', url, { ...piece, 'Upload-Offset': '0' }, Buffer.from('12345'));
    const page = `/sites/${site}/files/upload`;
    expect((await owner.get(page)).text).toContain('www/unwanted.txt');
    expect((await owner.submit(page, { id: 'nothing' }, `${page}/discard`)).status).toBe(404);
    expect((await owner.submit(page, { id: url.split('/').at(-1) ?? '' }, `${page}/discard`)).status).toBe(303);
    expect((await owner.get(page)).text).not.toContain('www/unwanted.txt');
    expect(await arrived()).toEqual([]);
  });

  test('headers that are no tus are refused with a word, and leave nothing', async () => {
    const length = { 'Upload-Length': '5', 'Upload-Metadata': metadata('www/a.txt') };
    const status = async (headers: Record<string, string>) => (await raw('POST', base(), { ...length, ...headers })).status;
    expect(await status({ 'Tus-Resumable': '0.2.2' })).toBe(412);
    for (const bad of ['', '-1', '5.5', '1e9', '99999999999999999999'])
      expect([bad, await status({ 'Upload-Length': bad })]).toEqual([bad, 400]);
    expect(await status({ 'Upload-Defer-Length': '1' })).toBe(400);
    expect(await status({ 'Upload-Concat': 'partial' })).toBe(400);
    for (const bad of [
      'path *',
      'path YQ==,path YQ==',
      `path ${Buffer.from([0xff]).toString('base64')}`,
      `x ${'A'.repeat(9_000)}`,
    ])
      expect([bad.slice(0, 20), await status({ 'Upload-Metadata': bad })]).toEqual([bad.slice(0, 20), 400]);
    expect(await status({ 'Upload-Metadata': metadata('www/a.txt', 'overwrite') })).toBe(400);
    for (const path of ['', 'a.txt', '/www/a.txt', 'www/../a.txt', 'www/shell.php', 'www/a.php.jpg', 'backup/a.txt'])
      expect([path, await status({ 'Upload-Metadata': metadata(path) })]).toEqual([path, 422]);
    expect((await owner.get(`/sites/${site}/files/upload`)).text).toContain('www/shell.php');
    expect(await arrived()).toEqual([]);
  });

  test('a stranger finds nothing, and nobody gets in without the token', async () => {
    const url = await announce('www/mine.txt', 5);
    const path = new URL(url).pathname;
    for (const method of ['get', 'head'] as const) expect((await stranger.agent[method](path)).status).toBe(404);
    const theirs = { ...(await headersOf(stranger, await stranger.site())), 'Tus-Resumable': '1.0.0' };
    for (const method of ['PATCH', 'DELETE'] as const)
      expect((await fetch(url, { method, headers: { ...theirs, ...piece, 'Upload-Offset': '0' } })).status).toBe(404);
    expect(
      (await raw('PATCH', url, { ...piece, 'Upload-Offset': '0', 'X-CSRF-Token': 'other' }, Buffer.from('12345'))).status,
    ).toBe(403);
    expect((await raw('DELETE', url, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await asked(url)).offset).toBe(0);
    await raw('DELETE', url, {});
  });
});

describe('room', () => {
  test('is promised before the first byte, cannot be passed by many at once, and comes back', async () => {
    const row = await house.panel.doors.sites.byName(site);
    const free = row.quotaBytes - row.usedBytes;
    const half = Math.floor(free / 2) + 1;
    const ask = async (name: string) =>
      raw('POST', base(), { 'Upload-Length': String(half), 'Upload-Metadata': metadata(`www/${name}.zip`) });
    const answers = await Promise.all(['p', 'q', 'r', 's'].map(ask));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422]);
    // What is promised to one is not there for a form either.
    const form = await owner.upload(site, [{ name: 'small.txt', body: 'small' }]);
    expect(form.status).toBe(303);
    const url = answers.find(({ status }) => status === 201)?.headers.get('location') ?? '';
    await raw('DELETE', `${house.origin}${url}`, {});
    const again = await ask('t');
    expect(again.status).toBe(201);
    await raw('DELETE', `${house.origin}${again.headers.get('location')}`, {});
  });

  test('is not taken from the reserve of the disk', async () => {
    const room = new DiskRoom(join(house.folder, 'quarantine'), 1_000_000);
    await room.require(0);
    const { bavail, bsize } = await statfs(house.folder);
    await expect(room.require(bavail * bsize)).rejects.toMatchObject({ status: 503, key: 'files.diskFull' });
  });

  test('an unfinished upload expires a day after its last byte, and what belongs to nobody is swept', async () => {
    const url = await announce('www/late.txt', 10);
    await raw('PATCH', url, { ...piece, 'Upload-Offset': '0' }, Buffer.from('12345'));
    await writeFile(join(house.folder, 'unfinished', 'nobody-knows'), 'x');
    await utimes(join(house.folder, 'unfinished', 'nobody-knows'), new Date(0), new Date(0));
    house.clock.advance(23 * 3_600_000);
    await owner.logIn('owner@example.com');
    await house.panel.doors.files.sweep();
    expect(await arrived()).toHaveLength(1);
    expect((await asked(url)).offset).toBe(5);
    house.clock.advance(2 * 3_600_000);
    await owner.logIn('owner@example.com');
    expect((await raw('HEAD', url, {})).status).toBe(410);
    await house.panel.doors.files.sweep();
    expect(await arrived()).toEqual([]);
    expect((await raw('HEAD', url, {})).status).toBe(404);
  });
});

describe('publishing', () => {
  test('what cannot be scanned is refused and kept nowhere', async () => {
    scanner.isAway = true;
    const { url, error } = await send(Buffer.from('some text'), 'www/unscanned.txt', { uploadDataDuringCreation: false });
    expect(error?.originalResponse?.getStatus()).toBe(503);
    expect(await arrived()).toEqual([]);
    expect((await raw('HEAD', url ?? '', {})).status).toBe(404);
    await expect(stat(www('unscanned.txt'))).rejects.toThrow();
  });

  test('a name that is taken: skipped, renamed or replaced, as was said at the beginning', async () => {
    await send(Buffer.from('one'), 'www/taken.txt');
    const results = [];
    for (const conflict of ['skip', 'rename', 'replace']) {
      const { url } = await send(Buffer.from(conflict), 'www/taken.txt', { conflict });
      results.push((await asked(url)).result.result);
    }
    expect(results).toEqual(['skipped', 'renamed', 'replaced']);
    expect(await readFile(www('taken.txt'), 'utf8')).toBe('replace');
    expect(await readFile(www('taken (2).txt'), 'utf8')).toBe('rename');
    const beside = [];
    for (const conflict of ['skip', 'beside', 'beside']) {
      const { url } = await send(Buffer.from(conflict), 'www/TAKEN.txt', { conflict });
      beside.push((await asked(url)).result.code ?? (await asked(url)).result.result);
    }
    expect(beside).toEqual(['name_case_clash', 'stored', 'exists']);
    expect(await readFile(www('taken.txt'), 'utf8')).toBe('replace');
  });

  test('what is whole and was not judged, since its process died, is judged when its sender asks again', async () => {
    const url = await announce('www/whole.txt', 5);
    const id = url.split('/').at(-1) ?? '';
    await writeFile(join(house.folder, 'unfinished', id), 'whole');
    expect((await asked(url)).state).toBe('received');
    expect((await raw('PATCH', url, { ...piece, 'Upload-Offset': '5' })).status).toBe(204);
    expect(await readFile(www('whole.txt'), 'utf8')).toBe('whole');
    // And once more: nothing happens twice.
    expect((await raw('PATCH', url, { ...piece, 'Upload-Offset': '5' })).status).toBe(204);
    expect(await asked(url)).toMatchObject({ state: 'finished', result: { result: 'stored' } });
  });

  test('what the storage did not take is no success: it waits, and is taken once there is place', async () => {
    const { serverId } = await house.panel.doors.sites.byName(site);
    const putOn = (server: string) =>
      house.panel.doors.connection.write((tx) =>
        tx.updateTable('sites').set({ server_id: server }).where('name', '=', site).execute(),
      );
    await putOn('no server has this id');
    const { url, error } = await send(Buffer.from('waits'), 'www/away/late.txt', { uploadDataDuringCreation: false });
    expect(error?.originalResponse?.getStatus()).toBe(503);
    expect(error?.originalResponse?.getBody()).toMatch(/저장하지 못했습니다.*문의 번호 [0-9a-f]{8}"/);
    expect(await asked(url)).toMatchObject({ state: 'received', offset: 5, result: null });
    await putOn(serverId);
    expect((await raw('PATCH', url ?? '', { ...piece, 'Upload-Offset': '5' })).status).toBe(204);
    expect(await readFile(www('away', 'late.txt'), 'utf8')).toBe('waits');
  });

  test('a file where its folder would be is refused by name, for good', async () => {
    await writeFile(www('in-the-way'), 'a file where a folder is needed');
    const { url } = await send(Buffer.from('waits'), 'www/in-the-way/late.txt', { uploadDataDuringCreation: false });
    expect(await asked(url)).toMatchObject({ state: 'finished', result: { result: 'refused', code: 'in_the_way' } });
  });
});

describe('before a byte is sent', () => {
  const foresee = async (files: { path: string; bytes: number; changedAt?: number }[], to = 'www/plan') => {
    const body = JSON.stringify({ to, files: files.map((file) => ({ changedAt: 1_700_000_000_000, ...file })) });
    const answer = await fetch(`${house.origin}/sites/${site}/files/preflight`, {
      ...{ method: 'POST', body, headers: { ...(await headersOf()), 'Content-Type': 'application/json' } },
    });
    return {
      status: answer.status,
      body: (await answer.json()) as {
        results: string;
        files: { state: string; code?: string; there?: string; address?: string }[];
      },
    };
  };

  test('names, sizes, quota, what stands there and what may go on are told in the order of the list', async () => {
    await send(Buffer.from('old'), 'www/plan/old.txt');
    const url = await announce('www/plan/half.zip', 100);
    const row = await house.panel.doors.sites.byName(site);
    const { status, body } = await foresee([
      { path: 'new.txt', bytes: 5 },
      { path: 'old.txt', bytes: 3 },
      { path: 'x/shell.php', bytes: 5 },
      { path: 'OLD.txt', bytes: 5 },
      { path: 'huge.zip', bytes: row.quotaBytes },
      { path: '../out.txt', bytes: 5 },
      { path: 'too.zip', bytes: 6_000_000_000 },
    ]);
    expect(status).toBe(200);
    const { files } = body;
    expect(files.map(({ state, code }) => code ?? state)).toEqual([
      'new',
      'exists',
      'type_not_allowed',
      'name_case_clash',
      'quota',
      'path_outside',
      'too_big',
    ]);
    expect(files[1]?.there).toContain('3');
    expect((await owner.get(`/sites/${site}/files/results/${body.results}`)).text).toContain('shell.php');
    const csv = await owner.get(`/sites/${site}/files/results/${body.results}?as=csv`);
    expect(csv.headers['content-type']).toContain('text/csv');
    expect(csv.text.split('\r\n')).toHaveLength(7);
    // Without JavaScript: the refusals of the day as a file, as text to select, and the way back to choose again.
    const upload = await owner.get(`/sites/${site}/files/upload?to=www/plan`);
    expect(upload.text).toContain('<tr data-path="www/plan/x/shell.php">');
    expect(upload.text).toMatch(/<pre id="refusals-text"[^>]*>[^<]*www\/plan\/x\/shell\.php\t/);
    const lately = await owner.get(`/sites/${site}/files/upload?as=csv`);
    expect(lately.headers['content-disposition']).toContain(`refused-${site}.csv`);
    const lines = lately.text.trimEnd().split('\r\n').slice(1);
    expect(lines.filter((line) => line.startsWith('"www/plan/x/shell.php"'))).toHaveLength(1);
    expect(lines.filter((line) => /^"www\/plan\/(?:old|new)\.txt"/.test(line))).toEqual([]);
    const result = (await owner.get(`/sites/${site}/files/results/${body.results}`)).text;
    expect(result).toMatch(/<pre id="refusals-text"[^>]*>[^<]*x\/shell\.php\t/);
    expect(result).toContain(`href="/sites/${site}/files/upload?to=www%2Fplan"`);
    // The very file: the same path, size and time of change.
    const headers = {
      'Upload-Length': '100',
      'Upload-Metadata': `${metadata('www/plan/same.zip')},changed ${btoa('1700000000000')}`,
    };
    const same = (await raw('POST', base(), headers)).headers.get('location');
    const known = await foresee([
      { path: 'same.zip', bytes: 100 },
      { path: 'same.zip', bytes: 99 },
    ]);
    expect(known.body.files.map((file) => file.address ?? file.state)).toEqual([same, 'new']);
    await raw('DELETE', url, {});
    await raw('DELETE', `${house.origin}${same}`, {});
  });

  test('a list that is none is refused with a word', async () => {
    expect((await foresee([], 'www')).status).toBe(400);
    expect((await foresee([{ path: 'a', bytes: -1 }])).status).toBe(400);
    expect((await foresee([{ path: 'a', bytes: 1 }], '../x')).status).toBe(422);
    const headers = { ...(await headersOf()), 'Content-Type': 'application/json' };
    const body = '{"to":"www","files":[';
    expect((await fetch(`${house.origin}/sites/${site}/files/preflight`, { method: 'POST', headers, body })).status).toBe(400);
  });
});
