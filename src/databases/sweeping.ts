// What nothing else ends: dumps in storage that no row knows, and rows whose time is over (docs/security.md, data).
import { day, hour } from '../platform/clock.ts';
import type { DatabasesParts } from './parts.ts';
import { SweepStore } from './sweep-store.ts';

/** How long rows of ended imports are shown and kept. */
const importsKept = 90 * day;
/** Of dropped databases: as long as the history tells of acts by their name (ruling 13.11). */
const droppedKept = 365 * day;
const sitesAtOnce = 100;
/** from a dump's arrival in storage to its row is a moment; nothing younger is touched */
const youngest = hour;

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** what came to be imported, by the time in its id; and what went into the trash, by its cause */
const arrived = new RegExp(`/import-(${uuid})$`);
const saved = new RegExp(`-(${uuid})-[ab]\\.sql\\.gz$`);

export class Sweeping {
  readonly #parts: DatabasesParts;
  readonly #store: SweepStore;

  constructor(parts: DatabasesParts) {
    this.#parts = parts;
    this.#store = new SweepStore(parts.connection);
  }

  /** See `Databases.sweepArchives`. */
  async archives(): Promise<void> {
    for (let after = ''; ; ) {
      const siteIds = await this.#store.sitesWithDatabases(after, sitesAtOnce);
      for (const siteId of siteIds) await this.#archivesOf(siteId);
      const last = siteIds.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  async #archivesOf(siteId: string): Promise<void> {
    const { sites, archives, clock, log } = this.#parts;
    const { name } = await sites.byId(siteId);
    // Listed first: what is made and written down meanwhile is not on the list.
    const ours = (await archives.list(name)).map(({ key }) => key).filter((key) => arrived.test(key) || saved.test(key));
    if (ours.length === 0) return;
    // In this order: what ends in between has written its row before it ended.
    const causes = await this.#store.openCauses(siteId);
    const known = await this.#store.archivesOf(siteId);
    for (const key of ours) {
      const [arrival, cause] = [arrived.exec(key)?.[1], saved.exec(key)?.[1]];
      const isYoung = arrival !== undefined && timeOf(arrival) > clock.now() - youngest;
      if (known.has(key) || isYoung || (cause !== undefined && causes.has(cause))) continue;
      await archives.remove(key);
      log.warn({ site: siteId, archive: key }, 'a dump that nothing knows was removed');
    }
  }

  /** Rows of imports that ended long ago and left nothing, and of databases that were dropped long ago and have no other row. */
  async rows(): Promise<void> {
    const { connection, clock } = this.#parts;
    await connection.write((tx) =>
      this.#store.removeEnded(tx, { imports: clock.now() - importsKept, dropped: clock.now() - droppedKept }),
    );
  }
}

/** @returns when a UUIDv7 was made, epoch milliseconds (RFC 9562, 5.7) */
const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
