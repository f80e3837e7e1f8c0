// What stands between a person and their password: wrong ones in a row, and that it was closed until a mailed reset.
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

/**
 * `disowned`: "this was not me" · `failures`: too many wrong ones in a row · `codes`: somebody who knows it tries second factors ·
 * `leaked`: it stands on a list of breached passwords · `suspect`: the operator has named the account.
 */
export type ClosingReason = 'disowned' | 'failures' | 'codes' | 'leaked' | 'suspect';

/** A row a person, made when it is needed. Errors: PanelError 503 when the database does not answer. */
export class PasswordWays {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor({ connection, clock }: { connection: Connection; clock: Clock }) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * Counts one attempt as wrong, before its password is looked at; of attempts at once each gets another number.
   * @param personId whoever the name or address that was typed belongs to
   * @returns how many in a row, this one included; 0 for nobody, for whom the same statement is run
   */
  async count(personId: string | undefined): Promise<number> {
    const row = await this.#connection.write((tx) =>
      tx
        .insertInto('password_ways')
        .columns(['person_id', 'failures'])
        .expression((query) =>
          query
            .selectFrom('persons')
            .select(({ ref, val }) => [ref('id').as('person_id'), val(1).as('failures')])
            .where('id', '=', personId ?? ''),
        )
        .onConflict((oc) => oc.column('person_id').doUpdateSet((eb) => ({ failures: eb('password_ways.failures', '+', 1) })))
        .returning('failures')
        .executeTakeFirst(),
    );
    return row?.failures ?? 0;
  }

  /** Nothing was looked at after all. */
  async takeBack(personId: string): Promise<void> {
    await this.#connection.write((tx) =>
      tx
        .updateTable('password_ways')
        .set((eb) => ({ failures: eb('failures', '-', 1) }))
        .where('failures', '>', 0)
        .where('person_id', '=', personId)
        .execute(),
    );
  }

  /** A password was right. */
  async clear(personId: string): Promise<void> {
    await this.#connection.write((tx) =>
      tx.updateTable('password_ways').set({ failures: 0 }).where('person_id', '=', personId).execute(),
    );
  }

  async isClosed(tx: Tx, personId: string): Promise<boolean> {
    const row = await tx
      .selectFrom('password_ways')
      .select('closed_at')
      .where('person_id', '=', personId)
      .forUpdate()
      .executeTakeFirst();
    return row !== undefined && row.closed_at !== null;
  }

  /** A new password was set. */
  async open(tx: Tx, personId: string): Promise<void> {
    await tx
      .updateTable('password_ways')
      .set({ failures: 0, closed_at: null, closed_because: null })
      .where('person_id', '=', personId)
      .execute();
  }

  async close(tx: Tx, personId: string, reason: ClosingReason): Promise<void> {
    const closed = { closed_at: this.#clock.now(), closed_because: reason };
    await tx
      .insertInto('password_ways')
      .values({ person_id: personId, failures: 0, ...closed })
      .onConflict((oc) => oc.column('person_id').doUpdateSet(closed))
      .execute();
  }

  /**
   * Notes that this list of suspects has come to this person.
   * @param list a digest of the list
   * @returns false when it had come before
   */
  async isNewOnList(tx: Tx, personId: string, list: string): Promise<boolean> {
    const row = await tx
      .insertInto('password_ways')
      .values({ person_id: personId, failures: 0, suspect_list: list })
      .onConflict((oc) =>
        oc
          .column('person_id')
          .doUpdateSet({ suspect_list: list })
          .where((eb) => eb.or([eb('password_ways.suspect_list', 'is', null), eb('password_ways.suspect_list', '!=', list)])),
      )
      .returning('person_id')
      .executeTakeFirst();
    return row !== undefined;
  }
}
