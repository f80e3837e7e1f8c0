// Room on the disk where uploads arrive: a reserve stays free, so that sessions, letters and the database can still be written.
import { mkdir, statfs } from 'node:fs/promises';
import { unavailable } from '../errors.ts';
import { storageFault } from './to-disk.ts';

export class DiskRoom {
  readonly #folder: string;
  readonly #reserveBytes: number;

  /** @param reserveBytes what is never given to uploads, on a small disk a twentieth of it */
  constructor(folder: string, reserveBytes: number) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
  }

  /** @param bytes that are expected; 0: whether the reserve is still there. @throws PanelError 503 when they would not leave the reserve free */
  async require(bytes: number): Promise<void> {
    const disk = await this.#look().catch((error) => {
      throw storageFault(error);
    });
    const reserve = Math.min(this.#reserveBytes, (disk.blocks * disk.bsize) / 20);
    if (disk.bavail * disk.bsize - bytes < reserve) throw unavailable('files.diskFull', { code: 'reserve' });
  }

  #look() {
    return statfs(this.#folder).catch(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      return statfs(this.#folder);
    });
  }
}
