// The door of signing in: who comes, and how. A failing login never tells why (KHADA 6.3).
import type { Request, RequestHandler, Response } from 'express';
import type { Person } from '../accounts/accounts.ts';
import type { Actor } from '../audit/audit.ts';
import { minute } from '../platform/clock.ts';
import { gone, Invalid } from '../platform/errors.ts';
import { hashToken } from '../platform/secrets.ts';
import { Tally } from '../platform/tally.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { AddressChanges } from './address-change.ts';
import { Agreement } from './agreement.ts';
import type { ClosedPasswords } from './closed-passwords.ts';
import { Defence } from './defence.ts';
import { Devices } from './devices.ts';
import { noteFailure } from './failures.ts';
import type { LostFactors } from './lost-factors.ts';
import { mailLoginLink } from './mailed-link.ts';
import { OtherDoors } from './other-doors.ts';
import type { OwnAccount } from './own-account.ts';
import type { OwnNetworks } from './own-networks.ts';
import { ownParts } from './own-parts.ts';
import type { SignInParts } from './parts.ts';
import type { Passkeys } from './passkeys.ts';
import { PasswordLogin } from './password-login.ts';
import { Places } from './places.ts';
import { recognised } from './recognised.ts';
import type { Recovery } from './recovery.ts';
import type { SecondFactors } from './second-factors.ts';
import { SecurityLetters } from './security-letters.ts';
import { renewed } from './sessions.ts';

type Way = 'password' | 'link' | 'verification' | 'passkey' | 'invitation';
/** In, or asked for the second factor first. */
export type Entry = 'in' | 'second-factor';

declare module 'express-session' {
  interface SessionData {
    /** who gave the first factor, how, and until when the second may be given */
    half: { personId: string; way: Way; until: number };
  }
}

const secondFactorMinutes = 10;

export type SignInOutcome = Way | 'failed' | 'captcha' | 'wait' | 'busy';

