// What the FTP server and the panel share, derived from the panel's secret: nothing to be carried from one to the other by hand but the
// printed configuration.
import type { Secrets } from '../secrets.ts';

export type FtpServerKeys = {
  /** of RADIUS (RFC 2865, 3) */
  readonly radius: string;
  /** the word between which true lines of the log stand */
  readonly logWord: string;
};

/** Another secret of the panel gives others: then the configuration is printed anew. */
export function ftpServerKeys(secrets: Pick<Secrets, 'key'>): FtpServerKeys {
  const hex = (purpose: string) => secrets.key(purpose).subarray(0, 16).toString('hex');
  return { radius: hex('ftp.radius'), logWord: hex('ftp.log') };
}
