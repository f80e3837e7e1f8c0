// The configuration of ProFTPD, whole and in one file: a fault in an included one would be no more than a warning (docs/decisions/0015).
import { posix } from 'node:path';
import { logFormat } from './log-line.ts';
import { homeAttributes } from './radius.ts';

export type FtpServerOptions = {
  /** folders that hold sites (`<folder>/<site>/www`), as real paths: nothing else on the machine can be written to */
  readonly sitesFolders: readonly string[];
  /** PEM files: the chain of the certificate, the server's own first, and its key */
  readonly certificate: string;
  readonly key: string;
  /** the certificate's key is of an elliptic curve. Default false (RSA) */
  readonly isElliptic?: boolean;
  /** where the panel answers RADIUS, as `127.0.0.1:1812`, and the secret it shares */
  readonly radius: string;
  readonly secret: string;
  /** the log that the panel reads, in a folder that only root can write to, and the word that makes its lines unforgeable */
  readonly log: string;
  readonly logWord: string;
  /** where the server keeps its process number and its scoreboard; root's alone */
  readonly runFolder: string;
  /** address that is listened on, `0.0.0.0` for every one. Default 0.0.0.0 */
  readonly address?: string;
  /** default 21 */
  readonly port?: number;
  /** first and last port of data connections. Default 50,000 to 50,999 */
  readonly passivePorts?: readonly [number, number];
  /** address that clients are told for data connections, where the server stands behind NAT */
  readonly publicAddress?: string;
  /** lets passwords and files come over a plain line too; the panel is told of each. Default false */
  readonly plain?: boolean;
  /** sessions at the same time: in all (default 200), of one address (20), of one user (10) */
  readonly sessions?: number;
  readonly sessionsPerAddress?: number;
  readonly sessionsPerUser?: number;
};

/**
 * @returns the text of one proftpd.conf, of mode 0600 because of the secret in it
 * @throws RangeError that names the option at fault: nothing that could begin a line, a section or a variable of its own gets in
 */
export function proftpdConfiguration(options: FtpServerOptions): string {
  const sections = [main(options), whoComesIn(options), line(options), filesOf(options), limits(options), told(options)];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function path(name: keyof FtpServerOptions, text: string): string {
  // % and ~ are variables to ProFTPD, * ? [ ] { } patterns, " \ and # would end the word
  if (!posix.isAbsolute(text) || text !== posix.resolve(text) || text === '/' || /[\p{Cc}%~*?[\]{}"\\#$]/u.test(text))
    throw new RangeError(`${name}: not an absolute path of plain characters: ${JSON.stringify(text)}`);
  return `"${text}"`;
}

function word(name: keyof FtpServerOptions, text: string): string {
  if (!/^[A-Za-z0-9_-]{16,128}$/.test(text)) throw new RangeError(`${name}: 16 to 128 letters, digits, - and _ are needed`);
  return text;
}

function address(name: keyof FtpServerOptions, text: string): string {
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(text)) throw new RangeError(`${name}: not a network address: ${JSON.stringify(text)}`);
  return text;
}

function number(name: keyof FtpServerOptions, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 1 || value > most) throw new RangeError(`${name}: 1 to ${most} is needed`);
  return value;
}

function main({ address: at = '0.0.0.0', port = 21, runFolder, log }: FtpServerOptions): string[] {
  const run = path('runFolder', runFolder).slice(1, -1);
  return [
    '# Printed by `gotgan ftp-server config`; print it anew instead of changing it. Holds a secret: mode 0600, owner root.',
    'LoadModule mod_tls.c',
    'LoadModule mod_radius.c',
    'ServerName "FTP"',
    'ServerType standalone',
    'ServerIdent on "FTP ready"',
    `DefaultAddress ${address('address', at)}`,
    'SocketBindTight on',
    `Port ${number('port', port, 65_535)}`,
    `UseIPv6 ${at.includes(':') ? 'on' : 'off'}`,
    'UseReverseDNS off',
    'User nobody',
    'Group nogroup',
    'RootRevoke on',
    `PidFile "${run}/proftpd.pid"`,
    `ScoreboardFile "${run}/scoreboard"`,
    'DelayEngine off',
    'ControlsEngine off',
    // what the server says of itself, beside the log that the panel reads
    `SystemLog ${path('log', posix.join(posix.dirname(log), 'server.log'))}`,
    'DebugLevel 0',
  ];
}

function whoComesIn({ radius, secret }: FtpServerOptions): string[] {
  if (!/^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}):\d{1,5}$/.test(radius)) throw new RangeError('radius: 127.0.0.1:<port> is needed');
  const { vendor, userId, groupId, folder, shell } = homeAttributes;
  return [
    'AuthOrder mod_radius.c',
    'AuthPAM off',
    'PersistentPasswd off',
    'RequireValidShell off',
    'RootLogin off',
    'UseFtpUsers off',
    'WtmpLog off',
    'RadiusEngine on',
    `RadiusAuthServer ${radius} ${word('secret', secret)} 5`,
    `RadiusVendor gotgan ${vendor}`,
    // who is not given all four is nobody, at a place that is not there
    `RadiusUserInfo $(${userId}:65534) $(${groupId}:65534) $(${folder}:/nonexistent) $(${shell}:/bin/false)`,
    'RadiusOptions RequireMAC IgnoreReplyMessage',
  ];
}

