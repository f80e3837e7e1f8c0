// A site or a folder that is not there any more is no fault of whoever looks for it.
import { PanelError } from '../platform/errors.ts';

/** For `catch`: 404 becomes undefined, everything else stays a fault. */
export function whenGone(error: unknown): undefined {
  if (!(error instanceof PanelError && error.status === 404)) throw error;
}
