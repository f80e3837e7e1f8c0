// The SQL of backups. What is shown to a person is always looked up by customer, site and id.
import type { Selectable, Updateable } from 'kysely';
import type { BackupTables } from '../migrations/schema.ts';
import { day } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Site } from '../sites/sites.ts';
import { noon } from './days.ts';
import { type NewBackup, nothingYet } from './new-row.ts';
import type { SizeDay } from './sizes.ts';
import {
  type Backup,
  type BackupState,
  type BackupStep,
  countsByHand,
  goodStates,
  heldStates,
  kindsAside,
  openStates,
} from './states.ts';

type Row = Selectable<BackupTables['backups']>;
export type Change = Updateable<BackupTables['backups']>;
type Owned = Pick<Site, 'id' | 'customerId'>;

export const fromRow = (row: Row): Backup => ({
  id: row.id,
  siteId: row.site_id,
  customerId: row.customer_id,
  actorPersonId: row.actor_person_id,
  kind: row.kind,
  day: row.day,
  state: row.state,
  fileName: row.file_name,
  bytes: row.bytes,
  originalBytes: row.original_bytes,
  sha256: row.sha256,
  files: row.files,
  folders: row.folders,
  databases: row.databases,
  databaseList: row.database_list === null ? undefined : JSON.parse(row.database_list),
  shrunk: row.shrunk === null ? [] : JSON.parse(row.shrunk),
  leftOut: JSON.parse(row.left_out),
  dataAt: row.data_at,
  step: row.step as BackupStep | null,
  filesDone: row.files_done,
  filesTotal: row.files_total,
  movedAt: row.moved_at,
  reason: row.reason,
  queuedAt: row.queued_at,
  startedAt: row.started_at,
  madeAt: row.made_at,
  verifiedAt: row.verified_at,
  provenAt: row.proven_at,
  failedAt: row.failed_at,
  expiredAt: row.expired_at,
  heldUntil: row.held_until,
  checkAskedAt: row.check_asked_at,
  keptBecause: row.kept_because ? JSON.parse(row.kept_because) : [],
  isInOrder: row.place !== null,
  waitsForTurn: row.state === 'queued' && row.place !== null && row.handed_at === null,
});

/** A row is queued on its day, in whatever zone, or a little later: the index by time then finds it among years of rows. */
const dayMargin = 3 * day;

const ofSite = (db: Reader, { id, customerId }: Owned) =>
  db.selectFrom('backups').selectAll().where('site_id', '=', id).where('customer_id', '=', customerId);

const oneOfSite = prepared((db, { id, customerId, backup }: Owned & { backup: string }) =>
  ofSite(db, { id, customerId }).where('id', '=', backup),
);

type Between = Owned & { from: number; to: number; first: string; last: string };
const betweenDays = prepared((db, { id, customerId, from, to, first, last }: Between) =>
  ofSite(db, { id, customerId })
    .where('queued_at', '>=', from)
    .where('queued_at', '<=', to)
    .where('day', '>=', first)
    .where('day', '<=', last)
    .orderBy('queued_at')
    .orderBy('id'),
);
const pageOfSite = prepared((db, { id, customerId, offset, count }: Owned & { offset: number; count: number }) =>
  ofSite(db, { id, customerId }).orderBy('queued_at', 'desc').orderBy('id', 'desc').limit(count).offset(offset),
);
const goodOfSite = prepared((db, { id, customerId, most }: Owned & { most: number }) =>
  ofSite(db, { id, customerId })
    .where('state', 'in', goodStates)
    .where('kind', 'not in', kindsAside)
    .orderBy('data_at', 'desc')
    .orderBy('id', 'desc')
    .limit(most),
);

const sizesOfSite = prepared((db, { id, customerId, from, first }: Owned & { from: number; first: string }) =>
  db
    .selectFrom('backups')
    .select(['day', 'bytes', 'original_bytes', 'files'])
    .where('site_id', '=', id)
    .where('customer_id', '=', customerId)
    .where('queued_at', '>=', from)
    .where('day', '>=', first)
    .where('verified_at', 'is not', null)
    .where('bytes', 'is not', null)
    .orderBy('data_at')
    .orderBy('id'),
);

