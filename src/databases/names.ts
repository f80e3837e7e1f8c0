// How databases and their users are named, and passwords drawn for them.
import { randomInt } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { DatabaseEngine } from '../platform/database-server/port.ts';
import type { FieldFault } from '../platform/errors.ts';

/**
 * The part that a customer chooses. With the longest site name (32) and the sign between them it stays below 63 bytes, PostgreSQL's
 * longest identifier; MariaDB takes 64 for a database and 80 for a user.
 */
export const longestName = 24;

/** Of an engine, the first is the usual one; names are those of the engine. */
export const charsets: Readonly<Record<DatabaseEngine, readonly string[]>> = {
  mariadb: ['utf8mb4', 'utf8mb3', 'euckr'],
  postgresql: ['UTF8'],
};

/** @returns what is against the chosen part: small letters, digits and `_`, beginning with a letter (what begins with `_` is ours) */
export function nameFaults(name: string): FieldFault[] {
  if (name === '') return [{ key: 'databases.fault.nameMissing' }];
  if (name.length > longestName) return [{ key: 'databases.fault.nameLong', parameters: { most: longestName } }];
  return /^[a-z][a-z0-9_]*$/.test(name) ? [] : [{ key: 'databases.fault.name' }];
}

/** @returns the name on the server. No site's name has a `_`, so that no prefix is the beginning of another. */
export const fullName = (site: string, name: string): string => `${site}_${name}`;

/** @returns the name of a database that something is loaded into before it is switched; nobody can choose it */
export const stagedName = (site: string, importId: string): string => `${site}__${importId.replaceAll('-', '').slice(-16)}`;

const signs = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const drawnLength = 20;

/** @returns a password of 20 signs without look-alikes (115 bits) */
export function drawPassword(): string {
  return Array.from({ length: drawnLength }, () => signs[randomInt(signs.length)]).join('');
}

/** Loopback, RFC 1918, RFC 4193 and link-local networks. */
const networks: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

/**
 * Whether a database server at this host can be reached from a public network (KHADA 3.7). Only addresses can be judged: a name may
 * stand for another address tomorrow, so none but `localhost` is taken. A path is a Unix socket.
 */
export function isPrivateHost(host: string): boolean {
  if (host === 'localhost' || host.startsWith('/')) return true;
  const version = isIP(host);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return privateList().check(host, family);
}

function privateList(): BlockList {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(...network);
  return list;
}
