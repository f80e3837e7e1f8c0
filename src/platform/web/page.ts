// Pages: a view, and the layout around it, in the visitor's language.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { FieldFault, Parameters } from '../errors.ts';
import type { Addresses } from './addresses.ts';
import { type Assets, everywhere, withWarning } from './assets.ts';
import { type Faults, summary } from './faults.ts';
import { themeOf } from './theme.ts';
import type { Views } from './views.ts';
import type { Visit } from './visit.ts';

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
  /**
   * Whoever is not signed in gets the same page for the same data, language, theme and path: it is made once. Such a page has no form, and
   * nothing of it follows from the present moment; its data can be written as JSON.
   */
  readonly sameForGuests?: true;
  readonly [more: string]: unknown;
};

export type Link = { readonly href: string; readonly text: string; readonly current?: boolean; readonly strong?: boolean };

/** Seconds from now: to the end of a session in which nothing happens, and to its end in any case; and how long before a page warns. */
export type IdleEnd = { readonly seconds: number; readonly left: number; readonly warn: number; readonly stay: string };

/** What the house around the pages says; given by the composition root, which knows the features. */
export type Frame = {
  readonly brand: unknown;
  readonly officers: unknown;
  /** the customer is restricted: where that is explained */
  readonly restriction: { readonly href: string } | undefined;
  /** a document of the customer's contract has changed: where it is agreed to */
  readonly agreement?: { readonly href: string; readonly from: string; readonly isDue: boolean } | undefined;
  readonly navigation: readonly Link[];
  readonly publicLinks: readonly Link[];
  readonly footerLinks: readonly Link[];
  /** when the session ends by itself, for the warning before; undefined without a session */
  readonly idle?: IdleEnd | undefined;
  /** what a new password must be, in a sentence */
  readonly passwordRule: string;
  /** between the pages of one's own account */
  readonly accountLinks: readonly Link[];
};

/** A notice as a page shows it, for the record of who was shown what. */
export type ShownNotice = {
  /** such as `backup-duty` */
  readonly name: string;
  /** the document that it is a short form of */
  readonly document: string;
  /** its words, without markup */
  readonly text: string;
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
  /** is told of the notices on a page that was made for somebody who is signed in */
  readonly shown?: (visit: Visit, notices: readonly ShownNotice[]) => void;
};

/** @returns the synchroniser token of the session, made on first use */
export function tokenOf(req: Request): string {
  req.session.csrf ??= randomBytes(32).toString('base64url');
  return req.session.csrf;
}

/** Public pages in two languages and three themes, a few states of each. */
const mostKept = 100;

export function pages(views: Views, parts: Pages): RequestHandler {
  const kept = new Map<string, Buffer>();
  return (req, res, next) => {
    res.page = async (view, data, status = 200) => {
      const key = data.sameForGuests && keyOf(req, view, data, parts);
      const known = key && kept.get(key);
      if (known) return void res.status(status).type('html').send(known);
      const hadToken = req.session?.csrf !== undefined;
      const notices: ShownNotice[] = [];
      const locals = { ...localsOf(req, data, parts), ...data, noticed: noticing(notices) };
      if (!hadToken && locals.csrf) await saved(req);
      const body = views.render(view, locals);
      const whole = Buffer.from(views.render('layout', { ...locals, body }));
      if (notices.length > 0 && req.visit.person) parts.shown?.(req.visit, notices);
      if (key) keep(kept, key, whole);
      res.status(status).type('html').send(whole);
    };
    next();
  };
}

/** A part of a sentence, as `views/shared/_sentence.ejs` takes it. */
type Part = string | { readonly text: string };

/** For views: `noticed('backup-duty', document, parts)` where a notice stands, with all its words. */
const noticing = (notices: ShownNotice[]) => (name: string, document: string, parts: readonly (Part | readonly Part[])[]) =>
  void notices.push({ name, document, text: parts.flat().map(wordsIn).join('') });
const wordsIn = (part: Part) => (typeof part === 'string' ? part : part.text);

/** @returns what a page follows from; undefined where it is one person's, or where anybody could ask for endlessly many */
function keyOf(req: Request, view: string, data: PageData, { addresses }: Pages): string | undefined {
  const { person, language, path, pathAndQuery } = req.visit;
  if (person || path !== pathAndQuery || req.session?.flash) return undefined;
  return `${view} ${language} ${themeOf(req, addresses) ?? ''} ${path} ${JSON.stringify(data)}`;
}

function keep(kept: Map<string, Buffer>, key: string, page: Buffer): void {
  const [oldest] = kept.keys();
  if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
  kept.set(key, page);
}

/** A form whose session could not be kept would be refused when it comes back: then there is no form, but the reason. */
const saved = (req: Request) =>
  new Promise<void>((resolve, reject) => req.session.save((error) => (error ? reject(error) : resolve())));

function localsOf(req: Request, data: PageData, { addresses, assets, frame }: Pages) {
  const { visit } = req;
  const { words } = visit;
  const flash = takeFlash(req);
  const other = visit.language === 'ko' ? 'en' : 'ko';
  const house = frame(req, data.section);
  const needsToken = data.form || visit.person !== undefined;
  return {
    ...words,
    url: visit.url,
    asset: (name: string) => `${addresses.base}/assets/${assets.hashed(name).name}`,
    integrity: (name: string) => assets.hashed(name).integrity,
    icon: (name: string) => assets.icon(name),
    csrf: needsToken ? tokenOf(req) : '',
    idem: randomUUID(),
    values: {} as Record<string, unknown>,
    errorsOf: (field: string) => (data.faults?.[field] ?? []).map((fault: FieldFault) => words.t(fault.key, fault.parameters)),
    ...house,
    page: {
      title: data.title,
      description: data.description ?? '',
      section: data.section ?? '',
      language: visit.language,
      theme: themeOf(req, addresses),
      path: visit.path,
      signedIn: visit.person !== undefined,
      scripts: house.idle ? scriptsWithWarning(data.scripts) : (data.scripts ?? []),
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

function scriptsWithWarning([first, ...others]: readonly string[] = []): string[] {
  return [first === undefined ? everywhere : withWarning(first), ...others];
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
