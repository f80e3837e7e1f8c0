// How long an act on a database server may take, and what is said of one that does not answer.
import { badRequest, PanelError, unavailable } from '../errors.ts';

/** All in milliseconds. */
export type Limits = {
  /** until a connection is open */
  readonly connect: number;
  /** for one short statement: making, locking, asking for sizes */
  readonly statement: number;
  /** for one statement that may have to work: dropping, moving, one statement of a load; and for a tool or a source that says nothing */
  readonly work: number;
};

export const usualLimits: Limits = { connect: 5000, statement: 20_000, work: 900_000 };

/**
 * @returns PanelError 503 with the engine's code, which is all that may be known: texts of engines repeat names and values; 400 for a
 * character set the engine has not
 */
export function notAnswering(error: unknown): PanelError {
  if (error instanceof PanelError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (code === 'ER_UNKNOWN_CHARACTER_SET' || code === '42704') return badRequest();
  return unavailable('error.unavailable', { code: typeof code === 'string' ? code : 'UNKNOWN' });
}

/** Waits for `work` and no longer: after `limit` ms `giveUp` is called, which must free what it holds, and 503 is thrown. */
export async function within<T>(limit: number, work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(unavailable('error.unavailable', { code: 'ETIMEDOUT' }));
    }, limit);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
