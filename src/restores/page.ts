// The pages of restores as their views need them (ux.md 2.8).
import type { Request } from 'express';
import type { Backup, Backups } from '../backups/backups.ts';
import type { Clock } from '../platform/clock.ts';
import type { PageData } from '../platform/web/page.ts';
import type { Visit } from '../platform/web/visit.ts';
import { fieldsOf, queryOf } from './asking.ts';
import { type Outlook, type Plan, type Restore, type RestoreOrder, type Restores, restoreAddress } from './restores.ts';
import { undoDays, type Verdict } from './states.ts';
import { aboutText, amountText, outcome, restoreState, stepText } from './words.ts';

type Parts = { readonly restores: Restores; readonly backups: Backups; readonly clock: Clock };
type Typed = Readonly<Record<string, string | string[]>>;

const shownRestores = 100;
const momentOf = ({ dataAt, queuedAt }: Pick<Backup, 'dataAt' | 'queuedAt'>) => dataAt ?? queuedAt;

/** What stands above each of the three pages. */
function head(req: Request, backup: Backup) {
  const { visit, site } = req;
  const here = visit.url(`/sites/${site.name}/backups/${backup.id}`);
  return {
    section: 'backups',
    site,
    at: visit.words.time(momentOf(backup)),
    backupHref: here,
    asking: `${here}/restoration`,
  };
}

/** @returns the page of a restore that is under way. @throws PanelError 409 for a site in which nothing can be restored now */
async function runningOf({ site, visit }: Request, restores: Restores): Promise<{ runningHref?: string }> {
  const open = await restores.refuse(site);
  return open ? { runningHref: visit.url(restoreAddress(site, open.id)) } : {};
}

/** The first page: what, and where to. @throws PanelError 409, 410 for a backup that nothing can be restored from */
export async function choosePage(req: Request, { restores }: Parts, backup: Backup, typed: Typed): Promise<PageData> {
  const { words } = req.visit;
  const running = await runningOf(req, restores);
  const { offered, isMore, databases, tier } = await restores.contents(req.site, backup);
  const chosen = [typed.paths ?? []].flat().flatMap((text) => text.split('\n').map((line) => line.trim()));
  const known = new Set(offered.map(({ path }) => path));
  return {
    ...head(req, backup),
    title: words.t('restores.choose.title'),
    ...running,
    ...(tier && { tier: words.t(`restores.from.${tier}`) }),
    form: true,
    values: {
      scope: typed.scope ?? (chosen.length > 0 ? 'paths' : 'all'),
      dest: typed.dest ?? 'new_folder',
      mode: typed.mode ?? 'keep_new',
      more: chosen.filter((path) => path !== '' && !known.has(path)).join('\n'),
    },
    offered: offered.map(({ path, isFolder, files, bytes }) => {
      const note = isFolder ? amountText({ files, bytes }, words) : words.bytes(bytes);
      return { path, isFolder, note, checked: chosen.includes(path) };
    }),
    isMore,
    databases: databases.map(({ name, bytes, tables }) => {
      const note = words.t('restores.choose.database', { tables: words.number(tables), bytes: words.bytes(bytes) });
      return { name, note, checked: [typed.databases ?? []].flat().includes(name) };
    }),
  };
}

/** The second page, and what the third repeats of it. */
export async function previewPage(
  req: Request,
  restores: Restores,
  { backup, order }: { backup: Backup; order: RestoreOrder },
): Promise<PageData> {
  const { visit, site } = req;
  const { words } = visit;
  const running = await runningOf(req, restores);
  const plan = await restores.plan(site, backup, order);
  const outlook = await restores.outlook(site, plan);
  const top = head(req, backup);
  const query = queryOf(order);
  const isInPlace = order.dest === 'in_place';
  const changes = plan.counts.new.files + plan.counts.overwritten.files + plan.counts.deleted.files;
  const isEmpty = changes === 0 && plan.databases.length === 0;
  return {
    ...top,
    title: words.t('restores.preview.title'),
    ...running,
    form: true,
    values: {},
    order,
    isInPlace,
    isEmpty,
    lists: listsOf(plan, order, words),
    unchanged: isInPlace && order.scope !== 'db' ? amountText(plan.counts.unchanged, words) : '',
    kept: isInPlace && plan.counts.kept.files > 0 ? amountText(plan.counts.kept, words) : '',
    databases: plan.databases.map((one) => ({ ...one, size: words.bytes(one.bytes), isNew: one.databaseId === null })),
    missing: plan.missing,
    uploadScripts: plan.scripts,
    space: words.bytes(plan.staged.bytes + plan.databases.reduce((sum, { bytes }) => sum + bytes, 0)),
    shortage: shortageOf(outlook, words),
    duration: aboutText(outlook.milliseconds, words),
    undoDays,
    hidden: [...fieldsOf(order), ['plan_hash', plan.hash]],
    back: `${top.asking}?${query}`,
    confirmHref: `${top.asking}/confirmation?${query}`,
    previewHref: `${top.asking}/preview?${query}`,
    submit: submitText(plan, { at: top.at, isInPlace }, words),
  };
}

