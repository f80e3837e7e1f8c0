// Sites for a real FTP server: a system user who is not root, and folders above that let it through.
import { chmod, chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestPanel } from '../support/panel.ts';

/** Of nobody on this machine: a session of an FTP server never is root's. */
export const siteUser = 48_211;

/** Gives an open site to that user, as a host of the company would when it makes one. */
export async function giveTo({ folder }: TestPanel, site: string): Promise<void> {
  const home = join(folder, 'sites', site);
  for (const path of [home, join(home, 'www'), join(home, 'backup')]) await chown(path, siteUser, siteUser);
  for (let above = dirname(home); above.startsWith(folder); above = dirname(above)) await chmod(above, 0o755);
}
