// Passkeys (WebAuthn level 2, ASVS 6.3.3): made by a signed-in person, and a whole sign-in by themselves, since the device asks who it is.
import type { AuthenticationResponseJSON, AuthenticatorTransport, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Request } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { deviceName } from '../platform/web/device.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { FactorStore } from './factor-store.ts';
import type { LostFactors } from './lost-factors.ts';
import type { Passkey, PasskeyStore } from './passkey-store.ts';
import type { SecurityLetters } from './security-letters.ts';

declare module 'express-session' {
  interface SessionData {
    /** what the authenticator must sign, once */
    challenge: { value: string; purpose: 'make' | 'enter'; until: number };
  }
}

export type PasskeyParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly addresses: Addresses;
  readonly store: PasskeyStore;
  readonly factors: FactorStore;
  readonly letters: SecurityLetters;
  readonly lost: LostFactors;
  /** how the device names this service */
  readonly issuer: string;
  /** @returns recovery codes for a person who has none yet, remembered for the next page */
  readonly firstCodes: (tx: Tx, req: Request, personId: string) => Promise<void>;
  readonly choices: Pick<Choices, 'passkeyKeys'>;
};

// Large, and of no use to a panel whose customers have no passkeys: read when the first one is needed.
const library = () => import('@simplewebauthn/server');

/** COSE algorithms in the order of preference: ES256, EdDSA, and RS256, which the TPM of many a Windows device knows alone. */
const algorithms = { usual: [-7, -8, -257], strong: [-7, -8] };
const challengeMinutes = 5;
const mostPasskeys = 20;
const longestName = 60;

export class Passkeys {
  readonly #parts: PasskeyParts;

  constructor(parts: PasskeyParts) {
    this.#parts = parts;
  }

  /** @returns the passkeys of the person who asks, oldest first */
  own(req: Request): Promise<Passkey[]> {
    return this.#parts.store.of(signedIn(req).personId);
  }

