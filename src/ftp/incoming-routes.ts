// The HTTP of what came in past the panel: the page that lists what was refused and found in a site.
import { Router } from 'express';
import { refusalInWords } from '../files/files.ts';
import type { Visit } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import { type Finding, type Ftp, keptDays } from './ftp.ts';

const perPage = 50;

export function incomingRoutes({ ftp }: { readonly ftp: Ftp }, guards: Guards): Router {
  const router = Router();
  router.get('/sites/:site/ftp/refused', guards.signedIn, guards.site, async (req, res) => {
    const { visit, site } = req;
    const total = await ftp.incoming.total(site);
    const last = Math.max(1, Math.ceil(total / perPage));
    const page = Math.min(last, Math.max(1, Number.parseInt(String(req.query.page ?? '1'), 10) || 1));
    const rows = await ftp.incoming.findings(site, (page - 1) * perPage, perPage);
    await res.page('ftp/incoming', {
      title: visit.words.t('incoming.title'),
      section: 'ftp',
      site,
      rows: rows.map((row) => shown(row, visit)),
      total,
      keptDays,
      ...(total > perPage && { pages: neighbours(visit, `/sites/${site.name}/ftp/refused`, page, total) }),
    });
  });
  return router;
}

function shown(finding: Finding, { words }: Visit) {
  const at = finding.path.lastIndexOf('/');
  return {
    ...finding,
    name: finding.path.slice(at + 1),
    folder: `/${finding.path.slice(0, at)}`,
    reason: words.t(`incoming.why.${finding.code}`, refusalInWords(finding.parameters, words)),
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
