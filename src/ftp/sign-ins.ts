// Who comes in by FTP: the panel is asked for every sign-in, so that there is no second copy of any password (docs/decisions/0015).
import type { Accounts } from '../accounts/accounts.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict, PanelError, whenMissing } from '../platform/errors.ts';
import type { FtpHome, FtpSignIn } from '../platform/ftp-server/port.ts';
import { Lane } from '../platform/lane.ts';
import { allows, sourceOf } from '../platform/web/networks.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { homeOf } from './folders.ts';
import type { FtpAccount } from './ftp.ts';
import { type Hindrance, type HindranceParts, lasting, ofAttempt } from './hindrances.ts';
import type { FtpLogins, Outcome } from './logins.ts';
import type { FtpStore } from './store.ts';

export type FtpSignInsParts = HindranceParts & {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly signIn: Pick<SignIn, 'otherDoors'>;
  readonly store: FtpStore;
  readonly logins: FtpLogins;
  readonly hashesAtOnce: number;
};

/** Of one address side by side, as at the login (security.md B.5). */
const atOnceOfOneAddress = 2;

type Found = { readonly account: FtpAccount; readonly passwordHash: string };
type Come = Found & { readonly site: Site; readonly home: FtpHome };

export class FtpSignIns {
  readonly #parts: FtpSignInsParts;
  readonly #lane: Lane;

  constructor(parts: FtpSignInsParts) {
    this.#parts = parts;
    this.#lane = new Lane({ width: parts.hashesAtOnce, widthOfOne: atOnceOfOneAddress, refusal: 'login.busy' });
  }

  /** As `Ftp.answer` and `Ftp.answerAt` promise. @param serverId the server on another machine that asks; undefined: this one's */
  readonly answer = async (attempt: FtpSignIn, serverId?: string): Promise<FtpHome | undefined> => {
    const { accounts, clock } = this.#parts;
    const arrived = clock.monotonic();
    const refused = () => accounts.hashingCost.untilFailuresAreTold(clock, arrived);
    const home = await this.#judged(attempt, serverId).catch(async (error) => {
      await refused();
      // Too many at once: the program tries again by itself.
      if (!(error instanceof PanelError)) throw error;
    });
    if (!home) await refused();
    return home ?? undefined;
  };

  async #judged(attempt: FtpSignIn, serverId: string | undefined): Promise<FtpHome | undefined> {
    const { store, signIn, accounts } = this.#parts;
    const name = attempt.user.toLowerCase();
    const known = await store.byUser(name);
    const site = known && (await this.#siteOf(known.account));
    // Whoever holds a server learns nothing of accounts at another one.
    const found = !site || (await this.#isAskedBy(site, serverId)) ? known : undefined;
    const standing = standingOf(found?.account, attempt);
    const counted = await signIn.otherDoors.admit({ door: 'ftp', name, address: attempt.address }, standing);
    // Who must wait costs nothing more, not even a row: a flood of attempts stays cheap.
    if (!counted) return undefined;
    const look = async () => ({
      isLeaked: await accounts.isLeaked(attempt.password),
      isRight: await accounts.fits(found?.passwordHash, attempt.password),
    });
    const { isLeaked, isRight } = await (counted.isKnown
      ? look()
      : this.#lane.run(look, sourceOf(attempt.address).address)
    ).catch(async (error) => {
      await counted.takeBack();
      throw error;
    });
    if (!found) return undefined;
    if (!isRight) return this.#refuse(found.account, 'wrong', attempt);
    // Nobody has guessed anything: a program with the right password must not make its own office wait.
    await counted.takeBack();
    const { account } = found;
    const hindrance =
      (await lasting(this.#parts, account, site)) ??
      ofAttempt(this.#parts, account, attempt) ??
      (isLeaked ? 'leaked' : undefined);
    const home = hindrance || !site ? undefined : await homeOf(this.#parts.sites, site, account);
    if (!home || !site) return this.#refuse(account, hindrance ?? 'folder', attempt);
    await this.#enter({ ...found, site, home }, attempt);
    await counted.succeed();
    return home;
  }

  async #siteOf({ siteId }: FtpAccount): Promise<Site | undefined> {
    return this.#parts.sites.byId(siteId).catch(whenMissing);
  }

  async #isAskedBy(site: Site, serverId: string | undefined): Promise<boolean> {
    if (serverId !== undefined) return site.serverId === serverId;
    return (await this.#parts.sites.ftpServer(site))?.isHere ?? false;
  }

  async #refuse(account: FtpAccount, outcome: Outcome & ('wrong' | Hindrance), attempt: FtpSignIn): Promise<undefined> {
    const { connection, store, logins, clock } = this.#parts;
    await connection.write(async (tx) => {
      if (outcome === 'plain') await store.notePlain(tx, account.id, clock.now());
      await logins.note(tx, account, outcome, attempt);
    });
  }

  /** Without the rows there is no sign-in. @throws PanelError 409 when the account was ended, turned off or changed at this moment */
  async #enter({ account, site, passwordHash }: Come, attempt: FtpSignIn): Promise<void> {
    const { connection, store, logins, clock, accounts } = this.#parts;
    const stronger = await accounts.stronger(passwordHash, attempt.password);
    await connection.write(async (tx) => {
      const at = clock.now();
      if (!(await store.noteUse(tx, account, { at, address: attempt.address }))) throw conflict();
      if (!attempt.isEncrypted) await store.notePlain(tx, account.id, at);
      if (stronger !== undefined) await store.setHash(tx, account.id, passwordHash, stronger);
      await store.addSession(tx, site.serverId, attempt.sessionId, account, at);
      await logins.note(tx, account, 'in', attempt);
    });
  }
}

/** An account with a list of networks is guarded by it: from elsewhere nobody can use it up, from there everybody is known. */
function standingOf(account: FtpAccount | undefined, { address }: FtpSignIn) {
  if (account && account.networks.length > 0)
    return allows(account.networks, address) ? ('known' as const) : ('hopeless' as const);
  const isUsual = account?.usedAddress !== undefined && sourceOf(account.usedAddress).address === sourceOf(address).address;
  return isUsual ? ('known' as const) : ('stranger' as const);
}
