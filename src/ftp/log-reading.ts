// Reads the FTP server's log on, again and again: no event is lost, and none has its effects twice, also when a process dies in the middle.

import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { readFtpEvents } from '../platform/ftp-server/events.ts';
import type { FtpEvent } from '../platform/ftp-server/port.ts';
import type { Log } from '../platform/log.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { FtpStore } from './store.ts';

/** Who is told of what was done to files: events of one site in their order, before the log is moved on. Told again it must do no harm. */
export type Incoming = { took(events: readonly FtpEvent[], site: Site): Promise<void> };

export type FtpLogReadingParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly store: FtpStore;
  readonly log: Pick<Log, 'warn'>;
  readonly choices: Pick<Choices, 'ftpLog'>;
  /** @returns the word between which true lines stand */
  readonly logWord: () => Promise<string>;
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
    const { ftpLog: log } = this.#parts.choices;
    if (log === undefined) return;
    const logWord = await this.#parts.logWord();
    for (let round = 0; round < mostRounds; round += 1) {
      const before = await this.#position();
      const { events, position, hasMore, broken } = await readFtpEvents({ log, logWord, position: before, atMost: bytesAtOnce });
      if (broken > 0) this.#parts.log.warn({ lines: broken }, 'lines of the FTP log that nobody can read');
      if (position === before) return;
      const told = await this.#ofOurSites(events);
      for (const { site, events: done } of told) await this.#parts.incoming?.took(done, site);
      const isOurs = await this.#parts.connection.write(async (tx) => {
        if (!(await this.#moveOn(tx, before, position))) return false;
        for (const of of told) await this.#forgetEnded(tx, of);
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

  /** By account, in their order. Names that no account has had are nobody's doing. */
  async #ofOurSites(events: readonly FtpEvent[]): Promise<Told[]> {
    const { store, sites } = this.#parts;
    const told: Told[] = [];
    for (const [user, done] of Map.groupBy(events, (event) => event.user.toLowerCase())) {
      const account = await store.lastOfUser(user);
      const site = account && (await sites.byId(account.siteId).catch(whenMissing));
      if (account && site) told.push({ accountId: account.id, site, events: done });
    }
    return told;
  }

  async #forgetEnded(tx: Tx, { accountId, events }: Told): Promise<void> {
    for (const { kind, sessionId: session } of events)
      if (kind === 'ended') await this.#parts.store.removeSession(tx, { session, accountId });
  }
}

type Told = { readonly accountId: string; readonly site: Site; readonly events: readonly FtpEvent[] };
