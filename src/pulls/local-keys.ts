// Keys of repositories on a backup host: one a site, made here, known nowhere else; destroying one is the erasure of what it opens (ruling 10).
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SiteKeys } from '../platform/tier/port.ts';

const keyBytes = 32;

export type LocalKeys = SiteKeys & { destroy(site: string): Promise<void> };

/** @param folder for files of mode 0600; made with the first key */
export function localKeys(folder: string): LocalKeys {
  const at = (site: string) => {
    if (!/^[0-9a-f-]{1,64}$/i.test(site)) throw new RangeError('Not the id of a site');
    return join(folder, site);
  };
  /** A file that a version which wrote in place was cut off in: nothing was ever kept with such a key. */
  const isWhole = (text: string) => Buffer.from(text, 'base64url').length === keyBytes;
  const forReading = async (site: string) => {
    const text = await readFile(at(site), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text !== undefined && isWhole(text) ? text : undefined;
  };
  return {
    forReading,
    async forKeeping(site) {
      const known = await forReading(site);
      if (known !== undefined) return known;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const key = randomBytes(keyBytes).toString('base64url');
      await writeBeside(folder, at(site), key);
      return key;
    },
    async destroy(site) {
      await rm(at(site), { force: true });
      await rm(besideOf(at(site)), { force: true });
      await synced(folder);
    },
  };
}

/** No id of a site has a point in it. One round of a host is at work at a time, so one name is enough. */
const besideOf = (path: string) => `${path}.new`;

/** Whole or not there at every moment, and on the disk before anything is kept with it. */
async function writeBeside(folder: string, path: string, key: string): Promise<void> {
  const fresh = besideOf(path);
  try {
    await writeFile(fresh, key, { mode: 0o600, flush: true });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await synced(folder);
}

async function synced(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  await handle?.sync().finally(() => handle.close());
}
