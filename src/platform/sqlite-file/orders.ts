// What the program that reads SQLite files of sites is asked, and what it answers.

/**
 * copy: of a database that others write to, at one moment, into a new file. settle: of a private copy with its log beside it, as SQLite
 * does after a crash. check: of a private file that nobody changes. Each ends with the check.
 */
export type SqliteOrder =
  | { readonly act: 'copy'; readonly name: string; readonly into: string }
  | { readonly act: 'settle' | 'check'; readonly file: string };

/** Tables that hold rows of their own, and the rows of all of them. */
export type SqliteCounts = { readonly tables: number; readonly rows: number };

/** busy: a program keeps it locked. malformed: SQLite finds faults in it. unreadable: it could not be opened now. slow: it took too long. */
export type SqliteFault = 'busy' | 'malformed' | 'unreadable' | 'slow';

export type SqliteAnswer = SqliteCounts | { readonly fault: SqliteFault };

/** The number that the database's folder has as an open file of the program. */
export const folderDescriptor = 3;

/** Files that SQLite keeps beside a database, by what stands behind its name (https://www.sqlite.org/tempfiles.html). */
export const companions = ['-journal', '-shm', '-wal'] as const;

/** https://www.sqlite.org/fileformat.html, 1.3 */
const header = Buffer.from('SQLite format 3\0');

/** Bytes that `isSqlite` looks at. */
export const headerBytes = header.length;

/** @param beginning of a file */
export const isSqlite = (beginning: Uint8Array) => header.equals(beginning.subarray(0, headerBytes));
