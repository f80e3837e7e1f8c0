// Keeps appointments while the worker runs: looks at the clock every few seconds, so that a jump of the clock loses nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import type { Appointment } from './jobs.ts';
import type { Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';

const longestLookMilliseconds = 5000;

/** A failing appointment is logged and kept again at its next time; it never stops the worker. */
export async function keepTimetable(
  timetable: readonly Appointment[],
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const shortest = Math.min(...timetable.map(({ everyMilliseconds }) => everyMilliseconds));
  const lookMilliseconds = Math.min(longestLookMilliseconds, shortest / 2);
  const nextAt = new Map<string, number>();
  while (!signal.aborted) {
    for (const { name, everyMilliseconds, keep } of timetable) {
      if (clock.monotonic() < (nextAt.get(name) ?? 0)) continue;
      nextAt.set(name, clock.monotonic() + everyMilliseconds);
      await keep(clock.now()).catch((error) => log.warn({ appointment: name, err: error }, 'an appointment failed'));
    }
    await sleep(lookMilliseconds, undefined, { signal }).catch(() => {});
  }
}

/**
 * @param time `HH:MM` as clocks in `zone` show it
 * @returns the last such moment at or before `now`, in epoch milliseconds
 */
export function lastDaily(now: number, time: string, zone: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  const daily = new Cron(`${minutes} ${hours} * * *`, { timezone: zone, paused: true });
  // The library looks before its reference by whole seconds, so the second of `now` itself is offered too.
  const moments = daily.previousRuns(2, new Date(now + 1000)).map((moment) => moment.getTime());
  const last = moments.find((moment) => moment <= now);
  if (last === undefined) throw new Error(`no ${time} was found before ${now}`);
  return last;
}