/**
 * Who comes, and how. Every cause of a failed sign-in has the same answer at the same time after its arrival (KHADA 6.3; ruling 15).
 * Each way in makes a new session id (ASVS 7.2.4) and an audit row, and without the row there is no sign-in.
 */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #tally = new Tally<SignInOutcome>();
  readonly devices: Devices;
  readonly defence: Defence;
  /** the same counts at doors without a browser */
  readonly otherDoors: OtherDoors;
  /** what a person sees of and does to their own way in */
  readonly own: OwnAccount;
  readonly factors: SecondFactors;
  readonly passkeys: Passkeys;
  /** what who came from another panel agrees to first */
  readonly agreement: Agreement;
  /** second factors that an operator was told are lost */
  readonly lostFactors: LostFactors;
  /** a password reset by letter, and "this was not me" */
  readonly recovery: Recovery;
  /** another e-mail address */
  readonly addressChanges: AddressChanges;
  /** from where a person alone may come */
  readonly networks: OwnNetworks;
  /** at which customer a person acts, and from where */
  readonly places: Places;
  readonly #securityLetters: SecurityLetters;
  /** passwords that open nothing until a mailed reset */
  readonly closedPasswords: ClosedPasswords;
  readonly #byPassword: PasswordLogin;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.devices = new Devices(parts.secrets, parts.addresses);
    this.defence = new Defence({ ...parts, devices: this.devices });
    this.otherDoors = new OtherDoors({ ...parts, stuffing: this.defence.stuffing, waits: this.defence.waits });
    this.agreement = new Agreement(parts);
    this.places = new Places({ ...parts, agreement: this.agreement });
    this.#securityLetters = new SecurityLetters(parts);
    const built = ownParts({ ...parts, securityLetters: this.#securityLetters });
    this.own = built.own;
    this.factors = built.factors;
    this.passkeys = built.passkeys;
    this.recovery = built.recovery;
    this.addressChanges = built.addressChanges;
    this.networks = built.networks;
    this.lostFactors = built.lostFactors;
    this.closedPasswords = built.closedPasswords;
    const { devices, defence, closedPasswords, places } = this;
    this.#byPassword = new PasswordLogin({ ...parts, devices, defence, closedPasswords, places, tally: this.#tally });
  }

  /** Fills `req.visit.person` from the session; a membership that ended, or an address that is not the person's, signs out at once. */
  readonly recognise = (): RequestHandler => recognised(this.#parts, this.networks);

  /** Under a storm of sign-ins most are refused here, before a counter is written, so that pages are still served (security.md B.5). */
  readonly refuseWhenBusy: RequestHandler = (req, _res, next) => {
    this.#byPassword.refuseWhenBusy(req);
    next();
  };

  /**
   * Signs in by login name and password. The same answer, at the same time after the question, for every cause of failure: an unknown
   * name, a wrong password, one that is closed, somebody without a place at any customer.
   * @throws Invalid `login.failed`, `login.wait` (429) or an error on `captcha` (of these two nothing was hashed); PanelError 503
   */
  login(req: Request, res: Response, typed: { email: string; password: string; captcha?: string }): Promise<Entry> {
    return this.#byPassword.login(req, typed, (person) => this.#admit(req, res, person, 'password'));
  }

  /** Sign-ins since the start of this process: by their way where one came of it, else by what kept it from that. */
  counts(): ReadonlyMap<SignInOutcome, number> {
    return this.#tally.counts;
  }

  /** Right so far. Who has a second factor is not in yet: the next page asks for it (ASVS 6.3.3). @returns undefined: not from here */
  async #admit(req: Request, res: Response, person: Person, way: Way): Promise<Entry | 'elsewhere' | undefined> {
    if (!(await this.#mayComeFromHere(req, person))) return undefined;
    // Asked before the second factor, or its page would tell that the password was right.
    const place = await this.places.from(req, person.id);
    if (place === 'elsewhere' || !place) return place;
    if (!(await this.factors.isDue(person.id))) return (await this.#enter(req, res, person, way)) ? 'in' : undefined;
    const kept = this.devices.keptFor(req, this.#parts.accounts.loginIndex(person.loginName));
    await renewed(req);
    const half = { personId: person.id, way, until: this.#parts.clock.now() + secondFactorMinutes * minute };
    Object.assign(req.session, { half, ...(kept && { kept }) });
    return 'second-factor';
  }

  /** @returns whether this browser has given a right password and owes the second factor */
  owesSecondFactor(req: Request): boolean {
    return (req.session.half?.until ?? 0) > this.#parts.clock.now();
  }

  /** @throws Invalid on `code` or `recovery`, PanelError 410 when the first step is too long ago, 429 after five wrong codes */
  async enterBySecondFactor(req: Request, res: Response, typed: { code: string; recovery: string }): Promise<void> {
    const { half } = req.session;
    if (!half || !this.owesSecondFactor(req)) throw gone('factors.halfGone');
    const { accounts } = this.#parts;
    const person = await accounts.person(half.personId);
    // Whose password was changed meanwhile must give the new one first (ASVS 7.4.3).
    const isOver = person.passwordSetAt > half.until - secondFactorMinutes * minute;
    if (isOver || !(await this.#mayComeFromHere(req, person))) throw gone('factors.halfGone');
    const by = await this.factors.check(req, person.id, typed).catch(async (error) => {
      await noteFailure(this.#parts, req, { action: 'signIn.secondFactorFailed', person });
      throw error;
    });
    if (!(await this.#enter(req, res, person, half.way))) throw gone('factors.halfGone');
    if (by === 'recovery') await this.factors.tellCodeUsed(req);
  }

  /** A passkey is a whole sign-in: something one has, and a finger or a PIN. @throws Invalid on `response`, the same for every cause */
  async enterByPasskey(req: Request, res: Response, response: string): Promise<void> {
    const personId = await this.passkeys.check(req, response);
    const person = await this.#parts.accounts.person(personId);
    const isIn = (await this.#mayComeFromHere(req, person)) && (await this.#enter(req, res, person, 'passkey'));
    if (!isIn) throw new Invalid({ response: [{ key: 'passkeys.refused' }] });
  }

  /** Asked before a second factor is, so that nobody elsewhere learns that the first one was right. */
  async #mayComeFromHere(req: Request, person: Person): Promise<boolean> {
    const may = await this.networks.allows(person.id, req.visit.address);
    if (!may) await this.networks.refused(req, person);
    return may;
  }

  /** A new session id, whatever was there before. @returns false when the person has no place at any customer */
  async #enter(req: Request, res: Response, person: Person, way: Way, at?: string): Promise<boolean> {
    const { accounts, clock, audit, connection } = this.#parts;
    const place = await this.places.from(req, person.id, at);
    if (!place) return false;
    if (place === 'elsewhere') return this.places.refuseElsewhere(req);
    const kept = this.devices.keptFor(req, accounts.loginIndex(person.loginName));
    const isNewDevice =
      way !== 'verification' && way !== 'invitation' && !this.devices.known(req, accounts.loginIndex(person.loginName));
    await renewed(req);
    const now = clock.now();
    const actor: Actor = { ...actorOf(req), kind: 'person', personId: person.id };
    // Before the session: a sign-in that cannot be written down is none.
    const { customerId } = place;
    await connection.write(async (tx) => {
      await this.own.makeRoom(tx, person.id);
      await audit.record(tx, { action: 'signIn.succeeded', actor, customerId, subjectId: person.id, details: { way } });
      if (isNewDevice) await this.#securityLetters.tell(tx, 'new-device', { person, customerId, from: actorOf(req) });
    });
    Object.assign(req.session, {
      personId: person.id,
      customerId,
      signedInFrom: { address: req.visit.address, agent: req.visit.agent },
      startedAt: now,
      freshAt: now,
      ...(kept && { kept }),
    });
    req.visit.person = place;
    this.remember(res, person);
    this.#tally.add(way);
    return true;
  }

  /** From now on this browser has an allowance of its own at this account. */
  remember(res: Response, person: Person): void {
    this.devices.remember(res, this.#parts.accounts.loginIndex(person.loginName));
  }

  /** Signs in who has just become a person by an invitation. @throws PanelError 403 from an address that the place does not allow */
  async enterInvited(req: Request, res: Response, personId: string, customerId: string): Promise<void> {
    await this.#enter(req, res, await this.#parts.accounts.person(personId), 'invitation', customerId);
  }

  /** Mails a link that signs in once, within 10 minutes. The same for an unknown address, and in the same time. */
  mailLink(req: Request, email: string): Promise<void> {
    return mailLoginLink(this.#parts, req, email);
  }

  /** @throws PanelError 410 when the link was used, has expired or never was */
  async enterByLink(req: Request, res: Response, token: string): Promise<Entry> {
    const { accounts, connection } = this.#parts;
    const personId = await connection.write((tx) => accounts.useToken(tx, 'login-link', token));
    const person = await accounts.person(personId);
    const entered = await this.#admit(req, res, person, 'link');
    if (entered === 'elsewhere') return this.places.refuseElsewhere(req);
    if (!entered) throw gone('login.linkGone');
    return entered;
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

  /** Ends the session on the server at once (ASVS 7.4.1) and writes it down; clearing the cookie is left to the route. */
  async logout(req: Request): Promise<void> {
    const { connection, audit } = this.#parts;
    const { person } = req.visit;
    if (person)
      await connection.write((tx) =>
        audit.record(tx, {
          action: 'signIn.loggedOut',
          actor: actorOf(req),
          customerId: person.customerId,
          subjectId: person.personId,
        }),
      );
    await new Promise<void>((resolve, reject) => req.session.destroy((error) => (error ? reject(error) : resolve())));
  }
}
