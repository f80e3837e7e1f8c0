// The page of FTP as its view needs it: how to connect, accounts with their states, the last sign-ins (ux.md 2.10).
import type { Request } from 'express';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Words } from '../platform/web/words.ts';
import { isShut, type Site, type Sites } from '../sites/sites.ts';
import { mayManage } from './accounts.ts';
import type { Ftp, FtpAccount, FtpLogin } from './ftp.ts';
import { stillWorksHere } from './hindrances.ts';

export type FtpPageParts = {
  readonly ftp: Ftp;
  readonly sites: Sites;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'ftpPlain' | 'ftpFingerprint'>;
};

const loginsShown = 20;
/** RFC 959, 3.3; explicit TLS begins on the same port (RFC 4217, 4). */
const usualPort = 21;

type State = 'on' | 'off' | 'expired' | 'place' | 'waits';
const tags = { on: 'ok', off: 'plain', expired: 'warn', place: 'warn', waits: 'warn' } as const;

/** Everything of `/sites/:site/ftp`, but the title. */
export async function ftpPage(req: Request, parts: FtpPageParts) {
  const { site } = req;
  const { ftp, choices } = parts;
  const server = await parts.sites.ftpServer(site);
  const all = await ftp.accounts.ofSite(site);
  const shown = await Promise.all(all.map((account) => accountView(req, parts, account)));
  const by = signedIn(req);
  const own = by.role === 'owner' ? undefined : all.filter((account) => mayManage(by, account)).map(({ id }) => id);
  const most = await ftp.accounts.most(site);
  return {
    site,
    state: stateOf(site),
    ...(server?.host && { server: { host: server.host, port: server.port ?? usualPort } }),
    fingerprint: fingerprintText(server?.isHere ? choices.ftpFingerprint : (server?.fingerprint ?? undefined)),
    mayBePlain: choices.ftpPlain === 'allowed',
    user: all[0]?.user,
    accounts: shown,
    plain: shown.filter(({ plainAt, mayManage: isOurs }) => plainAt !== null && isOurs),
    most,
    canMake: req.mayChange && site.openedAt !== null && !isShut(site) && all.length < most,
    mayChange: req.mayChange,
    restricted: by.restriction !== undefined,
    logins: (await ftp.logins.last(site, loginsShown, own)).map((login) => loginView(req.visit.words, login)),
    seesAll: own === undefined,
  };
}

function stateOf({ openedAt, suspendedAt, frozenAt }: Site): 'open' | 'preparing' | 'suspended' | 'moving' {
  if (openedAt === null) return 'preparing';
  if (suspendedAt !== null) return 'suspended';
  return frozenAt === null ? 'open' : 'moving';
}

/** As FTP programs show it: pairs with colons. */
function fingerprintText(fingerprint: string | undefined): string | undefined {
  return fingerprint?.replaceAll(':', '').toUpperCase().match(/../g)?.join(':');
}

async function accountView(req: Request, parts: FtpPageParts, account: FtpAccount) {
  const { t, time } = req.visit.words;
  const isOurs = mayManage(signedIn(req), account);
  const waitsUntil = await parts.ftp.accounts.waitOf(account);
  const state = await accountState(parts, account, waitsUntil);
  return {
    id: account.id,
    user: account.user,
    folder: account.folder === '' ? '/' : `/${account.folder}`,
    tag: { state: tags[state], text: t(`ftp.state.${state}`, { until: waitsUntil ? time(waitsUntil) : '' }) },
    state,
    isOff: account.offAt !== null,
    expiresAt: account.expiresAt,
    networks: account.networks.length,
    usedAt: account.usedAt,
    usedAddress: isOurs ? account.usedAddress : undefined,
    plainAt: account.plainAt,
    mayManage: isOurs && req.mayChange,
  };
}

async function accountState(
  { accounts, clock }: FtpPageParts,
  account: FtpAccount,
  waitsUntil: number | undefined,
): Promise<State> {
  if (account.offAt !== null) return 'off';
  if (account.expiresAt !== null && account.expiresAt <= clock.now()) return 'expired';
  if (!(await stillWorksHere(accounts, account))) return 'place';
  return waitsUntil === undefined ? 'on' : 'waits';
}

function loginView({ t }: Words, { outcome, isEncrypted, address, user, firstAt, lastAt, count }: FtpLogin) {
  const line = t(isEncrypted ? 'ftp.login.encrypted' : 'ftp.login.plain');
  return {
    user,
    isIn: outcome === 'in',
    what: t(`ftp.outcome.${outcome}`),
    line,
    address: address ?? t('ftp.login.many'),
    firstAt,
    lastAt,
    count,
  };
}
