// The door of FTP: accounts of a site, who signed in by them, and what came in (KHADA 7.3, 7.4).
import { Incoming, type IncomingParts } from './incoming.ts';

export { type Finding, keptDays } from './kept-files.ts';

export type FtpParts = IncomingParts;

/** FTP of every site. */
export class Ftp {
  /** judges what comes into sites past the panel */
  readonly incoming: Incoming;

  constructor(parts: FtpParts) {
    this.incoming = new Incoming(parts);
  }
}