function line({ certificate, key, isElliptic = false, plain = false }: FtpServerOptions): string[] {
  const kind = isElliptic ? 'EC' : 'RSA';
  return [
    'TLSEngine on',
    'TLSProtocol TLSv1.2 TLSv1.3',
    'TLSCipherSuite HIGH:!aNULL:!MD5:!RC4:!3DES:!kRSA',
    'TLSServerCipherPreference on',
    `TLS${kind}CertificateFile ${path('certificate', certificate)}`,
    `TLS${kind}CertificateKeyFile ${path('key', key)}`,
    // the same file: without this line only the first certificate in it is shown
    `TLSCertificateChainFile ${path('certificate', certificate)}`,
    `TLSRequired ${plain ? 'off' : 'on'}`,
    'TLSOptions NoSessionReuseRequired',
    'TLSRenegotiate none',
    'TLSTimeoutHandshake 20',
    'TLSLog none',
  ];
}

/** Only what lies in `www/` can be written, whoever owns the rest: neither `backup/` nor `www` itself can be taken away. */
function filesOf({ sitesFolders }: FtpServerOptions): string[] {
  if (sitesFolders.length === 0) throw new RangeError('sitesFolders: one at least is needed');
  const folders = sitesFolders.map((folder) => path('sitesFolders', folder).slice(1, -1));
  const deny = (commands: string) => [`  <Limit ${commands}>`, '    DenyAll', '  </Limit>'];
  return [
    'DefaultRoot ~',
    'AllowChrootSymlinks off',
    'Umask 027 027',
    'AllowOverwrite on',
    'HiddenStores .in. .%P',
    'DeleteAbortedStores on',
    'AllowStoreRestart off',
    'AllowForeignAddress off',
    'UseSendfile on',
    'ListOptions "-a"',
    'UseEncoding UTF-8 CP949',
    'LangOptions RequireValidEncoding',
    'DenyFilter "[[:cntrl:]]"',
    // The log names what was made, removed or renamed as it was typed: without steps that is where it lies. Names of ours that are under
    // way are in no list, and nobody would judge such a file.
    'PathDenyFilter "(^|/)(\\.\\.?(/|$)|\\.gotgan-[0-9a-f-]{36}(/|$))"',
    '<Directory />',
    ...deny('WRITE'),
    '</Directory>',
    ...folders.flatMap((folder) =>
      siteNames.flatMap((name) => [
        `<Directory "${folder}/${name}/www/*">`,
        '  <Limit WRITE>',
        '    AllowAll',
        '  </Limit>',
        // set-user-id, world-writable files: modes are the house's. An appended file is deleted when it breaks off.
        ...deny('SITE_CHMOD SITE_CHGRP MFF APPE STOU'),
        '</Directory>',
      ]),
    ),
  ];
}

/** Patterns of the names of sites, one a length: to ProFTPD `*` is any number of folders, and `backup/www/` would be a site's too. */
const siteNames = Array.from({ length: 32 }, (_, shorter) => '[!/]'.repeat(shorter + 1));

function limits(options: FtpServerOptions): string[] {
  const { passivePorts: [first, last] = [50_000, 50_999], publicAddress } = options;
  const { sessions = 200, sessionsPerAddress = 20, sessionsPerUser = 10 } = options;
  number('passivePorts', first, last);
  number('passivePorts', last, 65_535);
  return [
    `PassivePorts ${first} ${last}`,
    ...(publicAddress === undefined ? [] : [`MasqueradeAddress ${address('publicAddress', publicAddress)}`]),
    `MaxInstances ${number('sessions', sessions, 100_000) + 20}`,
    `MaxClients ${sessions}`,
    `MaxClientsPerHost ${number('sessionsPerAddress', sessionsPerAddress, 100_000)}`,
    `MaxClientsPerUser ${number('sessionsPerUser', sessionsPerUser, 100_000)}`,
    'MaxLoginAttempts 3',
    'TimeoutLogin 60',
    'TimeoutIdle 600',
    'TimeoutNoTransfer 900',
    'TimeoutStalled 120',
  ];
}

function told({ log, logWord }: FtpServerOptions): string[] {
  return [
    `LogFormat panel "${logFormat(word('logWord', logWord))}"`,
    `ExtendedLog ${path('log', log)} AUTH,READ,WRITE,MISC,EXIT panel`,
    'TransferLog none',
  ];
}
