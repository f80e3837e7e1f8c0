// The SQL of alerts: what is to be told of backups, what was told, and what is over. It reads all customers' sites, as the clock does.
import { sql } from 'kysely';
import { goodStates } from '../backups/backups.ts';
import type { BackupTables } from '../migrations/schema.ts';
import { day } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { type AlertCause, overdueAfter, unverifiedAfter } from './causes.ts';

/** Something to tell, of one site. */
export type Found = {
  readonly siteId: string;
  readonly site: string;
  readonly customerId: string;
  readonly cause: AlertCause;
  readonly subject: string;
  /** when it came about, epoch milliseconds */
  readonly at: number;
  readonly backupId: string | null;
  /** the moment whose data the last good backup holds; null: there is none */
  readonly lastGoodAt: number | null;
  /** key of a sentence */
  readonly reason: string | null;
  /** JSON of what fell by half or more */
  readonly shrunk: string | null;
};

/** Something that was told and still holds, with the newest good backup of the site. */
export type OpenAlert = {
  readonly id: string;
  readonly siteId: string;
  readonly site: string;
  readonly customerId: string;
  readonly cause: AlertCause;
  readonly at: number;
  readonly isClosed: boolean;
  readonly newest: { readonly dataAt: number; readonly verifiedAt: number } | undefined;
};

/** Of one look; what is left is found by the next one, a minute later. */
const mostAtOnce = 500;
const told: readonly BackupTables['backups']['state'][] = ['failed', 'missing', 'shrunken', 'damaged'];

/** Not what was there before a restore, nor what somebody brought: neither is a backup of the site as it should be. */
const ownKinds = ['nightly', 'manual'] as const;

const newestGood = (column: 'data_at' | 'verified_at') => sql<number | null>`(
  select g.${sql.ref(column)} from backups g where g.site_id = sites.id and g.kind in ('nightly', 'manual')
  and g.state in (${sql.join(goodStates)}) order by g.data_at desc limit 1)`;

