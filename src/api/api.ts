// The door of what programs of customers may ask: tokens, made on a page, shown once, that read backups and nothing else.
import type { Accounts, Membership } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import { type Clock, day, hour, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { forbidden, Invalid, notFound, PanelError } from '../platform/errors.ts';
import { newId, newToken } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { hashToken, type Secrets } from '../platform/secrets.ts';
import { allows, sourceOf } from '../platform/web/networks.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type Token, TokenStore } from './store.ts';

export type { Token } from './store.ts';

export type TokensParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Pick<Accounts, 'person' | 'memberships'>;
  readonly sites: Pick<Sites, 'find' | 'byId'>;
  readonly signIn: Pick<SignIn, 'networks'>;
};

export type Wish = { readonly name: string; readonly reach: 'site' | 'all'; readonly days: number };

/** Who asks by a token: like somebody who may look, with their networks and sites. */
export type Holder = { readonly token: Token; readonly place: Membership; readonly actor: Actor };

export const lifetimes = [30, 90, 365] as const;
export const mostTokens = 20;
const shape = /^gotgan_[\w-]{43}$/;
/** Its use is written down this often at the most: a download may come in hundreds of parts. */
const noteEvery = minute;
const mostNetworks = 20;
const toldBefore = 7 * day;
const keptAfterEnd = 30 * day;
const atOnce = 100;

/**
 * What its maker did meanwhile that ends a token: another password, "this was not me", or closing all other doors. Going out of one browser
 * does not: a program has none.
 */
const endings = [
  ...['accounts.passwordChanged', 'accounts.passwordReset', 'accounts.passwordClosed', 'accounts.passwordOff'],
  ...['accounts.addressUndone', 'signIn.sessionsEnded'],
];

/** One answer for a token that never was and one that is over: 401, and no word on which. */
const refused = () => new PanelError(401, 'api.refused.token');

/** A token stands for who made it and never for more: their place, its sites and networks are asked for anew at each use. */
export class Tokens {
  readonly #parts: TokensParts;
  readonly #store: TokenStore;

  constructor(parts: TokensParts) {
    this.#parts = parts;
    this.#store = new TokenStore(parts.connection, parts.secrets);
  }

