// The only way in which the web process reads archives: what was granted, and nothing that changed since.
import type { Readable } from 'node:stream';
import { unavailable } from '../errors.ts';
import type { ArchiveStorage, ByteRange } from './port.ts';

/** What a person may read: the archive's key, and its size in bytes as recorded when it was made. */
export type ArchiveGrant = { readonly key: string; readonly size: number };

export class ArchiveReader {
  readonly #archives: Pick<ArchiveStorage, 'open'>;

  constructor(archives: Pick<ArchiveStorage, 'open'>) {
    this.#archives = archives;
  }

  /**
   * @param range bytes to read, both inclusive, within the grant's size; without it all of them
   * @returns exactly the granted bytes; 404 when the archive is gone, 503 when the stored size is not the granted one
   * @throws RangeError when the range reaches beyond the grant
   */
  async open(grant: ArchiveGrant, range?: ByteRange): Promise<Readable> {
    if (range && range.end >= grant.size) throw new RangeError('The range reaches beyond the archive');
    const { size, stream } = await this.#archives.open(grant.key, range);
    if (size === grant.size) return stream;
    stream.destroy();
    throw unavailable();
  }
}
