// A log that is kept instead of printed: every line as the program would have written it.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Log } from '../../src/platform/log.ts';

export type Line = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export type HeardLog = { readonly log: Log; text(): string; lines(message?: string): Line[] };

export function heardLog(level = 'debug'): HeardLog {
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const text = () => chunks.join('');
  return {
    log: pino({ level, base: undefined }, sink),
    text,
    lines: (message) =>
      text()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line)
        .filter(({ msg }) => message === undefined || msg === message),
  };
}
