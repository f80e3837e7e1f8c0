// What the company's billing may send and what it is answered, once: types, checks and the description for programs come from here.
import { z } from 'zod';

const moment = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });
const plan = z.string().min(1).max(100).meta({ description: 'name of a plan as in its address' });
/** It stands in records that are read in terminals: no signs that steer one. */
const inWords = /^(?:\P{Cc}|[\n\t])*$/u;
const reason = z.string().trim().min(1).max(1000).regex(inWords).meta({ description: 'why, in words for the record' });
const customer = z.string().min(1).max(200).meta({ description: 'the id, or the reference that your billing calls them by' });

export const orderWish = z.strictObject({ customer, plan, reason }).meta({ title: 'OrderWish' });
export const planWish = z.strictObject({ plan, reason }).meta({ title: 'PlanWish' });
export const paidWish = z
  .strictObject({
    from: moment,
    until: moment.meta({ description: 'the first moment that is not paid any more' }),
    amount_won: z.int().min(0).max(1_000_000_000).meta({ description: 'what was paid for all of it, tax included' }),
  })
  .refine(({ from, until }) => Date.parse(until) > Date.parse(from), { path: ['until'] })
  .meta({ title: 'PaidWish' });
export const nothingWish = z.strictObject({}).meta({ title: 'Nothing' });
export const terminationWish = z
  .strictObject({
    because: z.enum(['expired', 'unpaid']),
    reason,
    days: z.int().min(0).max(3650).optional().meta({ description: 'until the erasure, instead of ERASE_AFTER_DAYS' }),
  })
  .meta({ title: 'TerminationWish' });

export const orderShape = z
  .strictObject({
    id: z.uuid(),
    customer: z.uuid(),
    plan: z.string(),
    state: z.enum(['consent_pending', 'open', 'ended']).meta({
      description: 'consent_pending: until the customer agrees, only reading, downloading and leaving work at its site',
    }),
    price_won: z.int().meta({ description: 'a month, tax included' }),
    site: z.string().nullable().meta({ description: 'null: it comes once the customer has agreed' }),
    placed_at: moment,
    ended_at: moment.nullable(),
    paid_until: moment.nullable().meta({ description: 'as you said it last; null: you have not' }),
  })
  .meta({ title: 'Order' });

export const customerShape = z
  .strictObject({
    id: z.uuid(),
    reference: z.string().nullable(),
    state: z.enum(['open', 'restricted', 'closed']),
    because: z.string().nullable().meta({ description: 'why it is restricted or closed' }),
    closes_at: moment
      .nullable()
      .meta({ description: 'the customer asked for the account to be closed then, and may take it back' }),
    erase_at: moment.nullable().meta({ description: 'of a closed account: until then payment undoes it' }),
  })
  .meta({ title: 'Customer' });

export const customerWithOrders = customerShape.extend({ orders: z.array(orderShape) }).meta({ title: 'CustomerWithOrders' });

/** What became of closings, for the settlement of what was paid in advance. */
export const closingsShape = z
  .strictObject({
    closings: z.array(
      z.strictObject({
        id: z.uuid().meta({ description: 'of the wish or the closing: with `what` it names this line' }),
        what: z.enum(['asked', 'withdrawn', 'closed', 'reopened']),
        at: moment,
        customer: z.uuid(),
        reference: z.string().nullable(),
        because: z.string().meta({ description: 'customer, expired, unpaid, operator or again' }),
        ends_at: moment.meta({ description: 'when the contract ends or has ended' }),
        erase_at: moment.nullable(),
        orders: z
          .array(
            z.strictObject({
              id: z.uuid(),
              plan: z.string(),
              paid_until: moment.nullable(),
              unused_days: z
                .int()
                .nullable()
                .meta({ description: 'whole days after the day of the end; null: you have not said what is paid' }),
              unused_won: z.int().nullable().meta({ description: 'their share of what was paid, as the customer was shown it' }),
            }),
          )
          .meta({ description: 'those that were open then; none once the erasure has removed them' }),
      }),
    ),
  })
  .meta({ title: 'Closings' });

export type ClosingsAnswer = z.infer<typeof closingsShape>;
export type OrderAnswer = z.infer<typeof orderShape>;
export type CustomerAnswer = z.infer<typeof customerShape>;
