// For restores: a dump is loaded into a stand-in nobody uses, counted there, and only then takes the place of what a database holds.
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type HostedDatabase, LoadFault, type RowCount, sizeOf } from '../platform/database-server/port.ts';
import { notFound } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import { drawPassword, stagedName } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import type { Database } from './states.ts';
import { DatabaseStore } from './store.ts';
import type { Trash } from './trash.ts';
import { TrashStore } from './trash-store.ts';

/** What was counted in a database. */
export type Counted = { readonly tables: number; readonly rows: number };

type Loading = {
  /** of the caller's own, from which the stand-in's name is made */
  readonly id: string;
  readonly signal: AbortSignal;
  /** other names that the dump may call its database by */
  readonly knownAs?: readonly string[];
  readonly progress?: (bytes: number) => void;
};

/** All acts may be repeated. Errors: PanelError 503 when a database server does not answer. */
export class StandIns {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #trash: Trash;
  readonly #store: DatabaseStore;
  readonly #dumps: TrashStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers, trash: Trash) {
    this.#parts = parts;
    this.#servers = servers;
    this.#trash = trash;
    this.#store = new DatabaseStore(parts.connection);
    this.#dumps = new TrashStore(parts.connection);
  }

  /**
   * Loads SQL text into a new stand-in; what an attempt before has loaded is dropped first.
   * @returns what was counted there. @throws LoadFault; PanelError 503
   */
  async load(site: Site, database: Database, text: Readable, { id, signal, knownAs, progress }: Loading): Promise<Counted> {
    const server = await this.#servers.reach(database);
    const standIn = standInOf(site, id);
    await server.drop(standIn);
    await server.create(standIn, {
      password: drawPassword(),
      ...(database.charset !== null && { charset: database.charset }),
    });
    await server.load(standIn, text, {
      signal,
      maximumBytes: await this.#room(site, database),
      knownAs: [database.name, ...(knownAs ?? [])],
      ...(progress && { progress: ({ bytes }) => progress(bytes) }),
    });
    return summed(await server.counts(standIn));
  }

  /** @returns what a database holds now, counted */
  async countsOf(database: Database): Promise<Counted> {
    const server = await this.#servers.reach(database);
    return summed(await server.counts({ name: database.name, user: database.login }));
  }

  /** @returns bytes that the site's storage still holds beside its files and other databases */
  async #room(site: Site, { id }: Database): Promise<number> {
    const others = (await this.#store.ofSite(site)).filter((one) => one.id !== id);
    const taken = others.reduce((sum, { bytes }) => sum + (bytes ?? 0), site.usedBytes);
    return Math.max(0, site.quotaBytes - taken);
  }

  /** Dumps what the database holds now into the trash, reads the dump back, and keeps it for thirty days. */
  async save(site: Site, database: Database, causeId: string, signal: AbortSignal): Promise<void> {
    await this.#trash.save(site, database, { because: 'replaced', causeId, signal });
  }

  /** @returns whether `save` of this cause has left a dump that is still kept */
  async isSaved(causeId: string): Promise<boolean> {
    return (await this.#dumps.ofCause(causeId)) !== undefined;
  }

  /** As `load`, from what `save` has kept. @throws PanelError 404 when it is not kept any more */
  async loadSaved(site: Site, database: Database, causeId: string, loading: Loading): Promise<Counted> {
    const dump = await this.#dumps.ofCause(causeId);
    if (!dump) throw notFound();
    const { stream } = await this.#trash.open(dump);
    const text = createGunzip();
    stream.once('error', (error) => text.destroy(error));
    try {
      return await this.load(site, database, stream.pipe(text), loading);
    } finally {
      stream.destroy();
      text.destroy();
    }
  }

  /**
   * The stand-in's content takes the place of the database's. Called again after a cut it finishes what was begun.
   * @throws LoadFault `programs`: the tables are in place
   */
  async switchTo(site: Site, database: Database, id: string): Promise<void> {
    const server = await this.#servers.reach(database);
    const target: HostedDatabase = { name: database.name, user: database.login };
    await server.replaceWith(target, standInOf(site, id));
    const tables = await server.tables(target);
    const now = this.#parts.clock.now();
    const change = { bytes: sizeOf(tables), table_count: tables.length, measured_at: now };
    await this.#parts.connection.write((tx) => this.#store.change(tx, database.id, change));
  }

  /** Drops a stand-in that is not needed any more; nothing there is no error. */
  async drop(site: Site, database: Pick<Database, 'serverId'>, id: string): Promise<void> {
    await (await this.#servers.reach(database)).drop(standInOf(site, id));
  }
}

const summed = (counts: readonly RowCount[]): Counted => ({
  tables: counts.length,
  rows: counts.reduce((sum, { rows }) => sum + rows, 0),
});

const standInOf = (site: Pick<Site, 'name'>, id: string): HostedDatabase => {
  const name = stagedName(site.name, id);
  return { name, user: name };
};

/** Why a dump could not be loaded, in words of the engine without data; undefined for what is no fault of the dump. */
export function loadFault(
  error: unknown,
): { readonly reason: string; readonly line: number; readonly about: string } | undefined {
  if (!(error instanceof LoadFault)) return undefined;
  return { reason: error.reason, line: error.line, about: error.about };
}