/** @returns why it cannot be begun, and what to do; '' when there is room */
function shortageOf({ quotaShort, diskShort, databasesShort }: Outlook, { t, bytes, number }: Visit['words']): string {
  if (quotaShort > 0) return t('restores.preview.quotaShort', { bytes: bytes(quotaShort) });
  if (diskShort > 0) return t('restores.preview.diskShort', { bytes: bytes(diskShort) });
  return databasesShort > 0 ? t('restores.preview.databasesShort', { count: number(databasesShort) }) : '';
}

const shownKinds: readonly Verdict[] = ['overwritten', 'deleted', 'new'];

/** What changes, what is lost before what comes. */
function listsOf({ counts, first }: Plan, { dest }: RestoreOrder, words: Visit['words']) {
  const kinds = shownKinds.filter((kind) => counts[kind].files > 0);
  return kinds.map((kind) => ({
    kind,
    heading: words.t(dest === 'new_folder' ? 'restores.preview.copied' : `restores.preview.${kind}`),
    amount: amountText(counts[kind], words),
    paths: first[kind],
    more: Math.max(0, counts[kind].files - first[kind].length),
  }));
}

/** The button names the act and how much it changes. */
function submitText(plan: Plan, { at, isInPlace }: { at: string; isInPlace: boolean }, { t, number }: Visit['words']): string {
  const { overwritten, deleted } = plan.counts;
  if (!isInPlace) return t('restores.submit.aside', { at });
  if (deleted.files > 0)
    return t('restores.submit.exact', { at, overwritten: number(overwritten.files), deleted: number(deleted.files) });
  return t('restores.submit.inPlace', { at, overwritten: number(overwritten.files) });
}

/** The page of one restore: how far it is, or what came of it. */
export async function restorePage(req: Request, { restores, backups, clock }: Parts, one: Restore): Promise<PageData> {
  const { visit, site } = req;
  const { words, url } = visit;
  const isOpen = one.endedAt === null;
  const address = url(restoreAddress(site, one.id));
  const until = await restores.undoableUntil(site, one);
  const backup = await backups.byId(site, one.backupId).catch(() => undefined);
  const { text, value, max, note } = restoreState(one, words, clock);
  const rows = await restores.databasesOf(one);
  return {
    title: words.t(one.undoOf === null ? 'restores.one.title' : 'restores.one.undoTitle'),
    section: 'backups',
    form: true,
    values: {},
    scripts: isOpen ? ['behaviours/poll-job.js'] : [],
    site,
    one,
    isGood: one.step === 'done',
    text,
    at: backup ? words.time(momentOf(backup)) : '',
    backupHref: url(`/sites/${site.name}/backups/${one.backupId}`),
    what: whatText(one, words),
    where: words.t(`restores.dest.${one.dest}`),
    changes: (['new', 'overwritten', 'deleted', 'unchanged'] as const)
      .filter((kind) => one.step === 'done' && one.dest === 'in_place' && one.plan.counts[kind].files > 0)
      .map((kind) => ({ label: words.t(`restores.changed.${kind}`), amount: amountText(one.plan.counts[kind], words) })),
    databases: rows.map(({ name, into, isNew, databaseId, switchedAt }) => {
      const href = databaseId === null ? '' : url(`/sites/${site.name}/databases/${databaseId}`);
      return { name, into, isNew, isThere: switchedAt !== null, href, passwordHref: `${href}/password` };
    }),
    folderHref: one.step === 'done' && one.folder !== null ? url(`/sites/${site.name}/files/www/${one.folder}`) : '',
    safetyHref: one.safetyId === null ? '' : url(`/sites/${site.name}/backups/${one.safetyId}`),
    undone: one.undoneAt === null ? '' : words.time(one.undoneAt),
    ...(until !== undefined && req.mayChange && { undo: { until: words.time(until), action: `${address}/undo` } }),
    ...(isOpen && {
      job: {
        ...{ title: stepText(one, words), text, value, max, note },
        stateHref: `${address}/state`,
        refresh: { href: address, text: words.t('restores.refresh') },
      },
    }),
  };
}

function whatText({ scope, paths, undoOf }: Restore, { t, number }: Visit['words']): string {
  if (undoOf !== null) return t('restores.what.undo');
  if (scope !== 'paths') return t(`restores.what.${scope}`);
  return paths.length === 1 ? `/${paths[0]}` : t('restores.what.paths', { count: number(paths.length) });
}

/** All restores of a site. */
export async function restoresPage(req: Request, { restores }: Parts): Promise<PageData> {
  const { visit, site } = req;
  const { words, url } = visit;
  const all = await restores.list(site, shownRestores);
  return {
    title: words.t('restores.list.title'),
    section: 'backups',
    site,
    rows: all.map((one) => ({
      href: url(restoreAddress(site, one.id)),
      askedAt: one.askedAt,
      what: whatText(one, words),
      isPath: one.undoOf === null && one.scope === 'paths',
      where: words.t(`restores.dest.${one.dest}`),
      tag: tagOf(one, words),
      text: one.endedAt === null ? stepText(one, words) : outcome(one, words),
    })),
  };
}

function tagOf({ step, endedAt, undoneAt }: Restore, { t }: Visit['words']) {
  if (endedAt === null) return { state: 'info', text: t('restores.state.running'), icon: 'clock' };
  if (undoneAt !== null) return { state: 'plain', text: t('restores.state.undone') };
  return step === 'done' ? { state: 'ok', text: t('restores.state.done') } : { state: 'bad', text: t('restores.state.returned') };
}
