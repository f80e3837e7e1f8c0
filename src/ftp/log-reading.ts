// Reads the FTP server's log on, again and again: no event is lost, and none has its effects twice, also when a process dies in the middle.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Choices } from '../options.ts';
import { type Clock, second } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { readFtpEvents } from '../platform/ftp-server/events.ts';
import type { FtpEvent, LogPlace } from '../platform/ftp-server/port.ts';
import type { Log } from '../platform/log.ts';
import type { Server, Site, Sites } from '../sites/sites.ts';
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
  /** @returns the word between which true lines stand; of a server on another machine by its name */
  readonly logWord: (server?: string) => Promise<string>;
  /** has the log of a server on another machine read, as long as that server answers */
  readonly farLog: <T>(server: Server, use: (place: LogPlace) => Promise<T>) => Promise<T>;
  readonly incoming?: Incoming | undefined;
};

/** Some 400 events: a transaction stays short. */
const bytesAtOnce = 64 * 1024;
/** What is left is read at the next appointment, so that others have their turn. */
const mostRounds = 500;
/** By which its position is kept; of other machines it is the id of the server. */
const ownName = 'panel';
/** Other appointments of the worker wait for a server that does not answer, so it is not waited for longer. */
const farMilliseconds = 10 * second;

type LogOf = { readonly name: string; readonly log: string; readonly logWord: string; readonly place?: LogPlace };

export class FtpLogReading {
  readonly #parts: FtpLogReadingParts;
  /** readings of other machines that have not ended, by server: a line that hangs is waited for, not taken up once more */
  readonly #far = new Map<string, Promise<void>>();

  constructor(parts: FtpLogReadingParts) {
    this.#parts = parts;
  }

  /**
   * Reads to the end of every server's log, or for a while. Several processes may read at once: each part is told by one.
   * @throws when this machine's cannot be read; what is wrong with another's stands in the log of the panel
   */
  async read(): Promise<void> {
    const others = (await this.#parts.sites.servers.list()).map((server) => this.#readFar(server));
    const [own] = await Promise.allSettled([this.#readOwn(), ...others]);
    if (own?.status === 'rejected') throw own.reason;
  }

  async #readOwn(): Promise<void> {
    const { logWord, choices } = this.#parts;
    if (choices.ftpLog !== undefined) await this.#readOne({ name: ownName, log: choices.ftpLog, logWord: await logWord() });
  }

  /** One that did not answer at its last check is left alone until it does, and so is one whose last reading has not ended. */
  async #readFar(server: Server): Promise<void> {
    const { id: name, reach, ftpLog: log, checkFault } = server;
    if (!reach || log === null || checkFault !== null || this.#far.has(name)) return;
    const { farLog, logWord, log: said } = this.#parts;
    const reading = farLog(server, async (place) => this.#readOne({ name, log, logWord: await logWord(server.name), place }))
      .catch((err) => said.warn({ server: server.name, err }, 'the log of an FTP server could not be read'))
      .finally(() => this.#far.delete(name));
    this.#far.set(name, reading);
    const waited = new AbortController();
    const late = sleep(farMilliseconds, undefined, { ref: false, signal: waited.signal }).catch(() => {});
    await Promise.race([reading, late]).finally(() => waited.abort());
  }

  async #readOne({ name, ...of }: LogOf): Promise<void> {
    for (let round = 0; round < mostRounds; round += 1) {
      const before = await this.#position(name);
      const { events, position, hasMore, broken } = await readFtpEvents({ ...of, position: before, atMost: bytesAtOnce });
      if (broken > 0) this.#parts.log.warn({ lines: broken }, 'lines of the FTP log that nobody can read');
      if (position === before) return;
      const told = await this.#ofOurSites(events, name);
      for (const { site, events: done } of told) await this.#parts.incoming?.took(done, site);
      const isOurs = await this.#parts.connection.write(async (tx) => {
        if (!(await this.#moveOn(tx, name, { before, position }))) return false;
        for (const of of told) await this.#forgetEnded(tx, of);
        return true;
      });
      if (!isOurs || !hasMore) return;
    }
  }

  async #position(name: string): Promise<string | undefined> {
    const { db } = this.#parts.connection;
    const row = await db.selectFrom('ftp_logs').select('position').where('name', '=', name).executeTakeFirst();
    return row?.position;
  }

  /** @returns false when another process has told this part */
  async #moveOn(tx: Tx, name: string, { before, position }: { before: string | undefined; position: string }): Promise<boolean> {
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

  /** By account, in their order. Names that no account has had are nobody's doing, and a server tells of its own sites alone. */
  async #ofOurSites(events: readonly FtpEvent[], name: string): Promise<Told[]> {
    const { store, sites } = this.#parts;
    const told: Told[] = [];
    for (const [user, done] of Map.groupBy(events, (event) => event.user.toLowerCase())) {
      const account = await store.lastOfUser(user);
      const site = account && (await sites.byId(account.siteId).catch(whenMissing));
      const isItsOwn = site && (name === ownName ? (await sites.ftpServer(site))?.isHere : site.serverId === name);
      if (account && site && isItsOwn) told.push({ accountId: account.id, site, events: done });
    }
    return told;
  }

  async #forgetEnded(tx: Tx, { accountId, events }: Told): Promise<void> {
    for (const { kind, sessionId: session } of events)
      if (kind === 'ended') await this.#parts.store.removeSession(tx, { session, accountId });
  }
}

type Told = { readonly accountId: string; readonly site: Site; readonly events: readonly FtpEvent[] };
