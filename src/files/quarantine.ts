// Where bytes lie before they are judged: random names, no web access, 0600, one folder an upload.
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../platform/clock.ts';
import { newToken } from '../platform/ids.ts';
import { storageFault } from '../platform/storage/to-disk.ts';

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
