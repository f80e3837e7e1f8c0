// Counting of acts in a window of time, shared by all processes. Passes test/platform/counters.contract.ts.

export type Count = {
  /** hits within the window, the one just made included */
  readonly count: number;
  /** epoch milliseconds at which the oldest counted hit leaves the window; now, when there is none */
  readonly resetAt: number;
};

/**
 * A window slides in slices of a fifteenth of its length: a hit counts for at least the window and at most a slice longer.
 * Every act is atomic, also between processes. Errors: PanelError 503 when the store does not answer (refuse, never let through).
 */
export interface Counters {
  /** Counts one hit and returns the sum: of n hits at once, each sees another count. */
  hit(key: string, windowMilliseconds: number): Promise<Count>;
  read(key: string, windowMilliseconds: number): Promise<Count>;
  /** Takes one hit back (a reserved attempt that turned out well). Never below zero. */
  refund(key: string, windowMilliseconds: number): Promise<void>;
  clear(key: string): Promise<void>;
}
