// Takes a rendering that a backup host has laid into staging among the archives, once it is the very archive of the row.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../audit/audit.ts';
import { day } from '../platform/clock.ts';
import type { Site } from '../sites/sites.ts';
import type { PullsParts } from './parts.ts';
import type { PullStore, StagingRow } from './store.ts';

/** What was brought back stays so long, whatever retention says. */
export const heldDays = 7;

/** @throws what the storage of archives throws: the job is tried again, and the rendering stays */
export async function takeStaged(parts: PullsParts, store: PullStore, row: StagingRow, site: Site): Promise<void> {
  const { backups, connection, clock, audit, staging } = parts;
  const path = join(staging, `${row.id}.zip`);
  const backup = await backups.byId(site, row.backup_id);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  const isRight = size !== undefined && size === backup.bytes && (await digestOf(path)) === backup.sha256;
  if (isRight) await backups.takingBack.take(site, backup, { path, heldUntil: clock.now() + heldDays * day });
  await connection.write(async (tx) => {
    const now = clock.now();
    const fault = size === undefined ? 'NOT_THERE' : 'DIFFERENT';
    await store.end(tx, row.id, isRight ? { taken_at: now } : { failed_at: now, fault });
    const about = { actor: systemActor, customerId: site.customerId, siteId: site.id, subjectId: backup.id };
    const details = { tier: row.tier, ...(!isRight && { reason: fault }) };
    await audit.record(tx, { action: isRight ? 'pulls.taken' : 'pulls.refused', ...about, details });
  });
  await rm(path, { force: true });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}
