// What outages are made of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Consent } from '../consent/consent.ts';
import type { Moves } from '../moves/moves.ts';
import type { Orders, RuleOf } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Sites } from '../sites/sites.ts';

export type OutagesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly letters: Pick<Letters, 'queue'>;
  readonly log: Pick<Log, 'warn'>;
  readonly audit: Audit;
  readonly consent: Consent;
  readonly orders: Orders;
  readonly accounts: Pick<Accounts, 'owner' | 'memberships'>;
  readonly sites: Sites;
  readonly moves: Pick<Moves, 'switchedSince'>;
  /** an IANA name: months and versions begin at midnight there */
  readonly timeZone: string;
  /** the figures of each version of the document `sla` */
  readonly ruleOf: RuleOf;
};

/** The operator can act: the sentence says how. */
export class OutageRefused extends Error {}
