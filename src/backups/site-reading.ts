// Reads one file of a site for the archive, and notices when somebody writes to it meanwhile.
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import { whyLeftOut } from './site-listing.ts';

/** What one attempt to read a file came to. `changed`: it was written to, or replaced, while it was read. */
export type Reading<T> = {
  readonly entry: Entry;
  readonly content: T;
  readonly changed: boolean;
  /** bytes it had when it was looked at again */
  readonly sizeAfter: number;
};

/** A fault of the site's storage, as opposed to one of the archive that is written at the same time. */
class ReadingFault extends Error {}

/**
 * Opens the file, lets `use` read its content and looks again.
 * @param mostBytes what the file had when it was listed: a log that grows while it is read must not be read for ever
 * @returns why there is nothing to keep, when it vanished or cannot be read
 * @throws what `use` throws, and the storage's error when it does not answer at all
 */
export async function readOnce<T>(
  storage: SiteStorage,
  path: SitePath,
  mostBytes: number,
  use: (entry: Entry, content: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<Reading<T> | 'gone' | 'unreadable'> {
  try {
    const { entry, stream } = await fromStorage(() => storage.open(path, { start: 0, end: Math.max(0, mostBytes - 1) }));
    stream.on('error', () => {}); // it is also thrown where the content is read; without a listener an early error would end the process
    try {
      const content = await use(entry, faultsMarked(stream));
      const after = await fromStorage(() => storage.stat(path));
      return { entry, content, changed: after.stamp !== entry.stamp, sizeAfter: after.size };
    } finally {
      stream.destroy();
    }
  } catch (cause) {
    if (cause instanceof ReadingFault) return whyLeftOut(storage, cause.cause);
    throw cause;
  }
}

async function fromStorage<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new ReadingFault('storage', { cause });
  }
}

async function* faultsMarked(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw new ReadingFault('storage', { cause });
  }
}
