// One folder as its page shows it: folders first, sorted, a page at a time.
import type { Request } from 'express';
import type { Entry, SitePath } from '../platform/storage/port.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Files } from './files.ts';

const perPage = 200;
const orders = ['name', '-name', 'size', '-size', 'changed', '-changed'] as const;
type Order = (typeof orders)[number];

/** @returns the address of a path in the site, without mount and language; each segment is encoded by itself */
export const fileAddress = (site: string, path: SitePath) =>
  ['/sites', site, 'files', ...path.map((segment) => encodeURIComponent(segment))].join('/');

/** @throws PanelError 404 when there is no such folder */
export async function listing(files: Files, req: Request, path: SitePath): Promise<PageData> {
  const { words, url, language } = req.visit;
  const entries = await files.list(req.site, path);
  const order = orders.find((each) => each === req.query.sort) ?? 'name';
  const sorted = sort(entries, order, language);
  const pages = Math.max(1, Math.ceil(sorted.length / perPage));
  const pageNumber = Math.min(pages, Math.max(1, Number.parseInt(String(req.query.page ?? '1'), 10) || 1));
  const addressOf = (to: SitePath) => url(fileAddress(req.site.name, to));
  const shown = sorted.slice((pageNumber - 1) * perPage, pageNumber * perPage).map((entry) => ({
    ...entry,
    path: [...path, entry.name].join('/'),
    address: addressOf([...path, entry.name]),
  }));
  return {
    title: `${words.t('files.title')}: ${path.at(-1) ?? '/'}`,
    section: 'files',
    scripts: ['behaviours/submit-once.js'],
    site: req.site,
    path,
    here: addressOf(path),
    base: addressOf([]),
    crumbs: crumbs(path, addressOf, req.site.name),
    entries: shown,
    total: entries.length,
    order,
    pageNumber,
    pages,
    isWritable: path[0] === 'www' && req.mayChange,
    // A restriction stands above every page.
    isReadOnly: path[0] === 'www' && !req.mayChange && !req.visit.person?.restriction,
    isOpen: req.site.openedAt !== null,
    scans: files.scans,
    kinds: files.rules.allowedExtensions.join(' '),
    limits: files.limits,
    share: Math.min(100, Math.round((req.site.usedBytes / Math.max(1, req.site.quotaBytes)) * 100)),
  };
}

function crumbs(path: SitePath, address: (path: SitePath) => string, site: string) {
  const all = [{ text: site, href: address([]) }, ...path.map((text, i) => ({ text, href: address(path.slice(0, i + 1)) }))];
  return all.map((crumb, i) => (i === all.length - 1 ? { text: crumb.text } : crumb));
}

function sort(entries: readonly Entry[], order: Order, language: string): Entry[] {
  const collator = new Intl.Collator(language, { numeric: true });
  const by = order.replace('-', '');
  const direction = order.startsWith('-') ? -1 : 1;
  const compare = (a: Entry, b: Entry) =>
    by === 'size' ? a.size - b.size : by === 'changed' ? a.modifiedAt - b.modifiedAt : collator.compare(a.name, b.name);
  return [...entries].sort(
    (a, b) =>
      Number(b.kind === 'folder') - Number(a.kind === 'folder') || direction * compare(a, b) || collator.compare(a.name, b.name),
  );
}
