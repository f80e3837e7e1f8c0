// The folders of a site. The site's own belongs to root, so that nobody can rename or remove what stands in it.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from './records.mjs';
import { trustedFolder } from './settings.mjs';
import { failed, tool, unless } from './system.mjs';

export const folderOf = ({ root }, { name }) => join(root, name);

export function acl(path, entries, inherited) {
  const both = inherited ? [...entries, ...entries.map((entry) => `d:${entry}`)] : entries;
  // In one call of the system for the folder itself: there is no moment in between.
  tool('setfacl', ['--set', both.join(','), '--', path]);
}

export const named = (user, rights) => (user === null ? [] : [`u:${user}:${rights}`]);

export function setDoor({ panelUser, webUser }, folder, user, isOpen) {
  const inside = isOpen ? [...named(webUser, '--x'), `g:${user.gid}:r-x`] : [];
  acl(folder, ['u::rwx', 'g::---', 'o::---', 'm::r-x', ...named(panelUser, 'r-x'), ...inside], false);
}

/** @returns whether a folder stands there, and no link to one */
export const isFolder = (path) => unless(['ENOENT'], () => fs.lstatSync(path))?.isDirectory() === true;

/** @returns the site's folder, undefined where there is none. @throws for a link or a folder of somebody else: no right of root's goes through it */
export function ownFolder(settings, site) {
  trustedFolder(settings.root);
  const folder = folderOf(settings, site);
  const stats = unless(['ENOENT'], () => fs.lstatSync(folder));
  if (stats && !(stats.isDirectory() && stats.uid === 0)) throw failed(`${folder} is no folder of root's`);
  return stats && folder;
}

export function makeFolders(settings, site, user, isOpen) {
  const { root, panelUser, webUser } = settings;
  trustedFolder(root);
  const folder = folderOf(settings, site);
  const made = (path) => {
    unless(['EEXIST'], () => fs.mkdirSync(path, 0o700));
    if (!isFolder(path)) throw failed(`${path} is no folder`);
  };
  made(folder);
  fs.lchownSync(folder, 0, 0);
  // Of root's group: what lies in backup/ is in nobody's quota.
  const backup = join(folder, 'backup');
  made(backup);
  fs.lchownSync(backup, 0, 0);
  acl(backup, ['u::rwx', 'g::---', 'o::---', 'm::r-x', `g:${user.gid}:r-x`, ...named(panelUser, 'r-x')], true);
  // Everything in www/ gets the site's group, whoever writes it: the site's user may use it, and the quota of the group counts it.
  const www = join(folder, 'www');
  made(www);
  fs.lchownSync(www, user.uid, user.gid);
  fs.chmodSync(www, 0o2770);
  acl(www, ['u::rwx', 'g::rwx', 'o::---', 'm::rwx', ...named(panelUser, 'rwx'), ...named(webUser, 'r-x')], true);
  makeTrash(settings, folder, user);
  setDoor(settings, folder, user, isOpen);
  syncFolder(folder);
  syncFolder(root);
}

/**
 * What was deleted lies beside www/ for a while, and what is made ready for www/: the site's user and the panel may everything, the web
 * server nothing, since it cannot enter. What is born here has the rights of www/ all the same, for a rename takes them along.
 */
export function makeTrash({ panelUser, webUser }, folder, user) {
  const trash = join(folder, 'trash');
  unless(['EEXIST'], () => fs.mkdirSync(trash, 0o700));
  if (!isFolder(trash)) throw failed(`${trash} is no folder`);
  fs.lchownSync(trash, user.uid, user.gid);
  fs.chmodSync(trash, 0o2770);
  const own = ['u::rwx', 'g::rwx', 'o::---', 'm::rwx', ...named(panelUser, 'rwx')];
  acl(trash, [...own, ...[...own, ...named(webUser, 'r-x')].map((entry) => `d:${entry}`)], false);
}

/** Milliseconds, below the panel's own patience: the site's user may stop what runs as the site's user. */
const mostMending = 9 * 60_000;

/** Files and folders that the site's programs closed to everybody (0600, 0700) are opened to the panel again, and to nobody else. As the site's own user: no right of root's goes into its tree. */
export function mend({ panelUser, webUser }, { user, folder }) {
  if (panelUser === null) return;
  const own = { uid: user.uid, gid: user.gid, cwd: join(folder, 'www') };
  const closed = (rights, mask) => [
    '-exec',
    'setfacl',
    '-m',
    [`u:${panelUser}:${rights}`, ...named(webUser, '---'), `m::${mask}`].join(','),
    '--',
    '{}',
    '+',
  ];
  const until = Date.now() + mostMending;
  const find = (...tests) =>
    tool('find', ['.', '-xdev', '-uid', String(user.uid), ...tests], {
      ...own,
      codesTaken: [0, 1],
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: Math.max(1, until - Date.now()),
      killSignal: 'SIGKILL',
    });
  find('-type', 'd', '!', '-perm', '-g=rx', ...closed('rwx', 'rwx'));
  find('-type', 'd', '!', '-perm', '-g=w', '-exec', 'setfacl', '-m', 'm::rwx', '--', '{}', '+');
  find('-type', 'f', '!', '-perm', '-g=r', ...closed('r--', 'r--'));
}
