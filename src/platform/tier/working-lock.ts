// One worker at a time in a folder of this machine; the lock of a process that died is taken over.
import { open, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../ids.ts';
import { TierFault } from './faults.ts';

/** @returns what lets the folder go. @throws TierFault BUSY while a process that lives works there */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  const own = `${process.pid} ${await startOf(process.pid)} ${newId(Date.now())}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const file = await open(path, 'wx', 0o600).catch(ifTaken);
    if (file) {
      await file.writeFile(own).finally(() => file.close());
      return () => rm(path, { force: true });
    }
    const held = await readFile(path, 'utf8').catch(() => '');
    const [pid = '', start = ''] = held.split(' ');
    // An empty one is being written, or was left by a machine that lost its power.
    if (held !== '' && (await startOf(Number(pid))) === start) throw new TierFault('BUSY');
    // Moved aside before it is removed: of two that take it over one alone moves it.
    const aside = `${path}.${newId(Date.now())}`;
    await rename(path, aside).catch(() => {});
    await rm(aside, { force: true });
    await endOrphans(folder);
  }
  throw new TierFault('BUSY');
}

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

function ifTaken(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EEXIST') throw error;
  return undefined;
}

/** A number may be given to another process: with the moment of its start it names one. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
