// The settings of the program that makes sites: a file that only root can write.
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { failed, unless } from './system.mjs';

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
    ssh = null,
    ...rest
  } = JSON.parse(fs.readFileSync(path, 'utf8'));
  const [unknown] = Object.keys(rest);
  if (unknown) throw failed(`${path}: ${unknown} is not known`);
  for (const [name, value] of Object.entries({ root, state }))
    if (typeof value !== 'string' || value !== resolve(value) || value === '/')
      throw failed(`${path}: ${name} must be an absolute path`);
  for (const [name, value] of Object.entries({ panelUser, webUser, memberOf }))
    if (value !== null && !/^[a-z_][a-z0-9_-]{0,31}$/.test(value))
      throw failed(`${path}: ${name} must be the name of a user or group`);
  if (!/^([a-z_][a-z0-9_-]{0,15})?$/.test(prefix)) throw failed(`${path}: prefix must begin with a letter and have at most 16`);
  return { root, state, prefix, panelUser, webUser, memberOf, ssh: sshOf(path, ssh) };
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
