// What each choice is for, in words: docs/configuration.md and the environment's names are made of it.
import type { OptionName } from './options.ts';

/** Features that a panel can be without. */
export const switchable = ['signUp', 'databases', 'files', 'ftp', 'ssh', 'backups', 'consent', 'home', 'termination'] as const;

/** Each choice in words, and the environment variable that names it; the order is that of docs/configuration.md. */
export const documented: Readonly<Record<OptionName, { env?: string; text: string; usual: string; secret?: true }>> = {
  publicUrl: {
    env: 'PUBLIC_URL',
    usual: 'http://localhost:<PORT>',
    text: 'The address customers use, with the path the panel is mounted under. Plain http only on loopback.',
  },
  secret: {
    env: 'SECRET',
    usual: 'read from <DATA_DIR>/secret.key, made at first start',
    text: 'At least 32 bytes. Keys for sealing, look-up and cookies are derived from it; losing it loses every sealed value.',
    secret: true,
  },
  oldSecrets: {
    env: 'OLD_SECRETS',
    usual: 'none, and every line of <DATA_DIR>/secret.key after the first',
    text: 'Secrets that were in use before, newest first, separated by spaces (one that holds spaces itself stands alone): they still open what they sealed, until `gotgan keys rotate` has written everything anew.',
    secret: true,
  },
  dataFolder: { env: 'DATA_DIR', usual: 'data', text: 'Where everything lies that has no address of its own.' },
  databaseUrl: {
    env: 'DATABASE_URL',
    usual: 'sqlite:<DATA_DIR>/panel.db',
    text: '`sqlite:<file>` or `postgres://…`.',
    secret: true,
  },
  mailUrl: {
    env: 'MAIL_URL',
    usual: 'file:<DATA_DIR>/outbox',
    text: '`file:<folder>` writes letters as .eml files (development), `smtp://…` or `smtps://…` sends them.',
    secret: true,
  },
  scannerUrl: {
    env: 'SCANNER_URL',
    usual: 'none:',
    text: 'Virus scanner of uploads: `clamd:<path of its socket>` or `clamd://<host>:<port>`, with `?seconds=` for the time that one file may take (300). `none:` and the panel says so.',
  },
  archivesUrl: { env: 'ARCHIVES_URL', usual: 'file:<DATA_DIR>/archives', text: 'Where downloadable archives lie.' },
  shortTermUrl: {
    env: 'SHORT_TERM_URL',
    usual: 'none',
    text: 'Short-term backup tier (KHADA 8.5), every good backup: `restic:sftp:user@host:/folder`, `restic:s3:https://key:secret@host/bucket/folder` (`?region=`), `pull:host` for a backup host that comes by itself (`gotgan work --role backup`, docs/backup-host.md), or on this machine `file:/folder` or `restic:/folder`, which does not count as a tier and is told so. Both tiers or none are named, each on a host of its own.',
    secret: true,
  },
  longTermUrl: {
    env: 'LONG_TERM_URL',
    usual: 'none',
    text: 'Long-term backup tier (KHADA 8.5), the first good backup of each week; as above.',
    secret: true,
  },
  shortTermPlace: {
    env: 'SHORT_TERM_PLACE',
    usual: 'told as another server',
    text: 'Where the short-term tier lies, as customers are told, such as the name of a data centre.',
  },
  longTermPlace: {
    env: 'LONG_TERM_PLACE',
    usual: 'told as another server',
    text: 'The same of the long-term tier; another data centre is recommended (KHADA 8.5).',
  },
  shortTermHostKey: {
    env: 'SHORT_TERM_HOST_KEY',
    usual: 'none',
    text: 'Of a tier over SFTP: the public host key of its server, `ssh-ed25519 AAAA…`. Any other key is refused. The panel signs in with the key of `gotgan server key`.',
  },
  longTermHostKey: { env: 'LONG_TERM_HOST_KEY', usual: 'none', text: 'The same of the long-term tier.' },
  stagingFolder: {
    env: 'STAGING_DIR',
    usual: '<DATA_DIR>/staging',
    text: 'Where a backup host lays archives that were asked for (`gotgan backup fetch`).',
  },
  tierBandwidth: { env: 'TIER_BANDWIDTH', usual: 'unlimited', text: 'KiB a second that are sent to a tier at most.' },
  sitesUrl: { env: 'SITES_URL', usual: 'file:<DATA_DIR>/sites', text: 'Where sites live.' },
  sitesGroup: {
    env: 'SITES_GROUP',
    usual: 'the group of the process',
    text: 'Group (name or number) that owns files of sites, so that the web server can read them.',
  },
  uploadKinds: {
    env: 'UPLOAD_KINDS',
    usual: 'the list of src/files/kinds.ts',
    text: 'Extensions that customers may bring in by the panel beside the usual ones, and those they may not: `+psd,+ai,-html`. Of one that is added only programs and server code are refused by content. What servers or desktops would run is refused at start.',
  },
  uploadFolderKinds: {
    env: 'UPLOAD_FOLDER_KINDS',
    usual: 'the list of src/files/kinds.ts',
    text: 'The same for upload folders, whatever way a file comes into them: there the list of UPLOAD_KINDS does not hold.',
  },
  ftpRadius: {
    env: 'FTP_RADIUS',
    usual: 'none',
    text: 'Address and port of loopback where `gotgan serve` answers the FTP server who may come in, such as `127.0.0.1:1812` (RADIUS over UDP).',
  },
  ftpLog: {
    env: 'FTP_LOG',
    usual: 'none',
    text: 'The log that the FTP server writes for the panel, which the worker reads: without it nothing is known of what comes in by FTP.',
  },
  ftpPlain: {
    env: 'FTP_PLAIN',
    usual: 'refused',
    text: '`refused`: FTP only over TLS (FTPS). `allowed`: customers may let single accounts come over a plain line, and are warned of each time.',
  },
  ftpFingerprint: {
    env: 'FTP_FINGERPRINT',
    usual: 'none',
    text: "SHA-256 of the FTP server's certificate, as `openssl x509 -noout -fingerprint -sha256` says it: customers compare it at their first connection.",
  },
  timeZone: { env: 'TIME_ZONE', usual: 'Asia/Seoul', text: 'IANA zone of days, times and the nightly backup.' },
  trustProxy: {
    env: 'TRUST_PROXY',
    usual: 'none',
    text: 'Addresses or networks of proxies in front, separated by commas (`loopback`, `10.0.0.0/8`). Never `true`.',
  },
  captchaAfter: {
    env: 'CAPTCHA_AFTER',
    usual: '5',
    text: 'Failed sign-ins within 15 minutes before a CAPTCHA is asked (KHADA 6.3).',
  },
  passwordCost: {
    env: 'PASSWORD_COST',
    usual: 'measured',
    text: 'Cost of a password hash. `measured`: what takes 100 to 250 ms on this machine, found at the first start and kept. Or argon2id parameters, such as `m=19456,t=2,p=1` (KiB, passes, threads), which is the least.',
  },
  passwordRule: {
    env: 'PASSWORD_RULE',
    usual: 'khada',
    text: '`khada`: 8 characters, a letter and a digit (KHADA 6.2). `nist`: 15 characters of any kind (NIST SP 800-63B-4; ASVS 6.2.5). Both refuse what can be guessed; passwords chosen before stay.',
  },
  secondFactor: {
    env: 'SECOND_FACTOR',
    usual: 'offered',
    text: '`offered`: people choose. `demanded` (ASVS 6.3.3): who has neither an app nor a passkey sets one up before anything else; whoever removes the last one sets up another.',
  },
  passkeyKeys: {
    env: 'PASSKEY_KEYS',
    usual: 'usual',
    text: '`usual`: ES256, EdDSA, and RS256 for devices that know no better. `strong` (ASVS 11.2.3): no RS256, whose 2048 bits are worth 112; some Windows devices can then make no passkey.',
  },
  confirmMinutes: { env: 'CONFIRM_MINUTES', usual: '10', text: 'How long a sign-in is fresh enough for delicate acts.' },
  lostFactorDays: { env: 'LOST_FACTOR_DAYS', usual: '3', text: 'Days before factors reported lost are removed.' },
  eraseAfterDays: {
    env: 'ERASE_AFTER_DAYS',
    usual: '30',
    text: 'Days after its closing until an account is erased; so long a link in a letter undoes it. Say the same in your terms (article 14 of the sample).',
  },
  limitsScale: {
    env: 'LIMITS_SCALE',
    usual: '1',
    text: 'Multiplies every rate limit, for load tests; accepted only when PUBLIC_URL is loopback.',
  },
  sessionIdleMinutes: { env: 'SESSION_IDLE_MINUTES', usual: '30', text: 'A session ends after so long without a request.' },
  sessionHours: { env: 'SESSION_HOURS', usual: '12', text: 'A session ends after so long in any case.' },
  backupAt: { env: 'BACKUP_AT', usual: '03:00', text: 'Local time at which the nightly backups begin (KHADA 7.6).' },
  backupUntil: {
    env: 'BACKUP_UNTIL',
    usual: 'when the next night begins',
    text: 'Local time from which no nightly backup begins any more. A site whose turn had not come is told so, and is among the first of the next night; backups by hand are made at any time.',
  },
  backupsAtOnce: {
    env: 'BACKUPS_AT_ONCE',
    usual: '8',
    text: 'Nightly backups at the same time, over all workers; each worker makes one.',
  },
  backupsPerServer: { env: 'BACKUPS_PER_SERVER', usual: '2', text: 'Of these at most so many of sites on one server.' },
  backupHours: {
    env: 'BACKUP_HOURS',
    usual: '6',
    text: 'A backup that takes longer is given up, as is one of which nothing is heard for ten minutes.',
  },
  scanAt: {
    env: 'SCAN_AT',
    usual: '04:30',
    text: 'Local time at which every file of every upload folder is looked at once a day (KHADA 7.5).',
  },
  countAt: {
    env: 'COUNT_AT',
    usual: '01:30',
    text: 'Local time at which the files of every site are counted once a day, for the quota and the page of usage (KHADA 5.3).',
  },
  webServers: {
    env: 'WEB_SERVERS',
    usual: 'none',
    text: 'Folders into which the panel writes one file a site for web servers of this machine, `nginx:/etc/gotgan-web/nginx,apache:/etc/gotgan-web/apache`: where nothing runs (docs/webserver.md).',
  },
  webServerReload: {
    env: 'WEB_SERVER_RELOAD',
    usual: 'none',
    text: 'JSON array of a program and its arguments that tests the configuration of those web servers and has them read it: `["sudo", "-n", "/usr/local/sbin/gotgan-web-reload"]`. When it fails the files are as before.',
  },
  accelArchives: {
    env: 'ACCEL_ARCHIVES',
    usual: 'none',
    text: 'Internal address under which the nginx in front of the panel has the folder of archives, such as `/internal-archives`: whole archives are then sent by nginx itself (`X-Accel-Redirect`). `gotgan webserver nginx --archives` prints its configuration. Only where archives are a folder of this machine.',
  },
  keepDaily: { env: 'KEEP_DAILY', usual: '7', text: 'Daily backups that are kept, on this machine and in the short-term tier.' },
  keepWeekly: {
    env: 'KEEP_WEEKLY',
    usual: '5',
    text: 'Weekly backups that are kept, on this machine and in the long-term tier.',
  },
  leaseSeconds: { env: 'LEASE_SECONDS', usual: '60', text: 'How long work stays with a process that is no longer heard of.' },
  metricsAllow: { env: 'METRICS_ALLOW', usual: 'loopback', text: 'Who may read `/metrics`: `loopback,10.0.0.5,fd00::/8`.' },
  webhookAllow: {
    env: 'WEBHOOK_ALLOW',
    usual: 'none',
    text: 'Networks that webhooks of customers may reach although they are not of the Internet, as above. Plain `http://` is for loopback alone, where that is named.',
  },
  logLevel: { env: 'LOG_LEVEL', usual: 'info', text: '`debug`, `info`, `warn`, `error` or `silent`.' },
  brand: { usual: 'Gotgan', text: 'Name, sender, logo, accent colours, legal footer and support contacts of the company.' },
  officers: {
    env: 'OFFICERS',
    usual: 'shown as "being registered"',
    text: 'Security and privacy officer (KHADA 1.1) as JSON: `{"security":{"name","title","department","phone","email","since"},"privacy":{…}}`.',
  },
  processors: {
    env: 'PROCESSORS',
    usual: 'shown as "being registered"',
    text: 'Who is entrusted with personal information (PIPA 26), for `/privacy`, as JSON: `[{"name","work":{"ko","en"},"country":"KR"}]`; `[]` says that nobody is. Other countries are told as transfers abroad.',
  },
  operatorEmail: {
    env: 'OPERATOR_EMAIL',
    usual: 'the security officer’s address, where OFFICERS names one',
    text: 'Where the panel writes to its operator, for instance when somebody tries passwords of many customers. Log and metrics tell it in any case.',
  },
  features: {
    env: 'FEATURES',
    usual: switchable.join(','),
    text: 'Features that are mounted; audit, orders, accounts, sites, sign-in and dashboard always are.',
  },
  limits: { usual: 'see src/options.ts', text: 'Every limit, by name.' },
};
