// One folder as its page shows it: folders first, sorted, a page at a time; and what a search below it found.
import type { Request } from 'express';
import { parsePath, startsWith } from '../platform/storage/path.ts';
import type { Entry, EntryKind, Named, SitePath } from '../platform/storage/port.ts';
import { type PageData, tokenOf } from '../platform/web/page.ts';
import type { Files } from './files.ts';
import { jobNotices } from './job-words.ts';
import { rightsInWords } from './rights.ts';
import { mostFound } from './search.ts';

const perPage = 200;
const orders = ['name', '-name', 'size', '-size', 'changed', '-changed'] as const;
type Order = (typeof orders)[number];
/** Beyond, sizes and times of all entries would take too long to be asked for, and the folder is sorted by name. */
const mostDescribed = 20_000;
/** Beyond, names are in the order of their letters alone, since a dictionary's takes its time. */
const mostCollated = 5000;
const mostAsked = 200;

/** @returns the address of a path in the site, without mount and language; each segment is encoded by itself */
export const fileAddress = (site: string, path: SitePath) =>
  ['/sites', site, 'files', ...path.map((segment) => encodeURIComponent(segment))].join('/');

/** @throws PanelError 404 when there is no such folder */
export async function listing(files: Files, req: Request, path: SitePath): Promise<PageData> {
  const { words, url } = req.visit;
  const inside = await files.names(req.site, path);
  const asked = orders.find((each) => each === req.query.sort) ?? 'name';
  const order = inside.length > mostDescribed && !asked.endsWith('name') ? 'name' : asked;
  const pages = Math.max(1, Math.ceil(inside.length / perPage));
  const pageNumber = Math.min(pages, Math.max(1, Number.parseInt(String(req.query.page ?? '1'), 10) || 1));
  const addressOf = (to: SitePath) => url(fileAddress(req.site.name, to));
  const part = [(pageNumber - 1) * perPage, pageNumber * perPage] as const;
  const entries = await shownPart(files, req, { path, inside, order, part });
  const shown = entries.map((entry) => ({
    ...entry,
    path: [...path, entry.name].join('/'),
    address: addressOf([...path, entry.name]),
    rights: entry.kind === 'link' ? '' : rightsInWords(entry.mode, entry.kind, words),
  }));
  const undo = await undoOf(files, req);
  const jobs = jobNotices(await files.jobs.lately(req.site, req.visit.person?.personId), req.visit, req.site.name);
  return {
    title: `${words.t('files.title')}: ${path.at(-1) ?? '/'}`,
    section: 'files',
    scripts: ['behaviours/submit-once.js', ...(jobs.open.length > 0 ? ['behaviours/poll-job.js'] : [])],
    site: req.site,
    path,
    here: addressOf(path),
    base: addressOf([]),
    crumbs: crumbs(path, addressOf, req.site.name),
    entries: shown,
    total: inside.length,
    order,
    isTooManyToSort: order !== asked,
    pageNumber,
    pages,
    token: tokenOf(req),
    trashed: await files.trash.count(req.site),
    undo,
    jobs,
    isOurs: path[0] === 'www',
    isWritable: path[0] === 'www' && req.mayChange,
    // A restriction stands above every page.
    isReadOnly: path[0] === 'www' && !req.mayChange && !req.visit.person?.restriction,
    isOpen: req.site.openedAt !== null,
    scans: files.scans,
    kinds: (await files.rulesOf(req.site))(path).allowedExtensions.join(' '),
    limits: files.limits,
    share: Math.min(100, Math.round((req.site.usedBytes / Math.max(1, req.site.quotaBytes)) * 100)),
  };
}

type Part = { path: SitePath; inside: readonly Named[]; order: Order; part: readonly [number, number] };

