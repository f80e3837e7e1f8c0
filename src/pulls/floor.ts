// What stays on a backup host whatever the panel's rows say (ruling 9): a pure function.
import { day } from '../platform/clock.ts';

export type Floor = {
  /** newest copies of a site that retention never takes */
  readonly copies: number;
  /** days of the host's own time: nothing younger goes, also when a site is to be erased */
  readonly days: number;
};

export type OwnCopy = {
  readonly backupId: string;
  /** milliseconds of the host's own time since it was kept, never of what rows say about its data */
  readonly age: number;
};

/** @returns the copies that may go; the newest are those that were kept last */
export function aboveFloor<T extends OwnCopy>(held: readonly T[], { copies, days }: Floor): T[] {
  const newest = new Set(held.toSorted((one, other) => one.age - other.age).slice(0, copies));
  return held.filter((copy) => !newest.has(copy) && copy.age >= days * day);
}

/**
 * A site's erasure ends the floor of copies, not that of days: the order must have stood as long as the youngest copy has lain there.
 * @param orderedFor milliseconds of the host's own time since the order was first seen, and has stood since
 */
export function mayErase(held: readonly OwnCopy[], orderedFor: number, { days }: Floor): boolean {
  return orderedFor >= days * day && held.every(({ age }) => age >= days * day);
}
