// What happened to one's own account, with where it came from: for a year, and nobody can delete it (KHADA 3.8).
import type { Request } from 'express';
import type { Audit, AuditFilter, HistoryRow } from '../audit/audit.ts';
import { type Clock, day } from '../platform/clock.ts';
import { signedIn } from '../platform/web/visit.ts';

/** What the history tells; each has a sentence `security.history.<action>`. */
const actions = [
  'accounts.addressAsked',
  'accounts.addressCancelled',
  'accounts.addressChanged',
  'accounts.addressConfirmed',
  'accounts.addressUndone',
  'accounts.passwordChanged',
  'accounts.passwordReset',
  'accounts.passwordClosed',
  'accounts.passwordOff',
  'accounts.verified',
  'people.joined',
  'signIn.addressRefused',
  'signIn.codesRenewed',
  'signIn.confirmFailed',
  'signIn.customerChosen',
  'signIn.factorAdded',
  'signIn.factorRemoved',
  'signIn.failed',
  'signIn.linkMailed',
  'signIn.loggedOut',
  'signIn.networkCut',
  'signIn.networkRefused',
  'signIn.networksChanged',
  'signIn.networksLifted',
  'signIn.lostFactorBegun',
  'signIn.lostFactorRemoved',
  'signIn.lostFactorStopped',
  'signIn.passkeyAdded',
  'signIn.passkeyRemoved',
  'signIn.resetMailed',
  'signIn.secondFactorFailed',
  'signIn.sessionEnded',
  'signIn.sessionsEnded',
  'signIn.succeeded',
] as const;

const newestRows = 20;
/** A customer's history is kept for a year (ruling 13.11). */
const historyDays = 365;

export class OwnHistory {
  readonly #parts: { readonly audit: Audit; readonly clock: Clock };

  constructor(parts: { readonly audit: Audit; readonly clock: Clock }) {
    this.#parts = parts;
  }

  /** @returns the newest twenty */
  newest(req: Request): Promise<HistoryRow[]> {
    return this.#parts.audit.rows(this.#filter(req), { count: newestRows });
  }

  /** @returns that part of the whole year, newest first, and how many there are in all */
  async part(req: Request, part: { count: number; skip: number }): Promise<{ rows: HistoryRow[]; total: number }> {
    const { audit } = this.#parts;
    const filter = this.#filter(req);
    const [rows, total] = await Promise.all([audit.rows(filter, part), audit.count(filter)]);
    return { rows, total };
  }

  #filter(req: Request): AuditFilter {
    return { subjectId: signedIn(req).personId, actions, since: this.#parts.clock.now() - historyDays * day };
  }
}
