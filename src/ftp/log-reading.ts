// Reads the FTP server's log on, again and again: each event has its effects once, also when a process dies in the middle.
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { readFtpEvents } from '../platform/ftp-server/events.ts';
import type { FtpEvent } from '../platform/ftp-server/port.ts';
import type { Log } from '../platform/log.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { FtpStore } from './store.ts';

/** Who is told of files that came in, were renamed, and so on: writes rows in the transaction it is given, and nothing else. */
export type Incoming = { took(tx: Tx, event: FtpEvent, site: Site): Promise<void> };

export type FtpLogReadingParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly store: FtpStore;
  readonly log: Pick<Log, 'warn'>;
  /** where the server writes; undefined: nowhere that we know of */
  readonly logFile: string | undefined;
  readonly logWord: string;
  readonly incoming?: Incoming | undefined;
};

/** Some 400 events: a transaction stays short. */
const bytesAtOnce = 64 * 1024;
/** What is left is read at the next appointment, so that others have their turn. */
const mostRounds = 500;
const name = 'panel';

export class FtpLogReading {
  readonly #parts: FtpLogReadingParts;

  constructor(parts: FtpLogReadingParts) {
    this.#parts = parts;
  }

  /** Reads to the end of the log, or for a while. Several processes may read at once: each part is told by one. @throws when it cannot be read */
  async read(): Promise<void> {
    const { logFile: log, logWord } = this.#parts;
    if (log === undefined) return;
    for (let round = 0; round < mostRounds; round += 1) {
      const before = await this.#position();
      const { events, position, hasMore, broken } = await readFtpEvents({ log, logWord, position: before, atMost: bytesAtOnce });
      if (broken > 0) this.#parts.log.warn({ lines: broken }, 'lines of the FTP log that nobody can read');
      if (position === before) return;
      const sites = await this.#sitesOf(events);
      const isOurs = await this.#parts.connection.write(async (tx) => {
        if (!(await this.#moveOn(tx, before, position))) return false;
        await this.heard(tx, events, sites);
        return true;
      });
      if (!isOurs || !hasMore) return;
    }
  }

  async #position(): Promise<string | undefined> {
    const { db } = this.#parts.connection;
    const row = await db.selectFrom('ftp_logs').select('position').where('name', '=', name).executeTakeFirst();
    return row?.position;
  }

  /** @returns false when another process has told this part */
  async #moveOn(tx: Tx, before: string | undefined, position: string): Promise<boolean> {
    const read_at = this.#parts.clock.now();
    if (before !== undefined) {
      const moved = tx.updateTable('ftp_logs').set({ position, read_at }).where('name', '=', name).where('position', '=', before);
      return (await moved.executeTakeFirst()).numUpdatedRows === 1n;
    }
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('ftp_logs')
      .values({ name, position, read_at })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async #sitesOf(events: readonly FtpEvent[]): Promise<ReadonlyMap<string, { accountId: string; site: Site }>> {
    const { store, sites, connection } = this.#parts;
    const found = new Map<string, { accountId: string; site: Site }>();
    for (const user of new Set(events.map((event) => event.user))) {
      const account = await store.lastOfUser(user.toLowerCase(), connection.db);
      const site = account && (await sites.byId(account.siteId).catch(() => undefined));
      if (account && site) found.set(user, { accountId: account.id, site });
    }
    return found;
  }

  /** Joins the transaction that moves on in the log. Names that no account has had are nobody's doing. */
  async heard(
    tx: Tx,
    events: readonly FtpEvent[],
    sites: ReadonlyMap<string, { readonly accountId: string; readonly site: Site }>,
  ): Promise<void> {
    const { store, incoming } = this.#parts;
    for (const event of events) {
      const of = sites.get(event.user);
      if (!of) continue;
      if (event.kind === 'ended') await store.removeSession(tx, { session: event.sessionId, accountId: of.accountId });
      else await incoming?.took(tx, event, of.site);
    }
  }
}
