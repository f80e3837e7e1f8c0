// What became of closings, in order: for the company's billing, which settles what was paid in advance.
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

/** @returns the oldest of those since that moment, it included */
export async function closingEvents({ db }: Connection, since: number, count: number): Promise<ClosingEvent[]> {
  const [wishes, closures] = await Promise.all([
    db
      .selectFrom('closing_wishes')
      .selectAll()
      .where((eb) => eb.or([eb('asked_at', '>=', since), eb('ended_at', '>=', since)]))
      .orderBy('asked_at')
      .limit(count)
      .execute(),
    db
      .selectFrom('closures')
      .selectAll()
      .where((eb) => eb.or([eb('closed_at', '>=', since), eb('reopened_at', '>=', since)]))
      .orderBy('closed_at')
      .limit(count)
      .execute(),
  ]);
  const all: ClosingEvent[] = [];
  for (const { id, customer_id: customerId, asked_at, close_at: endsAt, ended_at, outcome } of wishes) {
    const of = { id, customerId, because: 'customer', endsAt, eraseAt: null };
    all.push({ ...of, what: 'asked', at: asked_at });
    if (outcome === 'withdrawn' && ended_at !== null) all.push({ ...of, what: 'withdrawn', at: ended_at });
  }
  for (const { id, customer_id: customerId, because, closed_at: endsAt, erase_at: eraseAt, reopened_at } of closures) {
    const of = { id, customerId, because, endsAt, eraseAt };
    all.push({ ...of, what: 'closed', at: endsAt });
    if (reopened_at !== null) all.push({ ...of, what: 'reopened', at: reopened_at });
  }
  return all
    .filter(({ at }) => at >= since)
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
    .slice(0, count);
}
