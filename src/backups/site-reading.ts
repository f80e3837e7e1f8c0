// Reads one file of a site for the archive, and notices when somebody writes to it meanwhile.
import type { Entry, ReadFile, SitePath, SiteReader, SiteStorage } from '../platform/storage/port.ts';
import { whyLeftOut } from './site-listing.ts';

/** What one attempt to read a file came to. `changed`: it was written to, or replaced, while it was read. */
export type Reading<T> = {
  readonly entry: Entry;
  readonly content: T;
  readonly changed: boolean;
  /** bytes it had when it was looked at again */
  readonly sizeAfter: number;
};

/** @returns how many bytes from `position` on stand in `into` now, fewer than fit only at the end */
export type Read = (into: Uint8Array, position: number) => Promise<number>;

/** A fault of the site's storage, as opposed to one of the archive that is written at the same time. */
class ReadingFault extends Error {}

/**
 * Opens the file, lets `use` read its content and looks again.
 * @returns why there is nothing to keep, when it vanished or cannot be read
 * @throws what `use` throws, and the storage's error when it does not answer at all
 */
export async function readOnce<T>(
  { storage, reader }: { storage: SiteStorage; reader: SiteReader },
  path: SitePath,
  use: (entry: Entry, read: Read) => Promise<T>,
): Promise<Reading<T> | 'gone' | 'unreadable'> {
  let file: ReadFile | undefined;
  try {
    const opened = await fromStorage(reader.open(path));
    file = opened;
    const content = await use(opened.entry, (into, position) => fromStorage(opened.read(into, position)));
    const after = await fromStorage(opened.again());
    return { entry: opened.entry, content, changed: after.stamp !== opened.entry.stamp, sizeAfter: after.size };
  } catch (cause) {
    if (cause instanceof ReadingFault) return whyLeftOut(storage, cause.cause);
    throw cause;
  } finally {
    await file?.close();
  }
}

/** As `readOnce`, of a file that fits into memory. @param into room for as many bytes as it had when it was listed, at the beginning of shared memory */
export async function readSmall(
  { storage, reader }: { storage: SiteStorage; reader: SiteReader },
  path: SitePath,
  into: Uint8Array,
): Promise<Reading<{ size: number; bytes: Uint8Array }> | 'gone' | 'unreadable'> {
  try {
    const { entry, bytes: size, after } = await reader.whole(path, into);
    const content = { size, bytes: into.subarray(0, size) };
    return { entry, content, changed: after.stamp !== entry.stamp, sizeAfter: after.size };
  } catch (cause) {
    return whyLeftOut(storage, cause);
  }
}

async function fromStorage<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (cause) {
    throw new ReadingFault('storage', { cause });
  }
}

/** A big file a piece at a time, in memory of which the writer has done with what comes next. */
export async function* inPieces(read: Read, bytes: number, pieces: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  for (let position = 0, turn = 0; position < bytes; turn++) {
    const piece = pieces[turn % pieces.length]?.subarray(0, bytes - position) ?? Buffer.alloc(0);
    const size = await read(piece, position);
    if (size === 0) return;
    position += size;
    yield piece.subarray(0, size);
  }
}

/** What has another size than the file had when it was opened counts as changed. */
export function orChanged<T extends { size: number }>(
  reading: Reading<T> | 'gone' | 'unreadable',
): Reading<T> | 'gone' | 'unreadable' {
  if (typeof reading === 'string') return reading;
  return { ...reading, changed: reading.changed || reading.entry.size !== reading.content.size };
}
