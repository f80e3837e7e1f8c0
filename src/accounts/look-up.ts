// Keyed look-up values of a person (security.md G.2): the one place that says how each is made, for stores and for the change of keys.
import type { AccountTables } from '../migrations/schema.ts';
import type { Secrets } from '../platform/secrets.ts';
import { canonicalAddress } from './addresses.ts';

export type Looked = { readonly loginName: string; readonly email: string; readonly phone?: string | undefined };
type Indexes = Pick<AccountTables['persons'], 'login_name_index' | 'email_index' | 'phone_last4_index'>;

export const phoneField = 'persons.phone_last4';

/** @returns the values of the columns `<field>_index` under the present secret */
export function personIndexes(secrets: Secrets, { loginName, email, phone }: Looked): Indexes {
  return {
    login_name_index: secrets.index('persons.login_name', canonicalAddress(loginName)),
    email_index: secrets.index('persons.email', canonicalAddress(email)),
    phone_last4_index: phone === undefined ? null : secrets.index(phoneField, phone.slice(-4)),
  };
}
