// The first thing the page of backups says: how old the last good one is, and where something is wrong what that is, what stays good and what to do.
import type { Clock } from '../platform/clock.ts';
import { hour } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import type { Site } from '../sites/sites.ts';
import type { Backup, BackupCard } from './backups.ts';
import { cancelled, isAside, isFailed } from './states.ts';
import { momentOf, tagOf } from './words.ts';

type Speaker = Pick<Visit, 'words' | 'url'>;
type Link = { readonly href: string; readonly text: string };

export type FreshParts = { readonly clock: Clock; readonly support: { readonly phone: string; readonly email: string } };

type Fresh = {
  readonly tone: 'ok' | 'warn' | 'bad' | 'none';
  readonly heading: string;
  readonly lines: readonly string[];
  readonly tag?: ReturnType<typeof tagOf>;
  readonly download?: Link;
};

/** One sentence in large type; more where something is wrong, also when the last good backup is still young. */
export function freshView(speaker: Speaker, site: Site, card: BackupCard, parts: FreshParts): Fresh {
  const { t, time, ago } = speaker.words;
  const { latest, level, failed, next } = card;
  if (level === 'none' && !failed)
    return { tone: 'none', heading: t('backups.none.heading'), lines: [t('backups.none.text', { next: time(next) })] };
  const download = latest && { download: downloadLink(speaker, site, latest) };
  const isQuiet = latest && level === 'fresh' && !failed;
  if (!isQuiet) return { ...worriedView(speaker, site, card, parts), ...download };
  const at = momentOf(latest);
  return {
    tone: 'ok',
    heading: t('backups.fresh', { time: time(at), ago: ago(at) }),
    lines: [],
    tag: tagOf(speaker, latest),
    ...download,
  };
}

function worriedView({ words }: Speaker, site: Site, card: BackupCard, { support, clock }: FreshParts): Fresh {
  const { t, time, number } = words;
  const { latest, level, failed, running, next } = card;
  const isLost = failed?.reason === lostSite;
  const at = latest && momentOf(latest);
  const hours = number(Math.floor((clock.now() - (at ?? site.openedAt ?? clock.now())) / hour));
  const stale = t(latest ? 'backups.stale.heading' : 'backups.stale.never', { hours });
  const heading = failed && level !== 'amber' ? t(`backups.bad.${failed.state}`, { time: time(momentOf(failed)) }) : stale;
  const lines = [
    failed && t('backups.bad.reason', { reason: t(failed.reason ?? 'backups.reason.unknown') }),
    failed && t(isLost ? 'backups.bad.lostSite' : 'backups.bad.ours'),
    failed ? goodText({ words }, latest) : at !== undefined && t('backups.stale.since', { time: time(at) }),
    running?.state === 'made' && t('backups.stale.waiting', { time: time(momentOf(running)) }),
    t('backups.bad.next', { next: time(next) }),
    (level === 'red' || isLost) && t('backups.bad.support', { phone: support.phone, email: support.email }),
  ];
  return { tone: level === 'red' ? 'bad' : 'warn', heading, lines: lines.filter((line) => typeof line === 'string') };
}

/** The one failure of which nobody may say that the site is as it was. */
const lostSite = 'backups.reason.siteMissing';

function goodText({ words: { t, time, ago } }: Pick<Speaker, 'words'>, good: Backup | undefined): string {
  if (!good) return t('backups.bad.noGood');
  const at = momentOf(good);
  return t('backups.bad.latest', { time: time(at), ago: ago(at) });
}

function downloadLink({ words, url }: Speaker, site: Site, backup: Backup): Link {
  return {
    href: url(`/sites/${site.name}/backups/${backup.id}/download`),
    text: words.t('backups.downloadOf', { time: words.time(momentOf(backup)) }),
  };
}

/** On the page of one that is no good, or much smaller: what that means for the site, and which one to take instead. */
export type Advice = { readonly lines: readonly string[]; readonly instead?: Link };

type Around = {
  /** the good one with the newest data */
  readonly latest: Backup | undefined;
  /** the newest good one of before, that was not much smaller than its own */
  readonly before: Backup | undefined;
};

export function adviceOf(speaker: Speaker, site: Site, backup: Backup, { latest, before }: Around): Advice | undefined {
  const { t } = speaker.words;
  const instead = (good: Backup | undefined) => good && { instead: pageLink(speaker, site, good) };
  if (backup.state === 'shrunken') return { lines: [t('backups.advice.shrunken')], ...instead(before) };
  if (!isFailed(backup) || isAside(backup) || backup.reason === cancelled) return undefined;
  const isOver = latest !== undefined && momentOf(latest) > momentOf(backup);
  const meaning = isOver ? 'backups.advice.over' : backup.reason === lostSite ? 'backups.bad.lostSite' : 'backups.bad.ours';
  return { lines: [t(meaning), goodText(speaker, latest)], ...instead(latest) };
}

function pageLink({ words, url }: Speaker, site: Site, backup: Backup): Link {
  const text = words.t('backups.advice.see', { time: words.time(momentOf(backup)) });
  return { href: url(`/sites/${site.name}/backups/${backup.id}`), text };
}
