// What the panel asks of another server over SSH: files by SFTP version 3 (draft-ietf-secsh-filexfer-02).
/** A path on the server, as bytes: names there need not be UTF-8. */
export type RemotePath = Buffer;

/** What SFTP version 3 tells about an entry. */
export type Attributes = {
  readonly size: number;
  readonly userId: number;
  readonly groupId: number;
  /** type and permission bits, as st_mode */
  readonly mode: number;
  /** whole seconds since 1970: version 3 knows no smaller part */
  readonly modifiedSeconds: number;
};

export type RemoteEntry = { readonly name: Buffer; readonly attributes: Attributes };

/** An opened file or folder: what the server calls it. */
export type RemoteHandle = Buffer;

/** How a file is opened. `exclusive` makes a new file (0600 before `setMode`) and fails where anything stands, also a link that leads nowhere. */
export type OpenMode = 'read' | 'exclusive';

/**
 * One conversation with a server's SFTP service. Requests that are sent at once are answered in the order they were sent, so many
 * may be under way. A refusal of the server is an Error with a code: ENOENT (also: not a folder, too many links), EACCES,
 * ENAMETOOLONG (the server's "bad message"), ENOTSUP, and EFAIL for everything else (taken, not empty, full): version 3 has no
 * more words. A server that does not answer ends the conversation: PanelError 503 for everything under way.
 */
export interface SftpSession {
  /** the most bytes one `read` may ask for and one `write` may send */
  readonly maximumRead: number;
  readonly maximumWrite: number;
  /** @returns what stands at the path; a link is described itself */
  lstat(path: RemotePath): Promise<Attributes>;
  /** @returns what was opened */
  fstat(handle: RemoteHandle): Promise<Attributes>;
  /** Opens a file; a folder may be opened for reading, to bring it to the disk. The server follows links: look before. */
  open(path: RemotePath, mode: OpenMode): Promise<RemoteHandle>;
  /** Gives a file or folder back. */
  close(handle: RemoteHandle): Promise<void>;
  /** @returns up to `length` bytes from `position` on, none at the end of the file */
  read(handle: RemoteHandle, position: number, length: number): Promise<Buffer>;
  /** Writes all bytes at `position`. */
  write(handle: RemoteHandle, position: number, bytes: Uint8Array): Promise<void>;
  /** What was written to the file, or changed in the folder, is on the disk when this returns (fsync@openssh.com). */
  sync(handle: RemoteHandle): Promise<void>;
  /** Opens a folder for listing. */
  openFolder(path: RemotePath): Promise<RemoteHandle>;
  /** @returns the next entries, `.` and `..` among them; `undefined` at the end */
  readFolder(handle: RemoteHandle): Promise<RemoteEntry[] | undefined>;
  /** Makes a folder; the server's umask has its say about the mode. */
  makeFolder(path: RemotePath, mode: number): Promise<void>;
  /** Removes an empty folder. */
  removeFolder(path: RemotePath): Promise<void>;
  /** Removes a file or a link. */
  remove(path: RemotePath): Promise<void>;
  /** @returns where a link points, as stored */
  readLink(path: RemotePath): Promise<Buffer>;
  /** Makes a link at `path` that points at `target`. */
  makeLink(path: RemotePath, target: Buffer): Promise<void>;
  /** Sets the permission bits; follows links. */
  setMode(path: RemotePath, mode: number): Promise<void>;
  /** Sets the permission bits of what was opened. */
  setModeOf(handle: RemoteHandle, mode: number): Promise<void>;
  /** Sets the times of access and content of what was opened, in whole seconds since 1970. */
  setTimesOf(handle: RemoteHandle, seconds: number): Promise<void>;
  /** rename(2): in one step, over what is there (posix-rename@openssh.com). */
  rename(from: RemotePath, to: RemotePath): Promise<void>;
  /** link(2): a second name, fails where one is taken; of a link itself, not of its target (hardlink@openssh.com). */
  link(from: RemotePath, to: RemotePath): Promise<void>;
}

/** A session that is held; others may use it at the same time. */
export type SftpLease = {
  readonly session: SftpSession;
  /** Once and not before all that was opened is closed: afterwards the connection may be closed. */
  readonly release: () => void;
};

/** One server, reached as any of its users. Connections are opened when they are needed, shared, and closed when idle. */
export interface SftpServer {
  /** @param isReadOnly this user changes nothing, and need not be able to. @returns a session as that user, held until it is released; PanelError 503 when the server does not answer or must not be trusted */
  lease(user: string, isReadOnly?: boolean): Promise<SftpLease>;
}
