// The SQL of requests for SSH. Every query for a person's page contains the customer; key, networks and reasons lie sealed.
import type { Selectable } from 'kysely';
import type { SshTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { PublicKey } from './keys.ts';

type Row = Selectable<SshTables['ssh_requests']>;
export type SshEnd = NonNullable<Row['ended_because']>;

/** Times in epoch milliseconds; null: it did not happen. */
export type SshRequest = {
  readonly id: string;
  readonly customerId: string;
  readonly siteId: string;
  readonly personId: string;
  readonly key: PublicKey;
  readonly networks: readonly string[];
  readonly endsAt: number;
  readonly consentId: string;
  readonly consentVersion: string;
  readonly requestedAt: number;
  readonly approvedAt: number | null;
  readonly refusedAt: number | null;
  readonly reason: string | null;
  readonly withdrawnAt: number | null;
  readonly remindedAt: number | null;
  readonly endedAt: number | null;
  readonly endedBecause: SshEnd | null;
};

export type NewRequest = Pick<
  SshRequest,
  'id' | 'customerId' | 'siteId' | 'personId' | 'key' | 'networks' | 'endsAt' | 'consentId' | 'consentVersion' | 'requestedAt'
>;

const place = (column: string, row: string) => ({ table: 'ssh_requests', column, row });

export class SshStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @returns false when a request of this site is open already */
  async add(tx: Tx, request: NewRequest): Promise<boolean> {
    const { id, key, networks } = request;
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('ssh_requests')
      .values({
        id,
        customer_id: request.customerId,
        site_id: request.siteId,
        actor_person_id: request.personId,
        key_kind: key.kind,
        key_fingerprint: key.fingerprint,
        key_sealed: this.#secrets.seal(key.line, place('key_sealed', id)),
        networks_sealed: this.#secrets.seal(networks.join('\n'), place('networks_sealed', id)),
        ends_at: request.endsAt,
        consent_id: request.consentId,
        consent_version: request.consentVersion,
        requested_at: request.requestedAt,
        approved_at: null,
        refused_at: null,
        reason_sealed: null,
        withdrawn_at: null,
        reminded_at: null,
        ended_at: null,
        ended_because: null,
      })
      .onConflict((conflict) =>
        conflict
          .column('site_id')
          .where('approved_at', 'is', null)
          .where('refused_at', 'is', null)
          .where('withdrawn_at', 'is', null)
          .doNothing(),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** @returns the newest of a site first, as many as a page shows */
  async ofSite(customerId: string, siteId: string, count: number): Promise<SshRequest[]> {
    const rows = await this.#connection.db
      .selectFrom('ssh_requests')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('site_id', '=', siteId)
      .orderBy('requested_at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .execute();
    return rows.map((row) => this.#request(row));
  }

  /** For the operator and for jobs: whoever it belongs to. */
  async byId(id: string, reader: Reader = this.#connection.db): Promise<SshRequest | undefined> {
    const row = await reader.selectFrom('ssh_requests').selectAll().where('id', '=', id).executeTakeFirst();
    return row && this.#request(row);
  }

  /** @returns whether anybody was ever let in at this site */
  async wasGranted(siteId: string): Promise<boolean> {
    const row = await this.#connection.db
      .selectFrom('ssh_requests')
      .select('id')
      .where('site_id', '=', siteId)
      .where('approved_at', 'is not', null)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** @returns those that wait for the operator, and those in force, oldest first */
  async current(): Promise<SshRequest[]> {
    const rows = await this.#connection.db
      .selectFrom('ssh_requests')
      .selectAll()
      .where('refused_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .where('ended_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map((row) => this.#request(row));
  }

  /** @returns false when it is not open any more */
  async settle(tx: Tx, id: string, how: Partial<Pick<Row, 'approved_at' | 'refused_at' | 'withdrawn_at'>>, reason?: string) {
    const result = await tx
      .updateTable('ssh_requests')
      .set({ ...how, ...(reason !== undefined && { reason_sealed: this.#secrets.seal(reason, place('reason_sealed', id)) }) })
      .where('id', '=', id)
      .where('approved_at', 'is', null)
      .where('refused_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** Notes the consent given last. @returns false when the request does not wait any more */
  async agreeAgain(tx: Tx, id: string, consent: { id: string; version: string }): Promise<boolean> {
    const result = await tx
      .updateTable('ssh_requests')
      .set({ consent_id: consent.id, consent_version: consent.version })
      .where('id', '=', id)
      .where('approved_at', 'is', null)
      .where('refused_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when it had ended before, or was never in force */
  async end(tx: Tx, id: string, at: number, because: SshEnd): Promise<boolean> {
    const result = await tx
      .updateTable('ssh_requests')
      .set({ ended_at: at, ended_because: because })
      .where('id', '=', id)
      .where('approved_at', 'is not', null)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when somebody was faster */
  async noteReminder(tx: Tx, id: string, at: number): Promise<boolean> {
    const result = await tx
      .updateTable('ssh_requests')
      .set({ reminded_at: at })
      .where('id', '=', id)
      .where('reminded_at', 'is', null)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  #request(row: Row): SshRequest {
    const open = (column: 'key_sealed' | 'networks_sealed' | 'reason_sealed') =>
      this.#secrets.open(row[column] ?? '', place(column, row.id));
    return {
      id: row.id,
      customerId: row.customer_id,
      siteId: row.site_id,
      personId: row.actor_person_id,
      key: { kind: row.key_kind, line: open('key_sealed'), fingerprint: row.key_fingerprint },
      networks: open('networks_sealed').split('\n'),
      endsAt: row.ends_at,
      consentId: row.consent_id,
      consentVersion: row.consent_version,
      requestedAt: row.requested_at,
      approvedAt: row.approved_at,
      refusedAt: row.refused_at,
      reason: row.reason_sealed === null ? null : open('reason_sealed'),
      withdrawnAt: row.withdrawn_at,
      remindedAt: row.reminded_at,
      endedAt: row.ended_at,
      endedBecause: row.ended_because,
    };
  }
}
