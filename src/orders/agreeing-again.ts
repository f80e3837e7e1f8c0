// Agreeing once more: a document that orders rest on has changed (KHADA 8.3).
import type { Tx } from '../platform/database/database.ts';
import { type FieldFault, Invalid } from '../platform/errors.ts';
import type { Answer, OrdersParts, Placing } from './orders.ts';
import type { Standings, Superseded } from './standing.ts';

/** Only an owner orders, and agrees for the customer. */
export const ownerTicks = { role: 'owner', method: 'checkbox' } as const;

type Parts = Pick<OrdersParts, 'consent' | 'audit'> & { readonly standings: Standings };

/** See `Orders.agreeAgain`. */
export async function agreeAgain(
  tx: Tx,
  { items, versions = {}, ...by }: Omit<Placing, 'plan'>,
  { consent, audit, standings }: Parts,
): Promise<string[]> {
  // Sent twice it is recorded once.
  await consent.hold(tx);
  const { superseded } = await standings.of(by.customerId, tx);
  const faults = faultsOf(superseded, items, versions);
  if (Object.keys(faults).length > 0) throw new Invalid(faults);
  const ids: string[] = [];
  for (const { order, item, document, needed: version } of superseded) {
    const answer = items.find((one) => one.item === item);
    if (!answer) throw new Error(`${item} was checked and is not there`);
    const recorded = [{ ...answer, required: true, document, version }];
    ids.push(...(await consent.record(tx, { ...by, ...ownerTicks, orderId: order.id, items: recorded })));
    const entry = { actor: by.actor, customerId: by.customerId, subjectId: order.id, details: { document, version } };
    await audit.record(tx, { action: 'orders.agreedAgain', ...entry });
  }
  return ids;
}

function faultsOf(
  superseded: readonly Superseded[],
  items: readonly Answer[],
  versions: Readonly<Record<string, string>>,
): Record<string, FieldFault[]> {
  const missing = superseded.filter(({ item }) => !items.some((answer) => answer.item === item && answer.agreed));
  const others = superseded.filter(({ document, needed }) => versions[document] !== needed);
  return {
    ...(others.length > 0 && { terms_versions: [{ key: 'consent.changed.body' }] }),
    ...Object.fromEntries(missing.map(({ item }) => [item, [{ key: `agreement.missing.${item}` }]])),
  };
}
