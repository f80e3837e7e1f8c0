// What proves later what was said and done: outages with their sums, notices that were shown, receipts, and the bundle of all of it.
import type { Accounts } from './accounts/accounts.ts';
import type { openPlatform } from './adapters.ts';
import type { Audit } from './audit/audit.ts';
import type { Consent } from './consent/consent.ts';
import type { Databases } from './databases/databases.ts';
import { Evidence } from './evidence/evidence.ts';
import { catalogues } from './messages/catalogue.ts';
import type { Moves } from './moves/moves.ts';
import { Notices } from './notices/notices.ts';
import type { Choices } from './options.ts';
import type { Orders, RuleOf } from './orders/orders.ts';
import { Outages } from './outages/outages.ts';
import { packageFolder } from './package-folder.ts';
import { day, hour } from './platform/clock.ts';
import { Views } from './platform/web/views.ts';
import { wordsIn } from './platform/web/words.ts';
import { Receipts } from './receipts/receipts.ts';
import type { Sites } from './sites/sites.ts';

type Parts = Awaited<ReturnType<typeof openPlatform>> & {
  readonly audit: Audit;
  readonly consent: Consent;
  readonly orders: Orders;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly databases: Databases;
  readonly moves: Moves;
  readonly ruleOf: RuleOf;
};

/** Builds the doors of the records, which know the others and are known by nobody. */
export function recordsOf(parts: Parts, { timeZone, brand }: Pick<Choices, 'timeZone' | 'brand'>) {
  const outages = new Outages({ ...parts, timeZone });
  const notices = new Notices({ ...parts, timeZone });
  const receipts = new Receipts(parts);
  // A court reads Korean.
  const words = wordsIn('ko', { catalogues, zone: timeZone, now: () => parts.clock.now() });
  const views = new Views(packageFolder('views'));
  const render = (view: string, locals: Readonly<Record<string, unknown>>) => views.render(view, locals);
  const evidence = new Evidence({ ...parts, outages, notices, timeZone, words, madeBy: brand.name, render });
  return { outages, notices, receipts, evidence };
}

/** What of it is due by the clock. */
export const recordAppointments = ({ outages, notices, receipts }: Omit<ReturnType<typeof recordsOf>, 'evidence'>) => [
  { name: 'outages.tellDue', everyMilliseconds: hour, keep: () => outages.tellDue() },
  { name: 'notices.sweep', everyMilliseconds: day, keep: () => notices.sweep() },
  { name: 'receipts.remind', everyMilliseconds: day, keep: () => receipts.reminding.keep() },
];
