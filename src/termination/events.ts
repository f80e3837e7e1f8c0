// What became of closings, in order: for the company's billing, which settles what was paid in advance.
import type { Selectable } from 'kysely';
import type { TerminationTables } from '../migrations/schema.ts';
import type { Connection } from '../platform/database/database.ts';

/** Times are epoch milliseconds. */
export type ClosingEvent = {
  readonly id: string;
  readonly what: 'asked' | 'withdrawn' | 'closed' | 'reopened';
  readonly at: number;
  readonly customerId: string;
  readonly because: string;
  /** when the contract ends or has ended */
  readonly endsAt: number;
  readonly eraseAt: number | null;
};

/**
 * Each kind is asked for by its own moment: by another one, a row of long ago that ended today would push out what came between.
 * @returns the oldest of those since that moment, it included
 */
export async function closingEvents({ db }: Connection, since: number, count: number): Promise<ClosingEvent[]> {
  const wishes = (moment: 'asked_at' | 'ended_at') =>
    db.selectFrom('closing_wishes').selectAll().where(moment, '>=', since).orderBy(moment).orderBy('id').limit(count);
  const closures = (moment: 'closed_at' | 'reopened_at') =>
    db.selectFrom('closures').selectAll().where(moment, '>=', since).orderBy(moment).orderBy('id').limit(count);
  const [asked, withdrawn, closed, reopened] = await Promise.all([
    wishes('asked_at').execute(),
    wishes('ended_at').where('outcome', '=', 'withdrawn').execute(),
    closures('closed_at').execute(),
    closures('reopened_at').execute(),
  ]);
  const all = [
    ...asked.map((row) => ofWish('asked', row, row.asked_at)),
    ...withdrawn.map((row) => ofWish('withdrawn', row, row.ended_at)),
    ...closed.map((row) => ofClosure('closed', row, row.closed_at)),
    ...reopened.map((row) => ofClosure('reopened', row, row.reopened_at)),
  ];
  return all.sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1)).slice(0, count);
}

type Wished = Selectable<TerminationTables['closing_wishes']>;
type Closed = Selectable<TerminationTables['closures']>;

function ofWish(what: 'asked' | 'withdrawn', { id, customer_id, close_at }: Wished, at: number | null): ClosingEvent {
  return { id, what, at: at ?? 0, customerId: customer_id, because: 'customer', endsAt: close_at, eraseAt: null };
}

function ofClosure(what: 'closed' | 'reopened', row: Closed, at: number | null): ClosingEvent {
  const { id, customer_id: customerId, because, closed_at: endsAt, erase_at: eraseAt } = row;
  return { id, what, at: at ?? 0, customerId, because, endsAt, eraseAt };
}
