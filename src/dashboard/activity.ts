// What a customer is told of their own history: actions that have a sentence (`dashboard.activity.<action>`), and no others.
import type { AuditRow } from '../audit/audit.ts';
import type { Parameters } from '../platform/errors.ts';

/** In the audit there is more: what only repeats one of these, or concerns nobody but the company, is left out. */
export const told = [
  'accounts.verified',
  'backups.damaged',
  'backups.downloaded',
  'backups.failed',
  'backups.missing',
  'backups.proven',
  'backups.requested',
  'backups.verified',
  'files.compressed',
  'files.copied',
  'files.edited',
  'files.extracted',
  'files.folderMade',
  'files.moved',
  'files.removed',
  'files.restored',
  'files.trashed',
  'files.uploaded',
  'orders.placed',
  'signIn.confirmFailed',
  'signIn.failed',
  'signIn.linkMailed',
  'signIn.loggedOut',
  'signIn.succeeded',
  'sites.opened',
] as const;

export type Told = (typeof told)[number];

/** One line of the card; `site` is the name of the site it happened at. */
export type Activity = {
  readonly at: number;
  readonly key: string;
  readonly parameters: Parameters;
  readonly site: string | undefined;
  /** who did it, where more than one person may have */
  readonly who?: string;
};

/**
 * @param names of sites by id; a row of a site that is not among them is left out
 * @returns undefined for what has no sentence
 */
export function activityOf(
  row: Pick<AuditRow, 'at' | 'action' | 'siteId' | 'details'>,
  names: ReadonlyMap<string, string>,
): Activity | undefined {
  if (!(told as readonly string[]).includes(row.action)) return undefined;
  const site = row.siteId === null ? undefined : names.get(row.siteId);
  if (row.siteId !== null && site === undefined) return undefined;
  return { at: row.at, key: `dashboard.activity.${row.action}`, parameters: plain(row.details), site };
}

/** Sentences fill in texts and numbers only. */
function plain(details: AuditRow['details']): Parameters {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  );
}
