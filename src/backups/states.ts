// What a backup is in rows and on screens, and which states count, may be downloaded or are still on their way.
import type { BackupState, BackupTables } from '../migrations/schema.ts';
import type { LeftOut, ManifestDatabase } from './manifest.ts';
import type { Shrunk } from './shrinking.ts';

export type { BackupState };

/**
 * `safety`: what was there before a restore; it is no backup of the site as it should be · `brought`: an archive of an earlier day that
 * its owner had kept
 */
export type BackupKind = BackupTables['backups']['kind'];

/** Those stand aside: they are neither a day's backup nor the newest good one. */
export const kindsAside = ['safety', 'brought'] as const satisfies readonly BackupKind[];
export const isAside = ({ kind }: { readonly kind: BackupKind }): boolean => (kindsAside as readonly BackupKind[]).includes(kind);

/** Somebody asked that it should stop. */
export const cancelled = 'backups.reason.cancelled';

export type Backup = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly actorPersonId: string | null;
  readonly kind: BackupKind;
  /** local day of the configured zone, `YYYY-MM-DD` */
  readonly day: string;
  readonly state: BackupState;
  readonly fileName: string | null;
  /** of the archive */
  readonly bytes: number | null;
  /** of what is inside */
  readonly originalBytes: number | null;
  readonly sha256: string | null;
  readonly files: number | null;
  readonly folders: number | null;
  readonly databases: number | null;
  /** those that are in the archive; undefined for one that was made before they were written down */
  readonly databaseList: readonly BackedUpDatabase[] | undefined;
  /** what fell by half or more since the good backup before, where it is *shrunken* */
  readonly shrunk: readonly Shrunk[];
  /** the first of them; all stand in the archive's manifest */
  readonly leftOut: readonly LeftOut[];
  /** the moment whose data it holds */
  readonly dataAt: number | null;
  readonly step: BackupStep | null;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly movedAt: number | null;
  /** key of the sentence that tells why it failed, or why the last attempt did */
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly madeAt: number | null;
  readonly verifiedAt: number | null;
  readonly provenAt: number | null;
  readonly failedAt: number | null;
  readonly expiredAt: number | null;
  /** a restore stands on it, or may be undone with it until then */
  readonly heldUntil: number | null;
  /** since when it is to be read back once more */
  readonly checkAskedAt: number | null;
  /** keys of sentences */
  readonly keptBecause: readonly string[];
  /** it has a place in the order of its night */
  readonly isInOrder: boolean;
  /** its turn in the night has not come: nobody is about to begin it */
  readonly waitsForTurn: boolean;
};

/** @returns where the archive of a backup lies in the storage */
export function keyOf(site: { readonly name: string }, { fileName }: Pick<Backup, 'fileName'>): string {
  return `${site.name}/${fileName}`;
}

/** One whose archive may be read, with what is known of it. */
export type DownloadableBackup = Backup & {
  readonly fileName: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly madeAt: number;
};

/** A database as a backup has it. */
export type BackedUpDatabase = {
  readonly name: string;
  readonly engine: ManifestDatabase['engine'];
  readonly tables: number;
  readonly rows: number;
  /** of its dump, of SQLite of the file itself */
  readonly bytes: number;
};

/** In the order in which they are done. */
export const steps = ['listing', 'databases', 'files', 'closing', 'checking'] as const;
export type BackupStep = (typeof steps)[number];

/** Read back and found right: only these count. */
export const goodStates = ['verified', 'proven', 'warned', 'shrunken'] as const satisfies readonly BackupState[];

/** Their archive may be downloaded; one that waits to be checked too, never a damaged one. */
export const downloadableStates = ['made', ...goodStates] as const satisfies readonly BackupState[];

/** Their archive lies in the storage. */
export const heldStates = [...downloadableStates, 'damaged'] as const satisfies readonly BackupState[];

export const openStates = ['queued', 'running'] as const satisfies readonly BackupState[];

export const failedStates = ['failed', 'damaged', 'missing'] as const satisfies readonly BackupState[];

const among = (states: readonly BackupState[]) => (backup: Pick<Backup, 'state'>) => states.includes(backup.state);

export const isGood = among(goodStates);
export const isDownloadable = among(downloadableStates);
export const isOpen = among(openStates);
export const isFailed = among(failedStates);

/** Such a one is counted against what a person may ask for in a day. */
export const countsByHand = (backup: Pick<Backup, 'kind' | 'actorPersonId' | 'state' | 'reason'>) =>
  backup.kind === 'manual' && backup.actorPersonId !== null && (!isFailed(backup) || backup.reason === cancelled);

/** Entries of the list of what is missing that are kept in the row; the manifest has them all. */
export const mostLeftOut = 100;

/**
 * What a person should know: a file is not there, or not as of one moment. That a file was deleted meanwhile is what its owner
 * wanted, and a socket or device holds nothing to keep.
 */
export function needsWarning(leftOut: readonly Pick<LeftOut, 'reason'>[]): boolean {
  return leftOut.some(({ reason }) => worrying.has(reason));
}

const worrying: ReadonlySet<LeftOut['reason']> = new Set<LeftOut['reason']>([
  'unreadable',
  'changed',
  'unavailable',
  'incomplete',
  'inUse',
  'malformed',
]);

/** @returns the databases that should be in the archive and are not */
export function missingDatabases({ leftOut }: Pick<Backup, 'leftOut'>): LeftOut[] {
  return leftOut.filter(({ reason }) => reason === 'unavailable' || reason === 'incomplete');
}
