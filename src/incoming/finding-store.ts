// The SQL of findings: what was refused and taken out of sites, found in upload folders, or noted.
import type { Selectable } from 'kysely';
import type { IncomingTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

export type FindingRow = Selectable<IncomingTables['file_findings']>;
export type FindingKind = FindingRow['kind'];
export type NewFinding = Omit<FindingRow, 'site_id' | 'customer_id' | 'restored_at' | 'dropped_at'>;

/** Rows of one statement: 14 values each, SQLite takes 32,766 values. */
const together = 500;
const waiting = 'waiting';

export class FindingStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async find(tx: Tx, site: { readonly id: string; readonly customerId: string }, findings: readonly NewFinding[]): Promise<void> {
    const rows = findings.map((finding) => ({
      ...finding,
      ...{ site_id: site.id, customer_id: site.customerId, restored_at: null, dropped_at: null },
    }));
    for (let at = 0; at < rows.length; at += together)
      await tx
        .insertInto('file_findings')
        .values(rows.slice(at, at + together))
        .onConflict((oc) => oc.doNothing())
        .execute();
  }

  /** @returns findings of the customer's site, newest first */
  page(site: { readonly id: string; readonly customerId: string }, skip: number, count: number): Promise<FindingRow[]> {
    return this.#ofSite(site).selectAll().orderBy('found_at', 'desc').orderBy('id', 'desc').offset(skip).limit(count).execute();
  }

  async total(site: { readonly id: string; readonly customerId: string }): Promise<number> {
    const row = await this.#ofSite(site)
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .executeTakeFirst();
    return Number(row?.total ?? 0);
  }

  #ofSite({ id, customerId }: { readonly id: string; readonly customerId: string }) {
    return this.#connection.db.selectFrom('file_findings').where('site_id', '=', id).where('customer_id', '=', customerId);
  }

  async open(siteId: string): Promise<number> {
    const row = await this.#connection.db
      .selectFrom('file_findings')
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .where('site_id', '=', siteId)
      .where('kind', '=', 'found')
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return Number(row?.total ?? 0);
  }

  finding(siteId: string, id: string): Promise<FindingRow | undefined> {
    const rows = this.#connection.db.selectFrom('file_findings').selectAll();
    return rows.where('site_id', '=', siteId).where('id', '=', id).executeTakeFirst();
  }

  /** @returns what was taken out and is kept, the oldest first; `waiting`: only what could not be judged yet */
  kept(siteId: string, only?: typeof waiting): Promise<FindingRow[]> {
    return this.#connection.db
      .selectFrom('file_findings')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('kind', '=', 'refused')
      .where('restored_at', 'is', null)
      .where('dropped_at', 'is', null)
      .$if(only !== undefined, (query) => query.where('code', '=', waiting))
      .orderBy('found_at')
      .orderBy('id')
      .execute();
  }

  /** @returns bytes of what is kept of one site */
  async keptBytes(siteId: string): Promise<number> {
    const row = await this.#connection.db
      .selectFrom('file_findings')
      .select(({ fn }) => fn.sum<number>('bytes').as('bytes'))
      .where('site_id', '=', siteId)
      .where('kind', '=', 'refused')
      .where('restored_at', 'is', null)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return Number(row?.bytes ?? 0);
  }

  async sitesWaiting(): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('file_findings')
      .select('site_id')
      .distinct()
      .where('code', '=', waiting)
      .where('restored_at', 'is', null)
      .where('dropped_at', 'is', null)
      .execute();
    return rows.map((row) => row.site_id);
  }

  async change(
    tx: Tx,
    id: string,
    values: Partial<Pick<FindingRow, 'kind' | 'code' | 'parameters' | 'stamp' | 'told_at' | 'restored_at' | 'dropped_at'>>,
  ): Promise<boolean> {
    const result = await tx
      .updateTable('file_findings')
      .set(values)
      .where('id', '=', id)
      .where('restored_at', 'is', null)
      .where('dropped_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns what was found and left where it is, and waits for the customer's word: in pages, in the order of ids */
  openOnes(siteId: string, afterId: string, count: number): Promise<FindingRow[]> {
    return this.#connection.db
      .selectFrom('file_findings')
      .selectAll()
      .where('site_id', '=', siteId)
      .where('kind', '=', 'found')
      .where('dropped_at', 'is', null)
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(count)
      .execute();
  }

  /** What a customer held back later counts from then, which is its `told_at`. What waits for their word is never old. */
  old(before: number, count: number): Promise<FindingRow[]> {
    return this.#connection.db
      .selectFrom('file_findings')
      .selectAll()
      .where('found_at', '<', before)
      .where((eb) => eb.or([eb('told_at', 'is', null), eb('told_at', '<', before)]))
      .where((eb) => eb.or([eb('kind', '!=', 'found'), eb('dropped_at', 'is not', null)]))
      .limit(count)
      .execute();
  }

  async remove(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.deleteFrom('file_findings').where('id', 'in', ids).execute();
  }

  /** @returns sites of which something is to be told */
  async sitesUntold(): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('file_findings')
      .select('site_id')
      .distinct()
      .where('told_at', 'is', null)
      .execute();
    return rows.map((row) => row.site_id);
  }

  async lastToldAt(tx: Tx, siteId: string, kind: FindingKind): Promise<number> {
    const row = await tx
      .selectFrom('file_findings')
      .select(({ fn }) => fn.max('told_at').as('at'))
      .where('site_id', '=', siteId)
      .where('kind', '=', kind)
      .executeTakeFirst();
    return Number(row?.at ?? 0);
  }

  untold(tx: Tx, siteId: string, kind: FindingKind, count: number): Promise<FindingRow[]> {
    const rows = tx.selectFrom('file_findings').selectAll().where('site_id', '=', siteId).where('kind', '=', kind);
    return rows.where('told_at', 'is', null).orderBy('found_at').limit(count).execute();
  }

  /** @returns how many there were */
  async markTold(tx: Tx, siteId: string, kind: FindingKind, now: number): Promise<number> {
    const result = await tx
      .updateTable('file_findings')
      .set({ told_at: now })
      .where('site_id', '=', siteId)
      .where('kind', '=', kind)
      .where('told_at', 'is', null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows);
  }
}
