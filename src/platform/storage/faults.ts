// Says what a fault of the file system means to a person: not there, in the way, or storage that does not answer.
import { conflict, notFound, unavailable } from '../errors.ts';

const meanings: Readonly<Record<string, 404 | 409 | 503>> = {
  ENOENT: 404,
  ENOTDIR: 404,
  ELOOP: 404,
  ENAMETOOLONG: 404,
  ENXIO: 404,
  EEXIST: 409,
  ENOTEMPTY: 409,
  EISDIR: 409,
  ENOSPC: 503,
  EDQUOT: 503,
  EACCES: 503,
  EPERM: 503,
  EROFS: 503,
  EIO: 503,
  EMFILE: 503,
  ENFILE: 503,
  EXDEV: 503,
  EBUSY: 503,
  ESTALE: 503,
  ENODEV: 503,
  ENOTCONN: 503,
  ETIMEDOUT: 503,
  ENOTSUP: 503,
  // SFTP's words for everything else, and for an end where none may be
  EFAIL: 503,
  EOF: 503,
};

/** @returns the system's code of an error (`ENOENT`), or '' when it has none */
export function faultCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * Does the act; faults of the file system become PanelError 404, 409 or 503 (`error.storage`, with the system's code for the log
 * and without the path, which may be personal). Everything else passes unchanged.
 */
export async function answering<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = faultCode(error);
    const meaning = meanings[code];
    if (meaning === 404) throw notFound();
    if (meaning === 409) throw conflict();
    if (meaning === 503) throw unavailable('error.storage', { code });
    throw error;
  }
}

/** @returns what the act returns, or `undefined` where it fails with one of the system's codes */
export async function unless<T>(codes: readonly string[], act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (codes.includes(faultCode(error))) return undefined;
    throw error;
  }
}
