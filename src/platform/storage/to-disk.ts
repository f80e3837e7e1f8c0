// A stream into a file of this machine, and what is said when the system refuses it.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EarlyFlush } from '../early-flush.ts';
import { unavailable } from '../errors.ts';
import { faultCode } from './faults.ts';

/** Pieces that arrive while others are written go to the disk together. */
const batchBytes = 1024 * 1024;
const flushMilliseconds = 100;

/**
 * Writes what passes `through` into a new file. A large one goes to the disk while it still arrives, so that publishing finds little
 * left to wait for.
 * @param start bytes of a file that is there or not, behind which is written; left out, the file must be new
 * @throws what a stream of ours throws; PanelError 503 for what the system refuses
 */
export async function toDisk(from: Readable, through: Transform, path: string, start?: number): Promise<void> {
  try {
    const flags = start === undefined ? 'wx' : constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      // The handle, not its number: a stream that breaks down closes a number, which may by then be somebody else's file.
      const target = file.createWriteStream({
        autoClose: false,
        highWaterMark: batchBytes,
        ...(start !== undefined && { start }),
      });
      const flush = new EarlyFlush(file);
      const timer = setInterval(() => flush.wrote(target.bytesWritten), flushMilliseconds);
      try {
        // What was cut off before is waited for by a pipeline for ever.
        if (from.destroyed) throw new Error('cut off before it was read');
        await pipeline(from, through, target);
      } finally {
        clearInterval(timer);
        // Lets go of the handle, which could not be closed otherwise.
        target.destroy();
      }
      await flush.done();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageFault(error);
  }
}

/** @returns 503 for what the system refuses, whatever it is, since the person can do nothing about it; everything else stays what it is */
export function storageFault(error: unknown): unknown {
  const isOfTheSystem = error instanceof Error && 'syscall' in error;
  return isOfTheSystem ? unavailable('error.storage', { code: faultCode(error) }) : error;
}
