// Who may download an archive: a fresh sign-in makes a grant for this session and backup, with one audit row and one letter.
import type { Actor } from '../audit/audit.ts';
import type { Tx } from '../platform/database/database.ts';
import type { Site } from '../sites/sites.ts';
import type { BackupsParts } from './backups.ts';
import { GrantStore } from './grant-store.ts';
import type { Backup } from './states.ts';

/** Who downloads: the hash of the session's id, and the person as the audit writes it down. */
export type Downloader = { readonly sessionHash: string; readonly personId: string; readonly actor: Actor };

/** Writes down what is handed out, in the transaction of its grant. */
export type Note = (tx: Tx) => Promise<void>;

export class Grants {
  readonly #parts: BackupsParts;
  readonly #store: GrantStore;

  constructor(parts: BackupsParts) {
    this.#parts = parts;
    this.#store = new GrantStore(parts.connection);
  }

  has(site: Site, backupId: string, { sessionHash, personId }: Pick<Downloader, 'sessionHash' | 'personId'>): Promise<boolean> {
    return this.#store.has(sessionHash, backupId, { personId, customerId: site.customerId });
  }

  async sweep(before: number): Promise<void> {
    await this.#parts.connection.write((tx) => this.#store.removeBefore(tx, before));
  }

  async add(site: Site, backup: Backup, { sessionHash, personId, actor }: Downloader, note?: Note): Promise<void> {
    const { connection, clock, accounts, audit, letters } = this.#parts;
    if (!note && (await this.has(site, backup.id, { sessionHash, personId }))) return;
    const person = await accounts.person(personId);
    const now = clock.now();
    const { customerId } = site;
    const grant = {
      session_hash: sessionHash,
      backup_id: backup.id,
      customer_id: customerId,
      actor_person_id: personId,
      created_at: now,
    };
    const parameters = { site: site.name, backup: backup.id, file: backup.fileName ?? '', at: now, address: actor.address ?? '' };
    const letter = { template: 'backup-downloaded', language: person.language, to: person.email, parameters };
    await connection.write(async (tx) => {
      const isNew = await this.#store.add(tx, grant);
      const entry = { action: 'backups.downloaded', actor, customerId, siteId: site.id, subjectId: backup.id };
      if (note) await note(tx);
      else if (isNew) await audit.record(tx, entry);
      if (!isNew) return;
      await letters.queue(tx, { ...letter, actorPersonId: personId, customerId });
    });
  }
}
