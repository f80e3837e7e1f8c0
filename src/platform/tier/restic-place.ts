// How restic reaches a tier: the address in its own words, ssh with one pinned host key, credentials in the environment alone.
import { execFile } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { faultOf, TierFault } from './faults.ts';
import type { RepositoryPlace } from './restic-repository.ts';
import type { ResticAddress } from './tier-address.ts';

export type Reach = {
  readonly address: ResticAddress;
  /** of the host that is reached by SFTP, as its `ssh_host_ed25519_key.pub` says it: `ssh-ed25519 AAAA…` */
  readonly hostKey: string | undefined;
  /** path of the panel's private key */
  readonly privateKey: string;
  readonly kilobytesPerSecond: number | undefined;
  /** milliseconds */
  readonly patience: number;
};

const knockMilliseconds = 10_000;

/** @param folder of this machine, for the files that ssh reads. @returns the place of one site's repository */
export async function placeOf(reach: Reach, site: string, folder: string): Promise<RepositoryPlace> {
  const { address, kilobytesPerSecond, patience } = reach;
  const repository = `${address.repository.replace(/\/+$/, '')}/${site}`;
  const common = { repository, kilobytesPerSecond, patience };
  if (address.s3) {
    const { keyId, secret, region } = address.s3;
    const environment = {
      AWS_ACCESS_KEY_ID: keyId,
      AWS_SECRET_ACCESS_KEY: secret,
      ...(region && { AWS_DEFAULT_REGION: region }),
    };
    return { ...common, options: [], environment };
  }
  if (address.user === undefined) return { ...common, options: [], environment: {} };
  const command = `ssh -F '${await sshConfig(reach, folder)}' tier -s sftp`;
  return { ...common, options: [`sftp.command=${command}`], environment: {} };
}

/** @returns what ssh and sftp are told before the name `tier` */
export const sshWords = async (reach: Reach, folder: string): Promise<string[]> => ['-F', await sshConfig(reach, folder)];

/** Written anew each time, so that a changed setting is in force; the same bytes for whoever reads meanwhile. */
async function sshConfig({ address, hostKey, privateKey }: Reach, folder: string): Promise<string> {
  if (hostKey === undefined) throw new TierFault('HOST_KEY', 'no host key is written down for the tier');
  if (/['"\n]/.test(`${folder}${privateKey}`)) throw new TierFault('FAILED', 'a folder has a quote in its name');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = join(folder, 'known_hosts');
  const lines = [
    'Host tier',
    `HostName ${address.host}`,
    `Port ${address.port ?? 22}`,
    `User ${address.user}`,
    `IdentityFile "${privateKey}"`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile "${known}"`,
    'GlobalKnownHostsFile /dev/null',
    'HostKeyAlias tier',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'BatchMode yes',
    'PreferredAuthentications publickey',
    'ConnectTimeout 10',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
  ];
  await replace(known, `tier ${hostKey}\n`);
  await replace(join(folder, 'ssh_config'), `${lines.join('\n')}\n`);
  return join(folder, 'ssh_config');
}

async function replace(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, path);
}

/**
 * Whether anybody answers there: restic itself would try for a quarter of an hour, and does not always say what ssh said.
 * @throws TierFault UNREACHABLE, over SFTP also HOST_KEY and REFUSED
 */
export async function knock(reach: Reach, folder: string): Promise<void> {
  const { host, port, user } = reach.address;
  if (host === undefined || port === undefined) return;
  if (user === undefined) return knockAtPort(host, port);
  const words = [...(await sshWords(reach, folder)), 'tier', '-s', 'sftp'];
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      'ssh',
      words,
      { timeout: 3 * knockMilliseconds, env: { PATH: process.env.PATH ?? '/usr/bin:/bin' } },
      (error, _out, said) => {
        if (!error) return resolve();
        reject(error.killed ? new TierFault('UNREACHABLE', 'no answer') : faultOf(said || error.message));
      },
    );
    child.stdin?.end();
  });
}

async function knockAtPort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = createConnection({ host, port, timeout: knockMilliseconds });
    const fail = (says: string) => {
      socket.destroy();
      reject(new TierFault('UNREACHABLE', says));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(String(error.code)));
  });
}
