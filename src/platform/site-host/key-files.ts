// The files from which sshd takes the keys of sites' users: below a folder of the system, not of the site, so that nobody who came in
// can add a key of their own (`AuthorizedKeysFile <folder>/%u`).
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts the whole file in place at once, durable when this returns; an empty text removes it. sshd opens it as the site's user and
 * wants it, and its folder, to be writable by nobody but root: it is readable by all, as public keys may be.
 * @param folder exists, and belongs to root
 * @throws RangeError for what is no user's name; errors of the file system as they are
 */
export async function writeKeyFile(folder: string, user: string, text: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw new RangeError('Not the name of a user');
  const path = join(folder, user);
  if (text === '') await rm(path, { force: true });
  else await replace(path, text);
  const above = await open(folder, 'r');
  await above.sync().finally(() => above.close());
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
