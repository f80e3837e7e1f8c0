// What a measurement says: our value, the raw limit measured in the same run, and the bound that it is judged by.

import type { Programs } from './program.ts';

export type Bound = { readonly atLeast: number } | { readonly atMost: number };

export type Figure = {
  /** what was measured, with sizes: "upload of a 1 GiB file ÷ bare multer with fsync" */
  readonly name: string;
  /** unit of `ours` and `raw`: 's', 'ms', 'MiB', '1/s' */
  readonly unit: string;
  readonly ours: number;
  /** the raw limit in the same unit, measured in the same run; absent where `ours` itself is judged */
  readonly raw?: number;
  readonly bound: Bound;
};

export type Circumstances = {
  /** the long form measures the sizes of the bounds; the short form, in CI, a tenth of them or less */
  readonly long: boolean;
  /** an empty folder on the disk that is measured, removed afterwards */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly programs: Programs;
};

/** One measurement; several figures may come from one run. */
export type Part = {
  readonly name: string;
  measure(circumstances: Circumstances): Promise<readonly Figure[]>;
};

/** What the bound judges: the ratio to the raw limit, or the value itself. */
export const judged = ({ ours, raw }: Figure): number => (raw === undefined ? ours : ours / raw);

export function holds(figure: Figure): boolean {
  const value = judged(figure);
  return 'atLeast' in figure.bound ? value >= figure.bound.atLeast : value <= figure.bound.atMost;
}
