// Backups over HTTP: make one now, see that it is checked, download it with Range behind a fresh sign-in, unzip every byte.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { day, minute } from '../../src/platform/clock.ts';
import type { Log } from '../../src/platform/log.ts';
import { diskArchives } from '../../src/platform/storage/archives.ts';
import type { ArchiveStorage } from '../../src/platform/storage/port.ts';
import { password, startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let backup: { id: string; sha256: string; file_name: string; bytes: number };

const rows = () => house.panel.doors.connection.db.selectFrom('backups').selectAll().orderBy('queued_at').execute();
const body = (answer: { body: unknown }) => answer.body as Buffer;
const inBytes = (visitor: Visitor, path: string, headers: Record<string, string> = {}) =>
  visitor
    .get(path)
    .set(headers)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
    });

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  await owner.upload(site, [
    { name: 'index.html', body: '<!doctype html><title>곳간</title>' },
    { name: '한글 폴더/자료.txt', body: '중요한 자료'.repeat(5000) },
  ]);
  house.clock.advance(minute);
  const made = await owner.submit(`/sites/${site}/backups`, {});
  expect(made.status).toBe(303);
  await house.work();
  const [row] = await rows();
  backup = { id: row?.id ?? '', sha256: row?.sha256 ?? '', file_name: row?.file_name ?? '', bytes: row?.bytes ?? 0 };
});
afterAll(() => house?.close());

const download = () => `/sites/${site}/backups/${backup.id}/download`;

test('a backup that was made now is read back before it counts, and lies in backup/ right above www', async () => {
  const [row] = await rows();
  expect(row).toMatchObject({ kind: 'manual', state: 'verified', files: 2 });
  expect(row?.file_name).toMatch(new RegExp(`^${site}-\\d{8}-\\d{4}\\.zip$`));
  const folder = join(house.folder, 'sites', site, 'backup');
  expect((await readdir(folder)).sort()).toEqual([backup.file_name, `${backup.file_name}.sha256`]);
  expect(await readFile(join(folder, `${backup.file_name}.sha256`), 'utf8')).toBe(`${backup.sha256}  ${backup.file_name}\n`);
  expect(await readdir(join(house.folder, 'sites', site))).toEqual(expect.arrayContaining(['backup', 'www']));
});

test('the page shows state, size, counts and the whole SHA-256, and the dashboard downloads in one click', async () => {
  const page = await owner.get(`/sites/${site}/backups`);
  expect(page.text).toContain(backup.sha256);
  expect(page.text).toContain('검증됨');
  expect((await owner.get('/dashboard')).text).toContain(download());
});

describe('a download', () => {
  test('after a fresh sign-in holds every byte: unzip finds them, the SHA-256 fits, one letter and one audit row', async () => {
    const answer = await inBytes(owner, download());
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('application/zip');
    expect(answer.headers['content-disposition']).toContain(backup.file_name);
    expect(answer.headers['accept-ranges']).toBe('bytes');
    expect(answer.headers.etag).toBe(`"sha256-${backup.sha256}"`);
    expect(createHash('sha256').update(body(answer)).digest('hex')).toBe(backup.sha256);
    const folder = await mkdtemp(join(tmpdir(), 'gotgan-unzip-'));
    await writeFile(join(folder, 'b.zip'), body(answer));
    execFileSync('unzip', ['-q', 'b.zip'], { cwd: folder });
    expect(await readFile(join(folder, 'www', '한글 폴더', '자료.txt'), 'utf8')).toBe('중요한 자료'.repeat(5000));
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['README.txt', 'manifest.json', 'www']));
    await rm(folder, { recursive: true });
    await inBytes(owner, download(), { Range: 'bytes=0-9' });
    const audit = await house.panel.doors.connection.db
      .selectFrom('audit')
      .select('action')
      .where('action', 'like', 'backups.download%')
      .execute();
    expect(audit).toHaveLength(1);
    expect((await house.letters()).filter((letter) => letter.includes(backup.file_name))).toHaveLength(1);
  });

  test('goes on where it broke off: Range, If-Range, HEAD, and 416 beyond the end', async () => {
    const part = await inBytes(owner, download(), { Range: 'bytes=10-19' });
    expect([part.status, part.headers['content-range'], body(part).length]).toEqual([206, `bytes 10-19/${backup.bytes}`, 10]);
    const same = await inBytes(owner, download(), { Range: 'bytes=-5', 'If-Range': `"sha256-${backup.sha256}"` });
    expect([same.status, body(same).length]).toEqual([206, 5]);
    const other = await inBytes(owner, download(), { Range: 'bytes=0-4', 'If-Range': '"something-else"' });
    expect([other.status, body(other).length]).toEqual([200, backup.bytes]);
    const beyond = await inBytes(owner, download(), { Range: `bytes=${backup.bytes}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${backup.bytes}`]);
    const head = await owner.agent.head(download());
    expect([head.status, head.headers['content-length']]).toEqual([200, String(backup.bytes)]);
  });

  test('asks for the password again when the sign-in is older than ten minutes, then goes on by itself', async () => {
    const visitor = new Visitor(house);
    await visitor.logIn('owner@example.com');
    house.clock.advance(11 * minute);
    const asked = await visitor.get(download());
    expect([asked.status, asked.headers.location]).toEqual([303, `/confirm?next=${encodeURIComponent(download())}`]);
    const wrong = await visitor.submit(asked.headers.location ?? '', { password: 'wrong-Password-1' }, '/confirm');
    expect(wrong.status).toBe(422);
    const right = await visitor.submit(asked.headers.location ?? '', { password }, '/confirm');
    expect([right.status, right.headers.location]).toEqual([303, download()]);
    expect((await inBytes(visitor, download())).status).toBe(200);
    house.clock.advance(11 * minute);
    expect((await inBytes(visitor, download(), { Range: 'bytes=0-3' })).status).toBe(206);
  });

  test('belongs to its customer: a stranger gets 404', async () => {
    const stranger = new Visitor(house);
    await stranger.arrive('stranger@example.com');
    expect((await stranger.get(download())).status).toBe(404);
    const own = await stranger.site();
    expect((await stranger.get(`/sites/${own}/backups/${backup.id}/download`)).status).toBe(404);
    expect((await stranger.get(`/sites/${own}/backups/${backup.id}`)).status).toBe(404);
  });
});

