// One upload that was read to its end: judged and published, and its outcome written down with the audit's in one transaction.
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Log } from '../platform/log.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Room, Site, Sites } from '../sites/sites.ts';
import type { RulesAt } from './areas.ts';
import type { Deeds } from './deeds.ts';
import type { Doer } from './files.ts';
import { publish, type Received, type UploadConflict, type UploadResult } from './publishing.ts';
import type { FileStore } from './store.ts';

export type TakingIn = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly scanner: VirusScanner;
  readonly log: Log;
  readonly choices: Pick<Choices, 'limits'>;
  readonly store: FileStore;
  readonly deeds: Deeds;
  readonly rules: RulesAt;
};

/** `received`: in the order of arrival; their quarantined bytes are gone afterwards. */
export type Arrived = {
  readonly folder: SitePath;
  readonly conflict: UploadConflict;
  readonly received: Received[];
  readonly once: Once;
};

/** See `Files.receive`. */
export async function takeIn(
  { connection, clock, sites, scanner, log, choices: { limits }, store, deeds, rules }: TakingIn,
  site: Site,
  { actor, personId }: Doer,
  { folder, conflict, received, once }: Arrived,
): Promise<{ readonly id: string; readonly results: readonly UploadResult[] }> {
  const act = sites.act(site, 'upload', actor);
  const { id } = act;
  const begin = (room: Room) => deeds.announce(site, actor, act, { action: 'files.uploading', room, details: room });
  const parts = { site, sites, begin, act, scanner, rules, limits, conflict, log, ref: id.slice(-8) };
  const { results, unused } = await publish(received, parts);
  const counts = countsOf(results);
  await connection.write(async (tx) => {
    const row = { id, site, personId, folder: folder.join('/'), conflict, counts, results, now: clock.now() };
    await store.add(tx, row);
    await deeds.close(tx, site, actor, act, { action: 'files.uploaded', details: counts, unused });
    await once.finish(tx, `/sites/${site.name}/files/results/${id}`);
  });
  return { id, results };
}

function countsOf(results: readonly UploadResult[]) {
  const counted = (wanted: readonly string[]) => results.filter(({ result }) => wanted.includes(result)).length;
  return {
    stored: counted(['stored', 'renamed', 'replaced']),
    refused: counted(['refused']),
    skipped: counted(['skipped']),
  };
}
