// A sign-in that came to nothing is written down, with whose it would have been.
import type { Request } from 'express';
import type { Person } from '../accounts/accounts.ts';
import { actorOf } from '../platform/web/actor.ts';
import { customerOf } from './customer-of.ts';
import type { SignInParts } from './parts.ts';

type Failure = { readonly action: 'signIn.failed' | 'signIn.secondFactorFailed'; readonly person: Person | undefined };

/** @param failure `person` is undefined for a name that nobody has */
export async function noteFailure(
  { connection, audit, accounts }: Pick<SignInParts, 'connection' | 'audit' | 'accounts'>,
  req: Request,
  { action, person }: Failure,
): Promise<void> {
  const customer = await customerOf(accounts, person?.id);
  await connection.write((tx) =>
    audit.record(tx, { action, actor: actorOf(req), ...customer, ...(person && { subjectId: person.id }) }),
  );
}
