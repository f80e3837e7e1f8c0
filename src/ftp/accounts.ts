// FTP accounts of a site: making, changing, turning off and on, a new password, ending (KHADA 7.3; 4-3.2).
import type { Request } from 'express';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { type FieldFault, forbidden, Invalid, notFound } from '../platform/errors.ts';
import { drawnPassword, newId } from '../platform/ids.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Once } from '../platform/web/idempotency.ts';
import { type SignedIn, signedIn } from '../platform/web/visit.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Site, Sites } from '../sites/sites.ts';
import type { Rights } from './fields.ts';
import type { FtpAccount } from './ftp.ts';
import { keptMilliseconds, sweptAtOnce } from './logins.ts';
import type { FtpSessions } from './sessions.ts';
import type { FtpStore } from './store.ts';

export type FtpAccountsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly sites: Sites;
  readonly signIn: Pick<SignIn, 'otherDoors'>;
  readonly audit: Audit;
  readonly choices: Pick<Choices, 'ftpPlain'>;
  readonly store: FtpStore;
  readonly sessions: FtpSessions;
};

/** An empty one is drawn by us. */
export type ChosenPassword = { readonly typed: string };
/** `password` is there when it was drawn, to be shown once. */
export type NewAccount = { readonly account: FtpAccount; readonly password?: string };

/** An owner acts on every account of a site, a developer on those that they made: what others use is not theirs to change. */
export function mayManage({ role, personId }: Pick<SignedIn, 'role' | 'personId'>, { makerId }: FtpAccount): boolean {
  return role === 'owner' || (role === 'developer' && makerId === personId);
}

export class FtpAccounts {
  readonly #parts: FtpAccountsParts;

  constructor(parts: FtpAccountsParts) {
    this.#parts = parts;
  }

  /** @returns the site's accounts that have not ended, the main one first, the others by name */
  ofSite(site: Site): Promise<FtpAccount[]> {
    return this.#parts.store.ofSite(site);
  }

  /** @returns how many accounts the site's plan holds */
  async most(site: Site): Promise<number> {
    const { orders } = this.#parts;
    return (await orders.plan((await orders.byId(site.orderId)).plan)).ftpAccounts;
  }

  /** @returns the account, for whom may act on it. @throws PanelError 404, or 403 for a developer who did not make it */
  async find(by: SignedIn, site: Site, id: string): Promise<FtpAccount> {
    const account = (await this.ofSite(site)).find((one) => one.id === id);
    if (!account) throw notFound();
    if (!mayManage(by, account)) throw forbidden('ftp.notYours');
    return account;
  }

  /**
   * Makes an account. The site's first one of an owner is the main account: its name is the site's, and it sees `www/` and `backup/`.
   * @param name what follows the site's name; '' for the main account
   * @throws Invalid on `user` when the name is taken, on `password`, or on the whole form when the plan holds no more
   */
  async make(
    req: Request,
    site: Site,
    wanted: { readonly name: string; readonly rights: Rights; readonly password: ChosenPassword },
    once: Once,
    next: string,
  ): Promise<NewAccount> {
    const { connection, clock, store, audit } = this.#parts;
    const by = signedIn(req);
    const user = wanted.name === '' ? site.name : `${site.name}.${wanted.name}`;
    const most = await this.most(site);
    // Asked before the hash, which is costly, and again where it counts.
    refuseFull((await this.ofSite(site)).length, most);
    const { password, hash } = await this.#password(by, site, user, wanted.password);
    const now = clock.now();
    const account = { ...blank, ...this.#rights(wanted.rights), ...{ id: newId(now), siteId: site.id, user, createdAt: now } };
    const whole = { ...account, customerId: by.customerId, makerId: by.personId, passwordSetAt: now, passwordBy: by.personId };
    await connection.write(async (tx) => {
      await this.#parts.sites.takeOpen(tx, site.id);
      refuseFull((await store.ofSite(site, tx)).length, most);
      if (!(await store.add(tx, whole, hash))) throw new Invalid({ user: [{ key: 'ftp.fault.userTaken' }] });
      await audit.record(tx, { action: 'ftp.accountMade', ...about(req, whole), details: rightsInWords(whole) });
      await once.finish(tx, next);
    });
    return { account: whole, ...(password !== undefined && { password }) };
  }

  async #password(
    by: SignedIn,
    site: Site,
    user: string,
    { typed }: ChosenPassword,
  ): Promise<{ password?: string; hash: string }> {
    const password = typed === '' ? drawnPassword() : typed;
    const also = [site.name, user, ...user.split(/[.-]/)];
    const hash = await this.#parts.accounts.newPassword(by.personId, password, 'password', also);
    return typed === '' ? { password, hash } : { hash };
  }

