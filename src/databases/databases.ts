// The door of databases: those of a site, their users, what is loaded into and out of them (KHADA 3.7, 7.6).
import type { Connection } from '../platform/database/database.ts';
import type { Sites } from '../sites/sites.ts';

export type DatabasesParts = { readonly connection: Connection; readonly sites: Sites };

/** To be filled. */
export class Databases {
  readonly #parts: DatabasesParts;

  constructor(parts: DatabasesParts) {
    this.#parts = parts;
  }

  /** @returns how many there are */
  async count(): Promise<number> {
    return this.#parts ? 0 : 0;
  }
}
