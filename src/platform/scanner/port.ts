// Whether a file carries known malware. Each adapter passes test/platform/scanner.contract.ts.

export type ScanResult = { readonly clean: true } | { readonly clean: false; readonly signature: string };

/** Errors: PanelError 503 when the scanner does not answer: the file is then refused, never let through. */
export interface VirusScanner {
  /** False only for "none": the panel then says that files are not scanned. */
  readonly present: boolean;
  /** @param path a finished file on this machine */
  scan(path: string): Promise<ScanResult>;
  /** @throws PanelError 503 when the scanner does not answer now */
  check(): Promise<void>;
}
