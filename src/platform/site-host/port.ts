// What makes and removes the place where a site lives. Each adapter passes test/platform/site-host.contract.ts.
import type { Readable } from 'node:stream';
import type { FolderTotal, SiteStorage } from '../storage/port.ts';

/** A site as its host knows it. */
export type HostedSite = {
  /** the site's UUID, by which every act may be repeated without harm */
  readonly id: string;
  /** the site's fixed name */
  readonly name: string;
  /** for a wall of the file system's own, where there is one */
  readonly quotaBytes?: number;
  /** what `homeOf` once answered, so that nobody has to ask again */
  readonly home?: SiteHome | null;
  /** epoch milliseconds; since then its own user is to come in no more, whether its host knows already or not */
  readonly suspendedAt?: number | null;
  /** the same while it moves to another server */
  readonly frozenAt?: number | null;
};

/** Where a site's folder (the one that holds `www/` and `backup/`) lies on its server, and the system user whose files it holds. */
export type SiteHome = {
  readonly folder: string;
  readonly userId: number;
  readonly groupId: number;
  /** the system user's name, where a site has one of its own */
  readonly user?: string;
};

/**
 * What a site's files take. `folders`: the largest of `www/`, two levels deep, and `trash/` as a whole, largest first, at most twenty;
 * a company's own program may leave them out.
 */
export type Counted = { readonly bytes: number; readonly files: number; readonly folders?: readonly FolderTotal[] | undefined };

/** One key that may come in by SSH. */
export type Entry = {
  /** type and base64 of a public key, without options and comment */
  readonly key: string;
  /** networks, at least one, each with its length and no bits behind it (`203.0.113.7/32`): sshd refuses a key with others */
  readonly from: readonly string[];
  /** epoch milliseconds; sshd refuses the key from that second on */
  readonly until: number;
  /** stands behind the key, for whoever reads the file: an id */
  readonly label: string;
};

/** What a person's SSH program is told; `hostKeys` are fingerprints as `ssh-keygen -l` prints them, to be compared at the first time. */
export type SshLogin = {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly hostKeys: readonly string[];
};

/** All acts are idempotent by site id and are run as jobs. Errors: PanelError 503 when the host does not answer. */
export interface SiteHost {
  /** Makes the site's folder with an empty `www/`, `backup/` and `trash/`; done twice it changes nothing. */
  open(site: HostedSite): Promise<void>;
  /** The site stops answering; files stay. */
  suspend(site: HostedSite): Promise<void>;
  /** The site answers again, with the files it had. */
  resume(site: HostedSite): Promise<void>;
  /** Files and place are gone for good. */
  remove(site: HostedSite): Promise<void>;
  /** Counts `www/` and `trash/`: what lies in `backup/` is not in the quota. */
  usage(site: HostedSite): Promise<Counted>;
  /** @returns where the site lies, for other servers on that machine; 404 when it was never opened */
  homeOf(site: HostedSite): Promise<SiteHome>;
  /** @returns the files of one site; nothing is opened until it is asked for something */
  storageFor(site: HostedSite): SiteStorage;
  /**
   * Shows one archive file in the customer's `backup/` folder under `name`, with a checksum file beside it (`<name>.sha256`),
   * and removes what was shown before. Hard-links where it can.
   * @param from path of the archive on this machine
   * @param checksum the line of the checksum file (`hex␠␠name\n`)
   */
  showBackup(site: HostedSite, name: string, from: string, checksum: string): Promise<void>;
  /** Opens to the panel again what the site's own programs closed to everybody but themselves (mode 0600), so that a backup can read it. */
  mend(site: HostedSite): Promise<void>;
  /** Ends well when sites can be made here. @throws PanelError 503 with what is missing as `code` */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Lets in by SSH whoever holds one of these keys, and nobody else: the list is the whole truth, an empty one shuts the door. What
   * runs in sessions of keys that are not in the list any more ends at once. Only hosts have it whose sites are system users of a server of the group `ssh` (KHADA 7.3).
   * @returns where to connect to
   */
  letIn?(site: HostedSite, entries: readonly Entry[]): Promise<SshLogin>;
  /**
   * Ends a session of the server's FTP server that the panel itself cannot end: it runs as the site's user, or on another machine.
   * @param session number of its process, and who signed in, in small letters
   * @returns false when no such session of the site runs any more
   */
  endSession?(site: HostedSite, session: { readonly process: string; readonly login: string }): Promise<boolean>;
}

/** What stands on stdin of a program: one line, or a line (`header`, with its line feed) and the bytes that follow it. */
export type RunInput = string | { readonly header: string; readonly body: Readable };

/** How it ended. `code` is null when it was ended from outside; `stdout` and `stderr` are as long as the runner lets them be. */
export type RunEnd = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/**
 * Runs one fixed program, here or on another server. Everything that differs from run to run is on stdin, never on a command line; a
 * body that breaks off ends it as its end would, so the header must say how many bytes are to come. Rejects when it could not be run,
 * when the signal came (with its reason), or when it said more on stdout than an answer has.
 */
export type Runner = (input: RunInput, options: { readonly signal: AbortSignal }) => Promise<RunEnd>;
