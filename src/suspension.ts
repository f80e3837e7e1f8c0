// Where a site is suspended or resumed: its web first, then every other door of it (KHADA 7.2).
import type { Doors } from './panel.ts';

/**
 * The job `sites.enforce`: every door of the site does what the site's row says now. May be repeated. New FTP sign-ins are judged by
 * the row alone.
 * @throws what a server says that does not answer, so that the job comes again
 */
export async function enforce(siteId: string, { sites, databases, ftp, ssh }: Doors): Promise<void> {
  const site = await sites.enforce(siteId);
  await ssh.grants.write(siteId);
  if (!site) return;
  if (site.suspendedAt === null) return databases.resume(site);
  await Promise.all([databases.suspend(site), ftp.suspended(siteId)]);
}
