// Where backups are kept apart from the customer's own copy (KHADA 8.5–8.9). Adapters come with the tiers; none is in use yet.
import type { Readable } from 'node:stream';

/** One backup as a tier knows it; the tier keeps it in its own way (a ZIP archive, a deduplicated repository …). */
export type Snapshot = {
  readonly site: string;
  /** id of the backup */
  readonly backupId: string;
  /** the moment whose data it holds, epoch milliseconds */
  readonly dataAt: number;
  /** bytes as the tier stores them */
  readonly bytes: number;
};

export type SnapshotSource = {
  readonly site: string;
  readonly backupId: string;
  readonly dataAt: number;
  /** a verified archive on this machine; only read */
  readonly archive: string;
  readonly sha256: string;
};

/** What a restore reads: members of one snapshot by their path in the manifest. */
export interface OpenSnapshot {
  /** @returns the bytes of `manifest.json`, as they were when the backup was made */
  manifest(): Promise<Readable>;
  /** @throws PanelError 404 for a path the manifest does not list */
  member(path: string): Promise<Readable>;
  /** Lets go of what was opened (a mounted repository, a fetched archive). */
  close(): Promise<void>;
}

/**
 * Errors: PanelError 503 when the tier does not answer; a keep that failed leaves nothing behind.
 * A tier never lies on the storage or host of another tier or of the site (KHADA 8.5, 8.6); `gotgan check` refuses that.
 */
export interface BackupTier {
  /** Keeps a snapshot; keeping the same backup twice changes nothing. */
  keep(source: SnapshotSource, signal: AbortSignal): Promise<Snapshot>;
  /** @throws PanelError 404 when the tier does not hold this backup of this site */
  open(site: string, backupId: string): Promise<OpenSnapshot>;
  /** @returns what the tier holds of one site, in no particular order */
  list(site: string): Promise<Snapshot[]>;
  /** Nothing there is no error. */
  forget(site: string, backupId: string): Promise<void>;
  /** Reads back what it holds of a site. @returns the ids of damaged snapshots */
  check(site: string, signal: AbortSignal): Promise<string[]>;
}
