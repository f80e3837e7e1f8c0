// What every handler knows of a request: language, words, addresses, who came.
import type { Request, RequestHandler } from 'express';
import type {} from 'express-session';
import type { Clock } from '../clock.ts';
import { badRequest, notFound, notSignedIn } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Addresses } from './addresses.ts';
import { requestIdOf } from './request-log.ts';
import { type Language, type Words, type WordsOptions, wordsIn } from './words.ts';

/** Who is signed in, and for which customer they act. */
export type SignedIn = {
  readonly personId: string;
  readonly customerId: string;
  readonly role: 'owner' | 'developer' | 'viewer';
  /** ids of the sites the place is for; null: every site of the customer */
  readonly siteIds: readonly string[] | null;
  /** the person has places at other customers as well */
  readonly hasSeveralPlaces: boolean;
  /** epoch milliseconds of the last full sign-in or confirmation */
  readonly freshAt: number;
  /** the customer is restricted: reading, downloading, asking and leaving are left */
  readonly restriction?: { readonly since: number; readonly because: string };
  /** a document of the customer's contract has changed: from which local day, and whether that has come */
  readonly agreement?: { readonly from: string; readonly isDue: boolean };
  /** ids of orders whose consent is pending: at their sites reading, downloading and leaving are left */
  readonly pendingOrders?: ReadonlySet<string>;
};

export interface Visit {
  readonly requestId: string;
  readonly language: Language;
  readonly words: Words;
  /** without mount and language, without query: `/login` */
  readonly path: string;
  /** `path` with its query */
  readonly pathAndQuery: string;
  /** the visitor's network address (personal) */
  readonly address: string;
  /** the visitor's browser as it names itself, at most 400 characters (personal) */
  readonly agent: string;
  /** @returns the address of a page in the visitor's language */
  url(path: string): string;
  /** set once the session was read and is signed in */
  person?: SignedIn;
  /** the session is a person's whose place may not be used from this network address: no page of theirs is shown (403) */
  isElsewhere?: boolean;
  /** the answer must be JSON: the client asked for it and not for HTML, or the address is for programs */
  readonly wantsJson: boolean;
}

declare global {
  namespace Express {
    interface Request {
      visit: Visit;
    }
  }
}

/** Below this address only programs ask: whatever they say that they accept, they get JSON. */
const forPrograms = '/api/';

export type VisitOptions = { readonly addresses: Addresses; readonly words: WordsOptions; readonly clock: Clock };

/** Takes the language off the address (`/en/login` → `/login`) and puts `req.visit` on the request. */
export function welcome({ addresses, words, clock }: VisitOptions): RequestHandler {
  const inLanguage: Record<Language, Words> = { ko: wordsIn('ko', words), en: wordsIn('en', words) };
  return (req, res, next) => {
    const english = /^\/en(?=[/?]|$)/.test(req.url);
    if (english) req.url = req.url.slice('/en'.length).replace(/^(?!\/)/, '/');
    const language: Language = english ? 'en' : 'ko';
    req.visit = {
      requestId: requestIdOf(req, newId(clock.now())),
      language,
      words: inLanguage[language],
      path: req.path,
      // A sign that stands for nothing would make a link that is no address.
      pathAndQuery: req.url.replace(/%(?![0-9a-f]{2})/gi, '%25'),
      address: req.ip ?? '',
      agent: (req.get('user-agent') ?? '').slice(0, 400),
      url: (path) => addresses.page(language, path),
      wantsJson: req.url.startsWith(forPrograms) || req.accepts(['html', 'json']) === 'json',
    };
    // The page of an error shows the same number, and a proxy can write it beside its own line.
    res.set('X-Request-Id', req.visit.requestId);
    next();
  };
}

/** @returns who is signed in. @throws PanelError 401 when nobody is, which a guard should have said before */
export function signedIn(req: Request): SignedIn {
  if (!req.visit.person) throw notSignedIn();
  return req.visit.person;
}

/**
 * An address whose percent-encoding cannot be read is answered here (400), whatever route it might have met; one with a NUL is no
 * address of anything (404): PostgreSQL takes no such text.
 */
export const readableAddress: RequestHandler = (req, _res, next) => {
  let path: string;
  try {
    path = decodeURIComponent(req.path);
  } catch {
    return next(badRequest());
  }
  next(path.includes('\0') ? notFound() : undefined);
};
