// What a site's files and the archives are reached through. Each adapter passes test/platform/storage.contract.ts.
import type { Readable } from 'node:stream';

/** A validated path inside a site: segments below the site's folder, for instance `['www', 'img', '사진.jpg']`. NFC, no empty, `.` or `..` segment, no NUL or control character. */
export type SitePath = readonly string[];

export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export type Entry = {
  readonly name: string;
  readonly kind: EntryKind;
  /** bytes; 0 for what is not a file */
  readonly size: number;
  /** epoch milliseconds, may have a fraction; over SFTP whole seconds */
  readonly modifiedAt: number;
  /** when name, owner or content last changed, epoch milliseconds; a program cannot set it. Missing where the storage cannot tell */
  readonly changedAt?: number;
  /** unix permission bits, for instance 0o640 */
  readonly mode: number;
  /**
   * changes whenever size, content time or inode change: files with equal stamps were not written in between. Over SFTP times are
   * whole seconds and there is no inode: only there a write of the same length after which the time was set back is not seen
   */
  readonly stamp: string;
  /** where a link points, as stored; only for links, which are never followed */
  readonly target?: string;
  /** the name as the storage holds it, where that is not `name`: decomposed, in EUC-KR, with what no SitePath may hold */
  readonly spelling?: Buffer;
};

/** What a folder takes, with all that lies below it. `path`: names as they are shown. */
export type FolderTotal = { readonly path: readonly string[]; readonly bytes: number; readonly files: number };

/** What `setDetails` gives to an entry; what is left out stays. */
export type EntryDetails = {
  /** permission bits up to 0o777; those above stay as they are */
  readonly mode?: number;
  /** epoch milliseconds; over SFTP whole seconds, and links keep the time of their making */
  readonly modifiedAt?: number;
  /** another name in the same folder, as bytes; 409 when something has it. Given last, since the entry then has another path */
  readonly spelling?: Buffer;
};

/** What stands in a folder, as far as the folder itself tells. */
export type Named = Pick<Entry, 'name' | 'kind'>;

export type OpenFile = { readonly entry: Entry; readonly stream: Readable };

/** Many files of one site, read one after another or side by side: quicker than `open` for each, since folders stay open between. */
export interface SiteReader {
  /** Opens a regular file for reading (404 for anything else). Whoever opens closes it, also after a failure of reading. */
  open(path: SitePath): Promise<ReadFile>;
  /**
   * Reads a small regular file from its beginning as far as it fits (404 for anything else).
   * @param into on shared memory, at its beginning, where another thread may be given it
   */
  whole(path: SitePath, into: Uint8Array): Promise<WholeFile>;
  /** Only after everything that was opened is closed. */
  close(): Promise<void>;
}

/** Many folders of one site, listed one after another: quicker than `list` for each. Errors as for SiteStorage. */
export interface SiteLister {
  /** As `SiteStorage.list`. */
  list(path: SitePath): Promise<Entry[]>;
  /** Lets go of what listing holds open. */
  close(): Promise<void>;
}

/** Some of what stands in a site, as whole lines of text (`rowText`). `left`: what is not among them; without a cause it is no file */
export type WalkPortion = {
  readonly rows: Uint8Array;
  /** among these rows, and the bytes of them */
  readonly files: number;
  readonly bytes: number;
  readonly left: readonly { readonly path: string; readonly cause?: unknown }[];
};

/** All that stands below a folder: names by their code units, a folder right before what is in it. */
export interface SiteWalk {
  /** @returns what comes next, `undefined` at the end. @throws when the folder itself cannot be read; errors as for SiteStorage */
  next(): Promise<WalkPortion | undefined>;
  /** Also in the middle; what hangs in a call of the system is not waited for. */
  close(): Promise<void>;
}

/** A file that was read: what it was before, how many bytes of it were read, and what stands at its path afterwards. */
export type WholeFile = { readonly entry: Entry; readonly bytes: number; readonly after: Pick<Entry, 'stamp' | 'size'> };

/** One opened file. Errors as for SiteStorage. */
export interface ReadFile {
  /** taken from the opened file itself */
  readonly entry: Entry;
  /** @returns how many bytes from `position` on stand in `into` now, fewer than fit only at the end of the file */
  read(into: Uint8Array, position: number): Promise<number>;
  /** @returns what stands at the path now: 404 when it was removed, another stamp when it was written to or replaced since `open` */
  again(): Promise<Entry>;
  /** Gives the file back; reading it afterwards fails. */
  close(): Promise<void>;
}

/** Many new files in folders that nobody looks into yet: seen while they grow, durable once `finish` has returned. */
export interface SiteLayer {
  /** Lays a new file, parents made; 409 when the name is taken. @param details permission bits, and epoch milliseconds */
  file(path: SitePath, content: Uint8Array, details: { readonly mode: number; readonly modifiedAt: number }): Promise<void>;
  /** Makes a folder and its parents; one that is there is left as it is. */
  folder(path: SitePath): Promise<void>;
  /** Everything that was laid is on the disk when this returns. */
  finish(): Promise<void>;
  /** Also after a failure; what was laid stays. */
  close(): Promise<void>;
}

export type PutMode = 'create' | 'replace';

/**
 * One site's files. Links are never followed, on no segment of a path: a path through a link is NotFound.
 * Paths are given from the site's own folder (`www/…`, `backup/…`). Errors: PanelError 404 (not there), 409 (exists, or not
 * a folder, or not empty), 503 (storage does not answer or cannot be written).
 */
