// What signing in is built of.
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import type { Captcha } from '../platform/captcha/port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import type { Sites } from '../sites/sites.ts';

export type SignInParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly addresses: Addresses;
  readonly counters: Counters;
  readonly captcha: Captcha;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn'>;
  readonly choices: Choices;
  /** passwords that are hashed at once, of which strangers may take all and keep nobody known waiting longer than one takes */
  readonly hashesAtOnce: number;
};