  #rights({ folder, networks, expiresAt, mayBePlain }: Rights) {
    const { choices, clock } = this.#parts;
    return { folder, networks, expiresAt, plainAllowedAt: mayBePlain && choices.ftpPlain === 'allowed' ? clock.now() : null };
  }

  /** New rights hold for the next sign-in; sessions that run with the old ones are ended. @throws PanelError 404 when it ended meanwhile */
  async change(req: Request, account: FtpAccount, rights: Rights): Promise<void> {
    const { store, audit } = this.#parts;
    const changed = { ...account, ...this.#rights(rights) };
    await this.#act(account, async (tx) => {
      if (!(await store.setRights(tx, changed))) throw notFound();
      await audit.record(tx, { action: 'ftp.accountChanged', ...about(req, account), details: rightsInWords(changed) });
    });
  }

  /** @returns the password when it was drawn. Sessions end, and nobody has to wait any more. @throws Invalid on `password` */
  async setPassword(
    req: Request,
    site: Site,
    account: FtpAccount,
    chosen: ChosenPassword,
    once: Once,
    next: string,
  ): Promise<NewAccount> {
    const { store, audit, clock } = this.#parts;
    const by = signedIn(req);
    const { password, hash } = await this.#password(by, site, account.user, chosen);
    await this.#act(account, async (tx) => {
      if (!(await store.setPassword(tx, account, { hash, at: clock.now(), by: by.personId }))) throw notFound();
      await audit.record(tx, { action: 'ftp.passwordSet', ...about(req, account) });
      await once.finish(tx, next);
    });
    await this.#forgive(account);
    return { account, ...(password !== undefined && { password }) };
  }

  /** @throws PanelError 404 when it ended meanwhile */
  async turnOff(req: Request, account: FtpAccount): Promise<void> {
    const { store, audit, clock } = this.#parts;
    await this.#act(account, async (tx) => {
      if (!(await store.setOff(tx, account, clock.now()))) throw notFound();
      await audit.record(tx, { action: 'ftp.accountOff', ...about(req, account) });
    });
  }

  /** @throws PanelError 404 when it ended meanwhile */
  async turnOn(req: Request, account: FtpAccount): Promise<void> {
    const { connection, store, audit } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await store.setOff(tx, account, null))) throw notFound();
      await audit.record(tx, { action: 'ftp.accountOn', ...about(req, account) });
    });
  }

  /** For good; the name is free again. @throws PanelError 404 when it had ended */
  async end(req: Request, account: FtpAccount): Promise<void> {
    const { store, audit, clock } = this.#parts;
    await this.#act(account, async (tx) => {
      if (!(await store.setEnded(tx, account, clock.now()))) throw notFound();
      await audit.record(tx, { action: 'ftp.accountEnded', ...about(req, account) });
    });
    await this.#forgive(account);
  }

  /** Forgets accounts that ended longer ago than their sign-ins are kept, in short transactions. */
  async sweep(): Promise<void> {
    const { store, clock } = this.#parts;
    const before = clock.now() - keptMilliseconds;
    while ((await store.removeEnded(before, sweptAtOnce)) === sweptAtOnce);
  }

  /** Every way of having less is followed by the end of what runs, in the same transaction. */
  async #act(account: FtpAccount, work: (tx: Tx) => Promise<void>): Promise<void> {
    await this.#parts.connection.write(async (tx) => {
      await work(tx);
      await this.#parts.sessions.queueEnd(tx, account);
    });
  }

  /** @returns until when strangers must wait who use the account's name; undefined when they need not */
  waitOf({ user }: FtpAccount): Promise<number | undefined> {
    return this.#parts.signIn.otherDoors.waitOf({ door: 'ftp', name: user });
  }

  /** Nobody has to wait any more who uses the account's name. */
  async unlock(req: Request, account: FtpAccount): Promise<void> {
    await this.#forgive(account);
    await this.#parts.connection.write((tx) => this.#parts.audit.record(tx, { action: 'ftp.unlocked', ...about(req, account) }));
  }

  #forgive({ user }: FtpAccount): Promise<void> {
    return this.#parts.signIn.otherDoors.forgive({ door: 'ftp', name: user });
  }
}

const blank = { offAt: null, endedAt: null, usedAt: null, usedAddress: undefined, plainAt: null };

function refuseFull(count: number, most: number): void {
  const fault: FieldFault = { key: 'ftp.fault.full', parameters: { most } };
  if (count >= most) throw new Invalid({ '': [fault] });
}

function about(req: Request, { id, customerId, siteId }: FtpAccount) {
  return { actor: actorOf(req), customerId, siteId, subjectId: id };
}

/** Counts and times: a user name or an address may be personal. */
const rightsInWords = ({ networks, expiresAt, folder }: FtpAccount) => ({
  networks: networks.length,
  expiresAt: expiresAt ?? 0,
  isWhole: folder === '',
});
