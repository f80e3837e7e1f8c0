// Pages of the inside of a backup: a folder, one file with its other days, and two texts beside each other.
import type { Request } from 'express';
import { type Backup, type Backups, isGood, type ManifestMember, momentOf } from '../backups/backups.ts';
import { notFound } from '../platform/errors.ts';
import { type Diff, diffOf } from '../platform/line-diff.ts';
import type { SitePath } from '../platform/storage/port.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Visit } from '../platform/web/visit.ts';
import { type Browse, mostCompared, rowsOfPage, type Version } from './browse.ts';

export type BrowsePageParts = { readonly browse: Browse; readonly backups: Backups };

type Speaker = Pick<Visit, 'words' | 'url'>;

/** @returns addresses of one backup, in the visitor's language */
export function addressesOf({ url }: Speaker, siteName: string, { id }: Pick<Backup, 'id'>) {
  const here = `/sites/${siteName}/backups/${id}`;
  const below = (start: string, path: SitePath) => url([here, start, ...path.map(encodeURIComponent)].join('/'));
  return {
    backup: url(here),
    changes: url(`${here}/changes`),
    browse: (path: SitePath) => below('browse', path),
    file: (path: SitePath) => below('file', path),
  };
}

/** What stands on every page of the inside of a backup: whose inside it is, and the way out. */
function framed(req: Request, backup: Backup, path: SitePath) {
  const { site, visit } = req;
  const { t, time, shortDateOf } = visit.words;
  const addresses = addressesOf(visit, site.name, backup);
  const crumbs = [
    { text: t('backups.one.back', { site: site.name }), href: visit.url(`/sites/${site.name}/backups`) },
    { text: t('backups.one.title', { day: shortDateOf(backup.day) }), href: addresses.backup },
    { text: t('browse.root'), href: addresses.browse([]) },
    ...path.map((text, at) => ({ text, href: addresses.browse(path.slice(0, at + 1)) })),
  ];
  return {
    section: 'backups',
    site,
    strip: t('browse.strip', { time: time(momentOf(backup)) }),
    back: addresses.backup,
    crumbs: crumbs.map((crumb, at) => (at === crumbs.length - 1 ? { text: crumb.text } : crumb)),
    path: `/${path.join('/')}`,
    // Only what was read back may be restored from, and only by who may change the site.
    ...(req.mayChange && isGood(backup) && path[0] === 'www' && path.length > 1 && { restoreHref: restoreHref(addresses, path) }),
  };
}

function restoreHref({ backup }: { backup: string }, path: SitePath): string {
  return `${backup}/restoration?${new URLSearchParams({ scope: 'paths', paths: path.join('/') })}`;
}

export async function folderPage(req: Request, { browse }: BrowsePageParts, backup: Backup, path: SitePath): Promise<PageData> {
  const { site, visit } = req;
  const { t, number } = visit.words;
  const wanted = Number.parseInt(String(req.query.page ?? '1'), 10) || 1;
  const { entries, total, page, pages } = await browse.folder(site, backup, path, wanted);
  const addresses = addressesOf(visit, site.name, backup);
  const here = addresses.browse(path);
  const link = (to: number, key: string) => ({ href: `${here}?page=${to}`, text: t(key) });
  const first = (page - 1) * rowsOfPage + 1;
  return {
    ...framed(req, backup, path),
    title: t('browse.title', { name: path.at(-1) ?? t('browse.root') }),
    view: 'browse/folder',
    total,
    entries: entries.map((entry) => ({
      ...entry,
      href: addresses.browse([...path, entry.name]),
      ...(entry.kind === 'file' && { downloadHref: addresses.file([...path, entry.name]) }),
    })),
    ...(pages > 1 && {
      pages: {
        label: t('browse.pages'),
        text: `${number(first)}–${number(first + entries.length - 1)} / ${number(total)}`,
        ...(page > 1 && { previous: link(page - 1, 'files.previous') }),
        ...(page < pages && { next: link(page + 1, 'files.next') }),
      },
    }),
  };
}

