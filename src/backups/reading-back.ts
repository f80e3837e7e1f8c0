// Reads one archive of ours back, with its own manifest: right after it was made, and again when somebody asks.
import { whenMissing } from '../platform/errors.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { ZipLookup } from '../platform/zip/lookup.ts';
import type { Site } from '../sites/sites.ts';
import { parseManifest } from './manifest.ts';
import { contentOf } from './manifest-bytes.ts';
import type { BackupsParts } from './parts.ts';
import { type Backup, keyOf } from './states.ts';
import { verifyArchive } from './verification.ts';

export type Damage = { readonly reason: string; readonly details?: { readonly fault: string; readonly faults: number } };

export type Reading = {
  readonly signal: AbortSignal;
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
};

/** @returns why the archive is no good, undefined when every byte is right. @throws when it cannot be read now */
export async function damageOf(
  { archives, signing }: Pick<BackupsParts, 'archives' | 'signing'>,
  { backup, site }: { readonly backup: Backup; readonly site: Pick<Site, 'name'> },
  { signal, progress }: Reading,
): Promise<Damage | undefined> {
  const local = await archives.local(keyOf(site, backup)).catch(whenMissing);
  if (!local) return { reason: 'backups.reason.lost' };
  // The directory of a million members is held once, by what reads them: a reader for the manifest alone held it again.
  let archive: ZipLookup | undefined;
  try {
    archive = await ZipLookup.open(local.path);
    const order = { sha256: backup.sha256 ?? '', manifest: await parseManifest(await contentOf(archive)), signing, signal };
    const outcome = await verifyArchive(local.path, { ...order, ...(progress && { progress }) });
    if (outcome.ok) return undefined;
    const details = { fault: outcome.faults[0]?.fault ?? '', faults: outcome.faults.length };
    return { reason: 'backups.reason.damaged', details };
  } catch (error) {
    if (error instanceof DamagedArchive) return { reason: 'backups.reason.damaged', details: { fault: 'manifest', faults: 1 } };
    throw error;
  } finally {
    await archive?.close();
    await local.release();
  }
}
