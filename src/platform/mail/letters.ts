// Letters are rows, written in the transaction of their cause, rendered when they are sent and emptied once they are.
import type { Selectable } from 'kysely';
import type { PlatformTables } from '../../migrations/schema.ts';
import type { Clock } from '../clock.ts';
import type { Connection, Tx } from '../database/database.ts';
import { newId } from '../ids.ts';
import { lastError } from '../jobs/failure.ts';
import type { Queue } from '../jobs/port.ts';
import type { Secrets } from '../secrets.ts';
import type { Letter, Mailer } from './port.ts';

type Row = Selectable<PlatformTables['letters']>;
type Language = Row['language'];
type Parameters = Readonly<Record<string, string | number>>;

/** What a letter says, from its template. */
export type Render = (
  template: string,
  language: Language,
  parameters: Parameters,
) => Promise<Pick<Letter, 'subject' | 'text' | 'html' | 'attachments'>>;

export type NewLetter = {
  readonly template: string;
  /** the language of the receiver's account */
  readonly language: Language;
  readonly to: string;
  readonly parameters: Parameters;
  readonly actorPersonId?: string | null;
  readonly customerId?: string | null;
};

export type LettersParts = {
  readonly connection: Connection;
  readonly queue: Queue;
  readonly mailer: Mailer;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly render: Render;
};

/** With the queue's pauses about 15 hours of a mail server that does not answer. */
const maximumAttempts = 24;

export class Letters {
  readonly #parts: LettersParts;

  constructor(parts: LettersParts) {
    this.#parts = parts;
  }

  /**
   * Writes the letter and the job that sends it: both exist if and only if the caller's transaction is committed.
   * @returns its id, for `sentAt`
   */
  async queue(tx: Tx, letter: NewLetter): Promise<string> {
    const { secrets, clock } = this.#parts;
    const id = newId(clock.now());
    const { template, language, to, parameters, actorPersonId = null, customerId = null } = letter;
    await tx
      .insertInto('letters')
      .values({
        id,
        template,
        language,
        recipient_sealed: secrets.seal(to, place(id, 'recipient_sealed')),
        parameters_sealed: secrets.seal(JSON.stringify(parameters), place(id, 'parameters_sealed')),
        actor_person_id: actorPersonId,
        customer_id: customerId,
        created_at: clock.now(),
        sent_at: null,
        failed_at: null,
        attempts: 0,
        last_error: null,
      })
      .execute();
    await this.#queueSending(tx, { id, actor_person_id: actorPersonId, customer_id: customerId });
    return id;
  }

  /** @returns when the mail server took the letter, epoch milliseconds; null while it did not */
  async sentAt(letterId: string): Promise<number | null> {
    const row = await this.#parts.connection.db
      .selectFrom('letters')
      .select('sent_at')
      .where('id', '=', letterId)
      .executeTakeFirst();
    return row?.sent_at ?? null;
  }

