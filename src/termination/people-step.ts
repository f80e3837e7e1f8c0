// The people of a customer who is erased: everybody without another place goes, with their letters; then the customer's last rows.
import { whenMissing } from '../platform/errors.ts';
import type { LeaverStore } from './leaver-store.ts';
import { removeLetterFiles } from './outbox-letters.ts';
import type { TerminationParts } from './parts.ts';
import { eraseCustomer, erasePerson } from './rows.ts';

type Parts = TerminationParts & { readonly leavers: LeaverStore };

/** May be repeated, and cut off anywhere. @returns how many people there were */
export async function erasePeople(customerId: string, parts: Parts): Promise<{ people: number }> {
  const { connection, clock, folders, leavers } = parts;
  const ids = await leavers.membersOfNobodyElse(customerId, { now: clock.now(), others: 'any' });
  const letters = await connection.db.selectFrom('letters').select('id').where('customer_id', '=', customerId).execute();
  await removeLetterFiles(folders.outbox, { letterIds: letters.map(({ id }) => id), addresses: [] });
  for (const id of ids) await erase(id, customerId, parts);
  await eraseCustomer(connection, customerId);
  return { people: ids.length };
}

async function erase(id: string, customerId: string, { connection, accounts, letters, folders }: Parts): Promise<void> {
  const person = await accounts.person(id).catch(whenMissing);
  const addresses = person ? [...new Set([person.email, person.loginName])].filter((one) => one.includes('@')) : [];
  const letterIds = await letters.ofPerson(id, { customerId, addresses });
  await removeLetterFiles(folders.outbox, { letterIds, addresses });
  await erasePerson(connection, { id, loginIndex: person && accounts.loginIndex(person.loginName), letterIds });
}
