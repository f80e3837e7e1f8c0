// Where a site is suspended or resumed, or closed while it moves: its web first, then every other door of it (KHADA 7.2). A restricted
// customer keeps the web alone.
import type { Doors } from './panel.ts';
import { whenMissing } from './platform/errors.ts';
import { isShut } from './sites/sites.ts';

/** The job `customers.enforce`: a customer was restricted, or is not any more. May be repeated. @throws as `enforce` */
export async function enforceCustomer(customerId: string, doors: Doors): Promise<void> {
  const sites = await doors.sites.forCustomer(customerId);
  const ends = await Promise.allSettled(sites.map(({ id }) => enforce(id, doors)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * The job `sites.enforce`: every door of the site does what the site's row says now. May be repeated. New FTP sign-ins are judged by
 * the row alone.
 * @throws what a server says that does not answer, so that the job comes again
 */
export async function enforce(siteId: string, doors: Doors): Promise<void> {
  await stopFileJobs(siteId, doors);
  const { sites, databases, ftp, ssh } = doors;
  const site = await sites.enforce(siteId);
  const others = !site ? [] : isShut(site) ? [databases.suspend(site), ftp.suspended(siteId)] : [databases.resume(site)];
  // One door that cannot be reached must not keep the others open.
  const ends = await Promise.allSettled([ssh.grants.write(siteId), ...others]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) {
    await sites.noteFault(siteId, failed.reason);
    throw failed.reason;
  }
  // The row may have changed meanwhile, and the job of that change may have been quicker.
  if (site && isShut(await sites.byId(siteId)) !== isShut(site)) await enforce(siteId, doors);
}

/** First of all: no server is asked for it. A site that only moves keeps what waits. */
async function stopFileJobs(siteId: string, { sites, files, accounts }: Doors): Promise<void> {
  const site = await sites.byId(siteId).catch(whenMissing);
  if (!site) return;
  if (site.suspendedAt !== null) await files.jobs.stopAll(site, 'shut');
  else if (await accounts.restrictions.of(site.customerId)) await files.jobs.stopAll(site, 'restricted');
}
