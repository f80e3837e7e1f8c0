// What accounts are built of.
import type { Audit } from '../audit/audit.ts';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Settings } from '../platform/settings.ts';
import type { PasswordHashing } from './hashing.ts';
import type { PasswordRules } from './passwords.ts';

export type AccountsParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly orders: Orders;
  readonly consent: Consent;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly queue: Queue;
  readonly counters: Counters;
  readonly settings: Settings;
  readonly hashing: PasswordHashing;
  /** memory this process may take */
  readonly memoryBytes: number;
  readonly passwords: PasswordRules;
  readonly choices: Pick<Choices, 'brand' | 'limits'>;
};
