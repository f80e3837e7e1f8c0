// Days of backups: what a day of the band and of the month shows.
import type { Visit } from '../platform/web/visit.ts';
import { type Backup, type BackupState, isFailed, isGood } from './states.ts';

export type BackupDay = {
  /** `YYYY-MM-DD` */
  readonly day: string;
  /** undefined: nothing was due that day */
  readonly state: BackupState | undefined;
  /** the one that stands for the day: a good one rather than a newer failure */
  readonly backup: Backup | undefined;
  readonly count: number;
};

/** From which day on a backup is due every night, and which day it is now. */
export type Expected = { readonly first: string; readonly today: string };

/** @param backups of the day, oldest first */
export function dayOf(day: string, backups: readonly Backup[], { first, today }: Expected): BackupDay {
  const backup =
    backups.findLast(isGood) ?? backups.findLast((one) => !isFailed(one) && one.state !== 'expired') ?? backups.at(-1);
  const overdue = day >= first && day < today ? 'missing' : undefined;
  return { day, state: backup?.state ?? overdue, backup, count: backups.length };
}

/**
 * The day as `views/shared/_day.ejs` shows it.
 * @param siteName without it the day is no link
 */
export function dayCell(visit: Pick<Visit, 'words' | 'url'>, { day, state = 'missing', backup }: BackupDay, siteName?: string) {
  const { t, bytes, shortDateOf } = visit.words;
  const size = backup?.bytes != null && state !== 'expired' ? `, ${bytes(backup.bytes)}` : '';
  return {
    number: Number(day.slice(8)),
    state,
    name: `${shortDateOf(day)}, ${t(`backups.state.${state}`)}${size}`,
    ...(backup && siteName && { href: visit.url(`/sites/${siteName}/backups/${backup.id}`) }),
  };
}
