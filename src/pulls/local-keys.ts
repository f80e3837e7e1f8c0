// Keys of repositories on a backup host: one a site, made here, known nowhere else; destroying one is the erasure of what it opens (ruling 10).
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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
  const forReading = (site: string) =>
    readFile(at(site), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  return {
    forReading,
    async forKeeping(site) {
      const known = await forReading(site);
      if (known !== undefined) return known;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const key = randomBytes(keyBytes).toString('base64url');
      await writeFile(at(site), key, { mode: 0o600, flag: 'wx', flush: true });
      return key;
    },
    destroy: (site) => rm(at(site), { force: true }),
  };
}
