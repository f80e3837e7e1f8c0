// The log: one JSON line an event, without secrets, bodies or personal values.
import { type Logger, pino } from 'pino';
import { type FaultLine, faultLine } from './fault-line.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** @param level a pino level, or `silent` */
export function newLog(level: string): Log {
  return pino({ level, base: undefined, redact: ['password', 'token', 'cookie', 'secret'] });
}

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** @returns the same log, in which `err` is what `faultLine` leaves of an error: also for a logger that a host program gave */
export function discreet(log: Log): Log {
  const write = (level: (typeof levels)[number]) => (first: object | string, text?: string) =>
    typeof first === 'string' ? log[level](first) : log[level](withoutError(first), text);
  return Object.fromEntries(levels.map((level) => [level, write(level)])) as Log;
}

function withoutError(fields: object): object & { err?: FaultLine } {
  return 'err' in fields ? { ...fields, err: faultLine(fields.err) } : fields;
}