/** One file: what is known of it, and the same file on other days. @throws PanelError 404 for what is no file */
export async function filePage(req: Request, { browse }: BrowsePageParts, backup: Backup, path: SitePath): Promise<PageData> {
  const { site, visit } = req;
  const member = (await browse.member(site, backup, path)) ?? asMember(await browse.entry(site, backup, path));
  const addresses = addressesOf(visit, site.name, backup);
  const versions = member.kind === 'file' ? await browse.versions(site, path) : [];
  const isText = member.kind === 'file' && member.size <= mostCompared;
  return {
    ...framed(req, backup, path),
    title: visit.words.t('browse.title', { name: path.at(-1) ?? '' }),
    view: 'browse/file',
    scripts: ['behaviours/copy.js'],
    member,
    downloadHref: addresses.file(path),
    ...(isText && path[0] === 'www' && { liveHref: `${addresses.browse(path)}?with=now` }),
    versions: versions.map((one) => versionView(visit, one, { site: site.name, path, shown: backup, isText })),
  };
}

type Shown = { readonly site: string; readonly path: SitePath; readonly shown: Backup; readonly isText: boolean };

const tones = { oldest: 'plain', same: 'plain', changed: 'warn', new: 'ok', none: 'plain' } as const;

function versionView(visit: Visit, { backup, change, size, modifiedAt, sha256 }: Version, { site, path, shown, isText }: Shown) {
  const isHere = backup.id === shown.id;
  const addresses = addressesOf(visit, site, backup);
  const isThere = change !== 'none';
  const compare = `${addressesOf(visit, site, shown).browse(path)}?with=${backup.id}`;
  return {
    ...{ at: momentOf(backup), size, modifiedAt, sha256, isHere, isThere },
    tag: { state: tones[change], text: visit.words.t(`browse.version.${change}`) },
    ...(isThere && !isHere && { href: addresses.browse(path) }),
    ...(isThere && !isHere && isText && { compareHref: compare }),
  };
}

/** The text of a backup beside that of the site now, or of another backup. @throws PanelError 404 when either is no file */
export async function differencePage(
  req: Request,
  { browse, backups }: BrowsePageParts,
  backup: Backup,
  path: SitePath,
): Promise<PageData> {
  const { site, visit } = req;
  const { t, time } = visit.words;
  const isLive = req.query.with === 'now';
  const other = isLive ? undefined : await backups.byId(site, String(req.query.with));
  const own = { name: t('browse.diff.backup', { time: time(momentOf(backup)) }), at: momentOf(backup) };
  const against = other
    ? { name: t('browse.diff.backup', { time: time(momentOf(other)) }), at: momentOf(other) }
    : { name: t('browse.diff.now'), at: Number.POSITIVE_INFINITY };
  const [text, otherText] = [
    await browse.text(site, backup, path),
    other ? await browse.text(site, other, path) : await browse.liveText(site, path),
  ];
  // The older one stands on the left, whichever page was left for this one.
  const isOlder = own.at <= against.at;
  const [before, after] = isOlder ? [own, against] : [against, own];
  const outcome = compared(isOlder ? [text, otherText] : [otherText, text]);
  return {
    ...framed(req, backup, path),
    title: t('browse.diff.title', { name: path.at(-1) ?? '' }),
    view: 'browse/difference',
    ...{ before: before.name, after: after.name },
    fileHref: addressesOf(visit, site.name, backup).browse(path),
    ...(typeof outcome === 'string'
      ? { refusal: t(`browse.diff.${outcome}`, { most: visit.words.bytes(mostCompared) }) }
      : {
          diff: { ...outcome, hunks: outcome.hunks.map((hunk) => hunk.map((line) => ({ ...line, text: shortened(line.text) }))) },
        }),
  };
}

type Text = string | undefined;

function compared([before, after]: readonly [Text, Text]): Diff | 'gone' | 'too_big' | 'no_text' | 'tooDifferent' {
  if (before === undefined || after === undefined) return 'gone';
  for (const why of ['too_big', 'no_text'] as const) if (before === why || after === why) return why;
  return diffOf(before, after) ?? 'tooDifferent';
}

/** A line of a file that was made for browsers may hold all of it. */
const longestLine = 400;
const shortened = (text: string) => (text.length > longestLine ? `${text.slice(0, longestLine)}…` : text);

/** The manifest says nothing of itself and of its signature. @throws PanelError 404 */
function asMember(entry: Awaited<ReturnType<Browse['entry']>>): ManifestMember {
  if (!entry) throw notFound();
  const { name, kind, size, mode, modifiedAt } = entry;
  return { path: name, kind, size, mode, modifiedAt, stamp: '' };
}
