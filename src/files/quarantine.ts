// Where bytes lie before they are judged: random names, no web access, 0600, one folder an upload.
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Clock, day } from '../platform/clock.ts';
import { unavailable } from '../platform/errors.ts';
import { newToken } from '../platform/ids.ts';
import { faultCode } from '../platform/storage/faults.ts';

export class Quarantine {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** @returns a fresh folder for one upload. @throws PanelError 503 */
  async open(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
    const folder = join(this.#folder, newToken());
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
      throw storageFault(error);
    });
    return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
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

  /** Removes folders of uploads that ended a day ago, however they ended. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (this.#clock.now() - mtimeMs > day) await rm(path, { recursive: true, force: true });
    }
  }
}

/** @returns 503 for what the system refuses, whatever it is, since the person can do nothing about it; everything else stays what it is */
export function storageFault(error: unknown): unknown {
  const isOfTheSystem = error instanceof Error && 'syscall' in error;
  return isOfTheSystem ? unavailable('error.storage', { code: faultCode(error) }) : error;
}