/** By name only the entries of the page are looked at one by one; by size and time, all. */
async function shownPart(files: Files, req: Request, { path, inside, order, part }: Part): Promise<Entry[]> {
  const { language } = req.visit;
  if (!order.endsWith('name')) {
    const known = new Set(inside.map(({ name }) => name));
    const entries = (await files.list(req.site, path)).filter(({ name }) => known.has(name));
    return sort(entries, order, language).slice(...part);
  }
  const names = sortNames(inside, order, language).slice(...part);
  const described = new Map((await files.list(req.site, path, names)).map((entry) => [entry.name, entry]));
  // What is gone since is left out.
  return names.map((name) => described.get(name)).filter((entry) => entry !== undefined);
}

function sortNames(inside: readonly Named[], order: Order, language: string): string[] {
  const kinds = [inside.filter(({ kind }) => kind === 'folder'), inside.filter(({ kind }) => kind !== 'folder')];
  const collator = new Intl.Collator(language, { numeric: true });
  return kinds.flatMap((some) => {
    const names = some.map(({ name }) => name);
    const sorted = inside.length > mostCollated ? names.sort() : names.sort(collator.compare);
    return order === '-name' ? sorted.reverse() : sorted;
  });
}

function crumbs(path: SitePath, address: (path: SitePath) => string, site: string) {
  const all = [{ text: site, href: address([]) }, ...path.map((text, i) => ({ text, href: address(path.slice(0, i + 1)) }))];
  return all.map((crumb, i) => (i === all.length - 1 ? { text: crumb.text } : crumb));
}

function sort(entries: readonly Entry[], order: Order, language: string): Entry[] {
  const collator = new Intl.Collator(language, { numeric: true });
  const direction = order.startsWith('-') ? -1 : 1;
  const compare = (a: Entry, b: Entry) => (order.endsWith('size') ? a.size - b.size : a.modifiedAt - b.modifiedAt);
  return [...entries].sort(
    (a, b) =>
      Number(b.kind === 'folder') - Number(a.kind === 'folder') || direction * compare(a, b) || collator.compare(a.name, b.name),
  );
}

/** What was just deleted, while it is still in the trash. */
async function undoOf(files: Files, req: Request): Promise<{ act: string; count: number } | undefined> {
  const act = String(req.query.undo ?? '');
  if (!req.mayChange || !/^[0-9a-f-]{36}$/.test(act)) return undefined;
  const { length: count } = await files.trash.ofAct(req.site, act);
  return count > 0 ? { act, count } : undefined;
}

type Row = {
  readonly name: string;
  readonly kind: EntryKind;
  readonly address: string;
  readonly folder: string;
  readonly folderAddress: string;
};

/** The page of a search below a folder. @throws PanelError 404 when there is no such folder */
export async function searched(files: Files, req: Request, top: SitePath): Promise<PageData> {
  const { words, url } = req.visit;
  const text = String(req.query.q ?? '')
    .normalize('NFC')
    .trim()
    .slice(0, mostAsked);
  const after = req.query.after === undefined ? undefined : parsePath(String(req.query.after));
  const isBelow = after && startsWith(after, top);
  await files.names(req.site, top);
  const page = text === '' ? undefined : await files.search(req.site, { top, text, after: isBelow ? after : undefined });
  const addressOf = (path: SitePath) => url(fileAddress(req.site.name, path));
  const rows: Row[] = (page?.found ?? []).map(({ path, kind }) => ({
    name: path.at(-1) ?? '',
    kind,
    address: kind === 'folder' ? addressOf(path) : `${addressOf(path)}?do=view`,
    folder: path.slice(0, -1).join('/'),
    folderAddress: addressOf(path.slice(0, -1)),
  }));
  const here = addressOf(top);
  const goOn = page?.goOn && `${here}?q=${encodeURIComponent(text)}&after=${encodeURIComponent(page.goOn.join('/'))}`;
  return {
    title: words.t('files.search.title', { path: `/${top.join('/')}` }),
    section: 'files',
    site: req.site,
    ...{ here, text, rows, goOn, mostFound, isOn: after !== undefined },
    path: top.join('/'),
    wasAsked: page !== undefined,
  };
}
