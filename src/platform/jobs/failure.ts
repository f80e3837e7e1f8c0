// What a failed attempt leaves: a line for the operator that names no person, and a pause before the next one.
import { PanelError } from '../errors.ts';

const maximumLength = 500;

/** @returns one line of at most 500 characters; what looks like a mail or network address is left out */
export function lastError(error: unknown): string {
  const text =
    error instanceof PanelError ? panelError(error) : error instanceof Error ? `${error.name}: ${error.message}` : 'thrown';
  return text
    .replace(/\s+/g, ' ')
    .replace(/[^\s<>"'(),;]+@[^\s<>"'(),;]+/g, '…')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}\b/gi, '…')
    .slice(0, maximumLength);
}

function panelError({ status, key, parameters }: PanelError): string {
  const details = Object.keys(parameters).length > 0 ? ` ${JSON.stringify(parameters)}` : '';
  return `${status} ${key}${details}`;
}

const firstPauseMilliseconds = 5_000;
export const longestPauseMilliseconds = 3_600_000;

/** @returns milliseconds until the attempt after the failed `attempt` (1 for the first): 5 s, doubled each time, at most an hour */
export function backOff(attempt: number): number {
  return Math.min(firstPauseMilliseconds * 2 ** (attempt - 1), longestPauseMilliseconds);
}
