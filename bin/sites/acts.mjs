// What can be asked for, each act safe to be repeated after a crash at any step.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { takeBackup } from './backup.mjs';
import { counted } from './counting.mjs';
import { folderOf, isFolder, makeFolders, makeTrash, mend, ownFolder, setDoor } from './folders.mjs';
import { letIn } from './keys.mjs';
import { removeLeftovers } from './leftovers.mjs';
import { endProcesses } from './processes.mjs';
import { dropQuota, setQuota } from './quotas.mjs';
import { dropRecord, keepRecord, recordOf, syncFolder } from './records.mjs';
import { endSession } from './sessions.mjs';
import { leastUserId, trustedFolder } from './settings.mjs';
import { ending, failed, tool } from './system.mjs';
import { makeUser, setAccount, userOf } from './users.mjs';

/** @returns record and user of a site that was opened. @throws notFound */
function opened(settings, site) {
  const record = recordOf(settings, site);
  const user = record && userOf(settings, site);
  const folder = ownFolder(settings, site);
  if (!user || !folder || !isFolder(join(folder, 'www'))) throw ending('notFound', 'there is no such site');
  return { record, user, folder };
}

/**
 * What an act waits for: others that change the site, others that lay in a backup, or nobody. What a customer can draw out (the
 * size of a tree, programs that run as their user) or what comes over a slow line must never hold back a suspension.
 * @returns what follows the site's name in the name of the lock; undefined for none
 */
export const lockOf = (act) =>
  ['usage', 'home', 'mend', 'check'].includes(act) ? undefined : act === 'showBackup' ? '.backup' : '';

export const acts = {
  async open(settings, { site }) {
    let record = recordOf(settings, site);
    if (!record) {
      if (userOf(settings, site) === undefined && fs.existsSync(folderOf(settings, site)))
        throw ending('conflict', `${folderOf(settings, site)} is there already and of no site`);
      record = { suspended: false };
      keepRecord(settings, site, record);
    }
    const user = userOf(settings, site) ?? (await makeUser(settings, site, folderOf(settings, site)));
    setAccount(user, !record.suspended);
    makeFolders(settings, site, user, !record.suspended);
    return { quota: setQuota(settings, site, user) };
  },
  suspend(settings, { site }) {
    const record = recordOf(settings, site);
    if (!record) return {};
    // Written first: an opening that is repeated late finds it and opens nothing.
    keepRecord(settings, site, { ...record, suspended: true });
    const user = userOf(settings, site);
    if (!user) return {};
    setAccount(user, false);
    const folder = ownFolder(settings, site);
    if (folder) setDoor(settings, folder, user, false);
    endProcesses(user);
    return {};
  },
  resume(settings, { site }) {
    const { record, user, folder } = opened(settings, site);
    setDoor(settings, folder, user, true);
    setAccount(user, true);
    keepRecord(settings, site, { ...record, suspended: false });
    return {};
  },
  remove(settings, { site }) {
    if (!recordOf(settings, site)) return {};
    acts.suspend(settings, { site });
    const user = userOf(settings, site);
    trustedFolder(settings.root);
    if (user && ownFolder(settings, site)) dropQuota(settings, site, user);
    // rm opens folder by folder and follows no link.
    tool('rm', ['-rf', '--one-file-system', '--', folderOf(settings, site)]);
    syncFolder(settings.root);
    if (user) {
      letIn(settings, user, []);
      removeLeftovers(settings, user);
    }
    // Last, so that nobody else gets number and name while files of theirs are left.
    if (user) tool('userdel', ['--', user.name]);
    dropRecord(settings, site);
    return {};
  },
  async usage(settings, { site }) {
    const { folder } = opened(settings, site);
    return counted(
      folder,
      ['www', 'trash'].filter((name) => isFolder(join(folder, name))),
    );
  },
  home(settings, { site }) {
    const { user, folder } = opened(settings, site);
    return { folder, userId: user.uid, groupId: user.gid, user: user.name };
  },
  async showBackup(settings, { site, backup }, body) {
    await takeBackup(opened(settings, site), backup, body);
    return {};
  },
  /** Nobody comes in while the site is suspended, whatever was ordered. */
  letIn(settings, { site, entries }) {
    const { record, user } = opened(settings, site);
    return letIn(settings, user, record.suspended ? [] : entries);
  },
  endSession(settings, { site, session }) {
    return endSession(opened(settings, site).user, session);
  },
  mend(settings, { site }) {
    const { user, folder } = opened(settings, site);
    // Sites that were opened before there was a trash have none, or one that passes on no rights of www/.
    makeTrash(settings, folder, user);
    mend(settings, { user, folder });
    return {};
  },
  /** Whether everything is there that the acts need: said when a server is added, and every minute after. */
  check({ root, panelUser, webUser, memberOf }) {
    trustedFolder(root);
    for (const program of ['useradd', 'usermod', 'userdel', 'groupadd', 'getent', 'flock', 'find', 'findmnt', 'ipcrm'])
      tool(program, ['--version'], { codesTaken: [0, 1, 2, 3], stdio: 'ignore' });
    for (const user of [panelUser, webUser].filter((name) => name !== null))
      if (tool('getent', ['passwd', user], { codesTaken: [0, 2] }).status === 2) throw failed(`the system has no user ${user}`);
    if (memberOf !== null && tool('getent', ['group', memberOf], { codesTaken: [0, 2] }).status === 2)
      throw failed(`the system has no group ${memberOf}`);
    const tried = fs.mkdtempSync(join(root, '.gotgan-check-'));
    try {
      tool('setfacl', ['-m', `u:${leastUserId}:r-x`, '--', tried]);
    } finally {
      fs.rmdirSync(tried);
    }
    return {};
  },
};
