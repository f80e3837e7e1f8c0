// What every handler knows of a request: language, words, addresses, who came.
import type { RequestHandler } from 'express';
import type {} from 'express-session';
import type { Clock } from '../clock.ts';
import { badRequest } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Addresses } from './addresses.ts';
import { type Language, type Words, type WordsOptions, wordsIn } from './words.ts';

/** Who is signed in, and for which customer they act. */
export type SignedIn = {
  readonly personId: string;
  readonly customerId: string;
  readonly role: 'owner' | 'developer' | 'viewer';
  /** epoch milliseconds of the last full sign-in or confirmation */
  readonly freshAt: number;
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
  /** the answer must be JSON: the client asked for it and not for HTML */
  readonly wantsJson: boolean;
}

declare global {
  namespace Express {
    interface Request {
      visit: Visit;
    }
  }
}

export type VisitOptions = { readonly addresses: Addresses; readonly words: WordsOptions; readonly clock: Clock };

/** Takes the language off the address (`/en/login` → `/login`) and puts `req.visit` on the request. */
export function welcome({ addresses, words, clock }: VisitOptions): RequestHandler {
  const inLanguage: Record<Language, Words> = { ko: wordsIn('ko', words), en: wordsIn('en', words) };
  return (req, _res, next) => {
    const english = /^\/en(?=[/?]|$)/.test(req.url);
    if (english) req.url = req.url.slice('/en'.length).replace(/^(?!\/)/, '/');
    const language: Language = english ? 'en' : 'ko';
    req.visit = {
      requestId: newId(clock.now()),
      language,
      words: inLanguage[language],
      path: req.path,
      pathAndQuery: req.url,
      address: req.ip ?? '',
      agent: (req.get('user-agent') ?? '').slice(0, 400),
      url: (path) => addresses.page(language, path),
      wantsJson: req.accepts(['html', 'json']) === 'json',
    };
    next();
  };
}

/** An address whose percent-encoding cannot be read is answered here (400), whatever route it might have met. */
export const readableAddress: RequestHandler = (req, _res, next) => {
  try {
    decodeURIComponent(req.path);
  } catch {
    return next(badRequest());
  }
  next();
};
