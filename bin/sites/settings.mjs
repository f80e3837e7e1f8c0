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
  return { root, state, prefix, panelUser, webUser, memberOf };
}

export function trustedFolder(path) {
  const stats = unless(['ENOENT'], () => fs.lstatSync(path));
  if (!stats) throw failed(`${path} is not there: make it as root`);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0)
    throw failed(`${path} must be a folder of root that nobody else can write`);
}
