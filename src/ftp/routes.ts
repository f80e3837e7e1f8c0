// The HTTP of FTP: the page of a site, making and changing accounts, passwords shown once, ending.
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import { LocalTime } from '../platform/clock.ts';
import { conflict } from '../platform/errors.ts';
import { act, form, requireToken, typed } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { networksIn } from '../platform/web/networks.ts';
import { goTo, say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import { nameFaults, nameFields, rightsFields, takenRights } from './fields.ts';
import { offeredFolders } from './folders.ts';
import type { FtpAccount } from './ftp.ts';
import { type FtpPageParts, ftpPage } from './page.ts';

export type FtpRouteParts = Omit<FtpPageParts, 'choices'> & {
  readonly idempotency: Idempotency;
  readonly choices: FtpPageParts['choices'] & Pick<Choices, 'timeZone'>;
};

declare module 'express-session' {
  interface SessionData {
    /** a password that was drawn, for the one page that shows it */
    newFtpPassword: { siteId: string; user: string; password: string };
  }
}

// What cannot be read must not have a password drawn.
const password = z.string({ error: 'error.invalid' }).max(2048, 'error.tooLongField').default('');
const here = (req: Request, path = '') => `/sites/${req.site.name}/ftp${path}`;

export function ftpRoutes(parts: FtpRouteParts, { signedIn: inside, signedInAt, fresh, site, mayChange }: Guards): Router {
  const { ftp, sites } = parts;
  const router = Router();
  const found = (req: Request) => ftp.accounts.find(signedIn(req), req.site, String(req.params.id));

  router.get('/ftp', inside, async (req, res) => {
    const all = await sites.forMember(signedIn(req));
    const last = all.find(({ name }) => name === req.session.siteName) ?? all[0];
    goTo(req, res, last ? `/sites/${last.name}/ftp` : '/dashboard');
  });

  router.get('/sites/:site/ftp', inside, site, async (req, res) => {
    const title = req.visit.words.t('ftp.title');
    await res.page('ftp/index', { title, section: 'ftp', scripts: ['behaviours/copy.js'], ...(await ftpPage(req, parts)) });
  });

  const making = makeForm(parts);
  router.get('/sites/:site/ftp/account', inside, site, mayChange, fresh, making.get);
  router.post('/sites/:site/ftp/account', inside, site, fresh, addPresentAddress, making.post);

  router.get('/sites/:site/ftp/password', inside, site, async (req, res) => {
    const drawn = req.session.newFtpPassword;
    delete req.session.newFtpPassword;
    if (drawn?.siteId !== req.site.id) return goTo(req, res, here(req));
    const title = req.visit.words.t('ftp.password.shown.title');
    const server = await sites.ftpServer(req.site);
    const { siteId: _, ...shown } = drawn;
    await res.page('ftp/password', { title, section: 'ftp', scripts: ['behaviours/copy.js'], site: req.site, server, ...shown });
  });

  const change = changeForm(parts, found);
  router.get('/sites/:site/ftp/accounts/:id', inside, site, mayChange, fresh, change.get);
  router.post('/sites/:site/ftp/accounts/:id', inside, site, fresh, addPresentAddress, change.post);

  const renewal = passwordForm(parts, found);
  router.get('/sites/:site/ftp/accounts/:id/password', inside, site, mayChange, fresh, renewal.get);
  router.post('/sites/:site/ftp/accounts/:id/password', inside, site, fresh, renewal.post);

  // No fresh sign-in: who sees a stranger at work must be able to stop it at once.
  const end = form({
    view: 'ftp/end',
    fields: z.object({}),
    show: async (req) => ({ ...titled(req, 'ftp.end.title'), account: await found(req) }),
    submit: async ({ req }) => {
      await ftp.accounts.end(req, await found(req));
      say(req, 'ftp.ended');
      return here(req);
    },
  });
  router.get('/sites/:site/ftp/accounts/:id/end', inside, site, mayChange, end.get);
  router.post('/sites/:site/ftp/accounts/:id/end', inside, site, end.post);

  const button = (done: string, work: (req: Request, account: FtpAccount) => Promise<void>) =>
    act({
      fields: z.object({}),
      submit: async ({ req }) => {
        const account = await found(req);
        await work(req, account);
        say(req, done, { user: account.user });
        return here(req);
      },
    });
  const onPage = signedInAt((req) => `/sites/${req.params.site}/ftp`);
  const off = button('ftp.turnedOff', (req, account) => ftp.accounts.turnOff(req, account));
  const on = button('ftp.turnedOn', (req, account) => ftp.accounts.turnOn(req, account));
  const unlock = button('ftp.unlocked', (req, account) => ftp.accounts.unlock(req, account));
  router.post('/sites/:site/ftp/accounts/:id/off', onPage, site, off);
  router.post('/sites/:site/ftp/accounts/:id/on', onPage, site, fresh, on);
  router.post('/sites/:site/ftp/accounts/:id/unlock', onPage, site, unlock);
  return router;
}

const titled = (req: Request, key: string) => ({ title: req.visit.words.t(key), section: 'ftp', site: req.site });

/** "Add my address": the form comes again with what was typed and one line more, and nothing is done yet. Needs no script. */
const addPresentAddress: RequestHandler = (req, res, next) => {
  const sent = (req.body ?? {}) as { here?: unknown; allow_ips?: unknown };
  if (sent.here === undefined) return next();
  requireToken(req);
  const before = typeof sent.allow_ips === 'string' ? networksIn(sent.allow_ips) : [];
  const allow_ips = [...new Set([...before, req.visit.address])].join('\n');
  req.session.kept = { path: req.visit.path, values: { ...typed(req.body), allow_ips } };
  goTo(req, res, `${req.visit.path}#allow_ips`);
};

/** What a form about rights shows and takes. `folders` is undefined for the account of the whole site. */
function rightsShown(req: Request, { choices }: FtpRouteParts, folders: readonly string[] | undefined) {
  return {
    address: req.visit.address,
    folders: folders?.map((folder) => `/${folder}`),
    mayBePlain: choices.ftpPlain === 'allowed',
  };
}

const known = ({ clock, choices }: FtpRouteParts, folders: readonly string[] | undefined) => ({
  folders,
  now: clock.now(),
  zone: choices.timeZone,
});

function makeForm(parts: FtpRouteParts) {
  const { ftp, sites, idempotency } = parts;
  /** The first account of an owner is the main one, for the whole site. */
  const isMain = async (req: Request) =>
    signedIn(req).role === 'owner' && !(await ftp.accounts.ofSite(req.site)).some(({ user }) => user === req.site.name);
  const folders = async (req: Request) => ((await isMain(req)) ? undefined : offeredFolders(sites.storageFor(req.site)));
  const refuseClosed = ({ site }: Request) => {
    if (site.openedAt === null || site.suspendedAt !== null) throw conflict('ftp.notOpen');
    if (site.frozenAt !== null) throw conflict('moves.refused');
  };
  return form({
    view: 'ftp/account',
    fields: z.object({ ...nameFields, ...rightsFields, password }),
    idempotency,
    show: async (req) => {
      refuseClosed(req);
      return {
        ...titled(req, 'ftp.make.title'),
        scripts: ['behaviours/show-password.js'],
        ...rightsShown(req, parts, await folders(req)),
      };
    },
    submit: async ({ req, values, once }) => {
      refuseClosed(req);
      const offered = await folders(req);
      const name = offered === undefined ? '' : values.user.trim().toLowerCase();
      const more = { user: offered === undefined ? [] : nameFaults(name) };
      const rights = takenRights(values, known(parts, offered), more);
      const next = here(req, values.password === '' ? '/password' : '');
      const wanted = { name, rights, password: { typed: values.password } };
      const made = await ftp.accounts.make(req, req.site, wanted, once, next);
      keepDrawn(req, made);
      if (values.password !== '') say(req, 'ftp.made', { user: made.account.user });
      return next;
    },
  });
}

function keepDrawn(req: Request, { account, password: drawn }: { account: FtpAccount; password?: string }): void {
  if (drawn !== undefined) req.session.newFtpPassword = { siteId: req.site.id, user: account.user, password: drawn };
}

type Found = (req: Request) => Promise<FtpAccount>;

function changeForm(parts: FtpRouteParts, found: Found) {
  const { ftp, sites, choices } = parts;
  const folders = async (req: Request, { folder }: FtpAccount) =>
    folder === '' ? undefined : [...new Set([folder, ...(await offeredFolders(sites.storageFor(req.site)))])];
  return form({
    view: 'ftp/change',
    fields: z.object(rightsFields),
    show: async (req) => {
      const account = await found(req);
      const { folder, networks, expiresAt, plainAllowedAt } = account;
      const own = {
        path: `/${folder}`,
        allow_ips: networks.join('\n'),
        expires: expiresAt === null ? '' : new LocalTime(choices.timeZone).day(expiresAt - 1),
        ...(plainAllowedAt !== null && { plain: '1' }),
      };
      return {
        ...titled(req, 'ftp.change.title'),
        account,
        values: own,
        ...rightsShown(req, parts, await folders(req, account)),
      };
    },
    submit: async ({ req, values }) => {
      const account = await found(req);
      await ftp.accounts.change(req, account, takenRights(values, known(parts, await folders(req, account))));
      say(req, 'ftp.changed', { user: account.user });
      return here(req);
    },
  });
}

function passwordForm({ ftp, idempotency }: FtpRouteParts, found: Found) {
  return form({
    view: 'ftp/new-password',
    fields: z.object({ password }),
    idempotency,
    show: async (req) => ({
      ...titled(req, 'ftp.renew.title'),
      scripts: ['behaviours/show-password.js'],
      account: await found(req),
    }),
    submit: async ({ req, values, once }) => {
      const account = await found(req);
      const next = here(req, values.password === '' ? '/password' : '');
      keepDrawn(req, await ftp.accounts.setPassword(req, req.site, account, { typed: values.password }, once, next));
      if (values.password !== '') say(req, 'ftp.renewed', { user: account.user });
      return next;
    },
  });
}
