// Sessions that run on the FTP server now: they end when their account or site would not be let in any more (KHADA 7.2).

import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { endSession, runs } from '../platform/ftp-server/sessions.ts';
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

  /** May be repeated. @returns how many ran and were ended. @throws Error when one could not be, after the others were */
  async end(of: { readonly siteId: string } | { readonly accountId: string }): Promise<number> {
    return this.#endAll(await this.#parts.store.sessions(of));
  }

  /** Ends what an account that was turned off, an expired one, a suspended site and the like left running; forgets what has ended. */
  async endHindered(): Promise<void> {
    const { store, sites } = this.#parts;
    const hindered: Running[] = [];
    for (const one of await store.sessions()) {
      const site = await sites.byId(one.account.siteId).catch(whenMissing);
      const isOver = site !== undefined && (await this.#isHere(one)) && !(await runs({ ...one, user: one.account.user }));
      if (isOver || (await lasting(this.#parts, one.account, site))) hindered.push(one);
    }
    await this.#endAll(hindered);
  }

  async #isHere({ serverId }: Running): Promise<boolean> {
    return (await this.#parts.sites.ftpServer({ serverId }))?.isHere ?? false;
  }

  async #endAll(sessions: readonly Running[]): Promise<number> {
    const { connection, store } = this.#parts;
    const faults: unknown[] = [];
    let ended = 0;
    for (const one of sessions) {
      const { session, account } = one;
      try {
        if (!(await this.#isHere(one))) throw new Error(`the FTP session ${session} runs on another machine`);
        if ((await endSession({ session, user: account.user })) === 'ended') ended += 1;
        await connection.write((tx) => store.removeSession(tx, { session, accountId: account.id }));
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${faults.length} FTP sessions could not be ended`);
    return ended;
  }
}
