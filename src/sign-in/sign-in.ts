// The door of signing in: who comes, and how. A failing login never tells why (KHADA 6.3).
import type { Request, RequestHandler, Response } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import type { Captcha } from '../platform/captcha/port.ts';
import { type Clock, minute, waitUntil } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Connection } from '../platform/database/database.ts';
import { forbidden, gone, Invalid, PanelError } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { tokenOf } from '../platform/web/page.ts';
import type { Sites } from '../sites/sites.ts';
import { Defence } from './defence.ts';
import { Devices } from './devices.ts';

export type SignInParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly addresses: Addresses;
  readonly counters: Counters;
  readonly captcha: Captcha;
  readonly letters: Letters;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly audit: Audit;
  readonly choices: Choices;
};

const linkMinutes = 10;
/** Later than the slowest verification of a password, so that an older hash or a known name cannot be told by the time (§13.15). */
const failureMilliseconds = 300;
/** Writing a letter takes a little longer than writing none. */
const linkMilliseconds = 150;
const confirmFailures = { count: 5, windowMilliseconds: 15 * minute };

export class SignIn {
  readonly #parts: SignInParts;
  readonly devices: Devices;
  readonly defence: Defence;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.devices = new Devices(parts.secrets, parts.addresses);
    this.defence = new Defence({ ...parts, devices: this.devices, captchaAfter: parts.choices.captchaAfter });
  }

  /** Fills `req.visit.person` from the session; a membership that ended signs out at once. */
  recognise(): RequestHandler {
    return async (req, _res, next) => {
      const { personId, freshAt } = req.session ?? {};
      if (!personId) return next();
      const membership = await this.#parts.accounts.membership(personId);
      if (membership)
        req.visit.person = { personId, customerId: membership.customerId, role: membership.role, freshAt: freshAt ?? 0 };
      next();
    };
  }

  /**
   * Signs in by login name and password. The same answer, at the same time after the question, for every cause of failure, an
   * unknown name included.
   * @throws Invalid `login.failed`, or an error on `captcha` (then nothing was hashed)
   */
  async login(
    req: Request,
    res: Response,
    { email, password, captcha }: { email: string; password: string; captcha?: string },
  ): Promise<void> {
    const { accounts, clock } = this.#parts;
    const failAt = clock.monotonic() + failureMilliseconds;
    const loginIndex = accounts.loginIndex(email);
    const attempt = await this.defence.begin(req, loginIndex);
    if (attempt.captchaDue && !(await this.defence.solves(req, captcha))) {
      await attempt.takeBack();
      throw new Invalid({ captcha: [{ key: captcha ? 'login.captchaWrong' : 'login.captchaMissing' }] });
    }
    const person = await accounts.checkPassword(email, password).catch(async (error) => {
      await attempt.takeBack();
      throw error;
    });
    const entered = person && (await this.#enter(req, res, person, 'password'));
    if (!entered) {
      await this.#failed(req, person ?? (await accounts.byLoginName(email)));
      await waitUntil(clock, failAt);
      throw new Invalid({ '': [{ key: 'login.failed' }] });
    }
    await attempt.succeed();
  }

  async #failed(req: Request, person: Person | undefined): Promise<void> {
    const { connection, audit, accounts } = this.#parts;
    const membership = person && (await accounts.membership(person.id));
    await connection.write((tx) =>
      audit.record(tx, {
        action: 'signIn.failed',
        actor: actorOf(req),
        ...(membership && { customerId: membership.customerId }),
        ...(person && { subjectId: person.id }),
      }),
    );
  }

  /** A new session id, whatever was there before. @returns false when the person has no place at any customer */
  async #enter(req: Request, res: Response, person: Person, way: 'password' | 'link' | 'verification'): Promise<boolean> {
    const { accounts, clock, audit, connection } = this.#parts;
    const membership = await accounts.membership(person.id);
    if (!membership) return false;
    const { kept } = req.session;
    await renewed(req);
    const now = clock.now();
    const actor: Actor = { ...actorOf(req), kind: 'person', personId: person.id };
    // Before the session: a sign-in that cannot be written down is none.
    await connection.write((tx) =>
      audit.record(tx, {
        action: 'signIn.succeeded',
        actor,
        customerId: membership.customerId,
        subjectId: person.id,
        details: { way },
      }),
    );
    Object.assign(req.session, {
      personId: person.id,
      customerId: membership.customerId,
      startedAt: now,
      freshAt: now,
      ...(kept && { kept }),
    });
    req.visit.person = { personId: person.id, customerId: membership.customerId, role: membership.role, freshAt: now };
    this.devices.remember(res, accounts.loginIndex(person.loginName));
    return true;
  }

  /** Mails a link that signs in once, within 10 minutes. The same for an unknown address, and in the same time. */
  async mailLink(req: Request, email: string): Promise<void> {
    const { clock } = this.#parts;
    const answerAt = clock.monotonic() + linkMilliseconds;
    await this.#mailLink(req, email);
    await waitUntil(clock, answerAt);
  }

  async #mailLink(req: Request, email: string): Promise<void> {
    const { accounts, connection, letters, counters, choices, audit } = this.#parts;
    const limit = choices.limits.lettersPerAddress;
    const { count } = await counters.hit(`signIn.link:${accounts.loginIndex(email)}`, limit.windowMilliseconds);
    const person = await accounts.byLoginName(email);
    if (!person || count > limit.count) return;
    const membership = await accounts.membership(person.id);
    if (!membership) return;
    await connection.write(async (tx) => {
      const token = await accounts.mailToken(tx, { purpose: 'login-link', personId: person.id, lifetimeMinutes: linkMinutes });
      const common = { actorPersonId: person.id, customerId: membership.customerId };
      const parameters = { token, minutes: linkMinutes };
      await letters.queue(tx, { template: 'login-link', language: person.language, to: person.email, parameters, ...common });
      await audit.record(tx, {
        action: 'signIn.linkMailed',
        actor: actorOf(req),
        customerId: membership.customerId,
        subjectId: person.id,
      });
    });
  }

  /** @throws PanelError 410 when the link was used, has expired or never was */
  async enterByLink(req: Request, res: Response, token: string): Promise<void> {
    const { accounts, connection } = this.#parts;
    const personId = await connection.write((tx) => accounts.useToken(tx, 'login-link', token));
    const person = await accounts.person(personId);
    if (!(await this.#enter(req, res, person, 'link'))) throw gone('login.linkGone');
  }

  /** @returns whether this browser must give the password, since another one signed up. @throws PanelError 410 */
  async verificationNeedsPassword(req: Request, token: string): Promise<boolean> {
    const { needsPassword } = await this.#parts.accounts.verification(token);
    return needsPassword(hashToken(req.sessionID));
  }

  /** Verifies the address, prepares the ordered site, and signs in. @throws PanelError 410, Invalid on `password` */
  async verify(req: Request, res: Response, token: string, password: string): Promise<void> {
    const { accounts, connection, sites } = this.#parts;
    const { personId, needsPassword } = await accounts.verification(token);
    if (needsPassword(hashToken(req.sessionID)) && !(await accounts.checkPasswordOf(personId, password))) {
      throw new Invalid({ password: [{ key: 'verify.passwordWrong' }] });
    }
    await connection.write(async (tx) => {
      const { orders, customerId } = await accounts.verify(tx, token, { ...actorOf(req), personId });
      for (const order of orders)
        await sites.prepare(tx, { ...order, customerId }, { ...actorOf(req), kind: 'person', personId });
    });
    await this.#enter(req, res, await accounts.person(personId), 'verification');
  }

  /** A fresh sign-in before a delicate act. @throws Invalid on `password`, PanelError 429 after too many failures */
  async confirm(req: Request, password: string): Promise<void> {
    const { accounts, counters, clock, connection, audit } = this.#parts;
    const { person } = req.visit;
    if (!person) throw forbidden();
    const key = `signIn.confirm:${person.personId}`;
    const { count, resetAt } = await counters.hit(key, confirmFailures.windowMilliseconds);
    if (count > confirmFailures.count) throw new PanelError(429, 'error.wait', { until: req.visit.words.clock(resetAt) });
    const right = await accounts.checkPasswordOf(person.personId, password);
    const action = right ? 'signIn.confirmed' : 'signIn.confirmFailed';
    await connection.write((tx) => audit.record(tx, { action, actor: actorOf(req), customerId: person.customerId }));
    if (!right) throw new Invalid({ password: [{ key: 'confirm.failed' }] });
    await counters.clear(key);
    const { cookie: _, csrf: __, ...data } = req.session;
    await renewed(req);
    Object.assign(req.session, data, { freshAt: clock.now() });
  }

  async logout(req: Request): Promise<void> {
    const { connection, audit } = this.#parts;
    const { person } = req.visit;
    if (person)
      await connection.write((tx) =>
        audit.record(tx, { action: 'signIn.loggedOut', actor: actorOf(req), customerId: person.customerId }),
      );
    await new Promise<void>((resolve, reject) => req.session.destroy((error) => (error ? reject(error) : resolve())));
  }
}

/** A new session id; nothing of the old session is left. Its token is made at once: of two tabs opened next, each would make one. */
async function renewed(req: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve())));
  tokenOf(req);
}
