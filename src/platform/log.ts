// The log: one JSON line an event, without secrets, bodies or personal values.
import { type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** @param level a pino level, or `silent` */
export function newLog(level: string): Log {
  return pino({ level, base: undefined, redact: ['password', 'token', 'cookie', 'secret'] });
}
