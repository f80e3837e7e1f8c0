// The SQL of jobs of files.
import type { Selectable, Updateable } from 'kysely';
import type { FileTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Parameters } from '../platform/errors.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import type { FileJobFault } from './job-faults.ts';
import type { UploadResult } from './publishing.ts';

type Table = FileTables['file_jobs'];
type Row = Selectable<Table>;
export type FileJobChange = Updateable<Omit<Table, 'id' | 'site_id' | 'customer_id' | 'actor_person_id' | 'kind' | 'queued_at'>>;

/** Words of the language in which it was asked for, since they become part of names and of files. */
export type FileJobWords = { readonly copy: string; readonly leftOutName: string; readonly leftOutHeading: string };

export type FileJob = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly personId: string;
  readonly kind: Row['kind'];
  readonly sources: readonly SitePath[];
  readonly target: SitePath;
  readonly name: string | null;
  readonly conflict: Row['conflict'];
  readonly words: FileJobWords;
  readonly state: Row['state'];
  readonly step: Row['step'];
  readonly actId: string | null;
  readonly staged: string | null;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly kept: number;
  readonly refused: number;
  readonly skipped: number;
  readonly results: readonly UploadResult[];
  readonly fault: FileJobFault | null;
  readonly faultAbout: Parameters;
  readonly queuedAt: number;
  readonly movedAt: number | null;
  readonly cancelledAt: number | null;
  readonly endedAt: number | null;
};

const fromRow = (row: Row): FileJob => ({
  id: row.id,
  siteId: row.site_id,
  customerId: row.customer_id,
  personId: row.actor_person_id,
  kind: row.kind,
  sources: JSON.parse(row.sources).map((path: string) => path.split('/')),
  target: row.target.split('/'),
  name: row.name,
  conflict: row.conflict,
  words: JSON.parse(row.words),
  state: row.state,
  step: row.step,
  actId: row.act_id,
  staged: row.staged,
  bytesDone: Number(row.bytes_done),
  bytesTotal: Number(row.bytes_total),
  filesDone: Number(row.files_done),
  filesTotal: Number(row.files_total),
  kept: Number(row.kept),
  refused: Number(row.refused),
  skipped: Number(row.skipped),
  results: JSON.parse(row.results),
  fault: row.fault as FileJobFault | null,
  faultAbout: JSON.parse(row.fault_about ?? '{}'),
  queuedAt: Number(row.queued_at),
  movedAt: row.moved_at === null ? null : Number(row.moved_at),
  cancelledAt: row.cancelled_at === null ? null : Number(row.cancelled_at),
  endedAt: row.ended_at === null ? null : Number(row.ended_at),
});

export type NewFileJob = Pick<
  FileJob,
  'id' | 'siteId' | 'customerId' | 'personId' | 'kind' | 'sources' | 'target' | 'name' | 'conflict' | 'words' | 'queuedAt'
>;

export class FileJobStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, job: NewFileJob): Promise<void> {
    const { id, siteId: site_id, customerId: customer_id, personId: actor_person_id, queuedAt: queued_at } = job;
    const asked = {
      ...{ kind: job.kind, sources: JSON.stringify(job.sources.map((path) => path.join('/'))), target: job.target.join('/') },
      ...{ name: job.name, conflict: job.conflict, words: JSON.stringify(job.words) },
    };
    const begun = { state: 'queued', step: 'working', run_id: null, act_id: null, staged: null } as const;
    const nothing = { bytes_done: 0, bytes_total: 0, files_done: 0, files_total: 0, kept: 0, refused: 0, skipped: 0 };
    const never = { results: '[]', fault: null, fault_about: null, moved_at: null, cancelled_at: null, ended_at: null };
    await tx
      .insertInto('file_jobs')
      .values({ id, site_id, customer_id, actor_person_id, queued_at, ...asked, ...begun, ...nothing, ...never })
      .execute();
  }

  async byId(id: string, tx?: Tx): Promise<FileJob | undefined> {
    const row = await (tx ?? this.#connection.db).selectFrom('file_jobs').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  #ofSite({ id, customerId }: Pick<Site, 'id' | 'customerId'>, tx?: Tx) {
    return (tx ?? this.#connection.db)
      .selectFrom('file_jobs')
      .selectAll()
      .where('site_id', '=', id)
      .where('customer_id', '=', customerId);
  }

  async find(site: Site, id: string): Promise<FileJob | undefined> {
    const row = await this.#ofSite(site).where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns those that have not ended, oldest first */
  async open(site: Site, tx?: Tx): Promise<FileJob[]> {
    const rows = await this.#ofSite(site, tx).where('ended_at', 'is', null).orderBy('queued_at').orderBy('id').execute();
    return rows.map(fromRow);
  }

  /** @returns those of one person that have ended since, newest first */
  async endedSince(site: Site, personId: string, since: number): Promise<FileJob[]> {
    const rows = await this.#ofSite(site)
      .where('actor_person_id', '=', personId)
      .where('ended_at', '>', since)
      .orderBy('ended_at', 'desc')
      .orderBy('id', 'desc')
      .limit(5)
      .execute();
    return rows.map(fromRow);
  }

  /** Takes it for an attempt. @returns it as it was before; undefined when it has ended */
  async claim(tx: Tx, id: string, runId: string, now: number): Promise<FileJob | undefined> {
    const before = await this.byId(id, tx);
    if (!before || before.endedAt !== null) return undefined;
    await tx
      .updateTable('file_jobs')
      .set({ run_id: runId, state: 'running', moved_at: now })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .execute();
    return before;
  }

  /** @returns it as it is now; undefined when another attempt has taken it, or it has ended */
  async change(tx: Tx, id: string, runId: string, change: FileJobChange): Promise<FileJob | undefined> {
    const row = await tx
      .updateTable('file_jobs')
      .set(change)
      .where('id', '=', id)
      .where('run_id', '=', runId)
      .where('ended_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** Ends what nobody has begun. @returns false when somebody has, or it has ended */
  async endWaiting(tx: Tx, id: string, change: FileJobChange): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('file_jobs')
      .set(change)
      .where('id', '=', id)
      .where('state', '=', 'queued')
      .where('step', '=', 'working')
      .where('staged', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Whoever works at it finds this at the next step. */
  async markStopped(tx: Tx, id: string, fault: FileJobFault): Promise<void> {
    await tx
      .updateTable('file_jobs')
      .set({ fault })
      .where('id', '=', id)
      .where('step', '=', 'working')
      .where('ended_at', 'is', null)
      .execute();
  }

  async markCancelled(tx: Tx, id: string, now: number): Promise<void> {
    await tx.updateTable('file_jobs').set({ cancelled_at: now }).where('id', '=', id).where('ended_at', 'is', null).execute();
  }

  /** @returns ended ones of which something still lies beside `www/` */
  async leftovers(): Promise<FileJob[]> {
    const rows = await this.#connection.db
      .selectFrom('file_jobs')
      .selectAll()
      .where('ended_at', 'is not', null)
      .where('staged', 'is not', null)
      .limit(100)
      .execute();
    return rows.map(fromRow);
  }

  /** Nothing lies about any more. */
  async tidied(tx: Tx, id: string): Promise<void> {
    await tx.updateTable('file_jobs').set({ staged: null }).where('id', '=', id).where('ended_at', 'is not', null).execute();
  }

  async removeEndedBefore(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('file_jobs').where('ended_at', '<', before).where('staged', 'is', null).execute();
  }
}
