// What pages say of one backup: its tag, the evidence for it, what it holds, how far its making has come.
import type { Clock } from '../platform/clock.ts';
import { minute, second } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import { dumpsFolder, type LeftOut } from './manifest.ts';
import type { Shrunk } from './shrinking.ts';
import {
  type Backup,
  type BackupState,
  cancelled,
  isDownloadable,
  isGood,
  isOpen,
  missingDatabases,
  mostLeftOut,
  steps,
} from './states.ts';

type Speaker = Pick<Visit, 'words' | 'url'>;

const tones: Readonly<Record<BackupState, 'ok' | 'warn' | 'bad' | 'info' | 'plain'>> = {
  queued: 'info',
  running: 'info',
  made: 'info',
  verified: 'ok',
  proven: 'ok',
  warned: 'warn',
  shrunken: 'warn',
  failed: 'bad',
  missing: 'plain',
  damaged: 'bad',
  expired: 'plain',
};

/** For `views/shared/_tag.ejs`. */
export function tagOf({ words }: Speaker, { state, reason }: Pick<Backup, 'state'> & Partial<Pick<Backup, 'reason'>>) {
  if (reason === cancelled) return { state: 'plain', text: words.t('backups.state.cancelled') };
  return { state: tones[state], text: words.t(`backups.state.${state}`), ...(tones[state] === 'info' && { icon: 'clock' }) };
}

/** The moment a backup is known by: that of its data, before that when it was asked for. */
export const momentOf = ({ dataAt, queuedAt }: Backup) => dataAt ?? queuedAt;

/** @returns what was done and found, in past tense (KHADA 7.6) */
export function evidenceOf({ words }: Speaker, backup: Backup): string {
  const { t, time, number } = words;
  const parameters = {
    made: time(backup.madeAt ?? 0),
    verified: time(backup.verifiedAt ?? 0),
    expired: time(backup.expiredAt ?? 0),
    failed: time(backup.failedAt ?? 0),
    files: number(backup.files ?? 0),
    leftOut: leftOutCount({ words }, backup),
    proven: time(backup.provenAt ?? 0),
    databases: number(backup.databases ?? 0),
    missing: number(missingDatabases(backup).length),
    shrunk: backup.shrunk.map((one) => shrunkText({ words }, one)).join(', '),
    reason: t(backup.reason ?? 'backups.reason.unknown'),
  };
  const sentence = t(`backups.evidence.${evidenceKey(backup)}`, parameters);
  const isProvenToo = isGood(backup) && backup.state !== 'proven' && backup.provenAt !== null;
  return isProvenToo ? `${sentence} ${t('backups.evidence.provenToo', parameters)}` : sentence;
}

function evidenceKey(backup: Backup): string {
  const { state, reason } = backup;
  if (isOpen(backup) && reason) return 'again';
  if (reason === cancelled) return 'cancelled';
  if (backup.kind === 'brought' && state === 'made') return 'brought';
  if (state === 'warned' && reason === 'backups.reason.unloadable') return 'unloadable';
  if (state === 'warned' && missingDatabases(backup).length > 0) return 'warnedDatabases';
  if (state === 'proven' && !backup.databases) return 'provenFiles';
  if (state === 'damaged' && (reason === 'backups.reason.drillFiles' || reason === 'backups.reason.drillRows'))
    return 'undrilled';
  return state;
}

function shrunkText({ words }: Pick<Speaker, 'words'>, { what, before, after }: Shrunk): string {
  const say = what === 'bytes' ? words.bytes : words.number;
  return words.t(`backups.shrunk.${what}`, { before: say(before), after: say(after) });
}

function leftOutCount({ words }: Pick<Speaker, 'words'>, { leftOut }: Backup): string {
  return leftOut.length < mostLeftOut
    ? words.number(leftOut.length)
    : words.t('backups.atLeast', { count: words.number(mostLeftOut) });
}

/** One backup as its panel shows it: `views/backups/_backup.ejs`. */
export function backupView(speaker: Speaker, backup: Backup, { siteName, isShown }: { siteName: string; isShown: boolean }) {
  const { t, time, date, bytes, number } = speaker.words;
  const at = momentOf(backup);
  const address = speaker.url(`/sites/${siteName}/backups/${backup.id}`);
  const has = backup.bytes !== null;
  const { fileName, sha256 } = backup;
  return {
    heading: t('backups.one.heading', { time: time(at) }),
    short: date(at),
    at,
    tag: tagOf(speaker, backup),
    evidence: evidenceOf(speaker, backup),
    href: address,
    ...(isDownloadable(backup) && {
      download: { href: `${address}/download`, text: t('backups.download', { size: bytes(backup.bytes ?? 0) }) },
      filesHref: `${address}/download/files`,
      ...(hasDumps(backup) && { databasesHref: `${address}/download/databases` }),
      browseHref: `${address}/browse`,
      changesHref: `${address}/changes`,
      linkHref: `${address}/link`,
    }),
    ...(has && {
      size: t('backups.one.sizes', { archive: bytes(backup.bytes ?? 0), original: bytes(backup.originalBytes ?? 0) }),
      contents: contentsOf(speaker, backup),
    }),
    kind: t(`backups.kind.${backup.kind}`),
    leftOut: leftOutView(speaker, backup.leftOut),
    missing: leftOutView(speaker, missingDatabases(backup)).map((one) => ({ ...one, path: nameOf(one.path) })),
    leftOutText:
      backup.leftOut.length > 0
        ? t('backups.one.leftOut', { count: leftOutCount(speaker, backup) })
        : t('backups.one.nothingLeftOut'),
    ...(isDownloadable(backup) &&
      fileName !== null &&
      sha256 !== null && { file: fileName, sha256, sha256Href: `${address}/sha256` }),
    where: isShown ? `/backup/${fileName}` : undefined,
    // Why a damaged archive lies there still is of no use to who cannot take it.
    kept: isDownloadable(backup) ? backup.keptBecause.map((key) => t(key)) : [],
    counts:
      backup.files === null
        ? ''
        : t('backups.list.contents', { files: number(backup.files), databases: number(backup.databases ?? 0) }),
    sizeShort: has && backup.expiredAt === null ? bytes(backup.bytes ?? 0) : '',
    reason: backup.reason && !isGood(backup) ? t(backup.reason) : missingText(speaker, backup),
    databases: (backup.databaseList ?? []).map((one) => ({
      name: one.name,
      text: t('backups.one.database', {
        engine: t(`backups.engine.${one.engine}`),
        tables: number(one.tables),
        rows: number(one.rows),
        size: bytes(one.bytes),
      }),
    })),
  };
}

