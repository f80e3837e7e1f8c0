// The mailed link that signs in: the way past password and CAPTCHA that needs no puzzle (WCAG 2.2 3.3.8).
import type { Request } from 'express';
import { actorOf } from '../platform/web/actor.ts';
import type { SignInParts } from './parts.ts';

const linkMinutes = 10;
/** Writing a letter takes a little longer than writing none. */
const evenMilliseconds = 150;

/** Mails a link that signs in once, within 10 minutes. The same for an unknown address, and in the same time. */
export async function mailLoginLink(parts: SignInParts, req: Request, email: string): Promise<void> {
  const answerAt = parts.clock.monotonic() + evenMilliseconds;
  await mail(parts, req, email);
  await parts.clock.until(answerAt);
}

async function mail({ accounts, connection, letters, counters, choices, audit }: SignInParts, req: Request, email: string) {
  const limit = choices.limits.lettersPerAddress;
  const { count } = await counters.hit(`signIn.link:${accounts.loginIndex(email)}`, limit.windowMilliseconds);
  const person = await accounts.byLoginName(email);
  const membership = person && (await accounts.membership(person.id));
  if (!membership || count > limit.count) return;
  const { id: personId, language, email: to } = person;
  const { customerId } = membership;
  await connection.write(async (tx) => {
    const token = await accounts.mailToken(tx, { purpose: 'login-link', personId, lifetimeMinutes: linkMinutes });
    const parameters = { token, minutes: linkMinutes };
    await letters.queue(tx, { template: 'login-link', language, to, parameters, actorPersonId: personId, customerId });
    await audit.record(tx, { action: 'signIn.linkMailed', actor: actorOf(req), customerId, subjectId: personId });
  });
}
