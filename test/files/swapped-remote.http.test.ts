// Jobs of files on another server, by SFTP: while a customer's own program swaps a folder for links that lead out, nothing outside is read or written.
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { minute, second } from '../../src/platform/clock.ts';
import { type SecondHouse, startSecondHouse } from '../sites/second-house.ts';
import { swapping } from '../support/swapping.ts';
import { zipOf } from './made-files.ts';

/** Rounds of five jobs each: `GOTGAN_SLOW_TESTS=1` for all of them; else as many as ten seconds hold, on a slow machine at least a few. */
const isLong = process.env.GOTGAN_SLOW_TESTS === '1';
const rounds = isLong ? 200 : 60;
const leastRounds = 4;
const shortMilliseconds = 10_000;

const secret = 'what no job may touch';
const run = promisify(execFile);

let world: SecondHouse;
let site: string;
let home: string;
let outside: readonly { readonly place: string; readonly modes: readonly [number, number] }[];
let owned: { uid: number; gid: number };

beforeAll(async () => {
  world = await startSecondHouse(() => {});
  await world.gotgan('server', 'add', 'second', '--group', 'web', '--host', 'unix', ...(await world.reached()));
  await world.gotgan('server', 'drain', 'this-machine');
  site = await world.owner.arrive('far@example.com');
  home = join(world.second.unix.root, site);
  owned = await stat(www());
  // Within what the server shuts the panel into, root's and readable for everybody, as `backup/` is; and beside it, open as can be.
  outside = [
    { place: join(home, 'kept'), modes: [0o755, 0o644] },
    { place: join(world.second.unix.root, 'far'), modes: [0o777, 0o666] },
  ];
  for (const { place, modes } of outside) {
    for (const path of ['note.txt', 'keep.txt', 'deep/inner.txt']) {
      await mkdir(dirname(join(place, path)), { recursive: true });
      await writeFile(join(place, path), secret);
      await chmod(join(place, path), modes[1]);
    }
    for (const folder of [place, join(place, 'deep')]) await chmod(folder, modes[0]);
  }
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
  for (const { place, modes } of outside) {
    expect((await readdir(place)).sort()).toEqual(['deep', 'keep.txt', 'note.txt']);
    expect(await readdir(join(place, 'deep'))).toEqual(['inner.txt']);
    for (const name of ['note.txt', 'keep.txt', 'deep/inner.txt']) {
      expect(await readFile(join(place, name), 'utf8')).toBe(secret);
      expect((await lstat(join(place, name))).mode & 0o777).toBe(modes[1]);
    }
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

const ends = new Map<string, number>();

async function isOpen(): Promise<boolean> {
  const { connection } = world.house.panel.doors;
  const open = connection.db.selectFrom('file_jobs').select('id').where('ended_at', 'is', null);
  return (await open.execute()).length > 0;
}

/** Asks for a job until it is begun, and has it done. While the link stands there it is refused at once; the race is in those that begin. */
async function carryOut(what: string, fields: Record<string, string>): Promise<void> {
  const { house, owner } = world;
  const { queue, files } = house.panel.doors;
  for (let asked = 0, status = 0; asked < 5 && status !== 303; asked += 1) {
    const answer = await owner.send(`/sites/${site}/files/${what}`, fields);
    ({ status } = answer);
    expect([what, fields.path, status < 500, answer.headers.location ?? '']).toEqual([
      ...[what, fields.path, true],
      expect.not.stringContaining('login'),
    ]);
  }
  for (let tries = 0; tries < 10; tries += 1) {
    await queue.drain({ 'files.work': (run) => files.jobs.run(String(run.payload.jobId), run) });
    if (!(await isOpen())) return;
    house.clock.advance(minute);
  }
  throw new Error(`${what} ${fields.path} did not end`);
}

async function counted(): Promise<void> {
  const { connection } = world.house.panel.doors;
  for (const { kind, state, fault } of await connection.db.selectFrom('file_jobs').select(['kind', 'state', 'fault']).execute()) {
    const end = `${kind} ${fault ?? state}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  await connection.write((tx) => tx.deleteFrom('file_jobs').execute());
}

test('while the folder is swapped for links that lead out, jobs over SFTP read nothing there, write nothing there, and each of them ends', {
  timeout: isLong ? 1_800_000 : 180_000,
}, async () => {
  const { house, owner } = world;
  for (const path of ['d/note.txt', 'd/deep/inner.txt', 'own/a.txt', 'own/deep/b.txt', 'to/x.txt']) await lay(path);
  const parts = ['note.txt', 'keep.txt', 'deep/inner.txt', 'fresh.txt'].map((name) => ({ name, content: 'unpacked' }));
  await lay('d/pack.zip', zipOf(parts));
  const { text } = await owner.get(`/sites/${site}/files/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  const [kept, far] = outside.map(({ place }) => place);
  const targets = ['/kept', '../kept', far ?? '', '../../far', kept ?? ''];
  const end = isLong ? Number.POSITIVE_INFINITY : Date.now() + shortMilliseconds;
  let done = 0;
  while (done < rounds && (done < leastRounds || Date.now() < end)) {
    // In turn: as fast as can be, where most jobs find nothing; and with rests, where most come to their end.
    const restMilliseconds = done % 20 < 10 ? 5 : 0;
    const swaps = await swapping({ folder: www('d'), away: www('away'), targets, restMilliseconds });
    try {
      // What came about is looked at while nobody swaps: the look would follow a link.
      for (let round = 0; round < 10 && (done < leastRounds || Date.now() < end); round += 1, done += 1) {
        for (const [what, fields] of jobs) {
          house.clock.advance(second);
          await carryOut(what, { _csrf, ...fields });
        }
        await counted();
      }
    } finally {
      await swaps.stop();
    }
    await untouched();
    expect(await leaked()).toEqual([]);
    await tidied();
  }
  console.log(`${done} rounds over SFTP: ${[...ends].map(([what, count]) => `${what} ${count}`).join(', ')}`);
  for (const kind of isLong ? ['copy', 'extract', 'compress'] : ['copy']) expect(ends.get(`${kind} done`)).toBeGreaterThan(0);
  expect([...ends.keys()].filter((what) => !/ (done|gone)$/.test(what))).toEqual([]);
  await house.panel.doors.files.jobs.tidy();
  expect(await house.panel.doors.connection.db.selectFrom('file_acts').select('id').execute()).toEqual([]);
});
