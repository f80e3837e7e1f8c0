// Handing a database out as SQL: a fresh sign-in makes a grant for this session, with one letter; every download is written down.
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Actor } from '../audit/audit.ts';
import type { Site } from '../sites/sites.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import type { Database } from './states.ts';
import { DatabaseStore } from './store.ts';

/** Who downloads: the hash of the session's id, and the person as the audit writes it down. */
export type Downloader = { readonly sessionHash: string; readonly personId: string; readonly actor: Actor };

/** What is downloaded: a database, or a dump in the trash. */
export type Subject = { readonly id: string; readonly databaseId: string; readonly name: string };

export class Downloads {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #store: DatabaseStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new DatabaseStore(parts.connection);
  }

  isGranted({ customerId: customer_id }: Site, subject_id: string, { sessionHash, personId }: Downloader): Promise<boolean> {
    return this.#store.isGranted({ session_hash: sessionHash, subject_id, customer_id, actor_person_id: personId });
  }

  /** See `Databases.grantDownload`. */
  async grant(site: Site, subject: Subject, { sessionHash, personId, actor }: Downloader): Promise<void> {
    const { connection, clock, accounts, audit, letters } = this.#parts;
    const person = await accounts.person(personId);
    const now = clock.now();
    const { customerId } = site;
    const grant = { session_hash: sessionHash, subject_id: subject.id, customer_id: customerId, actor_person_id: personId };
    const parameters = {
      site: site.name,
      database: subject.databaseId,
      name: subject.name,
      at: now,
      address: actor.address ?? '',
    };
    const letter = { template: 'database-downloaded', language: person.language, to: person.email, parameters };
    await connection.write(async (tx) => {
      const about = { actor, customerId, siteId: site.id, subjectId: subject.databaseId };
      await audit.record(tx, { action: 'databases.downloaded', ...about });
      if (!(await this.#store.grant(tx, { ...grant, created_at: now }))) return;
      await letters.queue(tx, { ...letter, actorPersonId: personId, customerId });
    });
  }

  /**
   * @param gone ends the dump: whoever asked for it has left
   * @returns the database as packed SQL text, which begins only when the server has begun to send; it ends with an error when the dump
   * is not whole, so that nobody takes it for whole
   * @throws PanelError 503 when the server does not answer; the signal's reason
   */
  async open({ name, login, serverId }: Database, gone: AbortSignal): Promise<Readable> {
    const server = await this.#servers.reach({ serverId });
    gone.throwIfAborted();
    const stop = new AbortController();
    const text = new PassThrough();
    const packed = createGzip();
    const leave = () => packed.destroy();
    gone.addEventListener('abort', leave, { once: true });
    packed.once('close', () => {
      gone.removeEventListener('abort', leave);
      stop.abort();
    });
    const dumped = server.dump({ name, user: login }, text, { signal: stop.signal });
    const sent = pipeline(text, packed);
    sent.catch(() => {});
    dumped.catch((error: Error) => packed.destroy(error));
    const begun = new Promise<void>((resolve, reject) => {
      text.once('readable', resolve);
      dumped.then(() => resolve(), reject);
    });
    await begun;
    return packed;
  }

  /** By the clock. @param before epoch milliseconds */
  async sweepGrants(before: number): Promise<void> {
    await this.#parts.connection.write((tx) => this.#store.forgetGrants(tx, before));
  }
}
