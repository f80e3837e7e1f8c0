// Databases of a restore: loaded aside, counted, switched in one act with the files, and taken back with them.

import type { Actor } from '../audit/audit.ts';
import type { ManifestMember } from '../backups/backups.ts';
import { type Database, type Databases, loadFault } from '../databases/databases.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { Invalid, whenMissing } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import type { RestoreSource } from './source.ts';
import { checkedDump } from './staging.ts';
import { type RestoreDatabase, Stopped } from './states.ts';
import type { RestoreStore } from './store.ts';

export type DatabaseStepParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly databases: Databases;
  readonly store: RestoreStore;
};

type Stage = {
  readonly site: Site;
  readonly actor: Actor;
  readonly backup: RestoreSource;
  readonly dumps: ReadonlyMap<string, ManifestMember>;
  readonly signal: AbortSignal;
  readonly tick: (bytes: number, files: number) => Promise<void>;
};

export class DatabaseSteps {
  readonly #parts: DatabaseStepParts;

  constructor(parts: DatabaseStepParts) {
    this.#parts = parts;
  }

  /** Loads one aside and compares what is counted there with what the backup says. @throws Stopped; PanelError 503 */
  async stage(row: RestoreDatabase, { site, actor, backup, dumps, signal, tick }: Stage): Promise<void> {
    const { standIns } = this.#parts.databases;
    const target = await this.#target(row, site, actor);
    const loading = { id: row.id, signal, knownAs: [row.name] };
    const counted = await explained(row, async () => {
      if (row.member === null) return standIns.loadSaved(site, target, row.undoOf ?? '', loading);
      const member = dumps.get(row.member);
      if (!member) throw new Stopped('damaged');
      const { text, isWhole } = checkedDump(await backup.open(member), member);
      const found = await standIns.load(site, target, text, loading).finally(() => text.destroy());
      if (!isWhole()) throw new Stopped('damaged');
      return found;
    });
    // What was put aside carries no counts of rows.
    if (row.member !== null && (counted.tables !== row.tables || counted.rows !== row.rows))
      throw new Stopped('counts', { name: row.name, tables: counted.tables, rows: counted.rows });
    await this.#change(row.id, { staged_at: this.#parts.clock.now() });
    await tick(0, 0);
  }

  /** @returns the database it goes into, which is made where there is none yet */
  async #target(row: RestoreDatabase, site: Site, actor: Actor): Promise<Database> {
    if (row.databaseId !== null) return this.#of(row.databaseId, site);
    const wish = { name: row.into.slice(site.name.length + 1), engine: row.engine, charset: '', password: '' };
    const note = (tx: Tx, id: string) => this.#parts.store.changeDatabase(tx, row.id, { database_id: id });
    const made = await this.#parts.databases.create(site, wish, actor, note).catch((error) => {
      throw error instanceof Invalid ? new Stopped('limit', { name: row.into }) : error;
    });
    return this.#of(made.id, site);
  }

  async #of(databaseId: string, site: Site): Promise<Database> {
    const found = await this.#parts.databases.named(site, databaseId).catch(whenMissing);
    if (!found) throw new Stopped('gone');
    return found;
  }

  /** Puts what a database holds now into the trash, from where it comes back. */
  async save(row: RestoreDatabase, site: Site, signal: AbortSignal): Promise<void> {
    const target = await this.#now(row, site);
    if (target && !row.isNew) await this.#parts.databases.standIns.save(site, target, row.id, signal);
  }

  async switchTo(row: RestoreDatabase, site: Site): Promise<void> {
    if (row.switchedAt !== null) return;
    const target = await this.#now(row, site);
    if (!target) throw new Stopped('gone');
    await this.#change(row.id, { switching_at: this.#parts.clock.now() });
    await this.#parts.databases.standIns.switchTo(site, target, row.id);
    await this.#change(row.id, { switched_at: this.#parts.clock.now() });
  }

  /** A switch that has begun is half of each, so it is finished first; then what was there is loaded again. */
  async back(row: RestoreDatabase, site: Site, signal: AbortSignal): Promise<void> {
    if (row.switchingAt === null || row.returnedAt !== null || row.isNew) return;
    const { standIns } = this.#parts.databases;
    const target = await this.#now(row, site);
    if (!target || !(await standIns.isSaved(row.id))) return;
    const switching = () => standIns.switchTo(site, target, row.id).catch(unlessPrograms);
    if (row.switchedAt === null) {
      await switching();
      await this.#change(row.id, { switched_at: this.#parts.clock.now() });
    }
    await standIns.loadSaved(site, target, row.id, { id: row.id, signal });
    await switching();
    await this.#change(row.id, { returned_at: this.#parts.clock.now() });
  }

  async drop(row: RestoreDatabase, site: Site): Promise<void> {
    const target = await this.#now(row, site);
    if (target) await this.#parts.databases.standIns.drop(site, target, row.id);
  }

  /** As its row names it now: it may have been made since this restore was read. */
  async #now({ id }: RestoreDatabase, site: Site): Promise<Database | undefined> {
    const databaseId = await this.#parts.store.databaseIdOf(id);
    return databaseId === null ? undefined : this.#parts.databases.named(site, databaseId).catch(whenMissing);
  }

  async #change(id: string, change: Parameters<RestoreStore['changeDatabase']>[2]): Promise<void> {
    await this.#parts.connection.write((tx) => this.#parts.store.changeDatabase(tx, id, change));
  }
}

async function explained<T>(row: RestoreDatabase, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const fault = loadFault(error);
    throw fault ? new Stopped('database', { name: row.name, line: fault.line }) : error;
  }
}

/** The tables are in place; a view that cannot be made can be made no better by trying again. */
function unlessPrograms(error: unknown): void {
  if (loadFault(error)?.reason !== 'programs') throw error;
}
