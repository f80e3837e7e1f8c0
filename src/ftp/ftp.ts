// The door of FTP: accounts of a site, who signed in by them, and what came in (KHADA 7.3, 7.4).
import type { FtpAnswer } from '../platform/ftp-server/port.ts';
import { FtpAccounts, type FtpAccountsParts } from './accounts.ts';
import { FtpLogReading, type FtpLogReadingParts } from './log-reading.ts';
import { FtpLogins, type LoginsParts } from './logins.ts';
import { FtpSessions, type FtpSessionsParts } from './sessions.ts';
import { FtpSignIns, type FtpSignInsParts } from './sign-ins.ts';
import { FtpStore } from './store.ts';

export type { FtpLogin } from './logins.ts';

export type FtpAccount = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  /** the person who made it */
  readonly makerId: string;
  /** as FTP programs send it: the site's name, or that and a name of its own behind a dot */
  readonly user: string;
  /** below the site's folder: `www`, `www/shop`; '': all of it, `www/` and `backup/` */
  readonly folder: string;
  /** from where alone it may be used; empty: from everywhere */
  readonly networks: readonly string[];
  readonly plainAllowedAt: number | null;
  /** epoch milliseconds; null: until it is ended */
  readonly expiresAt: number | null;
  readonly offAt: number | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly passwordSetAt: number;
  /** the person who set the password and may know it */
  readonly passwordBy: string;
  readonly usedAt: number | null;
  readonly usedAddress: string | undefined;
  /** when the password last came over a line without encryption */
  readonly plainAt: number | null;
};

export type FtpParts = Omit<FtpAccountsParts & FtpSessionsParts & FtpSignInsParts & FtpLogReadingParts & LoginsParts, Inner>;
/** What is built here. */
type Inner = 'store' | 'sessions' | 'logins';

/**
 * By site and customer: what a stranger asks for is PanelError 404. Times are epoch milliseconds. Errors: PanelError 503 when the database
 * does not answer; nobody comes in then.
 */
export class Ftp {
  readonly accounts: FtpAccounts;
  readonly logins: FtpLogins;
  /** sessions that run on the server now */
  readonly sessions: FtpSessions;
  /** what the server tells afterwards */
  readonly log: FtpLogReading;
  readonly #signIns: FtpSignIns;

  constructor(parts: FtpParts) {
    const store = new FtpStore(parts.connection, parts.secrets);
    this.logins = new FtpLogins(parts);
    this.sessions = new FtpSessions({ ...parts, store });
    this.accounts = new FtpAccounts({ ...parts, store, sessions: this.sessions });
    this.#signIns = new FtpSignIns({ ...parts, store, logins: this.logins });
    this.log = new FtpLogReading({ ...parts, store });
  }

  /**
   * Judges a sign-in for the FTP server, which asks by RADIUS. Every refusal comes at the same time after the question, whatever the
   * cause, for unknown names as for known ones (KHADA 6.3; ruling 15).
   * @throws what a database throws that does not answer: then nobody comes in
   */
  readonly answer: FtpAnswer = (attempt) => this.#signIns.answer(attempt);

  /** The same for the FTP server of a server on another machine, which is told of its own sites alone. */
  answerAt(serverId: string): FtpAnswer {
    return (attempt) => this.#signIns.answer(attempt, serverId);
  }

  /** The site was suspended or terminated: every session at it is ended. @returns how many were. @throws Error when one could not be */
  suspended(siteId: string): Promise<number> {
    return this.sessions.end({ siteId });
  }

  /** By the clock: ends sessions whose account or site would not be let in any more, forgets old sign-ins, then accounts that ended. */
  async tidy(): Promise<void> {
    await this.logins.sweep();
    await this.accounts.sweep();
    await this.sessions.endHindered();
  }
}
