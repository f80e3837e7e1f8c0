// The HTTP of documents: the version in force, and every version there was.
import { type Request, type Response, Router } from 'express';
import { type Clock, localDay } from '../platform/clock.ts';
import { type Consent, type Document, documentNames } from './consent.ts';

export type ConsentRouteParts = {
  readonly consent: Consent;
  readonly clock: Clock;
  readonly choices: { readonly timeZone: string };
};

export function consentRoutes({ consent, clock, choices }: ConsentRouteParts): Router {
  const router = Router();

  const show = async (req: Request, res: Response, shown: Document) => {
    const { language, words } = req.visit;
    const inForce = consent.current(shown.document, language).version;
    const today = localDay(clock.now(), choices.timeZone);
    await res.page('consent/page', {
      title: req.params.version ? `${shown.title}, ${words.t('consent.version', { version: shown.version })}` : shown.title,
      description: words.t('consent.documents.description', { title: shown.title, version: shown.version }),
      document: shown,
      html: shown.html,
      state: shown.version === inForce ? 'current' : shown.version > today ? 'future' : 'past',
      others: consent.versions(shown.document).filter((version) => version !== shown.version),
      documents: documentNames.filter((document) => document !== shown.document),
    });
  };

  router.get('/documents/:document', (req, res) =>
    show(req, res, consent.current(String(req.params.document), req.visit.language)),
  );
  router.get('/documents/:document/:version', (req, res) =>
    show(req, res, consent.version(String(req.params.document), String(req.params.version), req.visit.language)),
  );
  return router;
}
