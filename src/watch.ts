// The dead-man's clock: who looks when no worker does. The web process asks every minute, `gotgan backup watch` when cron or a timer calls it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Watch } from './alerts/alerts.ts';
import type { Doors } from './panel.ts';
import type { Hands } from './platform/jobs/port.ts';

const everyMilliseconds = 60_000;

/**
 * While a worker is seen this only reads. When none is, customers and operator are told from here, and what was queued for them is sent.
 * @throws PanelError 503 when the database does not answer
 */
export function watchOnce({ alerts, letters, queue }: Doors): Promise<Watch> {
  const hands: Hands = {
    'letters.send': (run) => letters.send(String(run.payload.letterId), run.lastAttempt),
    ...alerts.hands(),
  };
  return alerts.standIn(() => queue.drain(hands));
}

/** Until the signal. The first look is a minute after the start: a worker that starts beside it is seen by then. */
export async function keepWatch(doors: Doors, signal: AbortSignal, every = everyMilliseconds): Promise<void> {
  for (;;) {
    await sleep(every, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    await watchOnce(doors).catch((error) => doors.log.warn({ err: error }, 'nobody could look after the worker'));
  }
}
