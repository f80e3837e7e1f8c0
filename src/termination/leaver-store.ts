// The SQL of a customer who leaves: what closing ends, what undoing brings back, who belongs to nobody else, and what is still under way.
import { sql } from 'kysely';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { KeptContract } from './kept.ts';
import type { Closure } from './store.ts';

export class LeaverStore {
  readonly #connection: Connection;

  constructor({ connection }: { connection: Connection }) {
    this.#connection = connection;
  }

  /**
   * Undoes `shut` as far as it can be: sessions and links stay void, and so does a site that was suspended for a reason of its own
   * meanwhile, which its moment tells (`SiteStore.setSuspended`).
   */
  async unshut(tx: Tx, { customerId, answeringSites, closedAt }: Closure): Promise<void> {
    await tx.updateTable('customers').set({ closed_at: null }).where('id', '=', customerId).execute();
    if (answeringSites.length > 0)
      await tx
        .updateTable('sites')
        .set({ suspended_at: null })
        .where('id', 'in', [...answeringSites])
        .where('suspended_at', '=', closedAt)
        .execute();
  }

  /**
   * Everything that lets somebody in through the panel ends in this transaction: places, sessions, links that were mailed, invitations,
   * grants and links of downloads. Sites are suspended; what hangs on them follows by `sites.enforce`.
   * @returns the ids of the sites that answered until now
   */
  async shut(tx: Tx, customerId: string, personIds: readonly string[], now: number): Promise<string[]> {
    await tx.updateTable('customers').set({ closed_at: now }).where('id', '=', customerId).execute();
    const answering = await tx
      .updateTable('sites')
      .set({ suspended_at: now })
      .where('customer_id', '=', customerId)
      .where('suspended_at', 'is', null)
      .where('terminated_at', 'is', null)
      .returning('id')
      .execute();
    for (const table of ['sessions', 'download_grants', 'database_grants', 'backup_links'] as const)
      await tx.deleteFrom(table).where('customer_id', '=', customerId).execute();
    await tx
      .updateTable('invitations')
      .set({ withdrawn_at: now })
      .where('customer_id', '=', customerId)
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .execute();
    await this.#shutOut(tx, personIds, now);
    return answering.map(({ id }) => id);
  }

  /** Who has no other place has no session, no mailed link and no change under way any more. */
  async #shutOut(tx: Tx, personIds: readonly string[], now: number): Promise<void> {
    if (personIds.length === 0) return;
    const ids = [...personIds];
    await tx.deleteFrom('sessions').where('person_id', 'in', ids).execute();
    await tx
      .updateTable('mailed_tokens')
      .set({ used_at: now })
      .where('person_id', 'in', ids)
      .where('used_at', 'is', null)
      .execute();
    await tx
      .updateTable('address_changes')
      .set({ ended_at: now })
      .where('person_id', 'in', ids)
      .where('ended_at', 'is', null)
      .execute();
  }

  /** From now on nothing begins on the customer's sites any more. @returns all of them, those that were terminated before as well */
  async terminate(tx: Tx, customerId: string, now: number): Promise<string[]> {
    await tx
      .updateTable('sites')
      .set({ terminated_at: now })
      .where('customer_id', '=', customerId)
      .where('terminated_at', 'is', null)
      .execute();
    await tx
      .updateTable('orders')
      .set({ ended_at: now })
      .where('customer_id', '=', customerId)
      .where('ended_at', 'is', null)
      .execute();
    const rows = await tx.selectFrom('sites').select('id').where('customer_id', '=', customerId).orderBy('id').execute();
    return rows.map(({ id }) => id);
  }

  /** @returns those customers that there are */
  async existing(customerIds: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (let at = 0; at < customerIds.length; at += 500) {
      const query = this.#connection.db
        .selectFrom('customers')
        .select('id')
        .where('id', 'in', customerIds.slice(at, at + 500));
      for (const { id } of await query.execute()) found.add(id);
    }
    return found;
  }

  /**
   * @param others `open`: places at customers that are open count · `any`: those at closed ones too, which may be undone
   * @returns persons who have or had a place at this customer, and no valid one elsewhere
   */
  async membersOfNobodyElse(
    customerId: string,
    { now, others, reader = this.#connection.db }: { now: number; others: 'open' | 'any'; reader?: Reader },
  ): Promise<string[]> {
    const elsewhere = reader
      .selectFrom('memberships as other')
      .innerJoin('customers', 'customers.id', 'other.customer_id')
      .select('other.person_id')
      .where('other.customer_id', '!=', customerId)
      .where('other.ended_at', 'is', null)
      .where((eb) => eb.or([eb('other.expires_at', 'is', null), eb('other.expires_at', '>', now)]))
      .$if(others === 'open', (query) => query.where('customers.closed_at', 'is', null));
    const rows = await reader
      .selectFrom('memberships')
      .select('person_id')
      .distinct()
      .where('customer_id', '=', customerId)
      .where('person_id', 'not in', elsewhere)
      .execute();
    return rows.map(({ person_id }) => person_id);
  }

  /** @returns owners whose address a letter has proven, the first before; the customer may be closed */
  async owners(customerId: string): Promise<string[]> {
    const rows = await this.#connection.db
      .selectFrom('memberships')
      .innerJoin('persons', 'persons.id', 'memberships.person_id')
      .select('persons.id')
      .where('memberships.customer_id', '=', customerId)
      .where('memberships.role', '=', 'owner')
      .where('memberships.ended_at', 'is', null)
      .where('persons.verified_at', 'is not', null)
      .orderBy('memberships.created_at')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** @returns what is still under way on the customer's sites, by kind: nothing is removed beneath it. @param since signs of life older than this are none */
  async underWay(siteId: string, since: number): Promise<string[]> {
    const { rows } = await sql<{ what: string }>`
      select 'acts' as what from file_acts where site_id = ${siteId} and held_until > ${since}
      union all select 'backups' from backups where site_id = ${siteId} and state = 'running' and coalesce(moved_at, started_at, 0) > ${since}
      union all select 'drills' from backup_drills where site_id = ${siteId} and ended_at is null and run_id is not null and coalesce(moved_at, 0) > ${since}
      union all select 'imports' from database_imports where site_id = ${siteId} and state = 'running' and coalesce(moved_at, queued_at) > ${since}
      union all select 'restores' from restores where site_id = ${siteId} and ended_at is null and moved_at > ${since}
      union all select 'moves' from site_moves where site_id = ${siteId} and ended_at is null and seen_at > ${since}`.execute(
      this.#connection.owner,
    );
    return [...new Set(rows.map(({ what }) => what))];
  }

  /** @returns outages that the customer's contract counts, oldest first */
  async outages(customerId: string): Promise<KeptContract['outages']> {
    const rows = await this.#connection.db
      .selectFrom('outage_sites')
      .selectAll()
      .where('customer_id', '=', customerId)
      .orderBy('started_at')
      .execute();
    return rows.map((row) => ({
      ...{ outageId: row.outage_id, plan: row.plan, priceWon: row.price_won, slaVersion: row.sla_version },
      ...{ startedAt: row.started_at, endedAt: row.ended_at, toldAt: row.told_at },
    }));
  }
}
