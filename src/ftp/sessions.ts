// Sessions that run on the FTP server now: they end when their account or site would not be let in any more (KHADA 7.2).

import { day, second } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { type EndedSession, endSession, runs } from '../platform/ftp-server/sessions.ts';
import type { Queue } from '../platform/jobs/port.ts';
import type { Sites } from '../sites/sites.ts';
import type { FtpAccount } from './ftp.ts';
import { type HindranceParts, lasting } from './hindrances.ts';
import type { FtpStore, Running } from './store.ts';

export type FtpSessionsParts = Pick<HindranceParts, 'accounts' | 'clock'> & {
  readonly connection: Connection;
  readonly queue: Queue;
  readonly sites: Sites;
  readonly store: FtpStore;
};

/** A session is written down before its process says whose it is: one so young that cannot be seen is no ended one. */
const beginningMilliseconds = 15 * second;

const sitesAtOnce = 100;

export class FtpSessions {
  readonly #parts: FtpSessionsParts;

  constructor(parts: FtpSessionsParts) {
    this.#parts = parts;
  }

  /** Joins the caller's transaction: the job `ftp.endSessions`, which ends every session of the account. */
  async queueEnd(tx: Tx, { id: accountId, customerId }: Pick<FtpAccount, 'id' | 'customerId'>): Promise<void> {
    const key = `ftp.endSessions:${accountId}`;
    await this.#parts.queue.add(tx, 'ftp.endSessions', { accountId, customerId }, { key, lane: 'short' });
  }

  /** May be repeated; one that just begins and cannot be seen yet is left to the next `endHindered`. @returns how many ran and were ended. @throws Error when one could not be, after the others were */
  async end(of: { readonly siteId: string } | { readonly accountId: string }): Promise<number> {
    return this.#endAll(await this.#parts.store.sessions(of));
  }

  /** Ends what an account that was turned off, an expired one, a suspended site and the like left running; forgets what has ended. */
  async endHindered(): Promise<void> {
    const { store, sites } = this.#parts;
    const hindered: Running[] = [];
    for (const one of await store.sessions()) {
      const site = await sites.byId(one.account.siteId).catch(whenMissing);
      const isOver = site !== undefined && !this.#isYoung(one) && (await this.#isHere(one)) && !(await runs(named(one)));
      // With an old password: the sign-in itself sees to that, but for a session that could not be seen when the new one was set.
      const isOld = one.begunAt < one.account.passwordSetAt;
      if (isOver || isOld || (await lasting(this.#parts, one.account, site))) hindered.push(one);
    }
    await this.#endAll(hindered);
  }

  /** A clock that was set back makes nobody young for long. */
  #isYoung({ begunAt }: Running): boolean {
    return Math.abs(this.#parts.clock.now() - begunAt) < beginningMilliseconds;
  }

  /**
   * By the clock: has each site that was ever reached by FTP swept once a day of what broken uploads left in it. The next time waits in the
   * queue, so that a worker that begins anew walks through nothing twice.
   */
  async planSweeps(): Promise<void> {
    const { connection, clock, queue, store } = this.#parts;
    const runAt = clock.now() + day;
    for (let after = ''; ; ) {
      const used = await store.usedSites(after, sitesAtOnce);
      await connection.write(async (tx) => {
        for (const { siteId, customerId } of used) {
          const options = { key: `incoming.sweepParts:${siteId}`, lane: 'long', runAt } as const;
          await queue.add(tx, 'incoming.sweepParts', { siteId, customerId }, options);
        }
      });
      const last = used.at(-1);
      if (!last) return;
      after = last.siteId;
    }
  }

  async #isHere({ serverId }: Running): Promise<boolean> {
    return (await this.#parts.sites.ftpServer({ serverId }))?.isHere ?? false;
  }

  /** The site's host ends what this process may not: a session of a user of the site's own, or on another machine. */
  async #endOne(one: Running): Promise<EndedSession> {
    const { sites } = this.#parts;
    const byHost = async (why: Error): Promise<EndedSession> => {
      const [host, site] = [await sites.servers.host(one.serverId), await sites.byId(one.account.siteId)];
      if (!host.endSession) throw why;
      return (await host.endSession(site, { process: one.session, login: one.account.user })) ? 'ended' : 'gone';
    };
    if (!(await this.#isHere(one))) return byHost(new Error(`the FTP session ${one.session} runs on another machine`));
    return endSession(named(one)).catch(byHost);
  }

  async #endAll(sessions: readonly Running[]): Promise<number> {
    const { connection, store } = this.#parts;
    const faults: unknown[] = [];
    let ended = 0;
    for (const one of sessions) {
      const { session, account } = one;
      try {
        const fate = await this.#endOne(one);
        if (fate === 'ended') ended += 1;
        else if (this.#isYoung(one)) continue;
        await connection.write((tx) => store.removeSession(tx, { session, accountId: account.id }));
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${faults.length} FTP sessions could not be ended`);
    return ended;
  }
}

const named = ({ session, account }: Running) => ({ session, user: account.user });
