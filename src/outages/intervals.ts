// Arithmetic of stretches of time: epoch milliseconds, the end not included.

export type Interval = { readonly startedAt: number; readonly endedAt: number };

/** @returns the part of `one` within the limits; undefined where nothing is left */
export function clipped<T extends Interval>(one: T, from: number, until: number): T | undefined {
  const [startedAt, endedAt] = [Math.max(one.startedAt, from), Math.min(one.endedAt, until)];
  return startedAt < endedAt ? { ...one, startedAt, endedAt } : undefined;
}

/** @returns the same time without overlaps, in order */
export function union(all: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { startedAt, endedAt } of all.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const last = merged.at(-1);
    if (startedAt >= endedAt) continue;
    if (last && startedAt <= last.endedAt)
      merged.splice(-1, 1, { startedAt: last.startedAt, endedAt: Math.max(last.endedAt, endedAt) });
    else merged.push({ startedAt, endedAt });
  }
  return merged;
}

/** @returns what of `one` lies in none of the others, in order */
export function without(one: Interval, others: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let at = one.startedAt;
  for (const { startedAt, endedAt } of union(others)) {
    if (startedAt > at) left.push({ startedAt: at, endedAt: Math.min(startedAt, one.endedAt) });
    at = Math.max(at, endedAt);
    if (at >= one.endedAt) break;
  }
  if (at < one.endedAt) left.push({ startedAt: at, endedAt: one.endedAt });
  return left.filter(({ startedAt, endedAt }) => startedAt < endedAt);
}

/** @returns milliseconds, of intervals that do not overlap */
export const lengthOf = (all: readonly Interval[]): number =>
  all.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
