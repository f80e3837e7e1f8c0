// What an FTP server asks the panel and tells it. ProFTPD does so by RADIUS and by a log (docs/decisions/0015).

/** One attempt to sign in. */
export type FtpSignIn = {
  /** as it was typed; at most 128 bytes */
  readonly user: string;
  readonly password: string;
  /** network address of the client */
  readonly address: string;
  /** false: user and password came over a plain line */
  readonly isEncrypted: boolean;
  /** the server's own name for this session, the same in what it tells afterwards */
  readonly sessionId: string;
};

/** As whom and where a session lives: the folder is all it can see. */
export type FtpHome = { readonly userId: number; readonly groupId: number; readonly folder: string };

/** @returns undefined for whoever may not come in, whatever the reason */
export type FtpAnswer = (attempt: FtpSignIn) => Promise<FtpHome | undefined>;

export type FtpEventKind = 'signedIn' | 'refused' | 'stored' | 'cutOff' | 'sent' | 'removed' | 'renamed' | 'folderMade' | 'ended';

/**
 * What a session did, in the order of the server's log. A `stored` file came whole, as far as FTP can tell. A `cutOff` upload broke off:
 * mostly nothing of it is there and an older file of the name still is; but where the client died in the very moment of the end, or hung
 * up without a word right after it, a file lies under the name that may be half. So who judges what comes in looks at those as well.
 */
export type FtpEvent = {
  readonly kind: FtpEventKind;
  /** epoch milliseconds */
  readonly at: number;
  readonly sessionId: string;
  readonly user: string;
  readonly address: string;
  readonly isEncrypted: boolean;
  /** absolute path on the server, outside the jail; of a rename the new one */
  readonly path?: string;
  /** the same path as octets, only where they are no UTF-8 (`path` has U+FFFD for what cannot be read) */
  readonly octets?: Buffer;
  /** the name was too long for the log (some 3,900 octets in all): `path` is only the folder that it lies in, or one above */
  readonly isCut?: boolean;
  /** of a rename: the absolute path before it; left out where the names were too long for the log */
  readonly from?: string;
  readonly bytes?: number;
};

/** Where a log lies: this machine, or another one. */
export type LogPlace = {
  /** @returns names of what is in the folder; none when it is not there */
  names(folder: string): Promise<string[]>;
  /** @returns the file; undefined when it is gone, or no file */
  open(path: string): Promise<OpenedLog | undefined>;
};

/** A file of the log while it is read; closed once, after the last reading. */
export type OpenedLog = {
  /** what tells it from others whatever its name is; undefined where nothing does: then its beginning has to */
  readonly id: string | undefined;
  readonly size: number;
  /** epoch milliseconds */
  readonly modifiedAt: number;
  /** @returns up to `length` octets from there on, fewer only at the end */
  read(length: number, position: number): Promise<Buffer>;
  /** Gives the file back; nothing is read from it afterwards. */
  close(): Promise<void>;
};
