// Sign-ups that nobody verified: erased a while after their link expired.
import { systemActor } from '../audit/audit.ts';
import type { AccountsParts } from './accounts.ts';
import type { MailedTokens } from './mailed-tokens.ts';
import { removeUnverified, unverified } from './unverified-store.ts';

/** May be repeated and interrupted: each person is a transaction of its own. */
export async function eraseUnverified(parts: AccountsParts, tokens: MailedTokens): Promise<void> {
  const { connection, orders, consent, audit, clock } = parts;
  const erase = (personId: string) =>
    connection.write(async (tx) => {
      const customers = await removeUnverified(tx, personId, clock.now());
      if (!customers) return;
      await tokens.remove(tx, personId);
      for (const customerId of customers) {
        await orders.removeAll(tx, customerId);
        await consent.forgetPersonal(tx, customerId);
        await audit.record(tx, { action: 'accounts.signUpErased', actor: systemActor, customerId, subjectId: personId });
      }
    });
  for (;;) {
    const due = await unverified(connection, clock.now(), 100);
    for (const personId of due) await erase(personId);
    if (due.length === 0) return;
  }
}
