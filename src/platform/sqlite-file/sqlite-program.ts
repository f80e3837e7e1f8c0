// Reads one SQLite file of a site, which may be made to harm whoever reads it: a program of its own that is ended when it takes too long.
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { companions, folderDescriptor, type SqliteAnswer, type SqliteFault, type SqliteOrder } from './orders.ts';

/** A shop's checkout holds its lock for a moment; who keeps it longer is told of. */
const waitMilliseconds = 3000;
/** SQLite's own memory, in bytes: a schema may ask for any amount. */
const mostMemory = 128 * 1024 * 1024;
const pagesAtATime = 10_000;

const [busy, locked, corrupt, noDatabase] = [5, 6, 11, 26];

/** Where a database's header tells how it is written and read, and what stands there with a write-ahead log (fileformat.html, 1.3.3). */
const [versionsAt, logVersion] = [18, 2];

/** What was opened is not what stands in the folder: a link came into its way. */
class Swapped extends Error {}

function opened(location: string, readOnly: boolean): DatabaseSync {
  const database = new DatabaseSync(location, { readOnly, timeout: waitMilliseconds, allowExtension: false });
  database.exec(
    `pragma hard_heap_limit=${mostMemory}; pragma trusted_schema=off; pragma cell_size_check=on; pragma mmap_size=0;`,
  );
  return database;
}

/** Every byte as `%` and two digits: a name may hold any other than `/` and NUL. */
const uriOf = (name: string, query: string) => `file:/proc/self/fd/${folderDescriptor}/${name}?${query}`;

const decoded = (name: string) => Buffer.from(name.replaceAll('%', ''), 'hex');

const pathOf = (name: string, end = '') =>
  Buffer.concat([Buffer.from(`/proc/self/fd/${folderDescriptor}/`), decoded(name), Buffer.from(end)]);

const standing = (name: string, end: string) => lstatSync(pathOf(name, end), { bigint: true, throwIfNoEntry: false });

function identities(name: string): Set<string> {
  const found = ['', ...companions].map((end) => standing(name, end));
  return new Set(found.flatMap((stats) => (stats?.isFile() ? [`${stats.dev}:${stats.ino}`] : [])));
}

/**
 * SQLite makes a log where there is none, even for who only reads, and the site's own programs could not write to one of ours. Asked right
 * before it is opened: a log that its last writer removes in that very moment would be made again.
 */
function requireLog(name: string): void {
  const file = openSync(pathOf(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const versions = Buffer.alloc(2);
  try {
    readSync(file, versions, 0, versions.length, versionsAt);
  } finally {
    closeSync(file);
  }
  const hasLog = versions.includes(logVersion);
  if (hasLog && !(standing(name, '-wal')?.isFile() && standing(name, '-shm')?.isFile())) throw new Error('nobody has it open');
}

/** Files that are open here, by their descriptors; the folder's own, by which they are listed, is closed again. */
function openFiles(): Map<number, string> {
  const found = readdirSync('/proc/self/fd').map((descriptor) => [Number(descriptor), identityOf(Number(descriptor))] as const);
  return new Map(found.flatMap(([descriptor, identity]) => (identity === undefined ? [] : [[descriptor, identity]])));
}

/** SQLite follows links above the file, and a site's owner may lay one at any moment: what was opened must be what the folder holds. */
function requireOwn(name: string, before: ReadonlyMap<number, string>): void {
  const own = identities(name);
  const files = [...openFiles()].filter(([descriptor]) => !before.has(descriptor));
  if (files.length === 0 || files.some(([, identity]) => !own.has(identity))) throw new Swapped();
}

function identityOf(descriptor: number): string | undefined {
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** Within one reading transaction: who writes meanwhile waits for it, or goes on in the log. */
async function copy(name: string, into: string): Promise<void> {
  requireLog(name);
  const before = openFiles();
  const database = opened(uriOf(name, 'mode=ro&readonly_shm=1'), true);
  database.exec('begin; select count(*) from sqlite_schema;');
  requireOwn(name, before);
  await backup(database, into, { rate: pagesAtATime });
  database.close();
}

/** What was committed goes into the file, what was not is taken back. */
function settle(file: string): void {
  const database = opened(file, false);
  database.exec('select count(*) from sqlite_schema; pragma wal_checkpoint(truncate);');
  database.close();
}

/** Its journal or log is not looked for: nobody has it open, and `settle` has put them in. */
function check(file: string): SqliteAnswer {
  const database = opened(`${pathToFileURL(file)}?mode=ro&immutable=1`, true);
  const [found] = database.prepare('pragma integrity_check(1)').all();
  if (found?.integrity_check !== 'ok') return { fault: 'malformed' };
  // A virtual table has no pages of its own; its content lies in ordinary ones.
  const names = database
    .prepare("select name from sqlite_schema where type = 'table' and rootpage > 0 and name not like 'sqlite\\_%' escape '\\'")
    .all();
  const rows = names.reduce((sum, { name }) => sum + countOf(database, String(name)), 0);
  return { tables: names.length, rows };
}

const countOf = (database: DatabaseSync, table: string) =>
  Number(database.prepare(`select count(*) as count from "${table.replaceAll('"', '""')}"`).get()?.count);

function faultOf(error: unknown): SqliteFault {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  if (code === busy || code === locked) return 'busy';
  return code === corrupt || code === noDatabase ? 'malformed' : 'unreadable';
}

async function answer(order: SqliteOrder): Promise<SqliteAnswer> {
  try {
    if (order.act === 'copy') await copy(order.name, order.into);
    if (order.act === 'settle') settle(order.file);
    return check(order.act === 'copy' ? order.into : order.file);
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

process.stdout.write(JSON.stringify(await answer(JSON.parse(process.argv[2] ?? ''))));
