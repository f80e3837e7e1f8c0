// Consent pending: who came from another panel signs in, and meets the page to agree before anything else.
import type { Request, RequestHandler } from 'express';
import { forbidden } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { isChange } from '../platform/web/origin.ts';
import { openMeanwhile } from './open-meanwhile.ts';
import type { SignInParts } from './parts.ts';

declare module 'express-session' {
  interface SessionData {
    /** an order waited for consent when this session began */
    agreementDue: boolean;
  }
}

export class Agreement {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /** Asked once a session: no order begins to wait while its customer is signed in. */
  async note(req: Request, customerId: string): Promise<void> {
    if (await this.#parts.accounts.agreements.areDue(customerId)) req.session.agreementDue = true;
  }

  /** Leads to the page to agree, from everywhere. @throws PanelError 403 for changes and programs */
  readonly first: RequestHandler = async (req, res, next) => {
    const { visit } = req;
    if (!visit.person || !req.session.agreementDue || openMeanwhile.test(visit.path)) return next();
    // In another browser it may have been given meanwhile.
    if (!(await this.#parts.accounts.agreements.areDue(visit.person.customerId))) {
      delete req.session.agreementDue;
      return next();
    }
    if (isChange(req.method) || visit.wantsJson) throw forbidden('agreement.first');
    res.redirect(303, visit.url('/agree'));
  };

  /**
   * Records what was agreed to, for every order that waits, and prepares the sites.
   * @throws Invalid, PanelError 403 for anybody but an owner
   */
  async agree(req: Request, ticked: Readonly<Record<string, boolean>>, signed: string): Promise<void> {
    const { accounts, connection, sites } = this.#parts;
    const { person, words, language } = req.visit;
    if (person?.role !== 'owner') throw forbidden('error.role');
    const { personId, customerId } = person;
    const checked = accounts.agreements.checked(words, ticked, signed);
    const { email } = await accounts.person(personId);
    const actor = { ...actorOf(req), kind: 'person', personId } as const;
    await connection.write(async (tx) => {
      const agreeing = { ...checked, person: { id: personId, email }, customerId, actor, language };
      for (const order of await accounts.agreements.record(tx, agreeing)) await sites.prepare(tx, order, actor);
    });
    delete req.session.agreementDue;
  }
}
