// Where bytes lie before they are judged: random names, no web access, 0600, one folder an upload.
import { constants, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../platform/clock.ts';
import { EarlyFlush } from '../platform/early-flush.ts';
import { unavailable } from '../platform/errors.ts';
import { newToken } from '../platform/ids.ts';
import { faultCode } from '../platform/storage/faults.ts';

export class Quarantine {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #leaseMilliseconds: number;
  /** when each folder was first seen unchanged: its own time, and a moment of `monotonic()`, which no jump of the clock moves */
  #seen = new Map<string, { readonly changedAt: number; readonly since: number }>();

  constructor(folder: string, clock: Clock, leaseMilliseconds: number) {
    this.#folder = folder;
    this.#clock = clock;
    this.#leaseMilliseconds = leaseMilliseconds;
  }

  /** @returns a fresh folder for one upload. @throws PanelError 503 */
  async open(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
    const folder = join(this.#folder, newToken());
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
      throw storageFault(error);
    });
    // Its time says that somebody still needs it.
    const touch = () => void utimes(folder, new Date(), new Date()).catch(() => {});
    const alive = setInterval(touch, this.#leaseMilliseconds / 3);
    alive.unref();
    const remove = async () => {
      clearInterval(alive);
      // A sender who is gone may leave a file behind that is just being opened: it comes into the folder while that is emptied.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    };
    return { folder, remove };
  }

  /** Copies a stream to be judged. @throws PanelError 503 */
  async copy(stream: Readable): Promise<{ readonly path: string; remove(): Promise<void> }> {
    const { folder, remove } = await this.open();
    const path = join(folder, 'file');
    await pipeline(stream, createWriteStream(path, { mode: 0o600 })).catch(async (error) => {
      await remove();
      throw storageFault(error);
    });
    return { path, remove };
  }

  /** Removes folders that stood still for three leases: their uploads ended, however they ended. */
  async sweep(): Promise<void> {
    const now = this.#clock.monotonic();
    const before = this.#seen;
    this.#seen = new Map();
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name);
      const changedAt = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (changedAt === undefined) continue;
      const known = before.get(name);
      const since = known?.changedAt === changedAt ? known.since : now;
      if (now - since >= 3 * this.#leaseMilliseconds) await rm(path, { recursive: true, force: true });
      else this.#seen.set(name, { changedAt, since });
    }
  }
}

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
