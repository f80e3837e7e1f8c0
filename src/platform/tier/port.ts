// Where backups are kept apart from the customer's own copy (KHADA 8.5–8.9). Each adapter passes test/platform/tier.contract.ts.
import type { Readable } from 'node:stream';

/** One backup as a tier knows it; the tier keeps it in its own way (a ZIP archive, a deduplicated repository …). */
export type Snapshot = {
  /** id of the site: a name may be given anew, an id never is */
  readonly site: string;
  /** id of the backup */
  readonly backupId: string;
  /** the moment whose data it holds, epoch milliseconds */
  readonly dataAt: number;
  /** bytes that it added to what the tier stores */
  readonly bytes: number;
};

/** What stands under a path of the manifest; two files with the same content are one. */
export type Content = {
  readonly sha256: string;
  readonly bytes: number;
  /** @returns the bytes; the stream ends with an error when they are not those of the archive */
  open(): Promise<Readable>;
};

/** A verified backup on its way into a tier. Nothing of it is changed. */
export type SnapshotSource = {
  readonly site: string;
  readonly backupId: string;
  readonly dataAt: number;
  /** a verified archive on this machine; only read */
  readonly archive: string;
  /** of the whole archive */
  readonly sha256: string;
  /** @returns `manifest.json` byte for byte, anew each time */
  manifest(): Promise<AsyncIterable<Uint8Array>>;
  /** @returns the contents of all files that the manifest lists; the same content may come more than once */
  contents(): AsyncIterable<Content>;
};

/** A file of the manifest: some tiers find it by its path, others by its content. */
export type Wanted = { readonly path: string; readonly sha256: string };

/** What a restore reads. Who opens it closes it. */
export interface OpenSnapshot {
  /** @returns the bytes of `manifest.json`, as they were when the backup was made */
  manifest(): Promise<Readable>;
  /** Brings many contents near in one go, as far as the tier is far away; without it each `content` is a way of its own. */
  fetch(wanted: readonly Wanted[], signal: AbortSignal): Promise<void>;
  /** @returns the content of one file. @throws PanelError 404 when the snapshot does not hold it */
  content(wanted: Wanted): Promise<Readable>;
  /** Lets go of what was brought near. */
  close(): Promise<void>;
}

/** What a look at everything that is held of a site found. */
export type TierCheck = {
  /** ids of backups that cannot be read back as they were kept */
  readonly damaged: readonly string[];
  /** what the tier itself complains about, in a word for the operator; undefined when it is well */
  readonly complaint: string | undefined;
  /** of all that is stored of the site */
  readonly bytes: number;
};

/**
 * Errors: PanelError 503 with `code` when the tier does not answer; a keep that failed leaves nothing that counts.
 * A tier never lies on the storage or host of another tier or of the site (KHADA 8.5, 8.6); `gotgan check` refuses that.
 */
export interface BackupTier {
  /** Whether it can be reached and written to now. @throws PanelError 503 with `code` when not */
  probe(signal: AbortSignal): Promise<void>;
  /** Keeps a snapshot; keeping the same backup twice changes nothing. */
  keep(source: SnapshotSource, signal: AbortSignal): Promise<Snapshot>;
  /** @throws PanelError 404 when the tier does not hold this backup of this site */
  open(site: string, backupId: string, signal: AbortSignal): Promise<OpenSnapshot>;
  /** @returns what the tier holds of one site, in no particular order */
  list(site: string, signal: AbortSignal): Promise<Snapshot[]>;
  /**
   * Gives these up; their room comes back with `tidy`. What is not there is no error. Whatever is asked, the newest stays, and so does
   * what the tier itself knows to be of `before` or younger (ruling 9: a floor under what rows say).
   * @param before epoch milliseconds
   */
  forget(site: string, backupIds: readonly string[], before: number, signal: AbortSignal): Promise<void>;
  /** Gives back the room of what was forgotten, and lifts what work that died has left locked. */
  tidy(site: string, signal: AbortSignal): Promise<void>;
  /** Reads back a part of what it holds of a site, another part each time. @param part which of `parts` equal parts, from 1 */
  check(site: string, part: { readonly part: number; readonly parts: number }, signal: AbortSignal): Promise<TierCheck>;
  /**
   * Removes everything that it holds of a site, also when the site's key is destroyed. May be cut off and repeated; nothing there is no
   * error. @throws PanelError 503 also where the storage keeps what it has
   */
  remove(site: string, signal: AbortSignal): Promise<void>;
}

/** Where the keys of sites' repositories come from: one a site and tier, so that destroying it is the erasure (ruling 10). */
export interface SiteKeys {
  /** @returns the site's key; made where there is none yet. @throws PanelError 410 when it was destroyed */
  forKeeping(site: string): Promise<string>;
  /** @returns the site's key; undefined where there is none, or it was destroyed */
  forReading(site: string): Promise<string | undefined>;
}

/** @returns those that may be given up: asked for, older than `before`, and not the newest */
export function mayGo<T extends { readonly backupId: string; readonly dataAt: number }>(
  held: readonly T[],
  backupIds: readonly string[],
  before: number,
): T[] {
  const newest = Math.max(...held.map(({ dataAt }) => dataAt));
  return held.filter(({ backupId, dataAt }) => backupIds.includes(backupId) && dataAt < before && dataAt < newest);
}
