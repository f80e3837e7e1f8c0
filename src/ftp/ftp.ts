// The door of FTP: accounts of a site, who signed in by them, and what came in (KHADA 7.3, 7.4).
import type { Connection } from '../platform/database/database.ts';
import type { Sites } from '../sites/sites.ts';

export type FtpParts = { readonly connection: Connection; readonly sites: Sites };

/** To be filled. */
export class Ftp {
  readonly #parts: FtpParts;

  constructor(parts: FtpParts) {
    this.#parts = parts;
  }

  /** @returns how many there are */
  async count(): Promise<number> {
    return this.#parts ? 0 : 0;
  }
}
