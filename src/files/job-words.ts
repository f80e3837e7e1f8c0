// Jobs of files in words: how far one has come, what came of it, and what a folder tells of them.
import { type Clock, minute, second } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import { type FileJob, jobAddress } from './jobs.ts';

type Speaker = Pick<Visit, 'words' | 'url'>;
type Words = Visit['words'];

const stalledAfter = 5 * minute;

/** @returns what the job is about: its first entry, and how many more */
export function nameOf(job: FileJob, { t, number }: Words): string {
  const [first = []] = job.sources;
  const name = job.kind === 'compress' ? (job.name ?? '') : (first.at(-1) ?? '');
  const more = job.kind === 'compress' ? 0 : job.sources.length - 1;
  return more > 0 ? t('files.job.several', { name, count: number(more) }) : name;
}

/** 0 to 1; undefined while nobody knows how much is to come */
function shareOf({ step, bytesDone, bytesTotal, filesDone, filesTotal }: FileJob): number | undefined {
  if (step === 'publishing') return 1;
  if (bytesTotal > 0) return Math.min(1, bytesDone / bytesTotal);
  return filesTotal > 0 ? Math.min(1, filesDone / filesTotal) : undefined;
}

/** `압축을 푸는 중 37 %`, or what came of it. */
export function shortText(job: FileJob, words: Words): string {
  if (job.endedAt !== null) return outcome(job, words);
  if (job.cancelledAt !== null && job.step === 'working') return words.t('files.job.cancelling');
  if (job.state === 'queued') return words.t(job.movedAt === null ? 'files.job.queued' : 'files.job.again');
  const share = shareOf(job);
  if (share === undefined) return words.t(`files.job.${job.kind}.going`);
  return words.t(`files.job.${job.kind}.at`, { percent: words.number(Math.floor(100 * share)) });
}

function outcome(job: FileJob, { t, number }: Words): string {
  if (job.state !== 'done') return t(`files.job.fault.${job.fault ?? 'unavailable'}`, { first: '', ...job.faultAbout }).trim();
  const parts = [
    t(job.kept === 0 && job.kind !== 'compress' ? 'files.job.nothing' : `files.job.${job.kind}.done`, {
      count: number(job.kept),
    }),
    ...(job.refused > 0 ? [t('files.job.refused', { count: number(job.refused) })] : []),
    ...(job.skipped > 0 ? [t('files.job.skipped', { count: number(job.skipped) })] : []),
  ];
  return parts.join(' ');
}

function detail(job: FileJob, { t, number, bytes }: Words): string {
  if (job.step === 'publishing') return t('files.job.publishing');
  const done = { done: number(job.filesDone), bytes: bytes(job.bytesDone) };
  if (job.filesTotal > 0) return t('files.job.of', { ...done, total: number(job.filesTotal), all: bytes(job.bytesTotal) });
  return t('files.job.sofar', done);
}

function noteOf({ state, movedAt }: FileJob, words: Words, clock: Pick<Clock, 'now'>): string {
  if (state === 'queued' || movedAt === null) return '';
  const still = Math.max(0, clock.now() - movedAt);
  if (still > stalledAfter) return words.t('files.job.stalled', { time: words.duration(still) });
  return words.t('files.job.moved', { seconds: words.number(Math.floor(still / second)) });
}

/** How far it has come, for its page, for folders, and for `public/behaviours/poll-job.js`. */
export function jobState(job: FileJob, words: Words, clock: Pick<Clock, 'now'>) {
  const isOver = job.endedAt !== null;
  const text = shortText(job, words);
  const isRunning = job.state === 'running' && (job.cancelledAt === null || job.step === 'publishing');
  return {
    text: isRunning ? `${text}. ${detail(job, words)}` : text,
    value: isOver ? 100 : Math.floor(100 * (shareOf(job) ?? 0)),
    max: 100,
    note: isOver ? '' : noteOf(job, words, clock),
    finished: isOver,
    failed: isOver && job.state !== 'done',
  };
}

/** What the page of a folder tells of jobs: those that run, and those that just ended. */
export function jobNotices(
  { open, ended }: { open: readonly FileJob[]; ended: readonly FileJob[] },
  speaker: Speaker,
  site: string,
) {
  const { words, url } = speaker;
  const plain = (job: FileJob) => ({
    href: url(jobAddress({ name: site }, job.id)),
    id: job.id,
    name: nameOf(job, words),
    kind: words.t(`files.job.${job.kind}`),
    text: shortText(job, words),
  });
  return {
    open: open.map((job) => ({ ...plain(job), value: Math.floor(100 * (shareOf(job) ?? 0)) })),
    ended: ended.map((job) => ({ ...plain(job), state: stateOf(job) })),
  };
}

const stateOf = (job: FileJob) =>
  job.state === 'done' && job.refused + job.skipped === 0 ? 'ok' : job.state === 'done' ? 'warn' : 'bad';
