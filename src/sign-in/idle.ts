// When a session ends by itself, as a page is told to warn of it (WCAG 2.2, 2.2.1; ASVS 7.1.1).
import type { Request } from 'express';
import type { Choices } from '../options.ts';
import { type Clock, hour, minute, second } from '../platform/clock.ts';
import type { IdleEnd } from '../platform/web/page.ts';

/** Before the end; a third of a short session. */
const warningSeconds = 180;

/** @returns the ends of the session that asks, counted from this request, which is a use of it */
export function idleEnd(
  req: Request,
  { sessionIdleMinutes, sessionHours }: Pick<Choices, 'sessionIdleMinutes' | 'sessionHours'>,
  clock: Clock,
): IdleEnd {
  const now = clock.now();
  // Uses are written down once a minute, so the end may come as much sooner.
  const seconds = Math.max(sessionIdleMinutes - 1, 0.5) * (minute / second);
  const left = Math.max(0, Math.floor(((req.session.startedAt ?? now) + sessionHours * hour - now) / second));
  return { seconds, left, warn: Math.min(warningSeconds, Math.floor(seconds / 3)), stay: req.visit.url('/account/stay') };
}