export class BackupStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns false when the site already has its nightly backup of that day */
  async add(tx: Tx, backup: NewBackup): Promise<boolean> {
    const result = await tx
      .insertInto('backups')
      .values({ ...nothingYet, ...backup })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  /** @returns those of the sites that have a nightly row of the day */
  async sitesWithNightly(siteIds: readonly string[], day: string): Promise<Set<string>> {
    if (siteIds.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('backups')
      .select('site_id')
      .where('kind', '=', 'nightly')
      .where('day', '=', day)
      .where('site_id', 'in', siteIds)
      .execute();
    return new Set(rows.map((row) => row.site_id));
  }

  /** For jobs: by id, whoever it belongs to. */
  async anyById(id: string, reader: Reader = this.#connection.db): Promise<Backup | undefined> {
    const row = await reader.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  async byId(site: Owned, id: string): Promise<Backup | undefined> {
    const [row] = await oneOfSite(this.#connection, { id: site.id, customerId: site.customerId, backup: id });
    return row && fromRow(row);
  }

  /** Newest first. */
  async page(site: Owned, offset: number, count: number): Promise<Backup[]> {
    const rows = await pageOfSite(this.#connection, { id: site.id, customerId: site.customerId, offset, count });
    return rows.map(fromRow);
  }

  async count(site: Owned): Promise<number> {
    const row = await this.#connection.db
      .selectFrom('backups')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  /** @returns backups of the days from `first` to `last`, both included, oldest first */
  async between(site: Owned, first: string, last: string, tx?: Tx): Promise<Backup[]> {
    const days = { id: site.id, customerId: site.customerId, first, last };
    const range = { ...days, from: noon(first) - dayMargin, to: noon(last) + dayMargin };
    const rows = await betweenDays(this.#connection, range, tx);
    return rows.map(fromRow);
  }

  /** Good ones whose archive is there, by the age of their data, newest first. */
  async good(site: Owned, most: number): Promise<Backup[]> {
    const rows = await goodOfSite(this.#connection, { id: site.id, customerId: site.customerId, most });
    return rows.map(fromRow);
  }

  /** One a day since `first`, oldest day first. */
  async sizes({ id, customerId }: Owned, first: string): Promise<SizeDay[]> {
    const rows = await sizesOfSite(this.#connection, { id, customerId, first, from: noon(first) - dayMargin });
    const byDay = new Map<string, SizeDay>();
    for (const { day, bytes, original_bytes, files } of rows)
      byDay.set(day, { day, bytes: Number(bytes), originalBytes: Number(original_bytes ?? 0), files: Number(files ?? 0) });
    return [...byDay.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
  }

  /** Of archives that are there. */
  async keptBytes(site: Owned): Promise<number> {
    const row = await this.#connection.db
      .selectFrom('backups')
      .select(({ fn }) => fn.sum<number>('bytes').as('bytes'))
      .where('site_id', '=', site.id)
      .where('customer_id', '=', site.customerId)
      .where('state', 'in', heldStates)
      .executeTakeFirst();
    return Number(row?.bytes ?? 0);
  }

  async inStates(site: Owned, states: readonly BackupState[], reader: Reader = this.#connection.db): Promise<Backup[]> {
    const rows = await ofSite(reader, site).where('state', 'in', states).orderBy('queued_at').execute();
    return rows.map(fromRow);
  }

  /** Backups of the day that a person asked for and that did not fail. */
  async manualOf(tx: Tx | undefined, site: Owned, day: string): Promise<number> {
    return (await this.between(site, day, day, tx)).filter(countsByHand).length;
  }

  /** Whether one of the site's is to be read back once more, asked for after `since`. */
  async isCheckAsked(tx: Tx, { id, customerId }: Owned, since: number): Promise<boolean> {
    const asked = ofSite(tx, { id, customerId }).where('check_asked_at', '>', since).limit(1);
    return (await asked.executeTakeFirst()) !== undefined;
  }

  /** Keeps it from retention until then, if it is not kept longer already. */
  async hold(tx: Tx, { id, customerId }: Pick<Backup, 'id' | 'customerId'>, until: number): Promise<void> {
    await tx
      .updateTable('backups')
      .set({ held_until: until })
      .where('id', '=', id)
      .where('customer_id', '=', customerId)
      .where((eb) => eb.or([eb('held_until', 'is', null), eb('held_until', '<', until)]))
      .execute();
  }

  /** Names that other backups of the site have or had and that begin so. */
  async namesLike(tx: Tx, { id, siteId }: Backup, beginning: string): Promise<Set<string | null>> {
    const rows = await tx
      .selectFrom('backups')
      .select('file_name')
      .where('site_id', '=', siteId)
      .where('id', '!=', id)
      .where('file_name', 'like', `${beginning}%`)
      .execute();
    return new Set(rows.map((row) => row.file_name));
  }

  /**
   * Changes the row where it still is as it was read: in that state, and of that attempt (`started_at` differs each time).
   * @returns false when somebody else has changed it meanwhile
   */
  async change(tx: Tx, seen: Pick<Backup, 'id' | 'state' | 'startedAt'>, change: Change): Promise<boolean> {
    const result = await tx
      .updateTable('backups')
      .set(change)
      .where('id', '=', seen.id)
      .where('state', '=', seen.state)
      .where('started_at', seen.startedAt === null ? 'is' : '=', seen.startedAt)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** Names whose archives must stay: of what is held, and of what is being made now. */
  async namesInUse(site: Owned): Promise<Set<string | null>> {
    const rows = await this.#connection.db
      .selectFrom('backups')
      .select('file_name')
      .where('site_id', '=', site.id)
      .where('state', 'in', [...heldStates, ...openStates])
      .where('expired_at', 'is', null)
      .where('file_name', 'is not', null)
      .execute();
    return new Set(rows.map((row) => row.file_name));
  }

  /** Whether there is, or was, a backup whose archive had this name. */
  async isKnown(site: Owned, fileName: string): Promise<boolean> {
    const row = await ofSite(this.#connection.db, site).where('file_name', '=', fileName).executeTakeFirst();
    return row !== undefined;
  }

  /** Rows that wait or run, and did not move since `before`. */
  async abandoned(before: number, most: number): Promise<Backup[]> {
    const rows = await this.#connection.db
      .selectFrom('backups')
      .selectAll()
      .where('state', 'in', openStates)
      .where('queued_at', '<', before)
      .where((eb) => eb(eb.fn.coalesce('moved_at', 'started_at', 'queued_at'), '<', before))
      .limit(most)
      .execute();
    return rows.map(fromRow);
  }

  /** Of the whole service: nightly backups a day, and how many of them were read back and found right. */
  async nightlyByDay(first: string, last: string): Promise<{ day: string; total: number; verified: number }[]> {
    const rows = await this.#connection.db
      .selectFrom('backups')
      .select((eb) => ['day', eb.fn.countAll<number>().as('total'), eb.fn.count<number>('verified_at').as('verified')])
      .where('kind', '=', 'nightly')
      .where('day', '>=', first)
      .where('day', '<=', last)
      .groupBy('day')
      .execute();
    return rows.map(({ day, total, verified }) => ({ day, total: Number(total), verified: Number(verified) }));
  }
}
