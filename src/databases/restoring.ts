// Taking a dump out of the trash: over the database it came from, or into a new one of its name where that is gone.
import type { Actor } from '../audit/audit.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { Site } from '../sites/sites.ts';
import type { Imports } from './imports.ts';
import type { Making } from './making.ts';
import type { DatabasesParts } from './parts.ts';
import { DatabaseStore } from './store.ts';
import type { NamedDump } from './trash-store.ts';

/** Where it goes, and the drawn password of a database that had to be made again. */
export type Restored = { readonly databaseId: string; readonly importId: string; readonly drawnPassword?: string };

export class Restoring {
  readonly #store: DatabaseStore;
  readonly #making: Making;
  readonly #imports: Imports;

  constructor(parts: DatabasesParts, making: Making, imports: Imports) {
    this.#store = new DatabaseStore(parts.connection);
    this.#making = making;
    this.#imports = imports;
  }

  /** See `Databases.restore`. */
  async restore(site: Site, dump: NamedDump, actor: Actor, once?: Once): Promise<Restored> {
    this.#making.refuseSite(site);
    const source = { source: dump.archive, sourceBytes: dump.bytes, isFromTrash: true };
    const before = await this.#before(site, dump);
    if (before) {
      const importId = await this.#imports.begin(site, before, { mode: 'replace', ...source }, actor, once);
      return { databaseId: before.id, importId };
    }
    const wish = { name: dump.name.slice(site.name.length + 1), engine: dump.engine, charset: dump.charset ?? '', password: '' };
    let importId = '';
    // Made and begun in one transaction: an empty database without its import would be half of what was asked for.
    const made = await this.#making.create(site, wish, actor, async (tx, databaseId) => {
      const beginning = { mode: 'empty', ...source } as const;
      importId = await this.#imports.put(tx, site, { databaseId, beginning, actor, ...(once && { once }) });
    });
    return { databaseId: made.id, importId, ...(made.drawnPassword && { drawnPassword: made.drawnPassword }) };
  }

  /** @returns the database that the dump would take the place of */
  async #before(site: Site, { databaseId }: NamedDump) {
    const database = await this.#store.find(site, databaseId);
    return database && database.droppedAt === null ? database : undefined;
  }
}
