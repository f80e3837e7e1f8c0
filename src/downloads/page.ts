// Who downloaded what of a site's backups, as its page shows it.
import type { Request } from 'express';
import type { Accounts } from '../accounts/accounts.ts';
import type { Clock } from '../platform/clock.ts';
import { notFound } from '../platform/errors.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Download, Downloads } from './downloads.ts';

export type HistoryParts = { readonly downloads: Downloads; readonly accounts: Accounts; readonly clock: Clock };

/** @param personId theirs alone. @throws PanelError 404 when there is no such page */
export async function historyPage(
  req: Request,
  { downloads, accounts, clock }: HistoryParts,
  personId: string | undefined,
): Promise<PageData> {
  const { site, visit } = req;
  const { words } = visit;
  const page = pageOf(req.query.page);
  const found = await downloads.history(site, { page, personId });
  if (!found) throw notFound();
  const names = await accounts.memberships.names([...new Set(found.downloads.map((one) => one.personId))]);
  const address = visit.url(`/sites/${site.name}/backups`);
  const link = (to: number, key: string) => ({ href: `${address}/downloads?page=${to}`, text: words.t(key) });
  const pages = {
    label: words.t('downloads.history.pages'),
    text: `${words.number(page)} / ${words.number(found.pages)}`,
    ...(page > 1 && { previous: link(page - 1, 'backups.list.newer') }),
    ...(page < found.pages && { next: link(page + 1, 'backups.list.older') }),
  };
  return {
    title: words.t('downloads.history.title'),
    section: 'backups',
    site,
    back: address,
    zone: words.zoneAt(clock.now()),
    isOwn: personId !== undefined,
    total: found.total,
    rows: found.downloads.map((one) => ({ ...one, ...said(one, names.get(one.personId)), href: `${address}/${one.backupId}` })),
    ...(found.pages > 1 && { pages }),
  };

  function said(one: Download, who: { name?: string; email: string } | undefined) {
    const { t, bytes, shortDateOf } = words;
    const what = t(`downloads.part.${one.part}`);
    const isWhole = one.sentBytes >= one.bytes;
    return {
      backup: one.day === undefined ? '' : words.t('backups.one.title', { day: shortDateOf(one.day) }),
      what: one.path === '' ? what : `/${one.path}`,
      who: who ? (who.name ?? who.email) : t('people.who.unknown'),
      amount: isWhole ? bytes(one.bytes) : t('downloads.history.partly', { sent: bytes(one.sentBytes), of: bytes(one.bytes) }),
    };
  }
}

const pageOf = (text: unknown): number => (typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1);
