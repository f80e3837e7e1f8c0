// How full a site is, and when that begins to matter.
import type { Site } from '../sites/sites.ts';

export const amberPercent = 80;
export const redPercent = 95;

export type Usage = {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  /** whole percent, rounded down: 95 is never shown before it is reached */
  readonly percent: number;
  readonly state: 'warn' | 'bad' | undefined;
  /** epoch milliseconds of the last count; null: never counted */
  readonly countedAt: number | null;
};

export function usageOf({ usedBytes, quotaBytes, countedAt }: Pick<Site, 'usedBytes' | 'quotaBytes' | 'countedAt'>): Usage {
  const percent = quotaBytes > 0 ? Math.floor((usedBytes * 100) / quotaBytes) : 100;
  const state = percent >= redPercent ? 'bad' : percent >= amberPercent ? 'warn' : undefined;
  return { usedBytes, quotaBytes, percent, state, countedAt };
}
