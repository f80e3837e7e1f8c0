// The SQL of what became of consents: results that were told, and reminders of consent to advertising.
import type { Connection, Tx } from '../platform/database/database.ts';

/** An agreement to advertising that has to be brought to mind. */
export type DueReminder = {
  readonly id: string;
  readonly personId: string;
  readonly customerId: string;
  readonly at: number;
  readonly item: string;
};

export class ReceiptStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async noteResult(tx: Tx, consentId: string, sentAt: number): Promise<void> {
    await tx.insertInto('consents_results').values({ consent_id: consentId, sent_at: sentAt }).execute();
  }

  /** @returns when the result of each was told, as far as it was */
  async results(consentIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (consentIds.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('consents_results')
      .selectAll()
      .where('consent_id', 'in', [...consentIds])
      .execute();
    return new Map(rows.map(({ consent_id, sent_at }) => [consent_id, sent_at]));
  }

  /**
   * @param before agreements whose two years end before this moment
   * @param remindedSince of which nobody was reminded since
   * @returns a page, in the order of ids; without what was taken back
   */
  async due(of: { before: number; remindedSince: number; afterId: string; count: number }): Promise<DueReminder[]> {
    const rows = await this.#connection.db
      .selectFrom('consents as given')
      .select(['given.id', 'given.actor_person_id', 'given.customer_id', 'given.at', 'given.item'])
      .where('given.reconfirm_by', '<=', of.before)
      .where('given.agreed', '=', 1)
      .where('given.id', '>', of.afterId)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('consents as taken').select('taken.id').whereRef('taken.withdraws', '=', 'given.id'))),
      )
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('consent_reminders as told')
              .select('told.consent_id')
              .whereRef('told.consent_id', '=', 'given.id')
              .where('told.sent_at', '>', of.remindedSince),
          ),
        ),
      )
      .orderBy('given.id')
      .limit(of.count)
      .execute();
    return rows.map(({ actor_person_id: personId, customer_id: customerId, ...row }) => ({ ...row, personId, customerId }));
  }

  /** @returns whether nobody was reminded of it since: of several workers one is told so */
  async noteReminder(tx: Tx, consentId: string, { now, since }: { now: number; since: number }): Promise<boolean> {
    // Whoever comes second waits here, and then sees what the first one has written.
    await tx.selectFrom('consents').select('id').where('id', '=', consentId).forUpdate().executeTakeFirst();
    const known = await tx
      .selectFrom('consent_reminders')
      .select('consent_id')
      .where('consent_id', '=', consentId)
      .where('sent_at', '>', since)
      .executeTakeFirst();
    if (known) return false;
    await tx.insertInto('consent_reminders').values({ consent_id: consentId, sent_at: now }).execute();
    return true;
  }
}
