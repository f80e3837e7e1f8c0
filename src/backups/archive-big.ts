// What is too big for memory on its way into an archive, a piece at a time.
import type { Buffers } from '../platform/zip/buffers.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { ZipMember } from '../platform/zip/records.ts';
import { sideBySide, type ZipWriter } from '../platform/zip/writer.ts';
import { inPieces, type Read, type Reading } from './site-reading.ts';

export type Streamed = Awaited<ReturnType<ZipWriter['stream']>>;

/** @param bytes how many there are, as far as is known. @returns what was written of it */
export async function writePieces(
  { writer, buffers }: { writer: ZipWriter; buffers: Buffers },
  member: ZipMember,
  { read, bytes }: { read: Read; bytes: number },
): Promise<Streamed> {
  const pieces = Array.from({ length: sideBySide + 1 }, () => buffers.take(pieceBytes));
  try {
    return await writer.stream(member, bytes, inPieces(read, bytes, pieces));
  } finally {
    for (const piece of pieces) buffers.give(piece);
  }
}

type Attempt = Reading<Streamed> | 'gone' | 'unreadable';

/**
 * A big file goes into the archive while it is read; when it changed meanwhile, that is taken back and it is read again once.
 * @param attempt reads as many bytes into the archive as it is given
 */
export async function writeTwiceAtMost(
  writer: ZipWriter,
  listedBytes: number,
  attempt: (bytes: number) => Promise<Attempt>,
): Promise<Attempt> {
  let bytes = listedBytes;
  for (const last of [false, true]) {
    const mark = await writer.mark();
    const reading = await attempt(bytes);
    if (typeof reading === 'object' && (last || !reading.changed)) {
      await writer.goOn(mark);
      return reading;
    }
    await writer.goBack(mark);
    if (typeof reading === 'object') bytes = reading.sizeAfter;
    else if (last || reading === 'gone') return reading;
  }
  throw new RangeError('An attempt is the last one');
}
