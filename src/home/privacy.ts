// What the privacy page states from the panel's own settings, so that it is never other than what is done (PIPA 30; korea.md 2.1).
import type { Choices } from '../options.ts';

/** Days for which the panel keeps what no setting decides. */
export type KeptDays = {
  /** network addresses beside acts and sign-ins */
  readonly history: number;
  /** files that were taken out of a site */
  readonly held: number;
  /** how full a site was */
  readonly usage: number;
};

/** What is kept, and how long: keys of `home.kept.<what>` and its numbers. */
export type KeptRow = { readonly what: string; readonly numbers: Readonly<Record<string, number>> };

export function keptRows(
  { features, sessionIdleMinutes, sessionHours, limits, keepDaily, keepWeekly }: Choices,
  days: KeptDays,
): KeptRow[] {
  const has = (feature: Choices['features'][number]) => features.includes(feature);
  return [
    { what: 'session', numbers: { minutes: sessionIdleMinutes, hours: sessionHours } },
    { what: 'history', numbers: { days: days.history } },
    ...(has('files')
      ? [
          { what: 'unfinished', numbers: { hours: limits.unfinishedHours } },
          { what: 'held', numbers: { days: days.held } },
        ]
      : []),
    { what: 'usage', numbers: { days: days.usage } },
    ...(has('backups') ? [{ what: 'backups', numbers: { daily: keepDaily, weekly: keepWeekly } }] : []),
  ];
}
