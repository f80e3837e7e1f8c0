// What is not there is no fault where it may have gone meanwhile; every other fault stays one.
import { PanelError } from '../platform/errors.ts';

/** For `catch`: nothing for a 404. @throws every other error */
export function whenMissing(error: unknown): undefined {
  if (error instanceof PanelError && error.status === 404) return undefined;
  throw error;
}
