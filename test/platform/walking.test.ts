// The thread that goes through a site tells what listing folder by folder tells, in the order of archives.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logEnds, withCompanions } from '../../src/backups/sqlite-listing.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { hasDescriptorPaths } from '../../src/platform/storage/folder.ts';
import { temporaryName } from '../../src/platform/storage/names.ts';
import type { SiteWalk } from '../../src/platform/storage/port.ts';
import { rowText } from '../../src/platform/storage/rows.ts';

const onLinux = test.skipIf(!hasDescriptorPaths());
let root: string;
let www: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'walking-'));
  www = join(root, 'www');
  await mkdir(www);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function told(walk: SiteWalk | undefined) {
  const [rows, left]: [Buffer[], string[]] = [[], []];
  let [files, bytes] = [0, 0];
  for (let portion = await walk?.next(); portion; portion = await walk?.next()) {
    rows.push(Buffer.from(portion.rows));
    left.push(
      ...portion.left.map(({ path, cause }) => (cause === undefined ? path : `${path}: ${(cause as { status: number }).status}`)),
    );
    [files, bytes] = [files + portion.files, bytes + portion.bytes];
  }
  await walk?.close();
  return { rows: Buffer.concat(rows).toString(), left, files, bytes };
}

/** As archives are listed without the thread. */
async function listed(path: string[] = ['www']): Promise<string> {
  const storage = diskSite(root);
  const rows = path.length === 1 ? [rowText('www', await storage.stat(path))] : [];
  const entries = withCompanions(await storage.list(path));
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.kind !== 'other') rows.push(rowText([...path, entry.name].join('/'), entry));
    if (entry.kind === 'folder') rows.push(await listed([...path, entry.name]));
  }
  return rows.join('');
}

const walked = async () => told(await diskSite(root).walk(['www'], logEnds));

onLinux('foreign spellings, our own names, links, databases with their logs, pipes, deep and wide folders', async () => {
  for (const name of ['b', 'a!', 'a', '사진.jpg', '사진.jpg'.normalize('NFD'), 'shop.db', 'shop.db-wal', 'x-journal'])
    await writeFile(join(www, name), name);
  await writeFile(Buffer.concat([Buffer.from(`${www}/`), Buffer.from([0xb0, 0xf7, 0x2e, 0x74])]), 'EUC-KR');
  await writeFile(join(www, temporaryName()), 'ours');
  const korean = Buffer.concat([Buffer.from(`${www}/`), Buffer.from([0xb0, 0xf7])]);
  await mkdir(korean);
  await writeFile(Buffer.concat([korean, Buffer.from('/inside')]), 'x');
  await symlink('../..', join(www, 'link'));
  await promisify(execFile)('mkfifo', [join(www, 'pipe')]);
  for (let number = 0; number < 1500; number++) await writeFile(join(www, `many-${number % 3}`), '').catch(() => {});
  await mkdir(join(www, 'wide'));
  for (let number = 0; number < 1500; number++) await writeFile(join(www, 'wide', `${number} 긴 이름의 파일`), `${number}`);
  const deep = Array.from({ length: 70 }, (_, level) => `단계 ${level}`);
  await mkdir(join(www, ...deep), { recursive: true });
  for (const level of [1, 34, 70])
    for (const name of ['z', '가']) await writeFile(join(www, ...deep.slice(0, level), name), name);
  const found = await walked();
  expect(found.rows).toBe(await listed());
  expect(found.left).toEqual(['www/pipe']);
  const files = found.rows.split('\n').filter((row) => row.includes('"kind":"file"'));
  expect(found.files).toBe(files.length);
  expect(found.bytes).toBe(files.reduce((sum, row) => sum + Number(/"size":(\d+)/.exec(row)?.[1]), 0));
});

onLinux('no folder stays open, also when it is broken off', async () => {
  for (let number = 0; number < 40; number++) {
    await mkdir(join(www, `${number}`));
    for (let file = 0; file < 100; file++) await writeFile(join(www, `${number}`, `${file}`), '');
  }
  const open = async () => {
    const all = await readdir('/proc/self/fd', { withFileTypes: true });
    const { readlink } = await import('node:fs/promises');
    const targets = await Promise.all(all.map(({ name }) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    return targets.filter((target) => target.startsWith(root)).length;
  };
  await walked();
  await expect.poll(open).toBe(0);
  const walk = await diskSite(root).walk(['www'], logEnds);
  await walk?.next();
  await walk?.close();
  await expect.poll(open).toBe(0);
});

onLinux('a folder that is not there is one of no site; one that goes away meanwhile is left out and said', async () => {
  await expect(diskSite(root).walk(['none'], logEnds)).rejects.toMatchObject({ status: 404 });
  for (const name of ['a', 'b']) {
    await mkdir(join(www, name));
    for (let number = 0; number < 3000; number++) await writeFile(join(www, name, `${number}`), '');
  }
  const walk = await diskSite(root).walk(['www'], logEnds);
  const first = await walk?.next();
  expect(Buffer.from(first?.rows ?? []).toString()).toContain('"path":"www/a"');
  await rename(join(www, 'a'), join(root, 'gone'));
  await rm(join(root, 'gone'), { recursive: true });
  const rest = await told(walk);
  expect(rest.rows).toContain('"path":"www/b/2999"');
});

const asNobody = test.skipIf(process.getuid?.() === 0 || !hasDescriptorPaths());
asNobody('a folder that cannot be read is left out and said', async () => {
  await mkdir(join(www, 'shut'));
  await writeFile(join(www, 'shut', 'a'), '');
  await writeFile(join(www, 'z'), '');
  await chmod(join(www, 'shut'), 0);
  const { rows, left } = await walked();
  expect(left).toEqual(['www/shut: 503']);
  expect(rows).toContain('"path":"www/z"');
});
