// A lost second factor: an operator asks for its removal, letters go out, a waiting time passes, and only then it is removed
// (security.md C.4; decision 0011). Whoever still has the factor, or reads the letters, stops it.
import type { Request } from 'express';
import type { Accounts, Person } from '../accounts/accounts.ts';
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, gone, Invalid, notFound, PanelError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { signedIn } from '../platform/web/visit.ts';
import { type CustomerOf, customerOf } from './customer-of.ts';
import { FactorStore } from './factor-store.ts';
import { type Loss, type LossOutcome, LostFactorStore } from './lost-factor-store.ts';
import { SignInStore } from './store.ts';

export type LostFactorParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly choices: { readonly lostFactorDays: number };
};

/** What the operator says of it. */
export type LossRequest = { readonly askedBy: string; readonly reason: string };

const longestWords = 300;
const operator: Actor = { kind: 'operator' };

export class LostFactors {
  readonly #parts: LostFactorParts & { store: LostFactorStore; factors: FactorStore; sessions: SignInStore };

  constructor(parts: LostFactorParts) {
    const { connection, secrets } = parts;
    this.#parts = {
      ...parts,
      store: new LostFactorStore(connection, secrets),
      factors: new FactorStore(connection, secrets),
      sessions: new SignInStore(connection, secrets),
    };
  }

  /**
   * Begins the waiting time; the person is told by letter at once, and each day while it lasts.
   * @param name e-mail address, login name or id of the person
   * @returns when it ends at the earliest, epoch milliseconds
   * @throws PanelError 404 for nobody, 409 when there is no second factor or a waiting time runs, Invalid without words of the operator
   */
  async begin(name: string, { askedBy, reason }: LossRequest): Promise<number> {
    const { connection, clock, factors, store, choices } = this.#parts;
    const words = { askedBy: taken(askedBy), reason: taken(reason) };
    const { person, ...customer } = await this.#find(name);
    const now = clock.now();
    const endsAt = now + choices.lostFactorDays * day;
    await connection.write(async (tx) => {
      await this.#parts.accounts.holdPassword(tx, person.id);
      const { app, passkey } = await factors.kinds(person.id, tx);
      if (!app && !passkey) throw conflict('lostFactor.none');
      if (await store.openOf(person.id, tx)) throw conflict('lostFactor.runs');
      const loss = { id: newId(now), personId: person.id, ...words, startedAt: now, endsAt, toldAt: now };
      const letterId = await this.#tell(tx, person, customer, loss);
      await store.add(tx, { ...loss, letterId });
      await this.#note(tx, 'signIn.lostFactorBegun', operator, person.id, customer);
    });
    return endsAt;
  }

  /** The operator takes it back. @throws PanelError 404 for nobody, 409 when no waiting time runs */
  async withdraw(name: string): Promise<void> {
    const { person } = await this.#find(name);
    if (!(await this.#end(person.id, 'withdrawn', operator))) throw conflict('lostFactor.over');
  }

  /** @returns what waits for the person who asks */
  ofOwn(req: Request): Promise<Loss | undefined> {
    return this.#parts.store.openOf(signedIn(req).personId);
  }

  /** By somebody who is signed in. @throws PanelError 409 when no waiting time runs */
  async stopOwn(req: Request): Promise<void> {
    if (!(await this.#end(signedIn(req).personId, 'stopped', actorOf(req)))) throw conflict('lostFactor.over');
  }

  /** Changes nothing. @throws PanelError 410 */
  async checkStop(token: string): Promise<void> {
    const personId = await this.#parts.accounts.tokenOwner('lost-factor', token);
    // Letters of one wait each have a link: with the wait all of them are over.
    if (!(await this.#parts.store.openOf(personId))) throw gone('lostFactor.gone');
  }

  /** By a letter's link, with nobody signed in. @throws PanelError 410 when the link was used, or the waiting time is over */
  async stop(req: Request, token: string): Promise<void> {
    const { accounts } = this.#parts;
    const personId = await accounts.tokenOwner('lost-factor', token);
    if (!(await this.#end(personId, 'stopped', actorOf(req), token))) throw gone('lostFactor.gone');
  }

  /** The factor was given: it is not lost. */
  async found(req: Request, personId: string): Promise<void> {
    if (await this.#parts.store.openOf(personId)) await this.#end(personId, 'found', actorOf(req));
  }

  /** The worker's round: a letter a day, and what has waited long enough is removed. May run twice, and side by side. */
  async keep(): Promise<void> {
    const { store, clock } = this.#parts;
    for (const loss of await store.open()) {
      const now = clock.now();
      if (now >= loss.endsAt && (await this.#wasHeardOf(loss))) await this.#remove(loss);
      else if (now < loss.endsAt && now - loss.toldAt >= day) await this.#remind(loss);
    }
  }

  /** Nothing is removed while the first letter did not go out for as long as the waiting time: silence would prove nothing. */
  async #wasHeardOf({ letterId, startedAt, endsAt }: Loss): Promise<boolean> {
    const sentAt = await this.#parts.letters.sentAt(letterId);
    return sentAt !== null && this.#parts.clock.now() - sentAt >= endsAt - startedAt - minute;
  }

  async #remove(loss: Loss): Promise<void> {
    const { connection, accounts, factors, sessions, store, clock } = this.#parts;
    const person = await accounts.person(loss.personId);
    const customer = await customerOf(this.#parts.accounts, person.id);
    await connection.write(async (tx) => {
      await accounts.holdPassword(tx, person.id);
      if (!(await store.end(tx, loss.id, 'removed', clock.now()))) return;
      await factors.removeAll(tx, person.id);
      const ended = await sessions.endAll(tx, person.id);
      await this.#note(tx, 'signIn.lostFactorRemoved', systemActor, person.id, { ...customer, details: { ended } });
      await this.#write(tx, 'lost-factor-removed', person, { ...customer, parameters: { at: clock.now() } });
    });
  }

  async #remind(loss: Loss): Promise<void> {
    const { connection, accounts, store, clock } = this.#parts;
    const person = await accounts.person(loss.personId);
    const customer = await customerOf(this.#parts.accounts, person.id);
    await connection.write(async (tx) => {
      if (await store.told(tx, loss, clock.now())) await this.#tell(tx, person, customer, loss);
    });
  }

  async #end(personId: string, outcome: LossOutcome, actor: Actor, token?: string): Promise<boolean> {
    const { connection, accounts, store, clock } = this.#parts;
    const person = await accounts.person(personId);
    const customer = await customerOf(accounts, personId);
    return connection.write(async (tx) => {
      if (token !== undefined) await accounts.useToken(tx, 'lost-factor', token);
      const loss = await store.openOf(personId, tx);
      if (!loss || !(await store.end(tx, loss.id, outcome, clock.now()))) return false;
      await this.#note(tx, 'signIn.lostFactorStopped', actor, personId, { ...customer, details: { outcome } });
      await this.#write(tx, 'lost-factor-stopped', person, { ...customer, parameters: { at: clock.now() } });
      return true;
    });
  }

  /** @returns the letter's id */
  async #tell(tx: Tx, person: Person, customer: CustomerOf, loss: Omit<Loss, 'letterId'>): Promise<string> {
    const { accounts, clock } = this.#parts;
    // A link that lives a day longer than the wait: the worker may come late.
    const lifetimeMinutes = Math.ceil((loss.endsAt + day - clock.now()) / minute);
    const token = await accounts.mailToken(tx, { purpose: 'lost-factor', personId: person.id, lifetimeMinutes });
    const { askedBy, reason, endsAt: at } = loss;
    return this.#write(tx, 'lost-factor', person, { ...customer, parameters: { token, at, askedBy, reason } });
  }

  #write(
    tx: Tx,
    template: string,
    { email: to, language }: Person,
    more: CustomerOf & { parameters: Record<string, string | number> },
  ) {
    return this.#parts.letters.queue(tx, { template, language, to, ...more });
  }

  async #note(
    tx: Tx,
    action: string,
    actor: Actor,
    subjectId: string,
    more: CustomerOf & { details?: Record<string, string | number> },
  ): Promise<void> {
    await this.#parts.audit.record(tx, { action, actor, subjectId, ...more });
  }

  async #find(name: string): Promise<{ person: Person } & CustomerOf> {
    const { accounts } = this.#parts;
    const person = (await accounts.byLoginName(name)) ?? (await accounts.person(name).catch(nobody));
    if (!person || person.verifiedAt === null) throw notFound('lostFactor.nobody');
    return { person, ...(await customerOf(this.#parts.accounts, person.id)) };
  }
}

function nobody(error: unknown): undefined {
  if (!(error instanceof PanelError) || error.status !== 404) throw error;
}

function taken(words: string): string {
  const text = words.normalize('NFC').trim();
  if (text === '' || text.length > longestWords)
    throw new Invalid({ '': [{ key: 'lostFactor.wordsMissing' }] }, 'lostFactor.wordsMissing');
  // A letter is plain text whose link stands alone on its line: words of others stay on one.
  return text.replace(/\s+/g, ' ');
}
