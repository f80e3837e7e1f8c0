// The files from which sshd takes the keys of sites' users: below a folder of the system, not of the site, so that nobody who came in
// can add a key of their own (`AuthorizedKeysFile <folder>/%u`).
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts the whole file in place at once, durable when this returns; an empty text removes it. sshd opens it as the site's user and
 * wants it, and its folder, to be writable by nobody but root: it is readable by all, as public keys may be.
 * @param folder exists, and belongs to root
 * @returns whether a key that was in the file is not in it any more: its sessions have to end
 * @throws RangeError for what is no user's name; errors of the file system as they are
 */
export async function writeKeyFile(folder: string, user: string, text: string): Promise<boolean> {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw new RangeError('Not the name of a user');
  const path = join(folder, user);
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (text === '') await rm(path, { force: true });
  else if (text !== before) await replace(path, text);
  const above = await open(folder, 'r');
  await above.sync().finally(() => above.close());
  const now = new Set(text.split('\n'));
  return before.split('\n').some((line) => !now.has(line));
}

async function replace(path: string, text: string): Promise<void> {
  // A dot is in no user's name: sshd never reads this one. What a crash left there is overwritten.
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o644);
  try {
    await file.chmod(0o644);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/**
 * Ends everything that runs as this user: sessions of a key that was taken back would go on otherwise, and could start new ones. Looks
 * again until nothing is left, since what runs may start more.
 * @param userId of a site's user, never one of the system
 * @throws RangeError for a user of the system, Error when something cannot be ended
 */
export async function endProcessesOf(userId: number): Promise<void> {
  if (!Number.isInteger(userId) || userId < 1000) throw new RangeError('Not the user of a site');
  for (let round = 0; round < 20; round += 1) {
    const running = await processesOf(userId);
    if (running.length === 0) return;
    for (const id of running) kill(id);
    await new Promise((resolve) => setTimeout(resolve, 10 * (round + 1)));
  }
  throw new Error(`processes of user ${userId} cannot be ended`);
}

/** Asked of the state itself: a session's own process looks as if it were root's, since nobody may look into it. */
async function processesOf(userId: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const owned = await Promise.all(
    ids.map(async (id) => {
      const state = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
      // What has ended and was not collected yet runs no more.
      const runs = /^State:\s+[^ZX]/m.test(state);
      return runs && new RegExp(`^Uid:\\s+${userId}\\s`, 'm').test(state) ? [id] : [];
    }),
  );
  return owned.flat();
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
