// Removes a site's repository with the credentials of its storage alone: its key is destroyed before, and nothing here needs it.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf, TierFault } from './faults.ts';
import { knock, type Reach, sshWords } from './restic-place.ts';
import { removeObjects } from './s3-objects.ts';

/** A repository of a terabyte is some sixty thousand files, each a request. */
const longestMilliseconds = 60 * 60 * 1000;
const folders = ['data', 'index', 'keys', 'locks', 'snapshots'];
const dataFolders = Array.from({ length: 256 }, (_, at) => `data/${at.toString(16).padStart(2, '0')}`);

/**
 * Nothing there is no error; may be cut off and repeated.
 * @param folder of this machine, for the files that ssh reads
 * @throws TierFault UNREACHABLE, HOST_KEY; REFUSED where the store keeps what it has
 */
export async function removeRepository(reach: Reach, site: string, folder: string, signal: AbortSignal): Promise<void> {
  const { address } = reach;
  if (address.host === undefined) return rm(join(address.path, site), { recursive: true, force: true });
  await knock(reach, folder);
  if (address.s3) return removeObjects(address, site, signal);
  const place = address.path === '' ? site : `${address.path.replace(/\/+$/, '')}/${site}`;
  const said = await sftp(await sshWords(reach, folder), removal(place), signal);
  if (stays(said)) throw new TierFault('REFUSED', 'the server keeps what it has');
}

/** What restic lays out (its design, "repository format"), the contents first. A dash: what is not there, or stays, ends nothing. */
function removal(place: string): string[] {
  const at = (path: string) => `"${place}"/${path}`;
  return [
    `-rm ${at('data/*/*')}`,
    ...folders.map((name) => `-rm ${at(`${name}/*`)}`),
    `-rm ${at('config')}`,
    ...[...dataFolders, ...folders].map((name) => `-rmdir ${at(name)}`),
    `-rmdir "${place}"`,
    `-ls -1 "${place}"`,
  ];
}

/** sftp repeats each order before what it says to it. */
const stays = (said: string) =>
  (said.split(/^sftp> -ls .*$/m)[1] ?? '').split('\n').some((line) => line.trim() !== '' && !line.startsWith('sftp> '));

async function sftp(words: readonly string[], orders: readonly string[], signal: AbortSignal): Promise<string> {
  const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const options = { signal, env: environment, timeout: longestMilliseconds, maxBuffer: 64 * 1024 ** 2 };
  return new Promise((resolve, reject) => {
    const child = execFile('sftp', ['-q', '-b', '-', ...words, 'tier'], options, (error, said, complaint) => {
      if (!error) return resolve(said);
      reject(error.killed ? new TierFault('SILENT', 'no end') : faultOf(complaint || error.message));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${orders.join('\n')}\n`);
  });
}
