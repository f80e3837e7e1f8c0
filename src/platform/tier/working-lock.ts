// One worker at a time in a folder of this machine. The system itself lets go what a process held that died, so that nobody has to judge whether it did.
import { access, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TierFault } from './faults.ts';

/**
 * A database without a table is held for its lock alone: Node has no lock of files, SQLite's is the system's, and holds between the
 * workers of one process too.
 * @returns what lets the folder go. @throws TierFault BUSY while a process that lives works there
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = new DatabaseSync(join(folder, 'lock.db'));
  const marker = join(folder, 'working');
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    throw isHeld(error) ? new TierFault('BUSY') : error;
  }
  try {
    // Who was here last did not come to its end.
    if (await isThere(marker)) await endOrphans(folder);
    await writeFile(marker, '', { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw error;
  }
  return async () => {
    await rm(marker, { force: true }).finally(() => lock.close());
  };
}

/** SQLITE_BUSY, with what SQLite adds to it. */
const isHeld = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === 5;

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** What a worker that died has started may still read there, and would take empty room for contents. */
async function endOrphans(folder: string): Promise<void> {
  for (const name of await readdir('/proc')) {
    const at = /^\d+$/.test(name) ? await readlink(`/proc/${name}/cwd`).catch(() => '') : '';
    if (!at.startsWith(`${folder}/`)) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
