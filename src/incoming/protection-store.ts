// The SQL of folder protection: proposals, and one row a site of what was looked at, searched and told to the web server.
import type { Selectable } from 'kysely';
import type { IncomingTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { LikelyFolder } from './detection.ts';

export type ScanRow = Selectable<IncomingTables['folder_scans']>;
export type ProposalRow = Selectable<IncomingTables['folder_proposals']>;

export class ProtectionStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async scan(siteId: string): Promise<ScanRow | undefined> {
    const row = await this.#connection.db.selectFrom('folder_scans').selectAll().where('site_id', '=', siteId).executeTakeFirst();
    return row && { ...row, files: Number(row.files), found: Number(row.found) };
  }

  /** @returns by site, of those that have one */
  async scans(
    siteIds: readonly string[],
  ): Promise<Map<string, Pick<ScanRow, 'requested_at' | 'searched_at' | 'searched_files'>>> {
    if (siteIds.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('folder_scans')
      .select(['site_id', 'requested_at', 'searched_at', 'searched_files'])
      .where('site_id', 'in', siteIds)
      .execute();
    return new Map(rows.map(({ site_id, ...row }) => [site_id, row]));
  }

  async setScan(tx: Tx, siteId: string, values: Partial<Omit<ScanRow, 'site_id'>>): Promise<void> {
    await tx
      .insertInto('folder_scans')
      .values({ ...emptyScan, ...values, site_id: siteId })
      .onConflict((oc) => oc.column('site_id').doUpdateSet(values))
      .execute();
  }

  /** @returns whether it is this caller who asks for it: of several only one does */
  async request(tx: Tx, siteId: string, dueAt: number, now: number): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('folder_scans')
      .values({ ...emptyScan, site_id: siteId, requested_at: now })
      .onConflict((oc) =>
        oc
          .column('site_id')
          .doUpdateSet({ requested_at: now })
          .where((eb) => eb.or([eb('folder_scans.requested_at', 'is', null), eb('folder_scans.requested_at', '<', dueAt)])),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** @returns proposals that wait for an answer, or every one */
  proposals(siteId: string, { all = false } = {}): Promise<ProposalRow[]> {
    const rows = this.#connection.db.selectFrom('folder_proposals').selectAll().where('site_id', '=', siteId).orderBy('path');
    return rows.$if(!all, (query) => query.where('declined_at', 'is', null)).execute();
  }

  /** Puts what was found now in the place of what was; what was declined stays so. */
  async propose(tx: Tx, siteId: string, found: readonly LikelyFolder[], now: number): Promise<void> {
    const rows = found.map(({ path, program }) => ({
      site_id: siteId,
      path: path.join('/'),
      program,
      proposed_at: now,
      declined_at: null,
    }));
    const paths = rows.map(({ path }) => path);
    await tx
      .deleteFrom('folder_proposals')
      .where('site_id', '=', siteId)
      .where('declined_at', 'is', null)
      .$if(paths.length > 0, (query) => query.where('path', 'not in', paths))
      .execute();
    if (rows.length > 0)
      await tx
        .insertInto('folder_proposals')
        .values(rows)
        .onConflict((oc) => oc.doNothing())
        .execute();
  }

  /** Proposed or not, this one is not wanted. @returns false when that was known */
  async decline(tx: Tx, siteId: string, { path, program }: LikelyFolder, now: number): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('folder_proposals')
      .values({ site_id: siteId, path: path.join('/'), program, proposed_at: now, declined_at: now })
      .onConflict((oc) =>
        oc.columns(['site_id', 'path']).doUpdateSet({ declined_at: now }).where('folder_proposals.declined_at', 'is', null),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async forgetProposals(tx: Tx, siteId: string, paths: readonly string[]): Promise<void> {
    if (paths.length > 0)
      await tx.deleteFrom('folder_proposals').where('site_id', '=', siteId).where('path', 'in', paths).execute();
  }
}

const emptyScan: Omit<ScanRow, 'site_id'> = {
  requested_at: null,
  started_at: null,
  finished_at: null,
  files: 0,
  found: 0,
  fault: null,
  searched_at: null,
  searched_files: null,
  written_at: null,
  write_fault: null,
};
