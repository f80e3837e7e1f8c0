// Jobs of files on another server, by SFTP: while a customer's own program swaps a folder for links that lead out, nothing outside is read or written.
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { minute } from '../../src/platform/clock.ts';
import { type SecondHouse, startSecondHouse } from '../sites/second-house.ts';
import { swapping } from '../support/swapping.ts';
import { zipOf } from './made-files.ts';

/** Rounds of five jobs each: `GOTGAN_SLOW_TESTS=1` for all of them; else as many as ten seconds hold, on a slow machine at least a few. */
const isLong = process.env.GOTGAN_SLOW_TESTS === '1';
const rounds = isLong ? 400 : 60;
const leastRounds = 4;
const shortMilliseconds = 10_000;

const secret = 'what no job may touch';
const run = promisify(execFile);

let world: SecondHouse;
let site: string;
let home: string;
let open: string;
let owned: { uid: number; gid: number };

beforeAll(async () => {
  world = await startSecondHouse(() => {});
  await world.gotgan('server', 'add', 'second', '--group', 'web', '--host', 'unix', ...(await world.reached()));
  await world.gotgan('server', 'drain', 'this-machine');
  site = await world.owner.arrive('far@example.com');
  home = join(world.second.unix.root, site);
  owned = await stat(www());
  // Inside of what the server shuts the panel into, and as open to everybody as can be: no right of the system keeps anybody out.
  open = join(home, 'open');
  for (const path of ['note.txt', 'keep.txt', 'deep/inner.txt']) {
    await mkdir(dirname(join(open, path)), { recursive: true });
    await writeFile(join(open, path), secret);
    await chmod(join(open, path), 0o666);
  }
  for (const folder of [open, join(open, 'deep')]) await chmod(folder, 0o777);
});
afterAll(() => world?.close());

const www = (...path: string[]) => join(home, 'www', ...path);

/** Lays a file as the site's own user. */
async function lay(path: string, content: string | Buffer = 'mine'): Promise<void> {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    await mkdir(www(...parts.slice(0, depth))).catch(() => {});
    await chown(www(...parts.slice(0, depth)), owned.uid, owned.gid);
  }
  await writeFile(www(path), content);
  await chown(www(path), owned.uid, owned.gid);
}

async function untouched(): Promise<void> {
  expect((await readdir(open)).sort()).toEqual(['deep', 'keep.txt', 'note.txt']);
  expect(await readdir(join(open, 'deep'))).toEqual(['inner.txt']);
  for (const name of ['note.txt', 'keep.txt', 'deep/inner.txt']) {
    expect(await readFile(join(open, name), 'utf8')).toBe(secret);
    expect((await lstat(join(open, name))).mode & 0o777).toBe(0o666);
  }
}

/** @returns the files of the site, archives unpacked, that hold what lies outside */
async function leaked(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ['www', 'trash'])
    for (const entry of await readdir(join(home, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await readFile(path);
      const inside = entry.name.endsWith('.zip') && content.length > 22 ? (await run('unzip', ['-p', path])).stdout : '';
      if (content.includes(secret) || inside.includes(secret)) found.push(path);
    }
  return found;
}

/** What every round makes anew would fill the site. */
async function tidied(): Promise<void> {
  for (const name of await readdir(www())) if (/^(new|packed)\b/.test(name)) await rm(www(name), { recursive: true });
}

const jobs: readonly (readonly [string, Record<string, string>])[] = [
  ['copy', { path: 'www/d', to: 'www/to', conflict: 'replace' }],
  ['copy', { path: 'www/own', to: 'www/d', conflict: 'replace' }],
  ['extract', { path: 'www/d/pack.zip', where: 'here', name: '', conflict: 'replace' }],
  ['extract', { path: 'www/d/pack.zip', where: 'new', name: 'new', conflict: 'rename' }],
  ['compress', { path: 'www/d/note.txt', name: 'packed' }],
];

test('while the folder is swapped for links that lead out, jobs over SFTP read nothing there, write nothing there, and each of them ends', async () => {
  const { house, owner } = world;
  const { connection, files: door } = house.panel.doors;
  const files = `/sites/${site}/files`;
  for (const path of ['d/note.txt', 'd/deep/inner.txt', 'own/a.txt', 'own/deep/b.txt', 'to/x.txt']) await lay(path);
  const parts = ['note.txt', 'keep.txt', 'deep/inner.txt', 'fresh.txt'].map((name) => ({ name, content: 'unpacked' }));
  await lay('d/pack.zip', zipOf(parts));
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec((await owner.get(`${files}/www`)).text)?.[1] ?? '';
  const ends = new Map<string, number>();
  const swaps = await swapping({ folder: www('d'), away: www('away'), targets: ['/open', '../open', '../../open'] });
  let done = 0;
  try {
    for (const begun = Date.now(); done < rounds; done += 1) {
      if (!isLong && done >= leastRounds && Date.now() > begun + shortMilliseconds) break;
      for (const [what, fields] of jobs) {
        house.clock.advance(1000);
        const answer = await owner.send(`${files}/${what}`, { _csrf, ...fields });
        expect([what, fields.path, answer.status < 500]).toEqual([what, fields.path, true]);
        const isOpen = async () =>
          (await connection.db.selectFrom('file_jobs').select('id').where('ended_at', 'is', null).execute()).length > 0;
        for (let tries = 0; tries < 10 && (await isOpen()); tries += 1) {
          await house.work();
          house.clock.advance(minute);
        }
        expect([what, fields.path, await isOpen()]).toEqual([what, fields.path, false]);
      }
      const rows = await connection.db.selectFrom('file_jobs').select(['kind', 'state', 'fault']).execute();
      for (const { kind, state, fault } of rows) {
        const end = `${kind} ${fault ?? state}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      await connection.write((tx) => tx.deleteFrom('file_jobs').execute());
      if (done % 20 === 19) {
        expect(await leaked()).toEqual([]);
        await tidied();
      }
      await untouched();
    }
  } finally {
    await swaps.stop();
  }
  console.log(`${done} rounds over SFTP: ${[...ends].map(([end, count]) => `${end} ${count}`).join(', ')}`);
  expect(ends.get('copy done')).toBeGreaterThan(0);
  expect([...ends.keys()].filter((end) => !/ (done|gone)$/.test(end))).toEqual([]);
  await untouched();
  expect(await leaked()).toEqual([]);
  await house.work();
  await door.jobs.tidy();
  expect(await connection.db.selectFrom('file_acts').select('id').execute()).toEqual([]);
});