  /**
   * Sends one letter, the hand of `letters.send`. One that was sent, or is no more, is left alone; a repetition after a crash
   * carries the same message id. A letter whose last attempt failed keeps its sealed values, for `retry`.
   * @throws what kept it from being sent
   */
  async send(letterId: string, lastAttempt = false): Promise<void> {
    const row = await this.#parts.connection.db
      .selectFrom('letters')
      .selectAll()
      .where('id', '=', letterId)
      .where('sent_at', 'is', null)
      .executeTakeFirst();
    if (!row?.recipient_sealed || !row.parameters_sealed) return;
    try {
      await this.#parts.mailer.send(await this.#rendered(row, row.recipient_sealed, row.parameters_sealed));
    } catch (error) {
      const failedAt = lastAttempt ? this.#parts.clock.now() : null;
      await this.#note(row, { failed_at: failedAt, last_error: lastError(error) });
      throw error;
    }
    const sentAt = this.#parts.clock.now();
    await this.#note(row, {
      sent_at: sentAt,
      failed_at: null,
      last_error: null,
      recipient_sealed: null,
      parameters_sealed: null,
    });
  }

  /** Sends a failed letter once more, from its first attempt on; any other, or one that was emptied, is left alone. */
  async retry(letterId: string): Promise<void> {
    await this.#parts.connection.write(async (tx) => {
      const row = await tx
        .updateTable('letters')
        .set({ failed_at: null, attempts: 0, last_error: null })
        .where('id', '=', letterId)
        .where('failed_at', 'is not', null)
        .where('recipient_sealed', 'is not', null)
        .returningAll()
        .executeTakeFirst();
      if (row) await this.#queueSending(tx, row);
    });
  }

  /**
   * Whose letters go with a person: who causes a letter is not always who gets it, and an invitation belongs to the customer that it is
   * sent for.
   * @param addresses the person's own
   * @returns ids of what the person caused of this customer or of none, and of what is on its way to them
   */
  async ofPerson(
    personId: string,
    { customerId, addresses }: { customerId: string; addresses: readonly string[] },
  ): Promise<string[]> {
    const rows = await this.#parts.connection.db
      .selectFrom('letters')
      .select(['id', 'customer_id', 'recipient_sealed'])
      .where('actor_person_id', '=', personId)
      .execute();
    const isTheirs = ({ id, customer_id, recipient_sealed }: (typeof rows)[number]) =>
      customer_id === null ||
      customer_id === customerId ||
      (recipient_sealed !== null &&
        addresses.includes(this.#parts.secrets.open(recipient_sealed, place(id, 'recipient_sealed'))));
    return rows.filter(isTheirs).map(({ id }) => id);
  }

  /** Letters that wait to be sent, and those without an attempt left whose values are still there to send them. */
  async counts(): Promise<{ readonly waiting: number; readonly failed: number }> {
    const row = await this.#parts.connection.db
      .selectFrom('letters')
      .select((eb) => [
        eb.fn.countAll<number>().filterWhere('failed_at', 'is', null).as('waiting'),
        eb.fn
          .countAll<number>()
          .filterWhere('failed_at', 'is not', null)
          .filterWhere('recipient_sealed', 'is not', null)
          .as('failed'),
      ])
      .where('sent_at', 'is', null)
      .executeTakeFirstOrThrow();
    return { waiting: Number(row.waiting), failed: Number(row.failed) };
  }

  /** Empties the letters that failed before `before`, in epoch milliseconds: what nobody retried is not kept. */
  async emptyFailed(before: number): Promise<void> {
    await this.#parts.connection.write((tx) =>
      tx
        .updateTable('letters')
        .set({ recipient_sealed: null, parameters_sealed: null })
        .where('failed_at', '<', before)
        .where('recipient_sealed', 'is not', null)
        .execute(),
    );
  }

  async #queueSending(tx: Tx, row: Pick<Row, 'id' | 'actor_person_id' | 'customer_id'>): Promise<void> {
    const payload = { letterId: row.id, actorPersonId: row.actor_person_id, customerId: row.customer_id };
    await this.#parts.queue.add(tx, 'letters.send', payload, { key: `letters.send:${row.id}`, lane: 'short', maximumAttempts });
  }

  async #rendered(row: Row, recipientSealed: string, parametersSealed: string): Promise<Letter> {
    const { secrets, render } = this.#parts;
    const to = secrets.open(recipientSealed, place(row.id, 'recipient_sealed'));
    const parameters = JSON.parse(secrets.open(parametersSealed, place(row.id, 'parameters_sealed')));
    return { ...(await render(row.template, row.language, parameters)), to, messageId: row.id };
  }

  async #note(row: Row, outcome: Partial<Row>): Promise<void> {
    await this.#parts.connection.write((tx) =>
      tx
        .updateTable('letters')
        .set((eb) => ({ ...outcome, attempts: eb('attempts', '+', 1) }))
        .where('id', '=', row.id)
        .where('sent_at', 'is', null)
        .execute(),
    );
  }
}

const place = (row: string, column: string) => ({ table: 'letters', column, row });