  /** @returns options for `navigator.credentials.create`; good for five minutes and one answer */
  async optionsToMake(req: Request) {
    const { store, accounts, issuer } = this.#parts;
    const person = await accounts.person(signedIn(req).personId);
    const existing = await store.of(person.id);
    refuseTooMany(existing.length);
    const { generateRegistrationOptions } = await library();
    const options = await generateRegistrationOptions({
      rpName: issuer,
      rpID: this.#site().hostname,
      userID: new TextEncoder().encode(person.id),
      userName: person.loginName,
      userDisplayName: person.name ?? person.loginName,
      attestationType: 'none',
      supportedAlgorithmIDs: algorithms[this.#parts.choices.passkeyKeys],
      excludeCredentials: existing.map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    this.#ask(req, options.challenge, 'make');
    return options;
  }

  /** Takes over a new passkey. @throws Invalid on `response` when it does not answer what was asked, on `name` when there are enough */
  async add(req: Request, { response, name }: { response: string; name: string }): Promise<void> {
    const { connection, clock, store, accounts, audit, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const made = await this.#registered(req, response);
    const person = await accounts.person(personId);
    const label = name.normalize('NFC').trim().slice(0, longestName) || this.#usualName(req);
    await connection.write(async (tx) => {
      // Two browsers may have been asked side by side.
      await accounts.holdPassword(tx, personId);
      refuseTooMany((await store.of(personId, tx)).length);
      await store.add(tx, { ...made, personId, name: label, createdAt: clock.now(), usedAt: null });
      await this.#parts.firstCodes(tx, req, personId);
      await audit.record(tx, { action: 'signIn.passkeyAdded', actor: actorOf(req), customerId, subjectId: personId });
      await letters.tell(tx, 'passkey-added', { person, customerId, from: actorOf(req), about: made.id });
    });
  }

  async #registered(req: Request, response: string) {
    const expectedChallenge = this.#asked(req, 'make');
    const { verifyRegistrationResponse } = await library();
    const { registrationInfo } = await verifyRegistrationResponse({
      response: parsed(response) as unknown as RegistrationResponseJSON,
      expectedChallenge,
      expectedOrigin: this.#site().origin,
      expectedRPID: this.#site().hostname,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms[this.#parts.choices.passkeyKeys],
    }).catch(refuse);
    if (!registrationInfo) throw refused();
    const { credential, credentialBackedUp: isBackedUp } = registrationInfo;
    const publicKey = Buffer.from(credential.publicKey).toString('base64url');
    return { id: credential.id, publicKey, counter: credential.counter, transports: credential.transports ?? [], isBackedUp };
  }

  /**
   * Removes one of the person's own. With the last factor the recovery codes go too.
   * @throws PanelError 404, 409 `ways.last` for the last one of somebody who has no password
   */
  async remove(req: Request, id: string): Promise<void> {
    const { connection, store, factors, accounts, audit, letters } = this.#parts;
    const { personId, customerId } = signedIn(req);
    const person = await accounts.person(personId);
    await connection.write(async (tx) => {
      const hasPassword = await accounts.holdPassword(tx, personId);
      if (!(await store.remove(tx, personId, id))) throw notFound();
      // A link by mail is a way back, not a way in of one's own: whoever reads the letters would be all that is left.
      if (!hasPassword && (await store.of(personId, tx)).length === 0) throw conflict('ways.last');
      await factors.dropCodesWithoutFactor(tx, personId);
      await audit.record(tx, { action: 'signIn.passkeyRemoved', actor: actorOf(req), customerId, subjectId: personId });
      await letters.tell(tx, 'passkey-removed', { person, customerId, from: actorOf(req) });
    });
  }

  /** @returns options for `navigator.credentials.get`, the same for everybody: the device knows whose passkeys it holds */
  async optionsToEnter(req: Request) {
    const { generateAuthenticationOptions } = await library();
    const options = await generateAuthenticationOptions({ rpID: this.#site().hostname, userVerification: 'required' });
    this.#ask(req, options.challenge, 'enter');
    return options;
  }

  /**
   * @returns whose passkey answered, with who it was checked by the device itself
   * @throws Invalid on `response`, the same for every cause
   */
  async check(req: Request, response: string): Promise<string> {
    const { store, connection, clock } = this.#parts;
    const expectedChallenge = this.#asked(req, 'enter');
    const answer = parsed(response);
    const passkey = await store.byId(answer.id);
    if (!passkey) throw refused();
    const { verifyAuthenticationResponse } = await library();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer as unknown as AuthenticationResponseJSON,
      expectedChallenge,
      expectedOrigin: this.#site().origin,
      expectedRPID: this.#site().hostname,
      requireUserVerification: true,
      credential: {
        id: passkey.id,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        counter: passkey.counter,
        transports: [...passkey.transports] as AuthenticatorTransport[],
      },
    }).catch(refuse);
    if (!verified) throw refused();
    await connection.write((tx) => store.used(tx, passkey.id, authenticationInfo.newCounter, clock.now()));
    await this.#parts.lost.found(req, passkey.personId);
    return passkey.personId;
  }

  #site(): URL {
    return new URL(this.#parts.addresses.absolute('ko', '/'));
  }

  #usualName(req: Request): string {
    const { browser = '', system = '' } = deviceName(req.visit.agent) ?? {};
    return [system, browser].filter(Boolean).join(', ') || req.visit.words.t('passkeys.usualName');
  }

  #ask(req: Request, value: string, purpose: 'make' | 'enter'): void {
    req.session.challenge = { value, purpose, until: this.#parts.clock.now() + challengeMinutes * minute };
  }

  /** The challenge of this session, void from now on. */
  #asked(req: Request, purpose: 'make' | 'enter'): string {
    const asked = req.session.challenge;
    delete req.session.challenge;
    if (!asked || asked.purpose !== purpose || asked.until <= this.#parts.clock.now()) throw refused();
    return asked.value;
  }
}

function refuseTooMany(count: number): void {
  if (count >= mostPasskeys) throw new Invalid({ name: [{ key: 'passkeys.tooMany', parameters: { most: mostPasskeys } }] });
}

const refused = () => new Invalid({ response: [{ key: 'passkeys.refused' }] });

// The library says precisely what did not fit; a person can only try again, and an attacker learns nothing.
function refuse(): never {
  throw refused();
}

const answerShape = z.looseObject({ id: z.string().min(1).max(2000) });

function parsed(text: string): z.infer<typeof answerShape> {
  try {
    return answerShape.parse(JSON.parse(text));
  } catch {
    throw refused();
  }
}