export class AlertStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Backups that failed, shrank, were found damaged or never began since, and were not told of. */
  async ofBackups(since: number): Promise<Found[]> {
    const rows = await this.#untold()
      .where('b.state', 'in', told)
      .where((eb) => eb(eb.fn.coalesce('b.failed_at', 'b.verified_at'), '>=', since))
      // A row is queued within days of its end, but for one that is found damaged later: the index by state then finds it.
      .where((eb) => eb.or([eb('b.queued_at', '>=', since - 3 * day), eb('b.state', '=', 'damaged')]))
      .execute();
    return rows.map(({ state, failedAt, verifiedAt, ...row }) => {
      const at = Number(failedAt ?? verifiedAt ?? 0);
      return { ...row, cause: state as AlertCause, at, lastGoodAt: numberOf(row.lastGoodAt) };
    });
  }

  /** Backups that were made and have not been read back. */
  async unverified(now: number): Promise<Found[]> {
    const rows = await this.#untold('unverified')
      .where('b.state', '=', 'made')
      .where('b.made_at', '<=', now - unverifiedAfter)
      .execute();
    return rows.map(({ state: _s, failedAt: _f, verifiedAt: _v, madeAt, ...row }) => ({
      ...{ ...row, cause: 'unverified' as const, shrunk: null, reason: null },
      ...{ at: Number(madeAt ?? 0) + unverifiedAfter, lastGoodAt: numberOf(row.lastGoodAt) },
    }));
  }

  #untold(cause?: AlertCause) {
    return this.#connection.db
      .selectFrom('backups as b')
      .innerJoin('sites', 'sites.id', 'b.site_id')
      .leftJoin('alerts as told', (join) => {
        const same = join.onRef('told.site_id', '=', 'b.site_id').onRef('told.subject', '=', 'b.id');
        return cause ? same.on('told.cause', '=', cause) : same.onRef('told.cause', '=', sql.ref('b.state'));
      })
      .select(['sites.id as siteId', 'sites.name as site', 'sites.customer_id as customerId'])
      .select(['b.id as backupId', 'b.id as subject', 'b.state', 'b.reason', 'b.shrunk'])
      .select(['b.failed_at as failedAt', 'b.verified_at as verifiedAt', 'b.made_at as madeAt'])
      .select(newestGood('data_at').as('lastGoodAt'))
      .where('told.id', 'is', null)
      .where('sites.terminated_at', 'is', null)
      .where('b.kind', 'in', ownKinds)
      .where('b.expired_at', 'is', null)
      .orderBy('b.id')
      .limit(mostAtOnce);
  }

  /** Open sites without a good copy of data younger than that, which were not told of it. */
  async overdue(cause: 'overdue' | 'late', now: number): Promise<Found[]> {
    const since = now - overdueAfter[cause];
    const rows = await this.#overdue(since)
      .select(['sites.id as siteId', 'sites.name as site', 'sites.customer_id as customerId', 'sites.opened_at as openedAt'])
      .select(newestGood('data_at').as('lastGoodAt'))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('alerts as told')
              .select('told.id')
              .whereRef('told.site_id', '=', 'sites.id')
              .where('told.cause', '=', cause)
              .where('told.ended_at', 'is', null),
          ),
        ),
      )
      .orderBy('sites.id')
      .limit(mostAtOnce)
      .execute();
    return rows.map(({ openedAt, lastGoodAt, ...row }) => ({
      ...{ ...row, cause, backupId: null, reason: null, shrunk: null },
      ...{ subject: String(lastGoodAt ?? 'none'), lastGoodAt: numberOf(lastGoodAt) },
      at: Number(lastGoodAt ?? openedAt ?? 0) + overdueAfter[cause],
    }));
  }

  async countOverdue(now: number): Promise<number> {
    const row = await this.#overdue(now - overdueAfter.overdue)
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  #overdue(since: number) {
    return this.#connection.db
      .selectFrom('sites')
      .where('sites.opened_at', '<=', since)
      .where('sites.terminated_at', 'is', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('backups as b')
              .select('b.id')
              .whereRef('b.site_id', '=', 'sites.id')
              .where('b.data_at', '>', since)
              .where('b.state', 'in', goodStates)
              .where('b.kind', 'in', ownKinds),
          ),
        ),
      );
  }

  /** @returns false when it was told before, by whoever looked */
  async add(tx: Tx, id: string, { siteId, customerId, cause, subject, at }: Found, now: number): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('alerts')
      .values({ id, site_id: siteId, customer_id: customerId, cause, subject, at, told_at: now, ended_at: null })
      // Of the same last good copy once more, after it had been well in between.
      .onConflict((conflict) =>
        conflict
          .columns(['site_id', 'cause', 'subject'])
          .doUpdateSet({ at, told_at: now, ended_at: null })
          .where(sql<boolean>`alerts.ended_at is not null and alerts.cause in ('overdue', 'late')`),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async open(): Promise<OpenAlert[]> {
    const rows = await this.#connection.db
      .selectFrom('alerts as told')
      .innerJoin('sites', 'sites.id', 'told.site_id')
      .select(['told.id', 'told.cause', 'told.at', 'sites.id as siteId', 'sites.name as site'])
      .select(['sites.customer_id as customerId', 'sites.terminated_at as terminatedAt'])
      .select([newestGood('data_at').as('dataAt'), newestGood('verified_at').as('verifiedAt')])
      .where('told.ended_at', 'is', null)
      .orderBy('told.id')
      .execute();
    return rows.map(({ dataAt, verifiedAt, terminatedAt, at, ...row }) => ({
      ...{ ...row, at: Number(at), isClosed: terminatedAt !== null },
      newest: dataAt === null ? undefined : { dataAt: Number(dataAt), verifiedAt: Number(verifiedAt ?? 0) },
    }));
  }

  /** @returns false when it was over before */
  async end(tx: Tx, id: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('alerts')
      .set({ ended_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async counts(): Promise<{ cause: AlertCause; count: number }[]> {
    const rows = await this.#connection.db
      .selectFrom('alerts')
      .select((eb) => ['cause', eb.fn.countAll<number>().as('count')])
      .where('ended_at', 'is', null)
      .groupBy('cause')
      .execute();
    return rows.map(({ cause, count }) => ({ cause, count: Number(count) }));
  }

  /** @returns by server, the oldest of the newest good copies of its open sites; of a site without one, its opening */
  async oldestByServer(): Promise<{ server: string; dataAt: number }[]> {
    const newest = sql<number>`coalesce(${newestGood('data_at')}, sites.opened_at)`;
    const rows = await this.#connection.db
      .selectFrom('sites')
      .innerJoin('servers', 'servers.id', 'sites.server_id')
      .select('servers.name as server')
      .select(sql<number>`min(${newest})`.as('dataAt'))
      .where('sites.opened_at', 'is not', null)
      .where('sites.terminated_at', 'is', null)
      .groupBy('servers.name')
      .execute();
    return rows.map(({ server, dataAt }) => ({ server, dataAt: Number(dataAt) }));
  }

  /** Forgets what has been over for so long. */
  async sweep(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('alerts').where('ended_at', '<', before).execute();
  }
}

const numberOf = (value: number | string | null): number | null => (value === null ? null : Number(value));
