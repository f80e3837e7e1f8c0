// The scanner that an address names.
import { clamd, clamdOptions } from './clamd.ts';
import { noScanner } from './none.ts';
import type { VirusScanner } from './port.ts';

export const isScannerUrl = (url: string): boolean => url === 'none:' || clamdOptions(url) !== undefined;

/** @param url `none:`, or clamd's, as `isScannerUrl` says */
export function newScanner(url: string): VirusScanner {
  const options = clamdOptions(url);
  return options ? clamd(options) : noScanner();
}
