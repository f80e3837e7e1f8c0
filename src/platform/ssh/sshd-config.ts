// What an operator adds to the sshd of a server where sites lie, so that the panel reaches each site's files as the site's own user, has its few programs run, and nothing else.

export type SshdPlaces = {
  /** the system group that every site's user is in, and the panel's own for files; each one's home is the folder it is shut into, root's (ChrootDirectory) */
  readonly group: string;
  /** the panel's own user there, who has orders done and reaches databases */
  readonly user: string;
  /** the one program that user may run, which looks at what was asked for (operations/gotgan-server) */
  readonly program: string;
  /** databases of that server, as it reaches them itself: `127.0.0.1:3306` */
  readonly databases: readonly string[];
  /** file with the panel's public key, outside of the sites: root's, 0644 */
  readonly keyFile: string;
  /** addresses or networks (CIDR) the panel comes from */
  readonly from: readonly string[];
  /** the panel's public key, as in a `.pub` file */
  readonly publicKey: string;
  /** a server of the group `ssh`: from elsewhere users of sites come in as operations/sshd/gotgan.conf says, else nobody does */
  readonly hasCustomers: boolean;
};

/** @returns a sentence for each value that could say more in a configuration than it should */
export function sshdFaults(places: SshdPlaces): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries({ group: places.group, user: places.user }))
    if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(value)) faults.push(`the ${name} must be the name of a system ${name}`);
  for (const path of [places.program, places.keyFile])
    if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path))
      faults.push(`${JSON.stringify(path)} must be an absolute path of letters, digits, dots and dashes`);
  for (const database of places.databases)
    if (!/^([0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/.test(database))
      faults.push(`${JSON.stringify(database)} is no address and port`);
  if (places.from.length === 0) faults.push('the address of the panel is needed');
  for (const address of places.from)
    if (!/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/.test(address)) faults.push(`${JSON.stringify(address)} is no address or network`);
  if (!/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+={0,2}( [^\n\r]*)?\n?$/.test(places.publicKey))
    faults.push('the key must be one line of a public key file (ssh-ed25519 …)');
  return faults;
}

/** One key, no password and no other way in; no terminal, agent, tunnel or way back. */
export const keyOnly = (keyFile: string) => `    AuthenticationMethods publickey
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
    AllowAgentForwarding no
    AllowStreamLocalForwarding no
    GatewayPorts no
    X11Forwarding no
    PermitListen none
    PermitTunnel no
    PermitTTY no
    PermitUserRC no
    # a panel that vanished holds no session
    ClientAliveInterval 30
    ClientAliveCountMax 3`;

/**
 * The `Match` blocks, by the panel's own addresses, so that on a server of the group `ssh` the same users come in otherwise from
 * elsewhere (operations/sshd/gotgan.conf). Of several blocks that match sshd takes the first word on each subject, so they are to be
 * read before every other one.
 * @returns the text for sshd_config
 */
export function sshdBlock({ group, user, program, databases, keyFile, from, hasCustomers }: SshdPlaces): string {
  const addresses = from.join(',');
  return `# Gotgan: the panel reaches the files of a site as the site's own user, and has its orders done.
# To be read before every other Match block: /etc/ssh/sshd_config.d/00-gotgan.conf. Then: sshd -t && systemctl reload ssh
# sshd_config needs a line "Subsystem sftp …", which Debian's has.
Match Group ${group} Address ${addresses}
    # the panel's key and no other way in: what a customer writes into the site's folder counts for nothing
${keyOnly(keyFile)}
    # files of this one site and nothing else: the user's home, which belongs to root
    ChrootDirectory %h
    ForceCommand internal-sftp -u 0027
    DisableForwarding yes
    AllowTcpForwarding no
    PermitOpen none
    MaxSessions 4
Match User ${user} Address ${addresses}
${keyOnly(keyFile)}
    # what this program knows, and the ports of databases, which stand open to no network (KHADA 3.7)
    ForceCommand ${program}
    DisableForwarding no
    AllowTcpForwarding ${databases.length > 0 ? 'local' : 'no'}
    PermitOpen ${databases.join(' ') || 'none'}
    MaxSessions 64
${hasCustomers ? nobody(`User ${user}`) : `${nobody(`Group ${group}`)}${nobody(`User ${user}`)}`}Match All
`;
}

/** From elsewhere. */
const nobody = (who: string) => `Match ${who}
    AuthorizedKeysFile none
    AuthorizedKeysCommand none
    TrustedUserCAKeys none
    AuthenticationMethods publickey
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    HostbasedAuthentication no
    GSSAPIAuthentication no
    DisableForwarding yes
`;

/** @returns the line of the key file: the panel's key, from its own addresses only; what may be forwarded to the configuration says */
export function sshdKeyLine({ from, publicKey }: SshdPlaces): string {
  const [type, key] = publicKey.trim().split(' ');
  return `restrict,port-forwarding,from="${from.join(',')}" ${type} ${key} gotgan\n`;
}
