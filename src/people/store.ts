// The SQL of invitations. Every query for a person's page contains the customer; the letter's token is kept as a hash only.
import type { Selectable } from 'kysely';
import type { PeopleTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import type { Invitation } from './invitations.ts';

type Row = Selectable<PeopleTables['invitations']>;

export class InvitationStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @returns false when one to this address is open already */
  async add(tx: Tx, invitation: Invitation, { token, emailIndex }: { token: string; emailIndex: string }): Promise<boolean> {
    const { id, email, networks } = invitation;
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('invitations')
      .values({
        id,
        customer_id: invitation.customerId,
        inviter_person_id: invitation.inviterId,
        email_sealed: this.#secrets.seal(email, place('email_sealed', id)),
        email_index: emailIndex,
        role: invitation.role,
        site_ids: JSON.stringify(invitation.siteIds),
        networks_sealed: networks.length === 0 ? null : this.#secrets.seal(networks.join('\n'), place('networks_sealed', id)),
        language: invitation.language,
        place_ends_at: invitation.endsAt,
        token_hash: hashToken(token),
        created_at: invitation.createdAt,
        expires_at: invitation.expiresAt,
        accepted_at: null,
        withdrawn_at: null,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['customer_id', 'email_index'])
          .where('accepted_at', 'is', null)
          .where('withdrawn_at', 'is', null)
          .doNothing(),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** Those that are neither accepted nor withdrawn, newest first; letters that are too old as well. */
  async open(customerId: string, reader: Reader = this.#connection.db): Promise<Invitation[]> {
    const rows = await reader
      .selectFrom('invitations')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .orderBy('id', 'desc')
      .execute();
    return rows.map((row) => this.#invitation(row));
  }

  async byToken(token: string, now: number, reader: Reader = this.#connection.db): Promise<Invitation | undefined> {
    const row = await reader
      .selectFrom('invitations')
      .innerJoin('customers', 'customers.id', 'invitations.customer_id')
      .selectAll('invitations')
      .where('token_hash', '=', hashToken(token))
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .where('expires_at', '>', now)
      .where((eb) => eb.or([eb('place_ends_at', 'is', null), eb('place_ends_at', '>', now)]))
      .where('customers.closed_at', 'is', null)
      .executeTakeFirst();
    return row && this.#invitation(row);
  }

  /** Uses the letter's link up, once. @returns false when somebody was faster */
  async accept(tx: Tx, id: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('invitations')
      .set({ accepted_at: now })
      .where('id', '=', id)
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** @returns false when it was accepted or withdrawn meanwhile, or is somebody else's */
  async withdraw(tx: Tx, customerId: string, id: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('invitations')
      .set({ withdrawn_at: now })
      .where('customer_id', '=', customerId)
      .where('id', '=', id)
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** A new link; the old one is void. */
  async renew(tx: Tx, id: string, { token, expiresAt }: { token: string; expiresAt: number }): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable('invitations')
      .set({ token_hash: hashToken(token), expires_at: expiresAt })
      .where('id', '=', id)
      .where('accepted_at', 'is', null)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Deletes invitations whose letter was too old before `before`, whatever became of them: their addresses are not needed any more. */
  async sweep(tx: Tx, before: number): Promise<void> {
    await tx.deleteFrom('invitations').where('expires_at', '<', before).execute();
  }

  #invitation(row: Row): Invitation {
    const { id } = row;
    const networks = row.networks_sealed;
    return {
      id,
      customerId: row.customer_id,
      inviterId: row.inviter_person_id,
      email: this.#secrets.open(row.email_sealed, place('email_sealed', id)),
      role: row.role,
      siteIds: JSON.parse(row.site_ids),
      networks: networks === null ? [] : this.#secrets.open(networks, place('networks_sealed', id)).split('\n'),
      language: row.language,
      endsAt: row.place_ends_at,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    };
  }
}

const place = (column: string, row: string) => ({ table: 'invitations', column, row });
