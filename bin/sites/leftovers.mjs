// What a removed site's user left where everybody may write: files, jobs of cron and at, letters, shared memory.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { failed, tool, unless } from './system.mjs';

const lingering = '/var/lib/systemd/linger';

/** Returns when nothing of the user's is left in the settings' `shared` folders. @throws failed with the first that cannot be removed */
export function removeLeftovers({ shared }, user) {
  fs.rmSync(join(lingering, user.name), { force: true });
  removeMemory(user);
  const folders = shared.flatMap((path) => unless(['ENOENT'], () => [fs.realpathSync(path)]) ?? []);
  if (folders.length === 0) return;
  // find goes down folder by folder, follows no link and removes by name in the folder it stands in.
  const find = (...acts) =>
    tool('find', [...folders, '-xdev', '-mindepth', '1', '-uid', String(user.uid), ...acts], { codesTaken: [0, 1] }).stdout;
  const left = find('-depth', '(', '-delete', '-o', '-printf', 'a file in %H\n', ')');
  if (left === '') return;
  // Where others have put something of theirs the folder stays, as root's.
  find('-type', 'd', '-execdir', 'chown', '-h', 'root:root', '--', '{}', '+');
  const still = find('-printf', 'a file in %H', '-quit');
  if (still !== '') throw failed(`of the user ${user.name} there is still ${still}`);
}

const kinds = { shm: '-m', sem: '-s', msg: '-q' };

/** System V's shared memory, semaphores and queues outlive whoever made them. */
function removeMemory({ uid }) {
  for (const [kind, option] of Object.entries(kinds)) {
    const text = unless(['ENOENT'], () => fs.readFileSync(`/proc/sysvipc/${kind}`, 'utf8')) ?? '';
    const [names = [], ...rows] = text.split('\n').map((line) => line.trim().split(/\s+/));
    const [id, owner, maker] = [`${kind}id`, 'uid', 'cuid'].map((name) => names.indexOf(name));
    for (const row of rows) {
      if (row[owner] !== String(uid) && row[maker] !== String(uid)) continue;
      tool('ipcrm', [option, row[id]], { codesTaken: [0, 1] });
    }
  }
}
