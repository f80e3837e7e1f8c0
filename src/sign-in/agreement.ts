// Consent pending: who came from another panel agrees before anything else; whoever's contract rests on a text that has changed goes on
// reading, downloading and leaving, and is asked.
import type { Request, RequestHandler } from 'express';
import type { Standing } from '../orders/orders.ts';
import { forbidden } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { isChange } from '../platform/web/origin.ts';
import { openMeanwhile } from './open-meanwhile.ts';
import type { SignInParts } from './parts.ts';

declare module 'express-session' {
  interface SessionData {
    /** the page that asks for consent once more has stood in the way already */
    agreementShown: boolean;
  }
}

type Ticked = Readonly<Record<string, boolean>>;

export class Agreement {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Asked at every request of somebody who is signed in: an order may begin to wait, and a version to apply, at any moment. Puts on the
   * person what `can` refuses by. Leads to the page to agree from everywhere when no order was ever agreed to, and once a session from
   * the dashboard when a text has changed.
   * @throws PanelError 403 for changes and programs of those who never agreed
   */
  readonly first: RequestHandler = async (req, res, next) => {
    const { visit } = req;
    const { person } = visit;
    if (!person) return next();
    const standing = await this.#parts.accounts.agreements.standing(person.customerId);
    visit.person = { ...person, ...markOf(standing) };
    if (openMeanwhile.test(visit.path)) return next();
    if (standing.waiting.length > 0 && !standing.hasOpen && standing.superseded.length === 0) {
      if (isChange(req.method) || visit.wantsJson) throw forbidden('agreement.first');
      return res.redirect(303, visit.url('/agree'));
    }
    if (visit.path === '/dashboard' && visit.person.agreement?.isDue && person.role === 'owner' && !req.session.agreementShown) {
      req.session.agreementShown = true;
      return res.redirect(303, visit.url('/agree'));
    }
    next();
  };

  /**
   * Records what was agreed to: for every order that waits, whose sites are then prepared, or else for what has changed.
   * @throws Invalid, PanelError 403 for anybody but an owner
   */
  async agree(req: Request, ticked: Ticked, signed: string): Promise<void> {
    const { accounts } = this.#parts;
    const { person } = req.visit;
    if (person?.role !== 'owner') throw forbidden('error.role');
    const { waiting } = await accounts.agreements.standing(person.customerId);
    await (waiting.length > 0 ? this.#agreeFirst(req, ticked, signed) : this.#agreeAgain(req, ticked, signed));
  }

  async #agreeFirst(req: Request, ticked: Ticked, signed: string): Promise<void> {
    const { accounts, connection, sites } = this.#parts;
    const by = await this.#by(req);
    const checked = accounts.agreements.checked(req.visit.words, ticked, signed);
    await connection.write(async (tx) => {
      const orders = await accounts.agreements.record(tx, { ...by, ...checked });
      for (const order of orders) await sites.prepare(tx, order, by.actor);
    });
  }

  async #agreeAgain(req: Request, ticked: Ticked, signed: string): Promise<void> {
    const { accounts, connection } = this.#parts;
    const by = await this.#by(req);
    await connection.write((tx) => accounts.agreements.recordAgain(tx, req.visit.words, ticked, { ...by, signed }));
  }

  async #by(req: Request) {
    const { visit } = req;
    if (!visit.person) throw forbidden('error.role');
    const { personId, customerId } = visit.person;
    const { email } = await this.#parts.accounts.person(personId);
    const actor = { ...actorOf(req), kind: 'person', personId } as const;
    return { person: { id: personId, email }, customerId, actor, language: visit.language };
  }
}

function markOf({ from, isDue, pending }: Standing) {
  return {
    ...(from !== undefined && { agreement: { from, isDue } }),
    ...(pending.size > 0 && { pendingOrders: pending }),
  };
}
