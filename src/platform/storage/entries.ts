// What stands in a folder, described for the port, and regular files opened for reading.
import type { BigIntStats } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { notFound } from '../errors.ts';
import { unless } from './faults.ts';
import { type Folder, kindOf, readFlags } from './folder.ts';
import type { DiskName } from './names.ts';
import type { ByteRange, Entry, OpenFile } from './port.ts';

const nanosecondsPerMillisecond = 1e6;
const smallPiece = 64 * 1024;

/** @param name what the entry is shown as */
export function describe(name: string, stats: BigIntStats): Entry {
  const kind = kindOf(stats);
  return {
    name,
    kind,
    size: kind === 'file' ? Number(stats.size) : 0,
    modifiedAt: Number(stats.mtimeNs) / nanosecondsPerMillisecond,
    changedAt: Number(stats.ctimeNs) / nanosecondsPerMillisecond,
    mode: Number(stats.mode & 0o7777n),
    // ctime too: a program may set the content time back after it wrote, the change time it cannot
    stamp: `${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.ctimeNs.toString(36)}`,
  };
}

/**
 * @param shown what the entry is shown as
 * @param name how the disk spells it
 * @returns the entry, `undefined` where nothing stands
 */
export async function look(folder: Folder, shown: string, name: DiskName): Promise<Entry | undefined> {
  return unless(['ENOENT', 'EINVAL'], async () => {
    const stats = await lstat(folder.at(name), { bigint: true });
    const entry = { ...describe(shown, stats), ...(name !== shown && { spelling: Buffer.from(name) }) };
    // EINVAL: it is a link no longer
    return entry.kind === 'link' ? { ...entry, target: await readlink(folder.at(name)) } : entry;
  });
}

/**
 * Opens a regular file of the folder; 404 for everything else.
 * @param range bytes to read, both inclusive; beyond the end there are simply no bytes
 * @param pieceBytes how much is read at a time; the default is small, since most files are
 * @throws RangeError when the range is none
 */
export async function openFile(
  folder: Folder,
  shown: string,
  name: DiskName,
  range?: ByteRange,
  pieceBytes = smallPiece,
): Promise<OpenFile> {
  if (
    range &&
    !(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end) && 0 <= range.start && range.start <= range.end)
  ) {
    throw new RangeError('A byte range must have 0 ≤ start ≤ end');
  }
  const file = await open(folder.at(name), readFlags);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw notFound();
    return { entry: describe(shown, stats), stream: file.createReadStream({ highWaterMark: pieceBytes, ...range }) };
  } catch (error) {
    await file.close();
    throw error;
  }
}
