// What the parts of this feature share: what they are built of, the letters, and how access ends.
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Letters, NewLetter } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { SiteHost } from '../platform/site-host/port.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { GrantStore } from './grant-store.ts';
import type { SshEnd, SshRequest, SshStore } from './store.ts';

export type SshParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly counters: Counters;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly consent: Consent;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly choices: Pick<Choices, 'timeZone' | 'operatorEmail' | 'officers'>;
  /** what makes the places of the site's server */
  readonly hostOf: (site: Site) => SiteHost | Promise<SiteHost>;
};

export type InnerParts = SshParts & { readonly store: SshStore; readonly grants: GrantStore };

/** Whom letters about access go to, the customer's owner, and what they call the site; read before the transaction that writes them. */
export type Told = { readonly owner: Person | undefined; readonly site: string };

export async function toldOf(
  { accounts, sites }: Pick<SshParts, 'accounts' | 'sites'>,
  { customerId, siteId }: Pick<SshRequest, 'customerId' | 'siteId'>,
): Promise<Told> {
  const [owner, { name: site }] = await Promise.all([accounts.owner(customerId), sites.byId(siteId)]);
  return { owner, site };
}

/** Joins the caller's transaction; without an owner who could read it there is no letter. */
export async function tell(
  { letters }: Pick<SshParts, 'letters'>,
  tx: Tx,
  { template, told, request, more = {} }: { template: string; told: Told; request: SshRequest; more?: NewLetter['parameters'] },
): Promise<void> {
  const { owner, site } = told;
  if (!owner) return;
  const parameters = { site, endsAt: request.endsAt, key: request.key.fingerprint, ...more };
  await letters.queue(tx, {
    template,
    language: owner.language,
    to: owner.email,
    parameters,
    customerId: request.customerId,
  });
}

/** Has the server's list written anew, in the transaction of the cause. */
export async function queueWriting({ queue }: Pick<SshParts, 'queue'>, tx: Tx, of: Pick<SshRequest, 'siteId' | 'customerId'>) {
  const { siteId, customerId } = of;
  await queue.add(tx, 'ssh.write', { siteId, customerId }, { key: `ssh.write:${siteId}`, lane: 'short' });
}

type End = { readonly request: SshRequest; readonly because: SshEnd; readonly actor: Actor; readonly told: Told };

/** Access ends now: written down, told, and taken from the server by a job. @returns false when it was over already */
export async function endAccess(parts: InnerParts, tx: Tx, { request, because, actor, told }: End): Promise<boolean> {
  const now = parts.clock.now();
  if (!(await parts.store.end(tx, request.id, now, because))) return false;
  await parts.grants.close(tx, request.id, now);
  const { id: subjectId, siteId, customerId } = request;
  await parts.audit.record(tx, { action: 'ssh.ended', actor, customerId, siteId, subjectId, details: { because } });
  // Of a new grant in its place another letter tells.
  if (because !== 'replaced') await tell(parts, tx, { template: 'ssh-ended', told, request, more: { at: now, because } });
  await queueWriting(parts, tx, request);
  return true;
}
