// No scanner: every file is clean as far as we know, and the panel says that nobody looked.
import type { VirusScanner } from './port.ts';

export function noScanner(): VirusScanner {
  return { present: false, scan: async () => ({ clean: true }), check: async () => {} };
}
