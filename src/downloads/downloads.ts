// The door of downloads: backups handed out whole, in part or by a link for an hour, and who took what (architecture §9; ux.md 2.8).
import type { Accounts } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Backup, Backups, Downloader } from '../backups/backups.ts';
import { type Clock, day } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { Links } from './links.ts';
import { openPart, type Part, type Taken } from './parts.ts';
import { type Download, DownloadStore } from './store.ts';

export { HandingOut } from './handing-out.ts';
export type { OpenedLink } from './links.ts';
export type { Part, Taken } from './parts.ts';
export type { Download } from './store.ts';

export type DownloadsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly signIn: Pick<SignIn, 'networks'>;
  readonly backups: Backups;
};

/** As long as the history of a customer (rulings of the design, 13.11). */
const keptDays = 365;
const pageRows = 30;

/**
 * Hands out what was made and not found damaged, to a session with a fresh sign-in or by a link that one made. Nothing leaves without a
 * row, and what cannot be written down is not handed out.
 */
export class Downloads {
  readonly #parts: DownloadsParts;
  readonly #store: DownloadStore;
  readonly links: Links;

  constructor(parts: DownloadsParts) {
    this.#parts = parts;
    this.#store = new DownloadStore(parts.connection, parts.secrets);
    this.links = new Links(parts, this.#store);
  }

  /**
   * What may be handed out of a backup; nothing is written down yet.
   * @throws PanelError 404 when there is no such part, 409 or 410 as `Backups.downloadable`, 503 when the archive cannot be read now
   */
  open(site: Site, backup: Backup, part: Part, path = ''): Promise<Taken> {
    return openPart(this.#parts.backups, { site, backup, part, path });
  }

  /**
   * Right before the first byte goes out to a session with a fresh sign-in: its grant with one letter, and one audit row for each part.
   * What goes on where it broke off is the same download.
   * @param downloader with whether the grant is known to be there, as of this request
   * @returns the id of the download, for `sent`
   */
  async begin(
    site: Site,
    backup: Backup,
    taken: Taken,
    { isGranted, ...downloader }: Downloader & { readonly isGranted: boolean },
  ): Promise<string> {
    const { backups } = this.#parts;
    const of = { backupId: backup.id, part: taken.part, path: taken.path, holder: downloader.sessionHash };
    const known = isGranted ? await this.#store.find(of) : undefined;
    if (known) return known;
    await backups.grant(site, backup, downloader, async (tx) => {
      await this.#note(tx, { site, backup, taken, ...downloader, holder: downloader.sessionHash, byLink: false });
    });
    return (await this.#store.find(of)) ?? '';
  }

  /** The same for a program's token, without a letter: its maker is told when it comes from a network that is new. */
  async beginByToken(
    site: Site,
    backup: Backup,
    taken: Taken,
    token: { id: string; personId: string },
    actor: Actor,
  ): Promise<string> {
    const of = { backupId: backup.id, part: taken.part, path: taken.path, holder: token.id };
    const known = await this.#store.find(of);
    if (known) return known;
    const noted = { site, backup, taken, personId: token.personId, actor, holder: token.id, byLink: false, byToken: true };
    await this.#parts.connection.write((tx) => this.#note(tx, noted));
    return (await this.#store.find(of)) ?? '';
  }

  /** @returns when a backup of the site, or a part of one, was last handed out, epoch milliseconds */
  lastAt(site: Pick<Site, 'id' | 'customerId'>): Promise<number | undefined> {
    return this.#store.lastAt(site);
  }

  /** The same for a link: one letter to who made it and one audit row at its first use. */
  async beginByLink(
    site: Site,
    backup: Backup,
    taken: Taken,
    link: { id: string; personId: string },
    actor: Actor,
  ): Promise<string> {
    const { connection, accounts, letters, clock } = this.#parts;
    const of = { backupId: backup.id, part: taken.part, path: taken.path, holder: link.id };
    const known = await this.#store.find(of);
    if (known) return known;
    const { personId } = link;
    const person = await accounts.person(personId);
    const { customerId } = site;
    const said = { site: site.name, backup: backup.id, file: taken.fileName, at: clock.now(), address: actor.address ?? '' };
    const letter = { template: 'backup-downloaded', language: person.language, to: person.email, parameters: said };
    await connection.write(async (tx) => {
      if (!(await this.#note(tx, { site, backup, taken, personId, actor, holder: link.id, byLink: true }))) return;
      await letters.queue(tx, { ...letter, actorPersonId: personId, customerId });
    });
    return (await this.#store.find(of)) ?? '';
  }

  /** @returns false when it was written down before */
  async #note(tx: Parameters<DownloadStore['add']>[0], { site, backup, taken, actor, ...by }: Noted): Promise<boolean> {
    const { clock, audit } = this.#parts;
    const now = clock.now();
    const id = newId(now);
    const { part, path, bytes } = taken;
    const { personId, holder, byLink, byToken = false } = by;
    const row = {
      id,
      backupId: backup.id,
      siteId: site.id,
      customerId: site.customerId,
      personId,
      holder,
      byLink,
      byToken,
      part,
      path,
      bytes,
    };
    if (!(await this.#store.add(tx, { ...row, begunAt: now, address: actor.address }))) return false;
    const about = { actor, customerId: site.customerId, siteId: site.id, subjectId: backup.id };
    const entry = { ...about, details: { part, bytes, byLink, byToken, download: id } };
    if (part === 'whole') await audit.record(tx, { action: 'backups.downloaded', ...entry });
    else await audit.record(tx, { action: 'backups.partDownloaded', ...entry });
    return true;
  }

  /** So many bytes more went out; what cannot be written down here must not cost the download. */
  async sent(id: string, bytes: number): Promise<void> {
    const { connection, clock } = this.#parts;
    if (bytes > 0) await connection.write((tx) => this.#store.sent(tx, id, { bytes, at: clock.now() }));
  }

  /**
   * Of a year, newest first, 30 a page.
   * @param personId theirs alone
   * @returns undefined when there is no such page
   */
  async history(
    site: Site,
    { page, personId }: { page: number; personId?: string | undefined },
  ): Promise<{ downloads: readonly Download[]; total: number; pages: number } | undefined> {
    const of = { site, personId, since: this.#parts.clock.now() - keptDays * day };
    const total = await this.#store.count(of);
    const pages = Math.max(1, Math.ceil(total / pageRows));
    if (!(page >= 1 && page <= pages)) return undefined;
    return { downloads: await this.#store.page(of, { offset: (page - 1) * pageRows, count: pageRows }), total, pages };
  }

  /** Removes rows of more than a year ago, and links that ended yesterday. */
  async sweep(): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#parts.connection.write((tx) => this.#store.sweep(tx, { downloads: now - keptDays * day, links: now - day }));
  }
}

type Noted = {
  readonly site: Site;
  readonly backup: Backup;
  readonly taken: Taken;
  readonly actor: Actor;
  readonly personId: string;
  readonly holder: string;
  readonly byLink: boolean;
  readonly byToken?: boolean;
};
