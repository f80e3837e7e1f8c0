// Folders of a site that an FTP account may be for, and where such an account lives on the server.
import { posix } from 'node:path';
import { PanelError, whenMissing } from '../platform/errors.ts';
import type { FtpHome } from '../platform/ftp-server/port.ts';
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { FtpAccount } from './ftp.ts';

/** A form that offered more would be no choice any more. */
const mostOffered = 200;
const depth = 2;
/** What the server's own rules leave of a path (docs/decisions/0015). */
const longestHomeBytes = 247;

/** @returns `www` and the folders in it, two levels deep: those an FTP server can be told; `www` alone where storage does not answer */
export async function offeredFolders(storage: SiteStorage): Promise<string[]> {
  const found = ['www'];
  let level = ['www'];
  for (let at = 0; at < depth && found.length < mostOffered; at += 1) {
    const below: string[] = [];
    for (const folder of level) {
      if (found.length + below.length >= mostOffered) break;
      const entries = await storage.list(folder.split('/')).catch(emptyWhenGone);
      below.push(...entries.filter(isOffered).map(({ name }) => `${folder}/${name}`));
    }
    found.push(...below);
    level = below;
  }
  return found.slice(0, mostOffered).sort((one, other) => one.localeCompare(other));
}

/** `%` begins a variable in ProFTPD's settings. */
const isOffered = ({ kind, name }: Entry) => kind === 'folder' && !name.startsWith('.') && /^[^%\p{Cc}\uFFFD]+$/u.test(name);

function emptyWhenGone(error: unknown): Entry[] {
  if (error instanceof PanelError) return [];
  throw error;
}

/**
 * @returns where a session of this account lives; undefined where its folder is not there, is a link or lies behind one, or has a path
 * that no FTP session can have
 */
export async function homeOf(sites: Sites, site: Site, { folder }: Pick<FtpAccount, 'folder'>): Promise<FtpHome | undefined> {
  const path = folder === '' ? ['www'] : folder.split('/');
  const found = await sites.storageFor(site).stat(path).catch(whenMissing);
  const place = found?.kind === 'folder' ? await sites.homeOf(site).catch(whenMissing) : undefined;
  if (!place) return undefined;
  const home = posix.join(place.folder, folder);
  return Buffer.byteLength(home) > longestHomeBytes ? undefined : { ...place, folder: home };
}
