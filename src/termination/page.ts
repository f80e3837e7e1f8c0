// What the page of closing an account shows: what happens when, what to download before, and what a law keeps (ux.md 2.14).
import type { Request } from 'express';
import type { Backups } from '../backups/backups.ts';
import type { Databases } from '../databases/databases.ts';
import type { Choices } from '../options.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { PageData } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { contractYears, yearsAfter } from './kept.ts';

export type ClosePageParts = {
  readonly sites: Sites;
  readonly backups: Backups;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'eraseAfterDays' | 'features'>;
};

/** What of one site can be taken along, each with its own link. */
type Takeable = {
  readonly site: string;
  readonly backup: { readonly href: string; readonly at: number; readonly bytes: number } | undefined;
  /** one is being made now */
  readonly isBackingUp: boolean;
  readonly databases: { readonly href: string; readonly names: readonly string[] } | undefined;
  readonly files: string | undefined;
};

/** @returns everything of the page; nothing is promised that the settings do not hold */
export async function closePage(req: Request, parts: ClosePageParts): Promise<PageData> {
  const { customerId, restriction } = signedIn(req);
  const { sites, clock, choices } = parts;
  const now = clock.now();
  const eraseAt = now + choices.eraseAfterDays * day;
  const own = await sites.forCustomer(customerId);
  return {
    title: req.visit.words.t('termination.title'),
    section: 'account',
    eraseAt,
    days: choices.eraseAfterDays,
    contractUntil: yearsAfter(now, contractYears),
    isHeld: restriction?.because === 'authority',
    takeable: await Promise.all(own.map((site) => takeable(req, site, parts))),
  };
}

async function takeable(req: Request, site: Site, { backups, databases, choices }: ClosePageParts): Promise<Takeable> {
  const { url } = req.visit;
  const has = (feature: (typeof choices.features)[number]) => choices.features.includes(feature);
  const at = (path: string) => url(`/sites/${site.name}${path}`);
  const [newest] = has('backups') ? await backups.held(site) : [];
  const { running } = has('backups') ? await backups.card(site) : { running: undefined };
  const names = has('databases') ? (await databases.list(site)).map(({ name }) => name) : [];
  return {
    site: site.name,
    backup: newest && {
      href: at(`/backups/${newest.id}/download`),
      at: newest.dataAt ?? newest.queuedAt,
      bytes: newest.bytes ?? 0,
    },
    isBackingUp: running !== undefined,
    databases: names.length > 0 ? { href: at('/databases'), names } : undefined,
    files: has('files') ? at('/files/www') : undefined,
  };
}
