// How many uploaded files were stored, skipped or refused, and why, since the start of this process.
import { Tally } from '../platform/tally.ts';
import type { UploadResult } from './publishing.ts';

export type UploadCounts = {
  /** `stored`, or the reason code that kept a file out */
  readonly files: ReadonlyMap<string, number>;
  readonly storedBytes: number;
};

export class UploadTally {
  readonly #files = new Tally();
  #storedBytes = 0;

  note(results: readonly UploadResult[]): void {
    for (const { result, code, bytes } of results) {
      const isStored = result !== 'refused' && result !== 'skipped';
      this.#files.add(isStored ? 'stored' : (code ?? result));
      if (isStored) this.#storedBytes += bytes;
    }
  }

  get counts(): UploadCounts {
    return { files: this.#files.counts, storedBytes: this.#storedBytes };
  }
}
