// Restores in words: how far one is, how it ended, and what it did.
import { type Clock, minute, second } from '../platform/clock.ts';
import type { Visit } from '../platform/web/visit.ts';
import type { Amount, Restore } from './states.ts';

type Words = Visit['words'];

const stalledAfter = 5 * minute;
const positions: Readonly<Partial<Record<Restore['step'], number>>> = { saving: 1, staging: 2, switching: 3, ending: 4 };

export type RestoreState = { text: string; value: number; max: number; note: string; finished: boolean; failed: boolean };

/** @returns the step and its place among the others, as a title */
export function stepText({ step, dest }: Pick<Restore, 'step' | 'dest'>, { t }: Words): string {
  if (step === 'returning') return t('restores.step.returning');
  const key = step === 'saving' && dest === 'new_folder' ? 'staging' : step;
  return t('restores.step.title', { step: positions[key] ?? 4, steps: 4, name: t(`restores.step.${key}`) });
}

/** For the page and for `public/behaviours/poll-job.js`. */
export function restoreState(restore: Restore, words: Words, clock: Pick<Clock, 'now'>): RestoreState {
  const { step, bytesDone, bytesTotal, filesDone, filesTotal, endedAt } = restore;
  if (endedAt !== null) {
    const text = outcome(restore, words);
    return { text, value: 1, max: 1, note: '', finished: true, failed: step !== 'done' };
  }
  const max = Math.max(1, bytesTotal > 0 ? bytesTotal : filesTotal);
  const value = step === 'staging' ? Math.min(max, bytesTotal > 0 ? bytesDone : filesDone) : step === 'saving' ? 0 : max;
  const counts = {
    files: words.number(filesDone),
    of: words.number(filesTotal),
    bytes: words.bytes(bytesDone),
    all: words.bytes(bytesTotal),
  };
  const detail = words.t(`restores.step.${step}.text`, counts);
  return { text: detail, value, max, note: noteOf(restore, words, clock), finished: false, failed: false };
}

function noteOf({ movedAt }: Restore, { t, number, duration }: Words, clock: Pick<Clock, 'now'>): string {
  const still = Math.max(0, clock.now() - movedAt);
  if (still > stalledAfter) return t('restores.stalled', { time: duration(still) });
  return t('restores.moved', { seconds: number(Math.floor(still / second)) });
}

/** @returns in one sentence how it ended, and what of the site changed */
export function outcome(restore: Restore, words: Words): string {
  const { step, plan, folder, dest, undoOf } = restore;
  const { t, number } = words;
  if (step !== 'done') {
    const fault = t(`restores.fault.${restore.fault ?? 'unavailable'}`, { name: '', line: 0, ...restore.faultAbout });
    return t(restore.switchedAt === null ? 'restores.outcome.untouched' : 'restores.outcome.returned', { fault });
  }
  if (folder !== null) return t('restores.outcome.folder', { files: number(plan.staged.files), folder: `/www/${folder}` });
  if (dest === 'new_folder') return t('restores.outcome.databases');
  const { counts } = plan;
  const changed = counts.new.files + counts.overwritten.files + counts.deleted.files;
  return t(undoOf === null ? 'restores.outcome.inPlace' : 'restores.outcome.undone', { files: number(changed) });
}

/** `파일 12개, 3.4 MB` */
export function amountText({ files, bytes }: Amount, words: Words): string {
  return words.t('restores.amount', { files: words.number(files), bytes: words.bytes(bytes) });
}

/** @returns a sentence of some minutes, never more exact than it can be */
export function aboutText(milliseconds: number, { t, number }: Words): string {
  if (milliseconds < minute) return t('restores.time.underMinute');
  return t('restores.time.minutes', { minutes: number(Math.ceil(milliseconds / minute)) });
}
