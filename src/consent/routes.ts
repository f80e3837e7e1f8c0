// The HTTP of documents: the version in force, every version there was or will be, and what each of them changed.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { notFound } from '../platform/errors.ts';
import { type Consent, changesOf, type Document, documentNames } from './consent.ts';

export type ConsentRouteParts = { readonly consent: Consent };

/** Before everything that shows or asks for a document: what another process has published is known here. */
export function freshDocuments({ consent }: ConsentRouteParts): RequestHandler {
  return async (_req, _res, next) => {
    await consent.library.refresh();
    next();
  };
}

export function consentRoutes({ consent }: ConsentRouteParts): Router {
  const router = Router();
  const version = (req: Request) => consent.version(String(req.params.document), String(req.params.version), req.visit.language);
  router.get('/documents/:document', (req, res) =>
    show(consent, consent.current(String(req.params.document), req.visit.language), req, res),
  );
  router.get('/documents/:document/:version', (req, res) => show(consent, version(req), req, res));
  router.get('/documents/:document/:version/changes', (req, res) => showChanges(consent, version(req), req, res));
  return router;
}

async function show(consent: Consent, shown: Document, req: Request, res: Response): Promise<void> {
  const { language, words } = req.visit;
  const { library } = consent;
  const inForce = consent.current(shown.document, language).version;
  const versions = consent.versions(shown.document);
  const published = library.published(shown.document, shown.version);
  await res.page('consent/page', {
    title: req.params.version ? `${shown.title}, ${words.t('consent.version', { version: shown.version })}` : shown.title,
    description: words.t('consent.documents.description', { title: shown.title, version: shown.version }),
    document: shown,
    html: shown.html,
    state: shown.version === inForce ? 'current' : shown.version > library.today() ? 'future' : 'past',
    jointTerms: published?.jointTerms ?? null,
    coming: versions.filter((version) => version > library.today() && version !== shown.version).reverse(),
    others: versions.filter((version) => version <= library.today() && version !== shown.version),
    hasChanges: earlierThan(versions, shown.version) !== undefined,
    documents: documentNames.filter((document) => document !== shown.document),
  });
}

async function showChanges(consent: Consent, after: Document, req: Request, res: Response): Promise<void> {
  const { language, words } = req.visit;
  const versions = consent.versions(after.document);
  const wanted = typeof req.query.since === 'string' ? req.query.since : undefined;
  const since = wanted ?? earlierThan(versions, after.version);
  if (since === undefined || since >= after.version) throw notFound();
  const before = consent.version(after.document, since, language);
  await res.page('consent/changes', {
    title: words.t('consent.changes.title', { title: after.title }),
    description: words.t('consent.changes.lead', { before: before.version, after: after.version }),
    document: after,
    before: before.version,
    changes: changesOf(before.markdown, after.markdown),
    sinces: versions.filter((version) => version < after.version && version !== before.version),
  });
}

/** @param versions newest first @returns the one before */
const earlierThan = (versions: readonly string[], version: string) => versions.find((one) => one < version);
