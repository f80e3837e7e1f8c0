// Figures of all backups for the operator: states of the last two days, and sites whose newest good backup is too old.
import type { BackupState } from '../migrations/schema.ts';
import { localDay } from '../platform/clock.ts';
import type { BackupsParts } from './backups.ts';
import { plusDays } from './days.ts';
import { coveredMilliseconds } from './drill-planning.ts';
import { DrillStore } from './drill-store.ts';
import { amberAfter, redAfter } from './freshness.ts';
import { lastNights } from './night-report.ts';
import { goodStates } from './states.ts';

const states = Object.keys({
  queued: true,
  running: true,
  made: true,
  verified: true,
  proven: true,
  warned: true,
  failed: true,
  missing: true,
  shrunken: true,
  damaged: true,
  expired: true,
} satisfies Record<BackupState, true>) as BackupState[];

export type BackupFigures = {
  /** of today and yesterday, in the configured zone */
  readonly recent: readonly { readonly state: BackupState; readonly count: number }[];
  /** open sites, and how many of them have no good backup of data younger than 26 and 50 hours; a younger site is not missed yet */
  readonly sites: { readonly open: number; readonly olderThan26Hours: number; readonly olderThan50Hours: number };
  /** of the last night: sites whose turn has not come, and whose turn did not come in its window */
  readonly night: { readonly waiting: number; readonly leftOver: number };
  /** open sites of which a backup was restored in a drill within the last 35 days */
  readonly provenSites: number;
};

export async function backupFigures({ connection, clock, choices }: BackupsParts): Promise<BackupFigures> {
  const { db } = connection;
  const now = clock.now();
  const yesterday = plusDays(localDay(now, choices.timeZone), -1);
  const recent = await db
    .selectFrom('backups')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    // Each by name: only then the engines seek in the index instead of reading every backup there ever was.
    .where('state', 'in', states)
    .where('day', '>=', yesterday)
    .groupBy('state')
    .execute();
  const open = () =>
    db
      .selectFrom('sites')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('terminated_at', 'is', null);
  const withoutSince = (at: number) =>
    open()
      .where('opened_at', '<', at)
      .where('id', 'not in', (eb) =>
        eb.selectFrom('backups').select('site_id').where('state', 'in', goodStates).where('data_at', '>=', at),
      );
  const count = async (query: ReturnType<typeof open>) => Number((await query.executeTakeFirstOrThrow()).count);
  const { proven: provenSites } = await new DrillStore(connection).coverage(now - coveredMilliseconds);
  const olderThan26Hours = await count(withoutSince(now - amberAfter));
  const [night] = await lastNights(connection, 1);
  return {
    provenSites,
    night: { waiting: night?.waiting ?? 0, leftOver: night?.leftOver ?? 0 },
    recent: recent.map((row) => ({ state: row.state, count: Number(row.count) })),
    sites: {
      open: await count(open().where('opened_at', 'is not', null)),
      olderThan26Hours,
      olderThan50Hours: olderThan26Hours === 0 ? 0 : await count(withoutSince(now - redAfter)),
    },
  };
}
