// Signing in by password: counted before it is looked at, and every failure answers alike (KHADA 6.3; security.md C.1, C.2; ruling 15).
import type { Request } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import { type Audit, systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { Invalid, PanelError } from '../platform/errors.ts';
import { Lane } from '../platform/lane.ts';
import type { Tally } from '../platform/tally.ts';
import { actorOf } from '../platform/web/actor.ts';
import { sourceOf } from '../platform/web/networks.ts';
import type { ClosedPasswords } from './closed-passwords.ts';
import { customerOf } from './customer-of.ts';
import type { Attempt, Defence } from './defence.ts';
import type { Devices } from './devices.ts';
import type { Places } from './places.ts';
import type { Entry, SignInOutcome } from './sign-in.ts';

export type PasswordLoginParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly devices: Devices;
  readonly defence: Defence;
  readonly closedPasswords: ClosedPasswords;
  readonly places: Places;
  readonly tally: Tally<SignInOutcome>;
  readonly hashesAtOnce: number;
};

/** NIST SP 800-63B-4 §3.2.2: no more wrong passwords in a row, whoever tries; then only a mailed reset opens the way again. */
const mostFailuresInARow = 100;

/** Passwords of one address that are looked at side by side (security.md B.5): whoever sends more lets others pass. */
const atOnceOfOneAddress = 2;

type Typed = { readonly email: string; readonly password: string; readonly captcha?: string };
/** @returns undefined for somebody who may not come in, however right the password is; `elsewhere` when no place of theirs is for this address */
type Admit = (person: Person) => Promise<Entry | 'elsewhere' | undefined>;

export class PasswordLogin {
  readonly #parts: PasswordLoginParts;
  /** Of strangers: browsers that never signed in, so that a storm of them does not keep known ones waiting longer than one hash takes. */
  readonly #lane: Lane;

  constructor(parts: PasswordLoginParts) {
    this.#parts = parts;
    this.#lane = new Lane({ width: parts.hashesAtOnce, widthOfOne: atOnceOfOneAddress, refusal: 'login.busy' });
  }

  /** @throws PanelError 503 when no password could be looked at now; strangers are refused before who is known here */
  refuseWhenBusy(req: Request): void {
    const { accounts, devices } = this.#parts;
    const { email } = (req.body ?? {}) as { email?: unknown };
    const isKnown = typeof email === 'string' && devices.known(req, accounts.loginIndex(email.slice(0, 254))) !== undefined;
    if (!isKnown) this.#lane.refuseWhenFull();
    accounts.refuseWhenBusy();
  }

  /** As `SignIn.login` promises. */
  async login(req: Request, { email, password, captcha }: Typed, admit: Admit): Promise<Entry> {
    const { accounts, clock, defence, tally } = this.#parts;
    const arrived = clock.monotonic();
    const loginIndex = accounts.loginIndex(email);
    const attempt = await defence.admit(req, loginIndex, captcha).catch((error) => {
      if (error instanceof Invalid) tally.add(error.status === 429 ? 'wait' : 'captcha');
      throw error;
    });
    const { person, known, isLeaked, failures } = await this.#looked(req, attempt, { email, password });
    if (person) await accounts.ways.clear(person.id);
    const entered = person && !isLeaked && (await admit(person));
    if (!entered || entered === 'elsewhere') {
      const leaked = person !== undefined && isLeaked;
      if (person && entered) await this.#parts.places.noteRefused(req, person);
      else await this.#failed(req, known, { leaked, failures });
      await accounts.hashingCost.untilFailuresAreTold(clock, arrived);
      tally.add('failed');
      // Who is known here gave the right password on a device of theirs: they may know why.
      throw new Invalid({ '': [{ key: leaked && attempt.isKnown ? 'login.leaked' : 'login.failed' }] });
    }
    await attempt.succeed();
    return entered;
  }

  /** Counts the password before it is looked at, and looks at it. What is known from leaks is asked of every password, right or wrong. */
  async #looked(req: Request, attempt: Attempt, { email, password }: Omit<Typed, 'captcha'>) {
    const { accounts, tally } = this.#parts;
    let failures = 0;
    let known: Person | undefined;
    const look = async () => {
      const isLeaked = await accounts.isLeaked(password);
      // A person has a name and an address, and both under older keys too: they are one account to whoever guesses.
      known = await accounts.byLoginName(email);
      failures = await accounts.ways.count(known?.id);
      const found = await accounts.checkPassword(email, password);
      return { person: failures > mostFailuresInARow ? undefined : found, known, isLeaked, failures };
    };
    try {
      return await (attempt.isKnown ? look() : this.#lane.run(look, sourceOf(req.visit.address).address));
    } catch (error) {
      await attempt.takeBack();
      if (known && failures > 0) await accounts.ways.takeBack(known.id);
      if (error instanceof PanelError && error.status === 503) tally.add('busy');
      throw error;
    }
  }

  /** Writes the failure down, and closes a password that was tried too often or is known to others. */
  async #failed(req: Request, person: Person | undefined, why: { leaked: boolean; failures: number }): Promise<void> {
    const { connection, audit, accounts, closedPasswords } = this.#parts;
    const customer = await customerOf(accounts, person?.id);
    const reason = why.leaked ? 'leaked' : why.failures >= mostFailuresInARow ? 'failures' : undefined;
    await connection.write(async (tx) => {
      const subject = person ? { subjectId: person.id } : {};
      await audit.record(tx, { action: 'signIn.failed', actor: actorOf(req), ...customer, ...subject });
      if (person && reason) await closedPasswords.close(tx, { person, ...customer }, { reason, actor: systemActor });
    });
  }
}