function contentsOf({ words }: Speaker, { files, folders, databases }: Backup): string {
  const { t, number } = words;
  return t('backups.one.contents', {
    files: number(files ?? 0),
    folders: number(folders ?? 0),
    databases: number(databases ?? 0),
  });
}

/** @returns the database's name, by which its owner knows it */
const nameOf = (path: string) => path.slice(dumpsFolder.length + 1).replace(/(\.(mariadb|postgresql))?\.sql$/, '');

/** In the list, where there is one line for it. */
function missingText({ words }: Speaker, backup: Backup): string {
  const missing = isDownloadable(backup) ? missingDatabases(backup).length : 0;
  return missing > 0 ? words.t('backups.one.missingDatabases', { count: words.number(missing) }) : '';
}

/** Not those among the files, which come with them. */
function hasDumps({ databases, databaseList }: Backup): boolean {
  return databaseList ? databaseList.some(({ engine }) => engine !== 'sqlite') : (databases ?? 0) > 0;
}

function leftOutView({ words }: Speaker, leftOut: readonly LeftOut[]) {
  const keyOf = ({ path, reason }: LeftOut) =>
    reason === 'changed' && path.startsWith(`${dumpsFolder}/`) ? 'changedDatabase' : reason;
  return leftOut.map((one) => ({ path: one.path, reason: words.t(`backups.leftOut.${keyOf(one)}`) }));
}

export type JobState = { text: string; value: number; max: number; note: string; finished: boolean; failed: boolean };

/** How far it has come, for the page and for `public/behaviours/poll-job.js`. */
export function jobState(speaker: Speaker, backup: Backup, clock: Clock): JobState {
  const { t, number } = speaker.words;
  const { state, step, filesDone: done, filesTotal: total } = backup;
  if (state === 'running' && step === 'databases') return databasesState(speaker, backup, clock);
  const checking = state === 'made';
  if (!isOpen(backup) && !checking)
    return { text: evidenceOf(speaker, backup), value: 1, max: 1, note: '', finished: true, failed: !isGood(backup) };
  const key =
    state === 'queued' ? (backup.reason ? 'again' : 'waiting') : checking ? 'checking' : total > 0 ? 'files' : 'listing';
  const percent = number(Math.floor((100 * done) / Math.max(1, total)));
  const text = t(`backups.job.${key}`, { done: number(done), total: number(total), percent });
  return {
    text,
    value: Math.min(done, total),
    max: Math.max(1, total),
    note: noteOf(speaker, backup, clock),
    finished: false,
    failed: false,
  };
}

function databasesState(speaker: Speaker, backup: Backup, clock: Clock): JobState {
  const { t, number } = speaker.words;
  const { filesDone: done, filesTotal: total } = backup;
  const text = t('backups.job.databases', { done: number(Math.min(done + 1, total)), total: number(total) });
  return { text, value: done, max: Math.max(1, total), note: noteOf(speaker, backup, clock), finished: false, failed: false };
}

const stalledAfter = 5 * minute;

function noteOf({ words }: Speaker, { state, movedAt }: Backup, clock: Clock): string {
  if (state === 'queued' || movedAt === null) return '';
  const still = Math.max(0, clock.now() - movedAt);
  if (still > stalledAfter) return words.t('backups.job.stalled', { time: words.duration(still) });
  return words.t('backups.job.moved', { seconds: words.number(Math.floor(still / second)) });
}

/** Work that runs now, for `views/shared/_job.ejs`. */
export function jobView(
  speaker: Speaker,
  backup: Backup,
  { siteName, clock, refresh }: { siteName: string; clock: Clock; refresh: string },
) {
  const { t } = speaker.words;
  const { text, value, max, note } = jobState(speaker, backup, clock);
  const at = backup.state === 'made' ? 'checking' : (backup.step ?? 'listing');
  const position = { step: steps.indexOf(at) + 1, steps: steps.length, name: t(`backups.step.${at}`) };
  const title = backup.state === 'queued' ? t('backups.job.queued') : t('backups.job.title', position);
  return {
    ...{ title, text, value, max, note },
    stateHref: speaker.url(`/sites/${siteName}/backups/${backup.id}/state`),
    refresh: { href: refresh, text: t('backups.refresh') },
  };
}
