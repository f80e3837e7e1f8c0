// Closings that customers ask for at the end of what they have paid: until then nothing changes, and they may take it back (ux.md 2.14).
import type { Selectable } from 'kysely';
import type { Actor } from '../audit/audit.ts';
import type { TerminationTables } from '../migrations/schema.ts';
import type { Reader, Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { LeaverStore } from './leaver-store.ts';
import { longestSaid, type TerminationParts } from './parts.ts';

/** Times are epoch milliseconds. */
export type Wish = {
  readonly id: string;
  readonly customerId: string;
  readonly personId: string | null;
  readonly askedAt: number;
  readonly closeAt: number;
  readonly endedAt: number | null;
  readonly outcome: 'withdrawn' | 'closed' | null;
};

type Row = Selectable<TerminationTables['closing_wishes']>;

const place = (row: string) => ({ table: 'closing_wishes', column: 'said_sealed', row });

export class Wishes {
  readonly #parts: TerminationParts;
  readonly #leavers: LeaverStore;

  constructor(parts: TerminationParts) {
    this.#parts = parts;
    this.#leavers = new LeaverStore(parts);
  }

  /** @returns when everything that is paid is over; undefined where nobody has said, or it is over already */
  async laterAt(customerId: string, reader?: Reader): Promise<number | undefined> {
    const { orders, clock } = this.#parts;
    const open = (await orders.forCustomer(customerId, reader)).filter(({ endedAt }) => endedAt === null);
    const latest = Math.max(0, ...open.map(({ paid }) => paid?.until ?? 0));
    return latest > clock.now() ? latest : undefined;
  }

  /** @returns the one that is neither taken back nor done */
  async of(customerId: string, reader: Reader = this.#parts.connection.db): Promise<Wish | undefined> {
    const query = reader.selectFrom('closing_wishes').selectAll().where('customer_id', '=', customerId);
    const row = await query.where('ended_at', 'is', null).executeTakeFirst();
    return row && fromRow(row);
  }

  /** @throws Invalid on `reason`, PanelError 409 when it is asked for already, the account is closed, or nothing is paid any more */
  async ask(customerId: string, said: string, actor: Actor): Promise<Wish> {
    const { connection, clock, secrets, audit, accounts, letters } = this.#parts;
    const text = said.normalize('NFC').trim();
    if (text.length > longestSaid) throw new Invalid({ reason: [{ key: 'error.tooLongField' }] });
    const owners = await Promise.all((await this.#leavers.owners(customerId)).map((id) => accounts.person(id)));
    return connection.write(async (tx) => {
      const query = tx.selectFrom('customers').select('closed_at').where('id', '=', customerId);
      if ((await query.forUpdate().executeTakeFirst())?.closed_at !== null) throw conflict('termination.closedAlready');
      const closeAt = await this.laterAt(customerId, tx);
      if (closeAt === undefined) throw conflict('termination.choice.gone');
      const id = newId(clock.now());
      const said_sealed = text === '' ? null : secrets.seal(text, place(id));
      const times = { asked_at: clock.now(), close_at: closeAt, ended_at: null, outcome: null };
      const row = { id, customer_id: customerId, actor_person_id: actor.personId ?? null, said_sealed, ...times };
      const added = await tx
        .insertInto('closing_wishes')
        .values(row)
        .onConflict((on) => on.doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows !== 1n) throw conflict('termination.askedAlready');
      await audit.record(tx, { action: 'termination.asked', actor, customerId, subjectId: id, details: { closeAt } });
      const template = 'account-closing';
      for (const { id: actorPersonId, email: to, language } of owners)
        await letters.queue(tx, { template, language, to, parameters: { at: closeAt, number: id }, customerId, actorPersonId });
      return fromRow(row);
    });
  }

  /** @throws PanelError 404 when nothing is asked for any more */
  async withdraw(customerId: string, actor: Actor): Promise<void> {
    const { connection, audit } = this.#parts;
    await connection.write(async (tx) => {
      const wish = await this.of(customerId, tx);
      if (!wish || !(await this.end(tx, customerId, 'withdrawn'))) throw notFound();
      await audit.record(tx, { action: 'termination.withdrawn', actor, customerId, subjectId: wish.id });
    });
  }

  /** Joins the caller's transaction. @returns whether there was one */
  async end(tx: Tx, customerId: string, outcome: 'withdrawn' | 'closed'): Promise<boolean> {
    const result = await tx
      .updateTable('closing_wishes')
      .set({ ended_at: this.#parts.clock.now(), outcome })
      .where('customer_id', '=', customerId)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** @returns those whose time has come, with what was said */
  async due(count: number): Promise<{ wish: Wish; said: string }[]> {
    const { connection, clock, secrets } = this.#parts;
    const rows = await connection.db
      .selectFrom('closing_wishes')
      .selectAll()
      .where('ended_at', 'is', null)
      .where('close_at', '<=', clock.now())
      .orderBy('close_at')
      .limit(count)
      .execute();
    return rows.map((row) => ({
      wish: fromRow(row),
      said: row.said_sealed === null ? '' : secrets.open(row.said_sealed, place(row.id)),
    }));
  }
}

const fromRow = (row: Row): Wish => ({
  ...{ id: row.id, customerId: row.customer_id, personId: row.actor_person_id, askedAt: row.asked_at },
  ...{ closeAt: row.close_at, endedAt: row.ended_at, outcome: row.outcome },
});
