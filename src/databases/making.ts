// Making databases, new passwords for them, and shutting their users out while a site is suspended.
import type { Actor } from '../audit/audit.ts';
import { minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import type { DatabaseEngine } from '../platform/database-server/port.ts';
import { conflict, Invalid, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { isShut, type Site } from '../sites/sites.ts';
import { charsets, drawPassword, fullName, nameFaults } from './names.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { type Database, stateOf } from './states.ts';
import { DatabaseStore } from './store.ts';

export type Wish = {
  /** without the site's prefix */
  readonly name: string;
  readonly engine: string;
  /** '': the engine's usual one */
  readonly charset: string;
  /** '': one is drawn */
  readonly password: string;
};

/** What was made, with the password where it was drawn: nobody can ask for it again. */
export type Made = { readonly id: string; readonly name: string; readonly drawnPassword?: string };

type Row = Parameters<DatabaseStore['add']>[1];

/** A making that takes longer was cut off: no engine is waited for as long. */
const longestMaking = 15 * minute;

export class Making {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #store: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new DatabaseStore(parts.connection);
  }

  /** See `Databases.create`. */
  async create(site: Site, wish: Wish, actor: Actor, more?: (tx: Tx, id: string) => Promise<void>): Promise<Made> {
    this.refuseSite(site);
    const name = fullName(site.name, wish.name);
    const { password, isDrawn } = await this.#wished(site, wish, name);
    const { engine, id: serverId } = await this.#servers.forNew(site, wish.engine);
    const begunAt = this.#parts.clock.now();
    const id = newId(begunAt);
    const charset = wish.charset === '' ? null : wish.charset;
    const owner = { siteId: site.id, customerId: site.customerId, serverId };
    const row = { id, ...owner, engine, name, login: name, charset, begunAt };
    await this.#reserve(site, row);
    try {
      await this.#make(row, password);
      await this.#note(row, actor, more);
    } catch (error) {
      // Where even this fails, `tidy` finds the row.
      await this.#unmake(row).catch(() => {});
      throw error;
    }
    return { id, name, ...(isDrawn && { drawnPassword: password }) };
  }

  /** It is there now, with all that belongs to it. */
  async #note({ id, siteId, customerId, engine }: Row, actor: Actor, more?: (tx: Tx, id: string) => Promise<void>) {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const now = clock.now();
      await this.#store.change(tx, id, { made_at: now, bytes: 0, table_count: 0, measured_at: now });
      await audit.record(tx, {
        action: 'databases.created',
        actor,
        customerId,
        siteId,
        subjectId: id,
        details: { engine },
      });
      await more?.(tx, id);
    });
  }

  /** @throws PanelError 409 where nothing can be made or changed */
  refuseSite({ openedAt, suspendedAt, frozenAt }: Site): void {
    if (openedAt === null) throw conflict('databases.notOpen');
    if (frozenAt !== null) throw conflict('moves.refused');
    if (suspendedAt !== null) throw conflict('databases.suspended');
  }

  async #wished(site: Site, wish: Wish, name: string): Promise<{ password: string; isDrawn: boolean }> {
    const known: readonly string[] = Object.hasOwn(charsets, wish.engine) ? charsets[wish.engine as DatabaseEngine] : [];
    const ofName = nameFaults(wish.name);
    const ofCharset = wish.charset === '' || known.includes(wish.charset) ? [] : [{ key: 'databases.fault.charset' }];
    const { password, faults } = await this.#password(wish.password, [site.name, name, wish.name]);
    const all = { db_name: ofName, charset: ofCharset, db_password: faults };
    const refused = Object.entries(all).filter(([, list]) => list.length > 0);
    if (refused.length > 0) throw new Invalid(Object.fromEntries(refused));
    return { password, isDrawn: wish.password === '' };
  }

  /** One that was typed is judged by the rules of every password of the panel; one that is drawn meets them by its length. */
  async #password(typed: string, words: readonly string[]) {
    for (;;) {
      const password = typed === '' ? drawPassword() : typed.normalize('NFC');
      const faults = await this.#parts.passwords.judge(password, { words: words.filter((word) => word !== '') });
      // A drawn one can lack a digit.
      if (typed !== '' || faults.length === 0) return { password, faults };
    }
  }

  /** The row before the database: what is cut off is found by its row. */
  async #reserve(site: Site, row: Row): Promise<void> {
    const { limit } = await this.allowance(site);
    await this.#parts.connection.write(async (tx: Tx) => {
      // Takes the site's row, so that two requests at once are counted one after the other on every engine.
      await this.#parts.sites.takeOpen(tx, site.id);
      if ((await this.#store.ofSite(site, tx)).length >= limit)
        throw new Invalid({ db_name: [{ key: 'databases.fault.limit', parameters: { limit } }] });
      if (!(await this.#store.add(tx, row))) throw new Invalid({ db_name: [{ key: 'databases.fault.taken' }] });
    });
  }

  /**
   * The site may have been suspended, or its customer restricted, while the engine was busy: whoever shut the others found nothing to shut
   * here yet. From now on the job finds it.
   */
  async #make(row: Row, password: string): Promise<void> {
    const { name, login, charset, serverId, siteId } = row;
    const server = await this.#servers.reach({ serverId });
    await server.create({ name, user: login }, { password, ...(charset !== null && { charset }) });
    for (let locked = false; ; ) {
      const due = await this.#isShut(siteId);
      if (due === locked) return;
      await this.#setOneLocked(row, due);
      locked = due;
    }
  }

  async #isShut(siteId: string): Promise<boolean> {
    const { sites, accounts } = this.#parts;
    const site = await sites.byId(siteId);
    return isShut(site) || (await accounts.restrictions.of(site.customerId)) !== undefined;
  }

  /** Only what was never said to be made: of an answer of the panel's database that was lost, nobody knows. */
  async #unmake({ id, name, login, serverId }: Pick<Row, 'id' | 'name' | 'login' | 'serverId'>): Promise<void> {
    if ((await this.#store.byId(id))?.madeAt !== null) return;
    await (await this.#servers.reach({ serverId })).drop({ name, user: login });
    await this.#parts.connection.write((tx) => this.#store.forget(tx, id));
  }

  /** @returns how many databases the site's plan has, and how many are there */
  async allowance(site: Site): Promise<{ limit: number; used: number }> {
    const { orders } = this.#parts;
    const order = await orders.byId(site.orderId);
    const { databases: limit } = await orders.plan(order.plan);
    return { limit, used: (await this.#store.ofSite(site)).length };
  }

  /** See `Databases.setPassword`. */
  async setPassword(
    site: Site,
    database: Database,
    typed: string,
    actor: Actor,
    once?: (tx: Tx) => Promise<void>,
  ): Promise<Made> {
    this.refuseSite(site);
    const state = stateOf(database);
    if (state !== 'ready') throw conflict(`databases.refused.${state}`);
    const { id, name, login } = database;
    const { password, faults } = await this.#password(typed, [site.name, name]);
    if (faults.length > 0) throw new Invalid({ db_password: faults });
    await (await this.#servers.reach(database)).setPassword({ name, user: login }, password);
    await this.#parts.connection.write(async (tx) => {
      const about = { actor, customerId: site.customerId, siteId: site.id, subjectId: id };
      await this.#parts.audit.record(tx, { action: 'databases.passwordChanged', ...about });
      await once?.(tx);
    });
    return { id, name, ...(typed === '' && { drawnPassword: password }) };
  }

  /** See `Databases.suspend` and `resume`. One server that does not answer keeps no other database open. */
  async setLocked(site: Pick<Site, 'id' | 'customerId'>, locked: boolean): Promise<void> {
    const failed: unknown[] = [];
    for (const database of await this.#store.ofSite(site))
      await this.#setOneLocked(database, locked).catch((error) => failed.push(error));
    if (failed.length > 0) throw failed[0];
  }

  async #setOneLocked(database: Pick<Row, 'id' | 'name' | 'login' | 'serverId'>, locked: boolean): Promise<void> {
    const { connection, clock } = this.#parts;
    const hosted = { name: database.name, user: database.login };
    const server = await this.#servers.reach(database);
    // The row first when it is shut, last when it is opened: nothing else unlocks what is said to be shut.
    const change = { locked_at: locked ? clock.now() : null };
    if (locked) await connection.write((tx) => this.#store.change(tx, database.id, change));
    // One that is being deleted may be gone on its server already.
    await (locked ? server.lock(hosted) : server.unlock(hosted)).catch(whenMissing);
    if (!locked) await connection.write((tx) => this.#store.change(tx, database.id, change));
  }

  /** By the clock: takes back what was begun and never finished. */
  async tidy(): Promise<void> {
    const { clock, log } = this.#parts;
    for (const row of await this.#store.neverMade(clock.now() - longestMaking)) {
      await this.#unmake(row).catch((error) =>
        log.warn({ database: row.id, err: error }, 'a database that was not finished could not be taken back yet'),
      );
    }
  }
}
