// Whose history and letters an act of a person belongs to.
import type { Accounts } from '../accounts/accounts.ts';

/** As letters and the audit take it: without `customerId` it is nobody's. */
export type CustomerOf = { readonly customerId?: string };

/** @param personId undefined for somebody who is not known. @returns the customer whose member they are first of all */
export async function customerOf(accounts: Pick<Accounts, 'membership'>, personId: string | undefined): Promise<CustomerOf> {
  const membership = personId === undefined ? undefined : await accounts.membership(personId);
  return membership ? { customerId: membership.customerId } : {};
}