test('an archive that cannot be read to its end is told to the operator, and ends the download before its promised length', async () => {
  const told: unknown[] = [];
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, error: quiet, warn: (entry: unknown) => told.push(entry) } as unknown as Log;
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-faulty-'));
  const plain = diskArchives(join(folder, 'archives'));
  const failing: ArchiveStorage['open'] = async (key, range) => {
    const opened = await plain.open(key, range);
    async function* half() {
      for await (const chunk of opened.stream) {
        yield (chunk as Buffer).subarray(0, 100);
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      }
    }
    return { size: opened.size, stream: Readable.from(half(), { objectMode: false }) };
  };
  const archives = new Proxy(plain, { get: (target, key) => (key === 'open' ? failing : Reflect.get(target, key)) });
  const faulty = await startPanel({ archives, log });
  try {
    const visitor = new Visitor(faulty);
    const name = await visitor.arrive('faulty@example.com');
    await visitor.submit(`/sites/${name}/backups`, {});
    await faulty.work();
    const row = await faulty.panel.doors.connection.db.selectFrom('backups').select('id').executeTakeFirstOrThrow();
    await expect(inBytes(visitor, `/sites/${name}/backups/${row.id}/download`)).rejects.toThrow(/aborted|socket hang up/);
    expect(told).toContainEqual(expect.objectContaining({ key: 'error.storage', err: expect.objectContaining({ code: 'EIO' }) }));
  } finally {
    await faulty.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('the checksum line is what sha256sum reads', async () => {
  const answer = await owner.get(`/sites/${site}/backups/${backup.id}/sha256`);
  expect(answer.text).toBe(`${backup.sha256}  ${backup.file_name}\n`);
});

test('every night makes one backup a site, and retention keeps seven days and five weeks', async () => {
  for (let night = 0; night < 45; night += 1) {
    house.clock.advance(day);
    await house.work();
    await house.work();
  }
  const all = await rows();
  const mine = await house.panel.doors.sites.byName(site);
  const nights = all.filter((row) => row.site_id === mine.id && row.kind === 'nightly');
  expect(new Set(nights.map((row) => row.day)).size).toBe(nights.length);
  expect(nights.length).toBeGreaterThanOrEqual(44);
  // The newest is restored in a drill once a month, too.
  const isKept = ({ state }: { state: string }) => state === 'verified' || state === 'proven';
  const kept = nights.filter(isKept);
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept.length).toBeLessThanOrEqual(12);
  const files = await readdir(join(house.folder, 'archives', site));
  expect(files.filter((name) => name.endsWith('.zip')).length).toBe(
    all.filter((row) => row.site_id === mine.id && isKept(row)).length,
  );
}, 240_000);
