// How the last nights went, and by their pace how long the next one takes: what an operator decides on workers and windows by.
import { day as dayMilliseconds, hour } from '../platform/clock.ts';
import type { BackupsParts } from './backups.ts';
import { nextDaily } from './days.ts';
import { noPlace } from './night-store.ts';
import { openStates } from './states.ts';

/** One night; times in epoch milliseconds. */
export type NightLine = {
  readonly day: string;
  readonly sites: number;
  readonly good: number;
  /** failed, damaged, or lost */
  readonly failed: number;
  /** made, and not read back yet */
  readonly unchecked: number;
  readonly underWay: number;
  /** their turn has not come */
  readonly waiting: number;
  /** their turn did not come */
  readonly leftOver: number;
  /** bytes of the sites that were made */
  readonly bytes: number;
  readonly firstAt: number | null;
  readonly lastAt: number | null;
};

export type NightReport = {
  readonly window: { readonly from: string; readonly until: string | undefined; readonly zone: string; readonly hours: number };
  readonly atOnce: number;
  readonly perServer: number;
  /** open sites */
  readonly sites: number;
  /** the last seven, newest first */
  readonly nights: readonly NightLine[];
};

/** What so many sites come to at the pace of a night. */
export type NightPlan = { readonly sitesAnHour: number; readonly hours: number; readonly leftOver: number };

const shownNights = 7;

export async function nightReport({ connection, clock, choices }: BackupsParts): Promise<NightReport> {
  const { backupAt, backupUntil, timeZone } = choices;
  const begins = nextDaily(clock.now(), backupAt, timeZone);
  const ends = backupUntil === undefined ? begins + dayMilliseconds : nextDaily(begins, backupUntil, timeZone);
  const { count } = await connection.db
    .selectFrom('sites')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('terminated_at', 'is', null)
    .where('opened_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return {
    window: { from: backupAt, until: backupUntil, zone: timeZone, hours: (ends - begins) / hour },
    atOnce: choices.backupsAtOnce,
    perServer: choices.backupsPerServer,
    sites: Number(count),
    nights: await lastNights(connection),
  };
}

/** @returns the last nights, newest first */
export async function lastNights({ db }: Pick<BackupsParts['connection'], 'db'>, most = shownNights): Promise<NightLine[]> {
  const nights = await db.selectFrom('backup_nights').select('day').orderBy('day', 'desc').limit(most).execute();
  if (nights.length === 0) return [];
  const rows = await db
    .selectFrom('backups')
    .select((eb) => {
      const count = () => eb.fn.countAll<number>();
      return [
        'day',
        count().as('sites'),
        count().filterWhere('verified_at', 'is not', null).as('good'),
        count().filterWhere('state', '=', 'made').as('unchecked'),
        count().filterWhere('state', 'in', openStates).as('open'),
        count()
          .filterWhere('state', '=', 'queued')
          .filterWhere('place', 'is not', null)
          .filterWhere('handed_at', 'is', null)
          .as('waiting'),
        count().filterWhere('state', '=', 'missing').filterWhere('reason', '=', noPlace).as('left'),
        eb.fn.sum<number>('original_bytes').as('bytes'),
        eb.fn.min<number>('started_at').as('first'),
        eb.fn.max<number>('verified_at').as('last'),
      ];
    })
    .where('kind', '=', 'nightly')
    .where(
      'day',
      'in',
      nights.map(({ day }) => day),
    )
    .groupBy('day')
    .orderBy('day', 'desc')
    .execute();
  return rows.map((row) => {
    const [sites, good, unchecked, waiting, leftOver] = [row.sites, row.good, row.unchecked, row.waiting, row.left].map(
      Number,
    ) as [number, number, number, number, number];
    const underWay = Number(row.open) - waiting;
    const failed = sites - good - unchecked - underWay - waiting - leftOver;
    const at = (value: number | null) => (value === null ? null : Number(value));
    const numbers = { sites, good, unchecked, waiting, leftOver, underWay, failed, bytes: Number(row.bytes ?? 0) };
    return { day: row.day, ...numbers, firstAt: at(row.first), lastAt: at(row.last) };
  });
}

/** @returns undefined for a night of which too little is known */
export function planBy(
  { good, firstAt, lastAt }: NightLine,
  { sites, hours }: { sites: number; hours: number },
): NightPlan | undefined {
  if (good < 2 || firstAt === null || lastAt === null || lastAt <= firstAt) return undefined;
  const sitesAnHour = good / ((lastAt - firstAt) / hour);
  return { sitesAnHour, hours: sites / sitesAnHour, leftOver: Math.max(0, Math.ceil(sites - sitesAnHour * hours)) };
}
