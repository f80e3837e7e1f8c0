// Closings as the company's billing is told of them, with the share of each payment that was not used.
import type { CustomerName } from '../accounts/accounts.ts';
import { type Order, unusedOf } from '../orders/orders.ts';
import { whenMissing } from '../platform/errors.ts';
import type { ClosingEvent } from '../termination/termination.ts';
import type { BillingParts } from './billing.ts';
import type { ClosingsAnswer } from './shapes.ts';

const iso = (at: number) => new Date(at).toISOString();

/** @param since epoch milliseconds, included. @returns at most 200, the oldest first */
export async function closingsSince(parts: BillingParts, since: number): Promise<ClosingsAnswer> {
  const events = await parts.termination.events(since);
  return { closings: await Promise.all(events.map((event) => told(parts, event))) };
}

async function told(
  { accounts, orders, timeZone }: BillingParts,
  event: ClosingEvent,
): Promise<ClosingsAnswer['closings'][number]> {
  const { id, what, at, customerId, because, endsAt, eraseAt } = event;
  const named: CustomerName | undefined = await accounts.restrictions.customerOf(customerId).catch(whenMissing);
  const open = (await orders.forCustomer(customerId)).filter(({ endedAt }) => endedAt === null || endedAt >= endsAt);
  return {
    ...{ id, what, at: iso(at), customer: customerId, reference: named?.reference ?? null, because },
    ...{ ends_at: iso(endsAt), erase_at: eraseAt === null ? null : iso(eraseAt) },
    orders: open.map((order) => share(order, endsAt, timeZone)),
  };
}

function share({ id, plan, paid }: Order, endsAt: number, timeZone: string) {
  const unused = paid && unusedOf(paid, endsAt, timeZone);
  const figures = { unused_days: unused?.days ?? null, unused_won: unused?.won ?? null };
  return { id, plan, paid_until: paid ? iso(paid.until) : null, ...figures };
}
