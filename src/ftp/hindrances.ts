// What keeps an account from being used although its password is right (KHADA 4-3.2, 7.2, 7.3).
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import { allows } from '../platform/web/networks.ts';
import { isShut, type Site } from '../sites/sites.ts';
import type { FtpAccount } from './ftp.ts';

/**
 * `site`: not open, suspended or terminated · `restricted`: the customer is; files stay downloadable in the panel (ruling 8), since FTP
 * knows no reading alone · `consent`: its order waits for consent, and so likewise · `off`, `expired`, `network`, `plain` as the account says · `place`: whoever set its password works here no
 * more · `leaked`: the password stands on a list of breached ones · `folder`: its folder is not there, or is a link.
 */
export type Hindrance =
  | 'site'
  | 'restricted'
  | 'consent'
  | 'off'
  | 'expired'
  | 'place'
  | 'network'
  | 'plain'
  | 'leaked'
  | 'folder';

export type HindranceParts = {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'ftpPlain'>;
};

/** What ends sessions that run as well. @param site undefined: it is not there any more */
export async function lasting(
  { accounts, clock }: Pick<HindranceParts, 'accounts' | 'clock'>,
  account: FtpAccount,
  site: Site | undefined,
): Promise<Hindrance | undefined> {
  if (!site || site.openedAt === null || isShut(site) || site.terminatedAt !== null) return 'site';
  if (account.offAt !== null || account.endedAt !== null) return 'off';
  if (account.expiresAt !== null && account.expiresAt <= clock.now()) return 'expired';
  if (await accounts.restrictions.of(account.customerId)) return 'restricted';
  if (await accounts.agreements.isPending(site)) return 'consent';
  return (await stillWorksHere(accounts, account)) ? undefined : 'place';
}

/** @returns whether the person who set the password may change the site today */
export async function stillWorksHere(
  accounts: Accounts,
  { passwordBy, customerId, siteId }: Pick<FtpAccount, 'passwordBy' | 'customerId' | 'siteId'>,
): Promise<boolean> {
  const places = await accounts.memberships.valid(passwordBy);
  return places.some(
    (place) =>
      place.customerId === customerId && place.role !== 'viewer' && (place.siteIds === null || place.siteIds.includes(siteId)),
  );
}

/** What depends on the attempt: from where, and over what line. */
export function ofAttempt(
  { choices }: Pick<HindranceParts, 'choices'>,
  account: FtpAccount,
  { address, isEncrypted }: { readonly address: string; readonly isEncrypted: boolean },
): Hindrance | undefined {
  if (!allows(account.networks, address)) return 'network';
  const mayBePlain = choices.ftpPlain === 'allowed' && account.plainAllowedAt !== null;
  return isEncrypted || mayBePlain ? undefined : 'plain';
}
