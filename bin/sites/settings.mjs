// The settings of the program that makes sites: a file that only root can write.
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { failed, unless } from './system.mjs';

/** Below it are the system's own users. */
export const leastUserId = 1000;
/** Below what 32 bits hold, of which the last two mean "nobody" and "no change". */
const mostUserId = 2 ** 31;

/** Where everybody may write on a usual system. */
const sharedFolders = [
  ...['/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/run/lock', '/var/crash'],
  ...['/var/spool/cron', '/var/mail', '/var/lib/php/sessions'],
];
/** Apart from the numbers that people of the system get (adduser: the first free one from 1000), up to Debian's last. */
const usualNumbers = [20_000, 59_999];

export function settingsOf(path) {
  const own = fs.lstatSync(path);
  if (!own.isFile() || own.uid !== 0 || (own.mode & 0o022) !== 0)
    throw failed(`${path} must belong to root and be writable by root alone`);
  const {
    root,
    state = '/var/lib/gotgan-sites',
    prefix = '',
    panelUser = null,
    webUser,
    memberOf = null,
    numbers = usualNumbers,
    shared = sharedFolders,
    ssh = null,
    ...rest
  } = JSON.parse(fs.readFileSync(path, 'utf8'));
  const [unknown] = Object.keys(rest);
  if (unknown) throw failed(`${path}: ${unknown} is not known`);
  const isPath = (value) => typeof value === 'string' && value === resolve(value) && value !== '/';
  for (const [name, value] of Object.entries({ root, state }))
    if (!isPath(value)) throw failed(`${path}: ${name} must be an absolute path`);
  if (!Array.isArray(shared) || !shared.every(isPath)) throw failed(`${path}: shared must be a list of absolute paths`);
  const [from, to] = Array.isArray(numbers) && numbers.length === 2 && numbers.every(Number.isSafeInteger) ? numbers : [0, 0];
  if (from < leastUserId || to < from || to > mostUserId)
    throw failed(`${path}: numbers must be the first and the last for users`);
  for (const [name, value] of Object.entries({ panelUser, webUser, memberOf }))
    if (value !== null && !/^[a-z_][a-z0-9_-]{0,31}$/.test(value))
      throw failed(`${path}: ${name} must be the name of a user or group`);
  if (!/^([a-z_][a-z0-9_-]{0,15})?$/.test(prefix)) throw failed(`${path}: prefix must begin with a letter and have at most 16`);
  return { root, state, prefix, panelUser, webUser, memberOf, numbers, shared, ssh: sshOf(path, ssh) };
}

/** What a server of the group ssh says of itself; null: nobody comes in by SSH. */
function sshOf(path, ssh) {
  if (ssh === null) return null;
  const { keys, host, port = 22, shell = '/bin/bash', hostKeys = ['/etc/ssh/ssh_host_ed25519_key.pub'], ...rest } = ssh;
  const paths = [keys, shell, ...(Array.isArray(hostKeys) ? hostKeys : [null])];
  if (!paths.every((one) => typeof one === 'string' && one === resolve(one) && one !== '/'))
    throw failed(`${path}: keys, shell and hostKeys of ssh must be absolute paths`);
  if (typeof host !== 'string' || !/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/.test(host))
    throw failed(`${path}: ssh.host must be a name or address`);
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) throw failed(`${path}: ssh.port must be a port`);
  const [unknown] = Object.keys(rest);
  if (unknown) throw failed(`${path}: ssh.${unknown} is not known`);
  return { keys, host, port, shell, hostKeys };
}

export function trustedFolder(path) {
  const stats = unless(['ENOENT'], () => fs.lstatSync(path));
  if (!stats) throw failed(`${path} is not there: make it as root`);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0)
    throw failed(`${path} must be a folder of root that nobody else can write`);
}
