// Counting of acts in a window of time, shared by all processes. Passes test/platform/counters.contract.ts.

export type Count = {
  /** hits within the window, the one just made included */
  readonly count: number;
  /** epoch milliseconds at which the oldest counted hit leaves the window; now, when there is none */
  readonly resetAt: number;
};

/** One act to be counted: a key belongs to one window. */
export type Hit = { readonly key: string; readonly windowMilliseconds: number };

/**
 * A window slides in slices of a fifteenth of its length: a hit counts for at least the window and at most a slice longer.
 * Every act is atomic, also between processes. Errors: PanelError 503 when the store does not answer (refuse, never let through).
 */
export interface Counters {
  /** Counts one hit and returns the sum: of n hits at once, each sees another count. */
  hit(key: string, windowMilliseconds: number): Promise<Count>;
  /** @returns the sum without counting a hit; 0 for a key that was never hit */
  read(key: string, windowMilliseconds: number): Promise<Count>;
  /** Takes one hit back (a reserved attempt that turned out well). Never below zero. */
  refund(key: string, windowMilliseconds: number): Promise<void>;
  /** Counts one hit of each of several different keys, all or none. @returns the sums in the order of the hits */
  hitAll(hits: readonly Hit[]): Promise<Count[]>;
  /** @returns the sums of several different keys at one moment, in the order of the hits, without counting */
  readAll(hits: readonly Hit[]): Promise<Count[]>;
  /** Takes back one hit of each of several different keys, all or none. Never below zero. */
  refundAll(hits: readonly Hit[]): Promise<void>;
  /** Forgets every hit of a key; unknown keys are no error. */
  clear(key: string): Promise<void>;
}
