// How the archive that somebody brought is named: told apart from those that this panel makes by ten figures that end it.
import { randomInt } from 'node:crypto';
import { day, localStamp } from '../platform/clock.ts';

type Moment = { readonly now: number; readonly zone: string };

/** @returns a name that nobody had */
export const broughtName = (site: string, { now, zone }: Moment): string =>
  `${site}-${localStamp(now, zone)}-${randomInt(1e9, 1e10)}.zip`;

/** It lies there before its row is written: what was received within a day, and has no row, may still get one. */
export function mayStillBeTaken(site: string, name: string, { now, zone }: Moment): boolean {
  const stamp = /^(\d{8}-\d{4})-\d{10}\.zip$/.exec(name.slice(site.length + 1))?.[1];
  return stamp !== undefined && stamp > localStamp(now - day, zone);
}
