// The SQL of nights: their windows, whose turn it is, and how many backups are under way on which server.
import type { Selectable } from 'kysely';
import type { NightTables } from '../migrations/schema.ts';
import { day as dayMilliseconds, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { Candidate } from './night-order.ts';
import { type Backup, goodStates, kindsAside, openStates } from './states.ts';

export type Night = Selectable<NightTables['backup_nights']>;

/** A backup whose turn has not come. */
export type Waiting = { readonly id: string; readonly siteId: string; readonly customerId: string; readonly serverId: string };

/** A backup that does not move for so long is not counted: its worker is dead, or its job is lost. It would hold a place for a day. */
const movingMilliseconds = 15 * minute;
const rememberedMilliseconds = 60 * dayMilliseconds;
export const noPlace = 'backups.reason.window';

export class NightStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The night of that day; its end is that of the newest configuration. */
  async begin(tx: Tx, night: Pick<Night, 'day' | 'due_at' | 'ends_at'>): Promise<void> {
    await tx
      .insertInto('backup_nights')
      .values({ ...night, fed_at: null, closed_at: null, left_over: 0 })
      .onConflict((conflict) => conflict.column('day').doUpdateSet({ ends_at: night.ends_at }))
      .execute();
  }

  /** @returns nights that are not over and were closed by a clock that was ahead */
  closedAhead(now: number): Promise<Night[]> {
    return this.#connection.db
      .selectFrom('backup_nights')
      .selectAll()
      .where('closed_at', '>', now)
      .where('due_at', '<=', now)
      .where('ends_at', '>', now)
      .execute();
  }

  /** Whoever was given up by that clock waits for a turn again. */
  async reopen(tx: Tx, day: string, now: number): Promise<void> {
    await tx.updateTable('backup_nights').set({ closed_at: null, left_over: 0 }).where('day', '=', day).execute();
    await tx
      .updateTable('backups')
      .set({ state: 'queued', reason: null, failed_at: null, handed_at: null })
      .where('kind', '=', 'nightly')
      .where('day', '=', day)
      .where('state', '=', 'missing')
      .where('failed_at', '>', now)
      .where('place', 'is not', null)
      .execute();
  }

  /** @returns nights that are not closed and are over, or were begun by a clock that was days ahead */
  over(now: number): Promise<Night[]> {
    return this.#connection.db
      .selectFrom('backup_nights')
      .selectAll()
      .where('closed_at', 'is', null)
      .where((eb) => eb.or([eb('ends_at', '<=', now), eb('due_at', '>', now + 2 * dayMilliseconds)]))
      .orderBy('day')
      .execute();
  }

  async close(tx: Tx, day: string, closed_at: number): Promise<number> {
    const { count } = await tx
      .selectFrom('backups')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('kind', '=', 'nightly')
      .where('day', '=', day)
      .where('state', '=', 'missing')
      .where('reason', '=', noPlace)
      .executeTakeFirstOrThrow();
    const left_over = Number(count);
    await tx.updateTable('backup_nights').set({ closed_at, left_over }).where('day', '=', day).execute();
    return left_over;
  }

  /** What order is made of: how old the newest good backup of each site is, and when one of a night was last begun. */
  async chances(siteIds: readonly string[], now: number): Promise<Map<string, Pick<Candidate, 'goodAt' | 'triedAt'>>> {
    if (siteIds.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('backups')
      .select((eb) => [
        'site_id',
        eb.fn.max('data_at').filterWhere('state', 'in', goodStates).filterWhere('kind', 'not in', kindsAside).as('good_at'),
        eb.fn.max('started_at').filterWhere('kind', '=', 'nightly').as('tried_at'),
      ])
      .where('site_id', 'in', siteIds)
      .where('queued_at', '>=', now - rememberedMilliseconds)
      .groupBy('site_id')
      .execute();
    const number = (value: unknown) => (value === null || value === undefined ? null : Number(value));
    return new Map(rows.map((row) => [row.site_id, { goodAt: number(row.good_at), triedAt: number(row.tried_at) }]));
  }

  /** Whether anything waits for its turn; reads and locks nothing. */
  async isAnyWaiting(): Promise<boolean> {
    const row = await this.#waitingRows(this.#connection.db).select('backup.id').limit(1).executeTakeFirst();
    return row !== undefined;
  }

  /** Takes the night that is open now, so that two who give out its places do so one after the other. */
  async take(tx: Tx, now: number): Promise<Night | undefined> {
    const open = await tx
      .selectFrom('backup_nights')
      .select('day')
      .where('closed_at', 'is', null)
      .where('due_at', '<=', now)
      .where('ends_at', '>', now)
      .orderBy('day', 'desc')
      .limit(1)
      .executeTakeFirst();
    return open && this.takeDay(tx, open.day, now);
  }

  /** Takes one night until the end of the transaction. */
  takeDay(tx: Tx, day: string, now: number): Promise<Night | undefined> {
    return tx.updateTable('backup_nights').set({ fed_at: now }).where('day', '=', day).returningAll().executeTakeFirst();
  }

  /** Nightly backups whose turn has come and that nobody has begun, by server. Who waits for another attempt holds no place. */
  async handed(tx: Tx, now: number): Promise<Map<string, number>> {
    const rows = await tx
      .selectFrom('backups as backup')
      .innerJoin('sites', 'sites.id', 'backup.site_id')
      .select((eb) => ['sites.server_id', eb.fn.countAll<number>().as('count')])
      .where('backup.handed_at', '>', now - movingMilliseconds)
      .where('backup.handed_at', '<', now + movingMilliseconds)
      .where('backup.state', '=', 'queued')
      .where('backup.reason', 'is', null)
      .groupBy('sites.server_id')
      .execute();
    return new Map(rows.map(({ server_id, count }) => [server_id, Number(count)]));
  }

  /** Nightly backups that run now beside this one, by server. */
  async running(tx: Tx, besides: string, now: number): Promise<Map<string, number>> {
    const rows = await tx
      .selectFrom('backups as backup')
      .innerJoin('sites', 'sites.id', 'backup.site_id')
      .select((eb) => ['sites.server_id', eb.fn.countAll<number>().as('count')])
      .where('backup.state', '=', 'running')
      .where('backup.kind', '=', 'nightly')
      .where('backup.id', '!=', besides)
      .where('backup.moved_at', '>', now - movingMilliseconds)
      .where('backup.moved_at', '<', now + movingMilliseconds)
      .groupBy('sites.server_id')
      .execute();
    return new Map(rows.map(({ server_id, count }) => [server_id, Number(count)]));
  }

  /** Whether another backup of the site is made right now. Takes what is open of the site, so that of two at once one sees the other. */
  async isBusy(tx: Tx, { id, siteId }: Pick<Backup, 'id' | 'siteId'>, now: number): Promise<boolean> {
    await tx
      .updateTable('backups')
      .set((eb) => ({ place: eb.ref('place') }))
      .where('site_id', '=', siteId)
      .where('state', 'in', openStates)
      .execute();
    const row = await tx
      .selectFrom('backups')
      .select('id')
      .where('site_id', '=', siteId)
      .where('id', '!=', id)
      .where('state', '=', 'running')
      .where('moved_at', '>', now - movingMilliseconds)
      .where('moved_at', '<', now + movingMilliseconds)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** @returns the next of a night, none of these servers */
  async next(tx: Tx, day: string, fullServers: readonly string[], most: number): Promise<Waiting[]> {
    const rows = await this.#waitingRows(tx)
      .innerJoin('sites', 'sites.id', 'backup.site_id')
      .select(['backup.id as id', 'backup.site_id as siteId', 'backup.customer_id as customerId', 'sites.server_id as serverId'])
      .where('backup.day', '=', day)
      .$if(fullServers.length > 0, (query) => query.where('sites.server_id', 'not in', fullServers))
      .orderBy('backup.place')
      .orderBy('backup.id')
      .limit(most)
      .execute();
    return rows;
  }

  #waitingRows(db: Tx | Connection['db']) {
    return db
      .selectFrom('backups as backup')
      .where('backup.place', 'is not', null)
      .where('backup.handed_at', 'is', null)
      .where('backup.state', '=', 'queued');
  }

  /** @returns the age of the data of the newest good backup that took nothing over; null where none is known */
  async readWholeAt({ id, customerId }: Pick<Site, 'id' | 'customerId'>, now: number): Promise<number | null> {
    const row = await this.#connection.db
      .selectFrom('backups')
      .select(({ fn }) => fn.max('data_at').as('at'))
      .where('site_id', '=', id)
      .where('customer_id', '=', customerId)
      .where('read_whole', '=', 1)
      .where('verified_at', 'is not', null)
      .where('data_at', '<=', now)
      .executeTakeFirst();
    return row?.at == null ? null : Number(row.at);
  }

  /** @returns ids of those of a night whose turn did not come */
  async left(day: string, most: number): Promise<string[]> {
    const rows = await this.#waitingRows(this.#connection.db)
      .select('backup.id')
      .where('backup.day', '=', day)
      .orderBy('backup.place')
      .limit(most)
      .execute();
    return rows.map(({ id }) => id);
  }

  async hand(tx: Tx, id: string, handed_at: number): Promise<void> {
    await tx.updateTable('backups').set({ handed_at }).where('id', '=', id).where('handed_at', 'is', null).execute();
  }
}
