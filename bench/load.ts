// Load on pages: how many a second, how long each took, and what was answered.
import autocannon from 'autocannon';

export type Load = {
  readonly perSecond: number;
  /** milliseconds that half of the answers kept */
  readonly p50: number;
  /** milliseconds that 95 of 100 answers kept */
  readonly p95: number;
  /** answers by their status */
  readonly statuses: ReadonlyMap<number, number>;
};

type Asked = {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly atOnce: number;
} & (
  | { readonly seconds: number }
  /** so many in all */
  | { readonly amount: number }
);

/** Asks for one page again and again, `atOnce` at a time, on connections that stay open. */
export async function loadPage({ url, headers, atOnce, ...until }: Asked): Promise<Load> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const begun = performance.now();
  const run = autocannon({ url, connections: atOnce, ...('amount' in until ? until : { duration: until.seconds }), headers });
  run.on('response', (_client, status, _bytes, milliseconds) => {
    times.push(milliseconds);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const { errors, timeouts } = await run;
  const passed = (performance.now() - begun) / 1000;
  if (errors + timeouts > 0) throw new Error(`${url}: ${errors} connections broke and ${timeouts} answers never came`);
  return { perSecond: times.length / passed, p50: median(times), p95: percentile(times, 0.95), statuses };
}

/** @returns the smallest value that this share of the values does not exceed */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Ours and the limit one after the other, so that whatever else the machine does meets both. */
export async function inTurn<T>(
  rounds: number,
  ours: () => Promise<T>,
  limit: () => Promise<T>,
  tell: (pair: readonly [T, T]) => void = () => {},
): Promise<(readonly [T, T])[]> {
  const pairs: (readonly [T, T])[] = [];
  for (let round = 0; round < rounds; round++) {
    const pair = [await ours(), await limit()] as const;
    tell(pair);
    pairs.push(pair);
  }
  return pairs;
}