export interface SiteStorage {
  /** @returns what stands at `path` (404 when nothing does) */
  stat(path: SitePath): Promise<Entry>;
  /**
   * @param only of these names alone; what is not there any more is left out
   * @returns the entries of a folder in no particular order
   */
  list(path: SitePath, only?: readonly string[]): Promise<Entry[]>;
  /** @returns a way to list many folders; `close` it */
  lister(): SiteLister;
  /**
   * @param beside ends of names: the stamp of a file beside which others stand that are called as it is with these ends is all stamps
   * together, in their order, with `+` between them
   * @returns a way through all that is below a folder, quicker than a lister; undefined where only that can be had. `close` it
   */
  walk(path: SitePath, beside: readonly string[]): Promise<SiteWalk | undefined>;
  /** @returns names and kinds of what stands in a folder, in no particular order: quick, since the entries are not looked at one by one */
  names(path: SitePath): Promise<Named[]>;
  /** Opens a regular file for reading, optionally bytes `start` to `end` (both inclusive). The entry was taken from the opened file itself. */
  open(path: SitePath, range?: { start: number; end: number }): Promise<OpenFile>;
  /** @returns a way to read many files; `close` it */
  reader(): SiteReader;
  /** Makes a folder and its parents; an existing folder is left as it is. */
  makeFolder(path: SitePath): Promise<void>;
  /**
   * Puts a finished file of this machine into the site: all or nothing, durable (fsync) before it returns, mode 0640, parents made.
   * @param from path of the file on this machine; it is consumed (moved or copied and removed)
   * @param mode `create` never overwrites (409), `replace` swaps the file atomically
   */
  put(path: SitePath, from: string, mode: PutMode): Promise<void>;
  /** @returns a way to lay many files; undefined where each has to be put */
  layer(): Promise<SiteLayer | undefined>;
  /** Makes a link that points at `target` as it is given, whether something is there or not; never over something that exists (409). */
  makeLink(path: SitePath, target: string): Promise<void>;
  /** Changes what is told of a file or folder; of a link no mode, and of anything else nothing (404). 503 where it belongs to somebody else. */
  setDetails(path: SitePath, details: EntryDetails): Promise<void>;
  /** Moves a file or folder; never onto something that exists (409). */
  move(from: SitePath, to: SitePath): Promise<void>;
  /**
   * Removes a file or link, or a folder with all that is in it. Nothing there is no error; 503 where the site's folder itself is missing:
   * a disk that is not mounted holds what is to be removed all the same.
   */
  remove(path: SitePath): Promise<void>;
  /**
   * Takes a regular file out of the site: from one moment to the next nobody can open it there by a path, and when this returns it
   * lies at `into`, complete and durable, mode 0600. Fails with 409 when what stands at `path` is not the entry with this stamp any
   * more (that stays), 404 when nothing does. A process that dies in the middle leaves nothing at `into`, and the file hidden in its
   * folder: called again with the same `into` it is taken from there.
   * @param stamp undefined: only what such a process left, else 404
   * @param into a path on this machine where nothing is yet, in a folder that exists; its last part is a UUID
   */
  take(path: SitePath, stamp: string | undefined, into: string): Promise<void>;
  /**
   * For another process on this machine that reads a file by its own means.
   * @param act is given the file's folder, as an open file, and the name by which the disk holds it; the folder stays open until it ends
   * @returns undefined, and nothing was done, where the site does not lie on this machine
   */
  held<T>(path: SitePath, act: (folder: number, name: Buffer) => Promise<T>): Promise<T | undefined>;
  /** @returns bytes that the panel may still write here, as the file system says; undefined where it cannot be asked */
  freeBytes(): Promise<number | undefined>;
}

/** A part of an archive that was opened: exactly `end - start + 1` bytes. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * Where finished archives lie. Keys are `<site>/<file name>`; both parts match `[A-Za-z0-9._-]+` and never begin with a dot.
 * Errors as for SiteStorage.
 */
export interface ArchiveStorage {
  /**
   * @returns a file path on this machine in which a new archive may be written; the archive is not visible before `commit`.
   * On a remote store this is a staging file.
   */
  stage(key: string): Promise<StagedArchive>;
  /** @returns size in bytes and a stream of all or of a part (404 when it is not there) */
  open(key: string, range?: ByteRange): Promise<{ readonly size: number; readonly stream: Readable }>;
  /** @returns a path on this machine that holds the archive for reading at random, and a function that lets it go (remote stores fetch it) */
  local(key: string): Promise<{ readonly path: string; release(): Promise<void> }>;
  /** @returns size in bytes as it lies there now, without opening it (404 when it is not there) */
  sizeOf(key: string): Promise<number>;
  /** @returns keys and sizes of one site's archives */
  list(site: string): Promise<{ key: string; size: number }[]>;
  /** Also what is staged under this key. Nothing there is no error. */
  remove(key: string): Promise<void>;
  /** Removes everything of one site, what is staged too, whoever still writes it. Nothing there is no error. */
  clear(site: string): Promise<void>;
  /** Removes what is staged under this key and nothing else: a writer that still lives cannot commit it any more. */
  unstage(key: string): Promise<void>;
  /** Removes what writers that died left in staging a day ago or longer. @returns how many */
  sweep(): Promise<number>;
}

/** An archive that is being written: invisible until `commit`, and gone after `discard`. */
export interface StagedArchive {
  readonly path: string;
  /** fsync of file and folder, then an atomic rename: after this returns the archive is complete and durable under its key. 409 if the key exists. */
  commit(): Promise<void>;
  /** Removes the staging file; nothing became visible. */
  discard(): Promise<void>;
}

/** `digest`: base64 (tus 1.0, Checksum). It finds what the way changed, nothing that somebody meant to change. */
export type Checksum = { readonly algorithm: 'sha1' | 'sha256'; readonly digest: string };
