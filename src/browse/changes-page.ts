// The page of what changed between two backups of a site.
import type { Request } from 'express';
import { type Backup, momentOf } from '../backups/backups.ts';
import { notFound } from '../platform/errors.ts';
import type { PageData } from '../platform/web/page.ts';
import { type Change, changeKinds, rowsOfPage } from './browse.ts';
import { addressesOf, type BrowsePageParts } from './page.ts';

const tones = { added: 'ok', changed: 'warn', removed: 'bad' } as const;

/** `with` names the other backup, without it the one before; the older one is what is compared with. */
export async function changesPage(req: Request, { browse, backups }: BrowsePageParts, backup: Backup): Promise<PageData> {
  const { site, visit } = req;
  const { t, time, number, shortDateOf, bytes } = visit.words;
  backups.downloadable(backup);
  const held = await backups.held(site);
  const others = held.filter(({ id }) => id !== backup.id);
  const other = await chosen();
  const isOlder = other !== undefined && momentOf(other) > momentOf(backup);
  const [before, after] = isOlder ? [backup, other] : [other, backup];
  const kind = changeKinds.find((one) => one === req.query.kind);
  const page = pageOf(req.query.page);
  const found = before && after ? await browse.changes(site, { before, after }, { kind, page }) : undefined;
  const pages = Math.max(1, Math.ceil((found?.total ?? 0) / rowsOfPage));
  if (page > pages) throw notFound();
  const addresses = addressesOf(visit, site.name, backup);
  const query = (more: Record<string, string>) =>
    `${addresses.changes}?${new URLSearchParams({ with: other?.id ?? '', ...more })}`;
  const kept = { ...(kind && { kind }) };
  const link = (to: number, key: string) => ({ href: query({ ...kept, page: String(to) }), text: t(key) });
  return {
    title: t('browse.changes.title', { day: shortDateOf(backup.day) }),
    section: 'backups',
    site,
    crumbs: [
      { text: t('backups.one.back', { site: site.name }), href: visit.url(`/sites/${site.name}/backups`) },
      { text: t('backups.one.title', { day: shortDateOf(backup.day) }), href: addresses.backup },
      { text: t('browse.changes.crumb') },
    ],
    action: addresses.changes,
    others: others.map((one) => ({ id: one.id, text: time(momentOf(one)), isChosen: one.id === other?.id })),
    ...(found &&
      before &&
      after && {
        lead: t('browse.changes.lead', { before: time(momentOf(before)), after: time(momentOf(after)) }),
        kinds: [undefined, ...changeKinds].map((one) => ({
          text: t(`browse.changes.only.${one ?? 'all'}`, {
            count: number(one ? found.counts[one] : changeKinds.reduce((sum, each) => sum + found.counts[each], 0)),
          }),
          href: query(one ? { kind: one } : {}),
          isChosen: one === kind,
          size: one && found.counts[one] > 0 ? bytes(found.counts[`${one}Bytes`]) : '',
        })),
        total: found.total,
        rows: found.changes.map(rowOf(before, after)),
        ...(pages > 1 && {
          pages: {
            label: t('browse.pages'),
            text: `${number(page)} / ${number(pages)}`,
            ...(page > 1 && { previous: link(page - 1, 'files.previous') }),
            ...(page < pages && { next: link(page + 1, 'files.next') }),
          },
        }),
      }),
  };

  async function chosen(): Promise<Backup | undefined> {
    if (typeof req.query.with === 'string' && req.query.with !== '') return backups.byId(site, req.query.with);
    return others.find((one) => momentOf(one) <= momentOf(backup)) ?? others.at(-1);
  }

  function rowOf(before: Backup, after: Backup) {
    return ({ kind: of, path, bytesBefore, bytesAfter, isModeOnly }: Change) => ({
      path: `/${path}`,
      href: addressesOf(visit, site.name, of === 'removed' ? before : after).browse(path.split('/')),
      tag: { state: tones[of], text: t(isModeOnly ? 'browse.changes.rights' : `browse.changes.${of}`) },
      size: [...new Set([bytesBefore, bytesAfter].filter((size) => size !== undefined).map(bytes))].join(' → '),
    });
  }
}

const pageOf = (text: unknown): number => (typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1);
