// What waits for its turn in an archive that is being written, and how much of it may.
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { Known } from './carry-over.ts';
import type { Listed } from './site-listing.ts';

/** Small files that are read and compressed ahead while the ones before them are written. */
export const ahead = 32;
/** With those that are carried over, which cost nothing but their names: between them the few that changed are begun early. */
export const aheadInAll = 1024;
export const aheadBytes = 3 * pieceBytes;

export type Write = () => Promise<void>;

/** What waits for its turn: a file that is prepared, or one that is known. */
export type Queued = { readonly one: Listed; readonly bytes: number; readonly costs: number } & (
  | { readonly known: Known; readonly ready?: undefined }
  | { readonly ready: Promise<Write>; readonly known?: undefined }
);
