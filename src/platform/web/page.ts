// Pages: a view, and the layout around it, in the visitor's language.
import { randomBytes } from 'node:crypto';
import type { Application, Request, RequestHandler, Response } from 'express';
import type { FieldFault, Parameters } from '../errors.ts';
import type { Addresses } from './addresses.ts';
import type { Assets } from './assets.ts';
import { type Faults, summary } from './faults.ts';

export type PageData = {
  /** text of the `<title>` and usually of the h1 */
  readonly title: string;
  /** one sentence for search engines */
  readonly description?: string;
  /** which entry of the navigation is current */
  readonly section?: string;
  /** names of assets loaded as modules */
  readonly scripts?: readonly string[];
  /** the page has a form: an anonymous visitor gets a session for its token */
  readonly form?: boolean;
  readonly faults?: Faults;
  readonly [more: string]: unknown;
};

export type Link = { readonly href: string; readonly text: string; readonly current?: boolean; readonly strong?: boolean };

/** What the house around the pages says; given by the composition root, which knows the features. */
export type Frame = {
  readonly brand: unknown;
  readonly officers: unknown;
  readonly navigation: readonly Link[];
  readonly publicLinks: readonly Link[];
  readonly footerLinks: readonly Link[];
};

declare global {
  namespace Express {
    interface Response {
      /** Renders `views/<view>.ejs` in the layout. Data must be fresh literals, never a request's body or query. */
      page(view: string, data: PageData, status?: number): Promise<void>;
    }
  }
}

declare module 'express-session' {
  interface SessionData {
    csrf: string;
    flash: { kind: 'ok' | 'bad'; key: string; parameters?: Parameters };
  }
}

export type Pages = {
  readonly addresses: Addresses;
  readonly assets: Assets;
  readonly frame: (req: Request, section: string | undefined) => Frame;
};

/** @returns the synchroniser token of the session, made on first use */
export function tokenOf(req: Request): string {
  req.session.csrf ??= randomBytes(32).toString('base64url');
  return req.session.csrf;
}

export function pages(app: Application, parts: Pages): RequestHandler {
  const render = (view: string, locals: object) =>
    new Promise<string>((resolve, reject) => app.render(view, locals, (error, html) => (error ? reject(error) : resolve(html))));
  return (req, res, next) => {
    res.page = async (view, data, status = 200) => {
      const locals = { ...localsOf(req, data, parts), ...data };
      const body = await render(view, locals);
      const whole = await render('layout', { ...locals, body });
      res.status(status).type('html').send(whole);
    };
    next();
  };
}

function localsOf(req: Request, data: PageData, { addresses, assets, frame }: Pages) {
  const { visit } = req;
  const { words } = visit;
  const flash = takeFlash(req);
  const other = visit.language === 'ko' ? 'en' : 'ko';
  const needsToken = data.form || visit.person !== undefined;
  return {
    ...words,
    url: visit.url,
    asset: (name: string) => `${addresses.base}/assets/${assets.hashed(name).name}`,
    integrity: (name: string) => assets.hashed(name).integrity,
    icon: (name: string) => assets.icon(name),
    csrf: needsToken ? tokenOf(req) : '',
    idem: randomBytes(16).toString('base64url'),
    values: {} as Record<string, unknown>,
    errorsOf: (field: string) => (data.faults?.[field] ?? []).map((fault: FieldFault) => words.t(fault.key, fault.parameters)),
    ...frame(req, data.section),
    page: {
      title: data.title,
      description: data.description ?? '',
      section: data.section ?? '',
      language: visit.language,
      theme: '',
      path: visit.path,
      signedIn: visit.person !== undefined,
      scripts: data.scripts ?? [],
      flash: flash && { kind: flash.kind, text: words.t(flash.key, flash.parameters) },
      errors: summary(words, data.faults),
      otherLanguage: {
        lang: other,
        label: other === 'en' ? 'English' : '한국어',
        href: addresses.page(other, visit.pathAndQuery),
      },
    },
  };
}

/** A message is shown once, on the next page. */
function takeFlash(req: Request) {
  const flash = req.session?.flash;
  if (flash) delete req.session.flash;
  return flash;
}

/** Shows a sentence on the next page. */
export function say(req: Request, key: string, parameters?: Parameters, kind: 'ok' | 'bad' = 'ok'): void {
  req.session.flash = { kind, key, ...(parameters && { parameters }) };
}

/** After a change: 303, so that going back or reloading repeats nothing. `path` is without mount and language. */
export function goTo(req: Request, res: Response, path: string): void {
  res.redirect(303, req.visit.url(path));
}
