// Streams a body to a reader who may go away in the middle.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { passing } from '../young-memory.ts';

/** What a connection says that was closed at its other end, which is no fault of ours. */
const goneAway: ReadonlySet<string | undefined> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ECONNRESET',
  'EPIPE',
]);

/** @returns a signal that is aborted when the answer is over: the reader has it, or is gone */
export function overWith(res: Response): AbortSignal {
  const over = new AbortController();
  if (res.destroyed || res.writableEnded) over.abort();
  else res.once('close', () => over.abort());
  return over.signal;
}

/**
 * The stream is closed in any case.
 * @param passed is told of the bytes of each piece that the connection took
 * @throws what the stream says; the answer then ends before its length, and nobody takes it for whole
 */
export async function send(stream: Readable, res: Response, passed?: (bytes: number) => void): Promise<void> {
  const telling = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of passing(pieces)) {
      yield piece;
      passed?.(piece.length);
    }
  };
  await pipeline(stream, passed ? telling : passing, res).catch((error: NodeJS.ErrnoException) => {
    if (!goneAway.has(error.code)) throw error;
  });
}
