// The HTTP of suspicious files: what was refused and found in a site, holding one back, and deleting it for good.
import { type Request, Router } from 'express';
import { z } from 'zod';
import { refusalInWords } from '../files/files.ts';
import { conflict } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act, form } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Visit } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import { type Finding, type Incoming, keptDays } from './incoming.ts';

const perPage = 50;
const here = (req: Request) => `/sites/${req.site.name}/suspicious`;

export function incomingRoutes({ incoming }: { readonly incoming: Incoming }, guards: Guards): Router {
  const router = Router();
  const { signedIn, signedInAt, site, mayChange } = guards;
  const found = async (req: Request) => {
    const finding = await incoming.kept.find(req.site, String(req.params.id));
    if (!isInHand(finding)) throw conflict('incoming.isDone');
    return finding;
  };

  router.get('/sites/:site/suspicious', signedIn, site, async (req, res) => {
    const { visit, site: of } = req;
    const total = await incoming.total(of);
    const last = Math.max(1, Math.ceil(total / perPage));
    const page = Math.min(last, Math.max(1, Number.parseInt(String(req.query.page ?? '1'), 10) || 1));
    const rows = await incoming.findings(of, (page - 1) * perPage, perPage);
    await res.page('incoming/suspicious', {
      title: visit.words.t('incoming.title'),
      section: 'files',
      site: of,
      rows: rows.map((row) => shown(row, visit)),
      total,
      open: await incoming.open(of),
      keptDays,
      mayChange: req.mayChange,
      ...(total > perPage && { pages: neighbours(visit, here(req), page, total) }),
    });
  });

  const hold = act({
    fields: z.object({}),
    submit: async ({ req }) => {
      const { path } = await found(req);
      await incoming.kept.hold(req.site, String(req.params.id), actorOf(req));
      say(req, 'incoming.held', { file: `/${path}`, days: keptDays });
      return here(req);
    },
  });
  router.post(
    '/sites/:site/suspicious/:id/hold',
    signedInAt((req) => `/sites/${req.params.site}/suspicious`),
    site,
    hold,
  );

  const deletion = form({
    view: 'incoming/deletion',
    fields: z.object({}),
    show: async (req) => ({
      title: req.visit.words.t('incoming.delete.title'),
      section: 'files',
      site: req.site,
      finding: shown(await found(req), req.visit),
    }),
    submit: async ({ req }) => {
      const { path } = await found(req);
      await incoming.kept.remove(req.site, String(req.params.id), actorOf(req));
      say(req, 'incoming.deleted', { file: `/${path}` });
      return here(req);
    },
  });
  router.get('/sites/:site/suspicious/:id/deletion', signedIn, site, mayChange, deletion.get);
  router.post('/sites/:site/suspicious/:id/deletion', signedIn, site, deletion.post);
  // As letters of before had it.
  router.get('/sites/:site/ftp/refused', signedIn, site, (req, res) => goTo(req, res, here(req)));
  return router;
}

/** There is something left to be done with it. */
const isInHand = ({ kind, restoredAt, droppedAt }: Finding) => kind !== 'noted' && restoredAt === null && droppedAt === null;

function shown(finding: Finding, { words }: Visit) {
  const at = finding.path.lastIndexOf('/');
  return {
    ...finding,
    name: finding.path.slice(at + 1),
    folder: `/${finding.path.slice(0, at)}`,
    reason: words.t(`incoming.why.${finding.code}`, refusalInWords(finding.parameters, words)),
    mayHold: isInHand(finding) && finding.kind === 'found',
    mayDelete: isInHand(finding) && finding.code !== 'waiting',
    ...stateOf(finding),
  };
}

function stateOf({ kind, code, restoredAt, droppedAt }: Finding) {
  if (restoredAt !== null) return { state: 'restored', tag: 'ok' };
  if (droppedAt !== null) return { state: 'dropped', tag: 'plain' };
  if (code === 'waiting') return { state: 'waiting', tag: 'info' };
  return { state: kind, tag: kind === 'noted' ? 'info' : kind === 'found' ? 'bad' : 'warn' };
}

function neighbours({ url, words }: Visit, path: string, page: number, total: number) {
  const last = Math.max(1, Math.ceil(total / perPage));
  const link = (to: number, text: string) => ({ href: `${url(path)}?page=${to}`, text });
  const range = `${words.number((page - 1) * perPage + 1)}–${words.number(Math.min(total, page * perPage))} / ${words.number(total)}`;
  return {
    label: words.t('incoming.pages'),
    text: range,
    ...(page > 1 && { previous: link(page - 1, words.t('incoming.previous')) }),
    ...(page < last && { next: link(page + 1, words.t('incoming.next')) }),
  };
}
