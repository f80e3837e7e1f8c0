// Which sites an outage reaches, from when to when each, and the contract of each as it was when that began.
import type { Consent, Given } from '../consent/consent.ts';
import type { Move, Moves } from '../moves/moves.ts';
import type { Order, Orders } from '../orders/orders.ts';
import { localDay } from '../platform/clock.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { clipped, type Interval } from './intervals.ts';
import type { OutageSiteRow } from './store.ts';

export type AffectedParts = {
  readonly sites: Sites;
  readonly moves: Pick<Moves, 'switchedSince'>;
  readonly orders: Orders;
  readonly consent: Consent;
  /** an IANA name: versions begin to apply at midnight there */
  readonly timeZone: string;
};

/** What is known of an outage when its sites are looked for. */
export type Reach = {
  readonly outageId: string;
  readonly serverId: string;
  /** null: every site that was on the server */
  readonly siteIds: readonly string[] | null;
  readonly startedAt: number;
  /** null: it lasts */
  readonly endedAt: number | null;
};

/** Sites that are looked at together. */
const together = 500;

/** @returns a row for each stretch of each site, also of sites that are terminated by now */
export async function affectedSites(reach: Reach, parts: AffectedParts): Promise<OutageSiteRow[]> {
  const moves = Map.groupBy(await parts.moves.switchedSince(reach.serverId, reach.startedAt), ({ siteId }) => siteId);
  const rows: OutageSiteRow[] = [];
  for await (const sites of portions(reach, [...moves.keys()], parts.sites)) {
    const wanted = sites.filter(({ id }) => reach.siteIds?.includes(id) ?? true);
    const stretches = wanted.flatMap((site) => stretchesOf(site, reach, moves.get(site.id) ?? []));
    if (stretches.length > 0) rows.push(...(await withContracts(stretches, reach, parts)));
  }
  return rows;
}

/** Those that are on the server now, then those that have left it since. */
async function* portions({ serverId }: Reach, moved: readonly string[], sites: Sites): AsyncGenerator<readonly Site[]> {
  for (let after = ''; ; ) {
    const some = await sites.servers.everOn(serverId, after, together);
    const last = some.at(-1);
    if (!last) break;
    yield some;
    after = last.id;
  }
  for (const id of moved) {
    const site = await sites.byId(id);
    if (site.serverId !== serverId) yield [site];
  }
}

type Stretch = { readonly site: Site; readonly startedAt: number; readonly endedAt: number | null };

/** Where a site stood, by its moves; from when it was open, until it was terminated or taken from the web under the terms (section 6). */
function stretchesOf(site: Site, { serverId, startedAt, endedAt }: Reach, moves: readonly Move[]): Stretch[] {
  if (site.openedAt === null) return [];
  const over = Math.min(endedAt ?? Infinity, site.terminatedAt ?? Infinity, site.suspendedAt ?? Infinity);
  return standing(site, serverId, moves)
    .flatMap((one) => clipped(one, Math.max(startedAt, site.openedAt ?? 0), over) ?? [])
    .map((one) => ({ site, startedAt: one.startedAt, endedAt: one.endedAt === Infinity ? null : one.endedAt }));
}

function standing(site: Site, serverId: string, moves: readonly Move[]): Interval[] {
  const switches = moves.flatMap(({ switchedAt, fromServerId, toServerId }) =>
    switchedAt === null ? [] : [{ at: switchedAt, fromServerId, toServerId }],
  );
  switches.sort((a, b) => a.at - b.at);
  const all: Interval[] = [];
  let [on, since] = [switches[0]?.fromServerId ?? site.serverId, -Infinity];
  for (const { at, toServerId } of switches) {
    if (on === serverId) all.push({ startedAt: since, endedAt: at });
    [on, since] = [toServerId, at];
  }
  return on === serverId ? [...all, { startedAt: since, endedAt: Infinity }] : all;
}

async function withContracts(stretches: readonly Stretch[], reach: Reach, parts: AffectedParts): Promise<OutageSiteRow[]> {
  const customers = [...new Set(stretches.map(({ site }) => site.customerId))];
  const [orders, answers] = await Promise.all([
    parts.orders.ofCustomers(customers),
    parts.consent.answersTo('agree_sla', customers),
  ]);
  const rows: OutageSiteRow[] = [];
  for (const { site, startedAt, endedAt } of stretches) {
    const order = orderAt(orders.get(site.customerId) ?? [], site, startedAt);
    if (!order) continue;
    const plan = await parts.orders.plan(order.plan);
    const agreed = agreedAt(answers.get(site.customerId) ?? [], { order, startedAt, zone: parts.timeZone });
    rows.push({
      ...{ outage_id: reach.outageId, site_id: site.id, customer_id: site.customerId, order_id: order.id },
      ...{ plan: order.plan, price_won: order.priceWon, availability_percent: plan.availabilityPercent },
      ...{ sla_version: agreed?.version ?? plan.slaVersion, agreed_at: agreed?.at ?? null },
      ...{ started_at: startedAt, ended_at: endedAt, told_at: null },
    });
  }
  return rows;
}

/** @returns the site's order; where that came only later, the one that it took the place of */
function orderAt(orders: readonly Order[], site: Site, at: number): Order | undefined {
  const own = orders.find(({ id }) => id === site.orderId);
  if (own && own.placedAt <= at) return own;
  const before = orders.filter(({ placedAt, endedAt }) => placedAt <= at && endedAt !== null && endedAt > at);
  return before.at(-1) ?? own;
}

type Agreed = { readonly version: string; readonly at: number };

/**
 * Who agreed ahead of time to a version that applied only later is not held to it yet.
 * @returns the version in force for the order when the outage began; undefined when none was agreed to
 */
function agreedAt(
  answers: readonly Given[],
  { order, startedAt, zone }: { order: Order; startedAt: number; zone: string },
): Agreed | undefined {
  const today = localDay(startedAt, zone);
  const all = answers.flatMap(({ agreed, at, orderId, version }) =>
    agreed && version && at <= startedAt && (orderId === null || orderId === order.id) ? [{ version, at }] : [],
  );
  all.sort((a, b) => a.at - b.at);
  return all.findLast(({ version }) => version <= today) ?? all.at(-1);
}
