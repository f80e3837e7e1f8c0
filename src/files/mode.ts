// Who may read, write and run a file or a folder.
import { Invalid, notFound } from '../platform/errors.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type Deeds, modeSet } from './deeds.ts';
import type { Doer } from './files.ts';
import { requireInsideWww } from './moving.ts';

/** See `Files.setMode`. */
export async function setMode(
  sites: Sites,
  deeds: Deeds,
  site: Site,
  doer: Doer,
  { path, mode }: { path: SitePath; mode: number },
): Promise<void> {
  const storage = sites.storageFor(site);
  requireInsideWww(path);
  const { kind } = await storage.stat(path);
  if (kind !== 'file' && kind !== 'folder') throw notFound();
  const least = kind === 'folder' ? 0o700 : 0o400;
  if ((mode & least) !== least) throw new Invalid({ rights: [{ key: `files.rights.least.${kind}` }] });
  await deeds.carryOut(site, doer.actor, modeSet, 1, async (done) => {
    await storage.setDetails(path, { mode });
    done.count += 1;
  });
}
