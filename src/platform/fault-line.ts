// What is written down of an error: enough to find the bug, and nothing that a person typed or that names one.
import { PanelError } from './errors.ts';

export type FaultLine = {
  readonly type: string;
  /** not named `message`: loggers would take this for an error and rewrite it */
  readonly says: string;
  readonly code?: string;
  /** where it was thrown: places of the program only */
  readonly at: readonly string[];
  readonly cause?: FaultLine;
};

const maximumMessage = 500;
const maximumFrames = 12;
const maximumCauses = 3;

/**
 * @returns type, code, message and places of an error. Extra properties are left out (PostgreSQL puts the row into `detail`, the system
 * the file's name into `path`), and so is the first part of the stack, which repeats the message.
 */
export function faultLine(error: unknown, depth = 0): FaultLine {
  if (!(error instanceof Error)) return { type: typeof error, says: 'thrown, and no error', at: [] };
  const { cause, path, dest } = error as Error & { path?: unknown; dest?: unknown };
  const code = codeOf(error);
  return {
    type: error.name,
    says: discreetMessage(error.message, [path, dest]),
    ...(code !== undefined && { code }),
    at: frames(error.stack ?? ''),
    ...(cause !== undefined && depth < maximumCauses && { cause: faultLine(cause, depth + 1) }),
  };
}

/** A part that is down tells its code among the parameters (`ECONNREFUSED`). */
function codeOf(error: Error & { code?: unknown }): string | undefined {
  const code = error instanceof PanelError ? error.parameters.code : error.code;
  return typeof code === 'string' ? code : undefined;
}

/** @returns the message on one line: addresses and quoted texts are left out, but for what looks like a name in the program */
export function discreetMessage(message: string, secrets: readonly unknown[] = []): string {
  return secrets
    .filter((secret) => typeof secret === 'string' && secret !== '')
    .reduce<string>((text, secret) => text.replaceAll(String(secret), '…'), message)
    .replace(/(["'`])((?:(?!\1).)*)\1/gs, (whole, _quote, inside: string) =>
      /^[A-Za-z_$][\w$]{0,30}$/.test(inside) ? whole : '…',
    )
    .replace(/[^\s<>"'(),;]+@[^\s<>"'(),;]+/g, '…')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}\b/gi, '…')
    .replace(/\s+/g, ' ')
    .slice(0, maximumMessage);
}

function frames(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, maximumFrames)
    .map((line) => line.trim().replace(/^at /, ''));
}
