// What evidence is made of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Consent } from '../consent/consent.ts';
import type { Databases } from '../databases/databases.ts';
import type { Notices } from '../notices/notices.ts';
import type { Orders } from '../orders/orders.ts';
import type { Outages } from '../outages/outages.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Signing } from '../platform/signing.ts';
import type { Words } from '../platform/web/words.ts';
import type { Sites } from '../sites/sites.ts';

export type EvidenceParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly audit: Audit;
  readonly consent: Consent;
  readonly orders: Orders;
  readonly accounts: Pick<Accounts, 'memberships'>;
  readonly sites: Pick<Sites, 'namesOf'>;
  readonly databases: Pick<Databases, 'namesOf'>;
  readonly outages: Pick<Outages, 'forCustomer'>;
  readonly notices: Pick<Notices, 'seenBy' | 'textsOf'>;
  /** in Korean, the language of the court */
  readonly words: Words;
  /** the company, as its brand calls it */
  readonly madeBy: string;
  /** an IANA name */
  readonly timeZone: string;
  /** @returns a view as text */
  readonly render: (view: string, locals: Readonly<Record<string, unknown>>) => string;
};

/** One table of the bundle: a CSV file, and a part of the page for people. */
export type Table = {
  /** of the file, without `.csv` */
  readonly name: string;
  /** stable names, for programs; people read `evidence.column.<name>` */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** What is laid into the archive beside the tables. */
export type Member = { readonly path: string; readonly content: string };
