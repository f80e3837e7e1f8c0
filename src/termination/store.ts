// The SQL of closed accounts, and of how far the erasure of each has come.
import type { Selectable } from 'kysely';
import type { ClosureReason, TerminationTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';

type Row = Selectable<TerminationTables['closures']>;

export type Closure = {
  readonly id: string;
  readonly customerId: string;
  readonly because: ClosureReason;
  readonly answeringSites: readonly string[];
  /** epoch milliseconds, as all times here */
  readonly closedAt: number;
  readonly eraseAt: number;
  readonly heldAt: number | null;
  readonly reopenedAt: number | null;
  readonly begunAt: number | null;
  readonly erasedAt: number | null;
  readonly letterId: string | null;
  readonly certificate: string | null;
  readonly fault: string | null;
};

export type ClosureChange = Partial<
  Pick<
    Row,
    | 'begun_at'
    | 'erased_at'
    | 'held_at'
    | 'erase_at'
    | 'reopened_at'
    | 'letter_id'
    | 'certificate'
    | 'certificate_hash'
    | 'fault'
    | 'said_sealed'
  >
>;

export type DoneStep = { readonly step: string; readonly subject: string; readonly counts: Readonly<Record<string, number>> };

const fromRow = (row: Row): Closure => ({
  id: row.id,
  customerId: row.customer_id,
  because: row.because,
  answeringSites: JSON.parse(row.answering_sites),
  closedAt: row.closed_at,
  eraseAt: row.erase_at,
  heldAt: row.held_at,
  reopenedAt: row.reopened_at,
  begunAt: row.begun_at,
  erasedAt: row.erased_at,
  letterId: row.letter_id,
  certificate: row.certificate,
  fault: row.fault,
});

const place = (row: string) => ({ table: 'closures', column: 'said_sealed', row });

export class ClosureStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor({ connection, secrets }: { connection: Connection; secrets: Secrets }) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @returns false when the account is closed already; then nothing was written */
  async add(
    tx: Tx,
    closure: Pick<Closure, 'id' | 'customerId' | 'because' | 'answeringSites' | 'closedAt' | 'eraseAt'> & {
      readonly said: string;
    },
  ): Promise<boolean> {
    const { id, customerId, because, answeringSites, closedAt, eraseAt, said } = closure;
    const never = { held_at: null, reopened_at: null, begun_at: null, erased_at: null, fault: null };
    const result = await tx
      .insertInto('closures')
      .values({
        ...{ id, customer_id: customerId, because, closed_at: closedAt, erase_at: eraseAt },
        ...{
          said_sealed: said === '' ? null : this.#secrets.seal(said, place(id)),
          answering_sites: JSON.stringify(answeringSites),
        },
        ...{ ...never, letter_id: null, certificate: null, certificate_hash: null },
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async change(tx: Tx, id: string, change: ClosureChange): Promise<void> {
    await tx.updateTable('closures').set(change).where('id', '=', id).execute();
  }

  /** From then on nothing is undone. @returns false when it was undone, is held or not due */
  async begin(tx: Tx, id: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('closures')
      .set({ begun_at: now })
      .where('id', '=', id)
      .where('reopened_at', 'is', null)
      .where('begun_at', 'is', null)
      .where('held_at', 'is', null)
      .where('erase_at', '<=', now)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns false when the erasure has begun, or it was undone before */
  async reopen(tx: Tx, id: string, now: number): Promise<boolean> {
    const result = await tx
      .updateTable('closures')
      .set({ reopened_at: now })
      .where('id', '=', id)
      .where('reopened_at', 'is', null)
      .where('begun_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async byId(id: string, reader: Reader = this.#connection.db): Promise<Closure | undefined> {
    const row = await reader.selectFrom('closures').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns the closing that was not undone; also one whose erasure has ended */
  async ofCustomer(customerId: string, reader: Reader = this.#connection.db): Promise<Closure | undefined> {
    const query = reader.selectFrom('closures').selectAll().where('customer_id', '=', customerId);
    const row = await query.where('reopened_at', 'is', null).executeTakeFirst();
    return row && fromRow(row);
  }

  async byCertificate(hash: string): Promise<Closure | undefined> {
    const query = this.#connection.db.selectFrom('closures').selectAll();
    const row = await query.where('certificate_hash', '=', hash).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns closings whose erasure is to begin or to go on */
  async due(now: number, count: number): Promise<Closure[]> {
    const rows = await this.#connection.db
      .selectFrom('closures')
      .selectAll()
      .where('erased_at', 'is', null)
      .where('reopened_at', 'is', null)
      .where('erase_at', '<=', now)
      .where((eb) => eb.or([eb('held_at', 'is', null), eb('begun_at', 'is not', null)]))
      .orderBy('erase_at')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  /** For the operator: those that are not over, the one that is due first before. */
  async open(count: number): Promise<Closure[]> {
    const query = this.#connection.db.selectFrom('closures').selectAll();
    const rows = await query
      .where('erased_at', 'is', null)
      .where('reopened_at', 'is', null)
      .orderBy('erase_at')
      .limit(count)
      .execute();
    return rows.map(fromRow);
  }

  async steps(closureId: string): Promise<DoneStep[]> {
    const rows = await this.#connection.db
      .selectFrom('closure_steps')
      .selectAll()
      .where('closure_id', '=', closureId)
      .orderBy('done_at')
      .execute();
    return rows.map(({ step, subject, counts }) => ({ step, subject, counts: JSON.parse(counts) }));
  }

  /** Done twice the first counts stay: what a repetition finds is less. */
  async done(tx: Tx, closureId: string, { step, subject, counts }: DoneStep, now: number): Promise<void> {
    await tx
      .insertInto('closure_steps')
      .values({ closure_id: closureId, step, subject, counts: JSON.stringify(counts), done_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
