// Links that download one backup for an hour without a session: for programs on servers, which go on where they were cut off.
import type { Actor } from '../audit/audit.ts';
import type { Backup } from '../backups/backups.ts';
import { hour } from '../platform/clock.ts';
import { forbidden, gone, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { allows } from '../platform/web/networks.ts';
import type { Site } from '../sites/sites.ts';
import type { DownloadsParts } from './downloads.ts';
import type { DownloadStore, Link } from './store.ts';

const lifetime = hour;
const purpose = 'backup-link';

/** What its person did meanwhile that ends a link: going out, closing other doors, or another password (security.md, ASVS 7.4.3). */
const endings = [
  ...['signIn.loggedOut', 'signIn.sessionEnded', 'signIn.sessionsEnded', 'signIn.networkCut', 'accounts.addressUndone'],
  ...['accounts.passwordChanged', 'accounts.passwordReset', 'accounts.passwordClosed', 'accounts.passwordOff'],
];

export type OpenedLink = { readonly link: Link; readonly site: Site; readonly backup: Backup };

export class Links {
  readonly #parts: DownloadsParts;
  readonly #store: DownloadStore;

  constructor(parts: DownloadsParts, store: DownloadStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /**
   * After a fresh sign-in. The token is kept nowhere: it is to be shown once.
   * @throws PanelError 409 or 410 as `Backups.downloadable`
   */
  async make(
    site: Site,
    backup: Backup,
    personId: string,
    actor: Actor,
  ): Promise<{ token: string; fileName: string; expiresAt: number }> {
    const { connection, clock, audit, backups, secrets } = this.#parts;
    const { fileName } = backups.downloadable(backup);
    const createdAt = clock.now();
    const expiresAt = createdAt + lifetime;
    const { customerId } = site;
    const link = { id: newId(createdAt), backupId: backup.id, siteId: site.id, customerId, personId, createdAt, expiresAt };
    await connection.write(async (tx) => {
      await this.#store.addLink(tx, link);
      const details = { minutes: lifetime / 60_000 };
      await audit.record(tx, { action: 'backups.linkMade', actor, customerId, siteId: site.id, subjectId: backup.id, details });
    });
    const named = `${link.id}.${expiresAt.toString(36)}`;
    return { token: `${named}.${secrets.sign(purpose, named)}`, fileName, expiresAt };
  }

  /**
   * The place of who made it must still be there, for this site and from this address, and they must not have gone out meanwhile.
   * @throws PanelError 404 for what we did not sign, 410 after its end, 403 from an address that may not be used, 409 or 410 as
   * `Backups.downloadable`
   */
  async open(token: string, address: string): Promise<OpenedLink> {
    const { clock, secrets, sites, backups } = this.#parts;
    const [, named = '', id = '', expires = '', signature = ''] =
      /^(([0-9a-f-]{36})\.([0-9a-z]{1,12}))\.([\w-]{43})$/.exec(token) ?? [];
    if (named === '' || !secrets.verifies(purpose, named, signature)) throw notFound();
    const link = await this.#store.link(id);
    if (!link || clock.now() >= Number.parseInt(expires, 36) || clock.now() >= link.expiresAt) throw gone('downloads.link.gone');
    if (await this.#hasEnded(link)) throw gone('downloads.link.gone');
    const place = await this.#place(link, address);
    const site = await sites.find(place, (await sites.byId(link.siteId)).name);
    const backup = await backups.byId(site, link.backupId);
    backups.downloadable(backup);
    return { link, site, backup };
  }

  async #hasEnded({ personId, createdAt }: Link): Promise<boolean> {
    const { audit } = this.#parts;
    return (await audit.count({ personId, actions: endings, since: createdAt })) > 0;
  }

  async #place({ personId, customerId }: Link, address: string) {
    const { accounts, signIn } = this.#parts;
    const place = (await accounts.memberships.valid(personId)).find((one) => one.customerId === customerId);
    if (!place) throw gone('downloads.link.gone');
    const isHere = allows(place.networks, address) && (await signIn.networks.allows(personId, address));
    if (!isHere) throw forbidden('error.elsewhere', { address });
    return place;
  }
}
