// What an archive is made of, and what came of it.
import type { Signing } from '../platform/signing.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import type { DatabaseSource, WrittenDatabases } from './archive-databases.ts';
import { DamagedBefore, type PreviousArchive } from './carry-over.ts';
import type { ManifestHead } from './manifest.ts';

export type ArchiveStep = 'listing' | 'databases' | 'files' | 'closing';

export type ArchiveOrder = {
  readonly storage: SiteStorage;
  readonly siteName: string;
  /** path of a file on this machine that is (over)written; after an error it holds half an archive. No fsync: that is `commit`'s part */
  readonly target: string;
  /** a *verified* archive of the same site: what did not change since is carried over. If the outcome fails verification, make it again without */
  readonly previous?: PreviousArchive | undefined;
  /** none: the site has no databases */
  readonly databases?: DatabaseSource | undefined;
  /** none: the manifest is not signed */
  readonly signing?: Signing | undefined;
  /** the moment whose data it holds, epoch milliseconds */
  readonly at: number;
  /** IANA name */
  readonly zone: string;
  readonly madeBy?: string;
  readonly signal: AbortSignal;
  /** Called for every file and piece of one, and while a database is read: who stores it must do so at longer intervals. Of databases they are counted. */
  readonly progress?: (step: ArchiveStep, done: number, total: number) => void;
};

export type WrittenArchive = {
  /** the manifest without its members, which are in the archive */
  readonly manifest: ManifestHead;
  readonly bytes: number;
  readonly sha256: string;
  /** as in the manifest, with the sizes of their dumps */
  readonly databases: WrittenDatabases['databases'];
  /** files whose compressed bytes were taken from the previous archive */
  readonly carriedFiles: number;
};

/** Whether the manifest of the archive before is whole is known at its end alone: where it is not, all is read from the site instead. */
export async function orAnew<T>(order: ArchiveOrder, write: (order: ArchiveOrder) => Promise<T>): Promise<T> {
  try {
    return await write(order);
  } catch (cause) {
    if (!(cause instanceof DamagedBefore)) throw cause;
    return write({ ...order, previous: undefined });
  }
}
