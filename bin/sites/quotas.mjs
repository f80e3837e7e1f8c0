// The wall of the file system for what comes past the panel, where it keeps quotas of groups.
import { folderOf } from './folders.mjs';
import { tool } from './system.mjs';

/** Blocks are more than bytes, and the panel counts by itself: the wall stands a little further out. */
const wallOf = (bytes) => Math.ceil((bytes * 1.1 + 64 * 2 ** 20) / 1024);

/** What setquota of Debian's quota says (4.06) where nothing is kept, and of a file system in memory. */
const isNotKept = /no quota enabled|not using quota|no correct mountpoint/i;

/** @returns whether it was set; false where this file system keeps none, or setquota is not installed. @throws failed with its words */
function setGroupQuota(settings, site, user, kib) {
  // A line for each that is mounted at the same place; the last one is what is seen.
  const mounts = tool('findmnt', ['-n', '-o', 'TARGET', '--target', folderOf(settings, site)]).stdout.trim();
  const mount = mounts.split('\n').at(-1);
  try {
    tool('setquota', ['-g', String(user.gid), '0', String(kib), '0', '0', mount]);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT' || isNotKept.test(error.message)) return false;
    throw error;
  }
}

/** @returns `set`, `not here`, or `not asked` without a number of bytes. @throws failed */
export function setQuota(settings, site, user) {
  if (site.quotaBytes === undefined) return 'not asked';
  return setGroupQuota(settings, site, user, wallOf(site.quotaBytes)) ? 'set' : 'not here';
}

/** A wall around nothing keeps nobody from removing the site: its number is never given again. */
export function dropQuota(settings, site, user) {
  try {
    setGroupQuota(settings, site, user, 0);
  } catch (error) {
    if (error.outcome === undefined) throw error;
  }
}
