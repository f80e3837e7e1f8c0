// The worker's rounds: jobs and timetable until the signal, one line in the log a job, and the sums of what was done.
import { setTimeout as sleep } from 'node:timers/promises';
import { hands, timetable } from './jobs.ts';
import type { Doors } from './panel.ts';
import { type EndedJob, watched } from './platform/jobs/outcomes.ts';
import { keepTimetable } from './timetable.ts';

const writeMilliseconds = 10_000;

/** Works off jobs and the timetable until the signal. */
export async function work(doors: Doors, signal: AbortSignal): Promise<void> {
  const { queue, log } = doors;
  // A hand that failed has its own line; what is left are faults of the queue itself.
  const failed = (name: string, error: unknown) => name === 'jobs' && log.warn({ err: error }, 'the queue of jobs failed');
  try {
    await Promise.all([
      queue.work({ hands: watchedHands(doors), signal, failed }),
      keepTimetable(timetable(doors), doors, signal),
      keepFigures(doors, signal),
    ]);
  } finally {
    await writeFigures(doors);
  }
}

/** Keeps every appointment that is due and does every job that is due now. @returns how many jobs ran */
export async function workOnce(doors: Doors): Promise<number> {
  for (const appointment of timetable(doors)) await appointment.keep(doors.clock.now());
  try {
    return await doors.queue.drain(watchedHands(doors));
  } finally {
    await writeFigures(doors);
  }
}

function watchedHands(doors: Doors) {
  const { clock, jobFigures, log } = doors;
  return watched(hands(doors), clock, (run) => {
    jobFigures.note(run);
    const { error, ...line } = run;
    log[levelOf(run)]({ ...line, ...(run.outcome !== 'stopped' && error !== undefined && { err: error }) }, 'job');
  });
}

const levelOf = ({ outcome }: EndedJob) => (outcome === 'gave_up' ? 'error' : outcome === 'failed' ? 'warn' : 'info');

async function keepFigures(doors: Doors, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(writeMilliseconds, undefined, { signal }).catch(() => {});
    await writeFigures(doors);
  }
}

/** Figures are no reason to stop working, nor to end with a fault. */
async function writeFigures({ jobFigures, log }: Doors): Promise<void> {
  await jobFigures.write().catch((error) => log.warn({ err: error }, 'the figures of jobs could not be written'));
}
