// What an operator adds to the sshd of a web server, so that a backup host may read there and do nothing else; and to the panel's, for staging.
import { keyOnly } from './sshd-config.ts';

export type PullPlaces = {
  /** system user that sees the folders of sites (`<user>-files` of gotgan server sshd-config), or that staging belongs to */
  readonly user: string;
  /** addresses of the backup host alone */
  readonly from: readonly string[];
  /** root's, 0644, outside of every site */
  readonly keyFile: string;
  readonly publicKey: string;
  /** shut into the user's home, which is root's; without, the user's own rights are all that keeps it */
  readonly isChrooted: boolean;
  /** staging: it may write; else it can only read, whatever the user's rights are */
  readonly writes: boolean;
};

/** @returns a sentence for each value that could say more in a configuration than it should */
export function pullFaults({ user, from, keyFile, publicKey }: PullPlaces): string[] {
  const faults: string[] = [];
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) faults.push('--user must be the name of a system user');
  if (from.length === 0) faults.push("--from is needed: the backup host's address");
  for (const address of from)
    if (!/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/.test(address)) faults.push(`${JSON.stringify(address)} is no address or network`);
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(keyFile))
    faults.push('--key-file must be an absolute path of letters, digits, dots and dashes');
  if (!/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+={0,2}( [^\n\r]*)?$/.test(publicKey))
    faults.push('the key must be one line of a public key file (ssh-ed25519 …)');
  return faults;
}

/** Of several blocks that match sshd takes the first word on each subject: this one is to be read before the panel's own. */
export function pullBlock({ user, from, keyFile, isChrooted, writes }: PullPlaces): string {
  const shut = isChrooted ? '    ChrootDirectory %h\n' : '';
  return `# Gotgan: a backup host comes for archives${writes ? ' that were asked for, and lays them here' : ', reads them and nothing else'}.
# To be read before every other Match block: /etc/ssh/sshd_config.d/00-gotgan-backup-host.conf. Then: sshd -t && systemctl reload ssh
Match User ${user} Address ${from.join(',')}
${keyOnly(keyFile)}
${shut}    ForceCommand internal-sftp ${writes ? '-u 0027' : '-R'}
    DisableForwarding yes
    AllowTcpForwarding no
    PermitOpen none
    MaxSessions 4
Match All
`;
}

/** @returns the line of the key file: from the host's addresses only */
export function pullKeyLine({ from, publicKey }: PullPlaces): string {
  const [type, key] = publicKey.trim().split(' ');
  return `restrict,from="${from.join(',')}" ${type} ${key} gotgan-backup-host`;
}
