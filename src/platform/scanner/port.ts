// Whether a file carries known malware. Each adapter passes test/platform/scanner.contract.ts.

/** `tooLarge`: the scanner takes no file of this size, so that nobody looked to its end: the file is refused, never let through. */
export type ScanResult =
  | { readonly clean: true }
  | { readonly clean: false; readonly signature: string }
  | { readonly clean: false; readonly tooLarge: true };

/** Errors: PanelError 503 when the scanner does not answer, or not in time: the file is then refused, never let through. */
export interface VirusScanner {
  /** False only for "none": the panel then says that files are not scanned. */
  readonly present: boolean;
  /** @param path a finished file on this machine */
  scan(path: string): Promise<ScanResult>;
  /** @throws PanelError 503 when the scanner does not answer now */
  check(): Promise<void>;
}
