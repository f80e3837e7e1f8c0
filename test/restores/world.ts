// A panel with one site, backups of it, and restores that a test can stop at any moment.
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Manifest, manifestName, manifestOfLines, memberLine } from '../../src/backups/manifest.ts';
import type { PanelOptions } from '../../src/options.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';
import { ZipWriter } from '../../src/platform/zip/writer.ts';
import { Restores } from '../../src/restores/restores.ts';
import type { Site } from '../../src/sites/sites.ts';
import { readManifest } from '../backups/manifests.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

export const owner = 'owner@example.com';

export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld(
  prepare: (house: TestPanel) => Promise<void> = async () => {},
  plan = 'tree',
  options: Partial<PanelOptions> = {},
) {
  const house = await startPanel({ limitsScale: 1000, ...options });
  await prepare(house);
  const { doors } = house.panel;
  const visitor = new Visitor(house);
  const name = await visitor.arrive(owner, { plan });
  const person = await doors.connection.db.selectFrom('persons').select('id').executeTakeFirstOrThrow();
  const row = await doors.connection.db.selectFrom('sites').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
  const site = (): Promise<Site> => doors.sites.byId(row.id);
  const data = options.dataFolder ?? house.folder;
  const place = (...path: string[]) => join(data, 'sites', name, ...path);
  const actor = { kind: 'person' as const, personId: person.id, address: '203.0.113.9', agent: 'test' };
  const backup = async () => {
    const { id } = await doors.backups.byId(await site(), await doors.backups.ensure(await site()));
    await house.work();
    return doors.backups.byId(await site(), id);
  };
  return {
    ...{ house, doors, visitor, name, site, place, actor, backup },
    /** Writes files below `www/`. */
    async put(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(place('www', path)), { recursive: true });
        await writeFile(place('www', path), content);
      }
    },
    /** A door of restores whose work ends at a moment of the test's choice, as if the process had died there. */
    restoresWith: (moment: (name: string) => Promise<void>) =>
      new Restores({ ...doors, staging: join(data, 'restoring'), moment }),
    /** Does one attempt at a restore. */
    attempt: (restores: Restores, id: string, signal = new AbortController().signal, lastAttempt = false) =>
      restores.run(id, { payload: {}, attempt: 1, lastAttempt, signal }, async () => {}),
    row: (id: string) => doors.connection.db.selectFrom('restores').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    audited: async (action: string) => doors.connection.db.selectFrom('audit').selectAll().where('action', '=', action).execute(),
    /** What stands below `www/`: kinds, modes, whole seconds and contents. */
    tree: () => treeOf(place('www')),
    beside: () => readdir(place('trash')),
  };
}

/** A site with everything that an archive can hold: scripts, links, empty folders, Korean names, rights and times of its own. */
export async function furnish(place: (...path: string[]) => string): Promise<void> {
  const files: Record<string, string | Buffer> = {
    'index.html': '<h1>처음</h1>\n',
    'board/index.php': '<?php echo "글";\n',
    'board/글/한글 이름.txt': '내용\n',
    'data/사진.jpg': Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7919) % 251)),
    'data/zero.bin': '',
    '.htaccess': 'Options -Indexes\n',
    'config.php': "<?php $password = 'secret';\n",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(place('www', path)), { recursive: true });
    await writeFile(place('www', path), content);
    await utimes(place('www', path), 1_700_000_000, 1_700_000_000);
  }
  await mkdir(place('www', 'empty/inside'), { recursive: true });
  for (const [link, target] of [
    ['start.php', 'board/index.php'],
    ['data/dangling', '../nowhere'],
  ] as const) {
    await rm(place('www', link), { force: true });
    await symlink(target, place('www', link));
  }
  for (const link of ['start.php', 'data/dangling']) await lutimes(place('www', link), 1_650_000_000, 1_650_000_000);
  await chmod(place('www', 'config.php'), 0o600);
  await chmod(place('www', 'board/index.php'), 0o755);
  for (const folder of ['board', 'board/글', 'empty', 'empty/inside', 'data'])
    await utimes(place('www', folder), 1_600_000_000, 1_600_000_000);
}

export async function treeOf(top: string): Promise<string[]> {
  const lines: string[] = [];
  const names = await readdir(top, { recursive: true });
  for (const name of names.sort()) {
    const stats = await lstat(join(top, name));
    const rights = (stats.mode & 0o777).toString(8);
    const seconds = Math.floor(stats.mtimeMs / 1000);
    if (stats.isSymbolicLink()) lines.push(`${name} → ${await readlink(join(top, name))} ${seconds}`);
    else if (stats.isDirectory()) lines.push(`${name}/ ${rights}`);
    else lines.push(`${name} ${rights} ${seconds} ${(await readFile(join(top, name))).toString('base64')}`);
  }
  return lines;
}

/** Puts dumps of databases into a backup that has none, in the same format. */
export async function withDatabases(
  world: Pick<World, 'house' | 'doors' | 'name' | 'site'>,
  backupId: string,
  { edit = (sql) => sql, rows: more = 0 }: { edit?: (sql: string) => string; rows?: number } = {},
): Promise<void> {
  const { house, doors, name } = world;
  const backup = await doors.backups.byId(await world.site(), backupId);
  const path = join(house.folder, 'archives', name, backup.fileName ?? '');
  const manifest = await readManifest(path);
  const reader = await ZipReader.open(path);
  const writer = await ZipWriter.create(`${path}.new`);
  const members: Manifest['members'] = [];
  const databases: Manifest['databases'] = [];
  try {
    const known = new Map(manifest.members.map((member) => [member.path, member]));
    for (const entry of reader.entries()) {
      const member = known.get(entry.name);
      if (!member || entry.name.startsWith('databases/')) continue;
      const content = entry.kind === 'folder' ? undefined : await reader.read(entry, 1e9);
      if (content) await writer.put(entry, await writer.pack(content));
      else await writer.putEmpty(entry);
      members.push(member);
    }
    for (const database of await doors.databases.dumping.of(await world.site())) {
      const server = await doors.databases.standIns.countsOf(database);
      const into = new PassThrough();
      const [sql] = await Promise.all([text(into), doors.databases.dumping.write(database, into)]);
      const member = { name: `databases/${database.name}.sql`, kind: 'file' as const, mode: 0o644, modifiedAt: Date.now() };
      const packed = await writer.pack(Buffer.from(edit(sql)));
      await writer.put(member, packed);
      const sha256 = await packed.sha256;
      const { kind, mode, modifiedAt } = member;
      members.push({ path: member.name, kind, size: packed.size, sha256, mode, modifiedAt, stamp: '' });
      const { tables, rows } = server;
      databases.push({ name: database.name, engine: database.engine, path: member.name, tables, rows: rows + more });
    }
    const counts = { ...manifest.counts, databases: databases.length };
    const chunks: Uint8Array[] = [];
    const { members: _, ...head } = manifest;
    const lines = Readable.from(members.map((member) => Buffer.from(`${memberLine(member)},\n`)));
    for await (const chunk of manifestOfLines({ ...head, counts, databases }, lines)) chunks.push(chunk);
    const own = { name: manifestName, kind: 'file' as const, mode: 0o644, modifiedAt: Date.now() };
    await writer.put(own, await writer.pack(Buffer.concat(chunks)));
    const { bytes, sha256 } = await writer.finish();
    await rename(`${path}.new`, path);
    const change = { bytes, sha256, databases: databases.length };
    await doors.connection.write((tx) => tx.updateTable('backups').set(change).where('id', '=', backupId).execute());
  } finally {
    await writer.close();
    await reader.close();
  }
}