  /**
   * After a fresh sign-in. Its maker gets a letter.
   * @returns the token, which is kept nowhere: it is to be shown once
   * @throws Invalid on `days`, or without a field when there are too many
   */
  async make(site: Site, by: Pick<SignedIn, 'personId'>, wish: Wish, actor: Actor): Promise<string> {
    const { connection, clock, audit, letters, accounts } = this.#parts;
    const { customerId } = site;
    if (!lifetimes.some((days) => days === wish.days)) throw new Invalid({ days: [{ key: 'api.days.missing' }] });
    const now = clock.now();
    const text = `gotgan_${newToken()}`;
    const { personId } = by;
    const id = newId(now);
    const expiresAt = now + wish.days * day;
    const siteId = wish.reach === 'site' ? site.id : null;
    const person = await accounts.person(personId);
    await connection.write(async (tx) => {
      await accounts.memberships.hold(tx, customerId);
      if ((await this.#store.valid(customerId, now, tx)).length >= mostTokens)
        throw new Invalid({ '': [{ key: 'api.tooMany', parameters: { most: mostTokens } }] });
      const token = { id, customerId, personId, siteId, name: wish.name, createdAt: now, expiresAt };
      await this.#store.add(tx, { ...token, hash: hashToken(text) });
      const details = { days: wish.days, allSites: siteId === null };
      await audit.record(tx, { action: 'api.tokenMade', actor, customerId, siteId: site.id, subjectId: id, details });
      const said = { site: site.name, name: wish.name, at: now, expiresAt, address: actor.address ?? '' };
      const letter = { template: 'token-made', language: person.language, to: person.email, parameters: said };
      await letters.queue(tx, { ...letter, actorPersonId: personId, customerId });
    });
    return text;
  }

  /** Those that reach the site: everybody's for an owner, else one's own. */
  async of(site: Site, { personId, seesAll }: { personId: string; seesAll: boolean }): Promise<Token[]> {
    const all = await this.#store.valid(site.customerId, this.#parts.clock.now());
    return all.filter((one) => (one.siteId === null || one.siteId === site.id) && (seesAll || one.personId === personId));
  }

  /** At once and for ever. @throws PanelError 404 when it does not reach the site, 403 when it is another's and one is no owner */
  async end(site: Site, id: string, by: { personId: string; seesAll: boolean }, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const { customerId } = site;
    const token = await this.#store.byId(customerId, id);
    if (!token || (token.siteId !== null && token.siteId !== site.id)) throw notFound();
    if (!by.seesAll && token.personId !== by.personId) throw forbidden('error.role');
    await connection.write(async (tx) => {
      if (!(await this.#store.end(tx, token, clock.now()))) return;
      await audit.record(tx, { action: 'api.tokenEnded', actor, customerId, siteId: site.id, subjectId: id });
    });
  }

  /**
   * @param text what stood behind `Bearer`
   * @throws PanelError 401 without a token that holds, 403 from an address that its maker may not use
   */
  async open(text: string, { address, agent }: { address: string; agent: string }): Promise<Holder> {
    const { clock, audit } = this.#parts;
    const token = shape.test(text) ? await this.#store.byHash(hashToken(text)) : undefined;
    if (!token || token.endedAt !== null || token.expiresAt <= clock.now()) throw refused();
    const { personId, createdAt } = token;
    if ((await audit.count({ personId, actions: endings, since: createdAt })) > 0) throw refused();
    const place = await this.#place(token, address);
    await this.#noteUse(token, address);
    return { token, place, actor: { kind: 'person', personId, address, agent } };
  }

  /** The place of who made it must still be there, and be allowed from this address. */
  async #place({ personId, customerId }: Token, address: string): Promise<Membership> {
    const { accounts, signIn } = this.#parts;
    const place = (await accounts.memberships.valid(personId)).find((one) => one.customerId === customerId);
    if (!place) throw refused();
    const isHere = allows(place.networks, address) && (await signIn.networks.allows(personId, address));
    if (!isHere) throw forbidden('error.elsewhere', { address });
    return place;
  }

  /** @throws PanelError 404 for a site that the token, or its maker's place, is not for */
  async site({ token, place }: Holder, name: string): Promise<Site> {
    const site = await this.#parts.sites.find(place, name);
    if (site.terminatedAt !== null || (token.siteId !== null && token.siteId !== site.id)) throw notFound();
    return site;
  }

  /** From a network it never came from before its maker gets a letter. */
  async #noteUse(token: Token, address: string): Promise<void> {
    const { connection, clock, secrets } = this.#parts;
    const now = clock.now();
    const network = secrets.digest('api.network', sourceOf(address).networks[0] ?? '').slice(0, 16);
    const isNew = !token.knownNetworks.includes(network);
    if (!isNew && token.usedAt !== null && Math.abs(now - token.usedAt) < noteEvery) return;
    const networks = [...token.knownNetworks.filter((one) => one !== network), network].slice(-mostNetworks);
    await connection.write(async (tx) => {
      await this.#store.noteUse(tx, token.id, { at: now, address, networks });
      if (isNew) await this.#tell(tx, 'token-used', token, { at: now, address });
    });
  }

  /** What is due by the clock of a worker. */
  appointments() {
    return [{ name: 'tokens.keep', everyMilliseconds: hour, keep: () => this.keep() }];
  }

  /** By the clock: tells of tokens that end within a week (ASVS 6.4.5), and forgets those that are long over. */
  async keep(): Promise<void> {
    const { connection, clock } = this.#parts;
    const now = clock.now();
    for (const token of await this.#store.endingBefore(now, now + toldBefore, atOnce)) {
      await connection.write(async (tx) => {
        if (await this.#store.noteTold(tx, token.id, now)) await this.#tell(tx, 'token-ending', token, { at: now });
      });
    }
    await connection.write((tx) => this.#store.sweep(tx, now - keptAfterEnd));
  }

  async #tell(tx: Tx, template: string, token: Token, more: Record<string, string | number>): Promise<void> {
    const { accounts, letters, sites } = this.#parts;
    const { personId, customerId, name, expiresAt, siteId } = token;
    const person = await accounts.person(personId);
    const site = siteId === null ? '' : (await sites.byId(siteId)).name;
    const parameters = { name, expiresAt, site, ...more };
    await letters.queue(tx, { template, language: person.language, to: person.email, parameters, customerId });
  }
}
