// Dumps of databases that are deleted or overwritten: written and read back before anything goes, kept for thirty days.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { systemActor } from '../audit/audit.ts';
import { notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { bytesPassed } from '../platform/young-memory.ts';
import type { Site } from '../sites/sites.ts';
import type { DatabasesParts } from './parts.ts';
import type { DatabaseServers } from './servers.ts';
import { type Database, type TrashDump, trashMilliseconds } from './states.ts';
import { type NamedDump, type NewDump, TrashStore } from './trash-store.ts';

/** What was written, or read back. */
type Measured = { readonly bytes: number; readonly sha256: string };
type Cause = {
  readonly because: TrashDump['because'];
  /** the database that is removed, or the import that takes its place */
  readonly causeId: string;
  readonly signal: AbortSignal;
};
type Kept = Omit<NewDump, 'id' | 'database_id' | 'site_id' | 'customer_id' | 'made_at' | 'expires_at'>;

export class Trash {
  readonly #parts: DatabasesParts;
  readonly #servers: DatabaseServers;
  readonly #store: TrashStore;

  constructor(parts: DatabasesParts, servers: DatabaseServers) {
    this.#parts = parts;
    this.#servers = servers;
    this.#store = new TrashStore(parts.connection);
  }

  /** @returns what the site's trash holds, newest first */
  list(site: Site): Promise<NamedDump[]> {
    return this.#store.ofSite(site);
  }

  /** @throws PanelError 404, also when it has expired */
  async find(site: Site, id: string): Promise<NamedDump> {
    const [found] = await this.#store.ofSite(site, id);
    if (!found || found.expiresAt <= this.#parts.clock.now()) throw notFound();
    return found;
  }

  /** @returns the dump as it lies there, packed. @throws PanelError 404, 503 */
  async open({ archive }: TrashDump): Promise<{ size: number; stream: Readable }> {
    return this.#parts.archives.open(archive);
  }

  /**
   * Dumps a database and reads the dump back, before what it holds goes. Done again for the same cause, since the database may have
   * changed meanwhile, it takes the place of the dump before.
   * @throws when the dump is not whole; then what was in the trash still is
   */
  async save(site: Site, database: Database, { because, causeId, signal }: Cause): Promise<void> {
    const { archives } = this.#parts;
    const before = await this.#store.ofCause(causeId);
    // Two names in turn: what an attempt left that was cut off before its row was written is found by the next.
    const keys = ['a', 'b'].map((turn) => `${site.name}/${database.name}-${causeId}-${turn}.sql.gz`);
    const key = keys.find((one) => one !== before?.archive) ?? '';
    await archives.remove(key);
    const staged = await archives.stage(key);
    try {
      const { tables, written } = await this.#write(database, staged.path, signal);
      const packed = await verified(staged.path, written, signal);
      await staged.commit();
      const content = { bytes: packed, text_bytes: written.bytes, sha256: written.sha256, table_count: tables };
      await this.#keep(site, database, { because, cause_id: causeId, archive: key, ...content });
    } finally {
      await staged.discard();
    }
    if (before) await archives.remove(before.archive);
  }

  async #keep(site: Site, { id: database_id }: Database, dump: Kept): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const now = clock.now();
    const { customerId, id: siteId } = site;
    const times = { made_at: now, expires_at: now + trashMilliseconds };
    await connection.write(async (tx) => {
      await this.#store.put(tx, { id: newId(now), database_id, site_id: siteId, customer_id: customerId, ...dump, ...times });
      const details = { because: dump.because, bytes: dump.bytes, tables: dump.table_count };
      await audit.record(tx, {
        action: 'databases.saved',
        actor: systemActor,
        customerId,
        siteId,
        subjectId: database_id,
        details,
      });
    });
  }

  async #write(database: Database, path: string, signal: AbortSignal): Promise<{ tables: number; written: Measured }> {
    const server = await this.#servers.reach(database);
    const { meter, result } = metered();
    const target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    const [{ tables }] = await Promise.all([
      server.dump({ name: database.name, user: database.login }, meter, { signal }),
      pipeline(meter, createGzip(), target, { signal }),
    ]);
    return { tables, written: result() };
  }

  /**
   * By the clock: removes what is older than thirty days. First the row, then the archive: never a promise without one. What a process
   * leaves that dies in between is found by `Databases.sweepArchives`.
   */
  async sweep(): Promise<void> {
    const { connection, clock, archives, audit } = this.#parts;
    for (const { id, archive, customerId, siteId, databaseId } of await this.#store.expired(clock.now())) {
      await connection.write(async (tx) => {
        if (!(await this.#store.remove(tx, id))) return;
        const about = { actor: systemActor, customerId, siteId, subjectId: databaseId };
        await audit.record(tx, { action: 'databases.forgotten', ...about });
      });
      await archives.remove(archive);
    }
  }
}

/** Counts and digests what passes through. */
function metered(): { meter: Transform; result: () => Measured } {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      bytesPassed(chunk.length);
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { meter, result: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** @returns how many bytes it takes packed. @throws Error when what is read back is not what was written */
async function verified(path: string, written: Measured, signal: AbortSignal): Promise<number> {
  let packed = 0;
  const source = createReadStream(path);
  source.on('data', (piece) => {
    packed += piece.length;
  });
  const { meter, result } = metered();
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  await pipeline(source, createGunzip(), meter, nowhere, { signal });
  const read = result();
  if (read.bytes !== written.bytes || read.sha256 !== written.sha256) throw new Error('a dump reads back as something else');
  return packed;
}
