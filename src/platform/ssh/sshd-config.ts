// What an operator adds to the sshd of a server where sites lie, so that the panel reaches each site's files as the site's own user, and nothing else.

export type SshdPlaces = {
  /** the system group that every site's user is in */
  readonly group: string;
  /** the folder that holds the sites' folders, each named as its user; it and what is above it belong to root (ChrootDirectory) */
  readonly sites: string;
  /** file with the panel's public key, outside of the sites: root's, 0644 */
  readonly keyFile: string;
  /** addresses or networks (CIDR) the panel comes from */
  readonly from: readonly string[];
  /** the panel's public key, as in a `.pub` file */
  readonly publicKey: string;
};

/** @returns a sentence for each value that could say more in a configuration than it should */
export function sshdFaults(places: SshdPlaces): string[] {
  const faults: string[] = [];
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(places.group)) faults.push('the group must be the name of a system group');
  for (const path of [places.sites, places.keyFile])
    if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path))
      faults.push(`${JSON.stringify(path)} must be an absolute path of letters, digits, dots and dashes`);
  if (places.from.length === 0) faults.push('the address of the panel is needed');
  for (const address of places.from)
    if (!/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/.test(address)) faults.push(`${JSON.stringify(address)} is no address or network`);
  if (!/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+={0,2}( [^\n\r]*)?\n?$/.test(places.publicKey))
    faults.push('the key must be one line of a public key file (ssh-ed25519 …)');
  return faults;
}

/**
 * The `Match` block: one key, no password, no shell, no terminal, no forwarding, no tunnel; the user sees their site's folder as
 * `/`. Of several blocks that match sshd takes the first word on each subject, so it is to be read before every other one.
 * @returns the text for sshd_config
 */
export function sshdBlock({ group, sites, keyFile }: SshdPlaces): string {
  return `# Gotgan: the panel reaches the files of a site as the site's own user.
# To be read before every other Match block: /etc/ssh/sshd_config.d/00-gotgan.conf. Then: sshd -t && systemctl reload ssh
# sshd_config needs a line "Subsystem sftp …", which Debian's has.
Match Group ${group}
    # the panel's key and no other way in: what a customer writes into the site's folder counts for nothing
    AuthenticationMethods publickey
    PubkeyAuthentication yes
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    HostbasedAuthentication no
    GSSAPIAuthentication no
    KerberosAuthentication no
    AuthorizedKeysFile ${keyFile}
    AuthorizedKeysCommand none
    AuthorizedPrincipalsFile none
    AuthorizedPrincipalsCommand none
    TrustedUserCAKeys none
    # files of this one site and nothing else
    ChrootDirectory ${sites}/%u
    ForceCommand internal-sftp -u 0027
    DisableForwarding yes
    AllowAgentForwarding no
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    GatewayPorts no
    X11Forwarding no
    PermitListen none
    PermitOpen none
    PermitTunnel no
    PermitTTY no
    PermitUserRC no
    MaxSessions 4
    # a panel that vanished holds no session
    ClientAliveInterval 30
    ClientAliveCountMax 3
Match All
`;
}

/** @returns the line of the key file: the panel's key, from its own addresses only, restricted once more */
export function sshdKeyLine({ from, publicKey }: SshdPlaces): string {
  const [type, key] = publicKey.trim().split(' ');
  return `restrict,from="${from.join(',')}" ${type} ${key} gotgan\n`;
}
