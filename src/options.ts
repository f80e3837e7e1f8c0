// Every choice of the panel: its default, its check and what it means. docs/configuration.md is generated from here.

import { z } from 'zod';
import { isPasswordCost } from './accounts/hash-parameters.ts';
import { accentFaults, brand, officer, processor } from './brand.ts';
import { kindChanges } from './files/kind-lists.ts';
import { documented, switchable } from './option-words.ts';
import type { Captcha } from './platform/captcha/port.ts';
import type { Clock } from './platform/clock.ts';
import type { DatabaseAccess, DatabaseServer } from './platform/database-server/port.ts';
import type { Log } from './platform/log.ts';
import type { Mailer } from './platform/mail/port.ts';
import type { VirusScanner } from './platform/scanner/port.ts';
import { isScannerUrl } from './platform/scanner/scanner.ts';
import type { SiteHost } from './platform/site-host/port.ts';
import type { ArchiveStorage } from './platform/storage/port.ts';
import { Addresses } from './platform/web/addresses.ts';
import { areNetworks } from './platform/web/networks.ts';
import { apiLimits, defenceLimits, rate } from './rates.ts';
import { tierFaults } from './tier-rules.ts';
import type { TiersParts } from './tiers/tiers.ts';

const count = (usual: number) => z.number().int().positive().default(usual);

const limits = z.object({
  /** posts of the login form from one network address */
  login: rate(60, 15),
  /** sign-ups from one network address */
  signUp: rate(10, 60),
  /** mailed sign-in links and repeated letters from one network address */
  mailedLink: rate(10, 60),
  /** new CAPTCHA pictures for one network address */
  captchaPicture: rate(120, 15),
  /** fresh sign-ins (`/confirm`) from one network address */
  confirm: rate(30, 15),
  /** letters of one kind (sign-up, sign-in link) to one address: counted apart, so that sign-ups of a stranger stop no sign-in */
  lettersPerAddress: rate(3, 60),
  ...defenceLimits,
  ...apiLimits,
  /** bytes of one uploaded file */
  uploadFileBytes: count(5_000_000_000),
  /** files of one upload */
  uploadFiles: count(10_000),
  /** uploads of one person at the same time */
  uploadsAtOnce: count(4),
  /** uploads of one site that may stand unfinished at the same time */
  unfinishedUploads: count(1000),
  /** hours after its last byte for which an unfinished upload, and the result of a finished one, is kept */
  unfinishedHours: count(24),
  /** bytes that stay free on the disk where uploads arrive (on a small one a twentieth): nothing more is taken in when they would not */
  diskReserveBytes: count(1_000_000_000),
  /** bytes of one dump that is loaded into a database, as it comes (packed or not) */
  importBytes: count(5_000_000_000),
});

/** bytes */
export const shortestSecret = 32;

const secret = z
  .union([z.string(), z.instanceof(Buffer)])
  .refine((bytes) => Buffer.from(bytes as string).length >= shortestSecret, `at least ${shortestSecret} bytes are needed`);

/** The first two words of an OpenSSH public key. */
const hostKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/;

const shape = {
  publicUrl: z.string(),
  secret,
  oldSecrets: z.array(secret).default([]),
  dataFolder: z.string().min(1).default('data'),
  databaseUrl: z.string().optional(),
  mailUrl: z.string().optional(),
  scannerUrl: z.string().default('none:'),
  archivesUrl: z.string().optional(),
  shortTermUrl: z.string().optional(),
  longTermUrl: z.string().optional(),
  shortTermPlace: z.string().max(60).optional(),
  longTermPlace: z.string().max(60).optional(),
  shortTermHostKey: z.string().regex(hostKey, 'is no public host key such as `ssh-ed25519 AAAA…`').optional(),
  longTermHostKey: z.string().regex(hostKey, 'is no public host key such as `ssh-ed25519 AAAA…`').optional(),
  tierBandwidth: z.number().int().positive().optional(),
  stagingFolder: z.string().min(1).optional(),
  sitesUrl: z.string().optional(),
  sitesGroup: z.string().optional(),
  uploadKinds: kindChanges,
  uploadFolderKinds: kindChanges,
  ftpRadius: z
    .string()
    .regex(/^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]):\d{1,5}$/, 'is no address and port of loopback')
    .optional(),
  ftpLog: z.string().startsWith('/', 'is no absolute path').optional(),
  ftpPlain: z.enum(['refused', 'allowed']).default('refused'),
  ftpFingerprint: z
    .string()
    .regex(/^[0-9a-f]{2}(:?[0-9a-f]{2}){31}$/i, 'is no SHA-256 in hexadecimal')
    .optional(),
  timeZone: z.string().default('Asia/Seoul'),
  trustProxy: z.string().default(''),
  captchaAfter: count(5),
  passwordCost: z.string().refine(isPasswordCost, 'is not `measured` or at least `m=19456,t=2,p=1`').default('measured'),
  passwordRule: z.enum(['khada', 'nist']).default('khada'),
  secondFactor: z.enum(['offered', 'demanded']).default('offered'),
  passkeyKeys: z.enum(['usual', 'strong']).default('usual'),
  confirmMinutes: count(10),
  lostFactorDays: count(3),
  eraseAfterDays: count(30),
  limitsScale: z.number().positive().default(1),
  sessionIdleMinutes: count(30),
  sessionHours: count(12),
  backupAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('03:00'),
  backupUntil: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .optional(),
  backupsAtOnce: count(8),
  backupsPerServer: count(2),
  backupHours: count(6),
  scanAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('04:30'),
  countAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('01:30'),
  webServers: z.array(z.string().regex(/^(?:nginx|apache):\/[^\s,]+$/, 'is no `nginx:/folder` or `apache:/folder`')).default([]),
  webServerReload: z.array(z.string().min(1)).min(1).optional(),
  accelArchives: z
    .string()
    .regex(/^\/[A-Za-z0-9/_-]*[A-Za-z0-9_-]$/, 'is no path such as /internal-archives')
    .optional(),
  keepDaily: count(7),
  keepWeekly: count(5),
  leaseSeconds: count(60),
  metricsAllow: z.string().refine(areNetworks, 'names what is no address or network').default('loopback'),
  webhookAllow: z.string().refine(areNetworks, 'names what is no address or network').default(''),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  brand: brand.prefault({}),
  officers: z.object({ security: officer, privacy: officer }).optional(),
  processors: z.array(processor).optional(),
  operatorEmail: z.email('is no e-mail address').optional(),
  features: z.array(z.enum(switchable)).default([...switchable]),
  limits: limits.prefault({}),
};

/** What `createPanel` takes as adapters instead of addresses: values, so that a stranger's fits as well as ours. */
export type Adapters = {
  readonly mailer?: Mailer;
  readonly scanner?: VirusScanner;
  readonly archives?: ArchiveStorage;
  readonly siteHost?: SiteHost;
  /** reaches a database server; the two engines' own unless given */
  readonly databaseServer?: (access: DatabaseAccess, options?: { backup?: { user: string; password: string } }) => DatabaseServer;
  /** backup tiers as values, instead of their addresses; `keys` are those of all sites in one of them */
  readonly tiers?: TiersParts['setUp'];
  readonly captcha?: Captcha;
  readonly clock?: Clock;
  readonly log?: Log;
};

const schema = z.strictObject(shape);
/** The name of a choice. */
export type OptionName = keyof typeof shape;
export type PanelOptions = z.input<typeof schema> & Adapters;
export type Choices = z.output<typeof schema>;
export type Limits = z.output<typeof limits>;

/** One fault of the configuration: which setting, what is wrong, what to do. */
export type OptionFault = { readonly setting: string; readonly wrong: string; readonly todo: string };

/** Thrown with all faults at once, before anything is opened. */
export class OptionsError extends Error {
  readonly faults: readonly OptionFault[];

  constructor(faults: readonly OptionFault[]) {
    super(faults.map(({ setting, wrong, todo }) => `${setting}: ${wrong}; ${todo}`).join('\n'));
    this.name = 'OptionsError';
    this.faults = faults;
  }
}

const nameOf = (option: string) => documented[option as OptionName]?.env ?? option;

/**
 * Checks all choices and fills in defaults.
 * @param unread what could not be read before they came here
 * @throws OptionsError with every fault at once
 */
export function chosen(options: PanelOptions, unread: readonly OptionFault[] = []): Choices {
  const {
    mailer: _m,
    scanner: _s,
    archives: _a,
    siteHost: _h,
    databaseServer: _d,
    tiers: _t,
    captcha: _c,
    clock: _k,
    log: _l,
    ...plain
  } = options;
  const result = schema.safeParse(plain);
  const ofSchema = (result.error?.issues ?? []).map((issue) => ({
    setting: nameOf(String(issue.path[0] ?? issue.code)),
    wrong: `${issue.path.slice(1).join('.')} ${issue.message}`.trim(),
    todo: 'see docs/configuration.md',
  }));
  const faults = [...unread, ...ofSchema, ...addressFaults(plain), ...meaningFaults(plain)];
  if (!result.success || faults.length > 0) throw new OptionsError(faults);
  return { ...result.data, limits: scaled(result.data.limits, result.data.limitsScale) };
}

/** Rates are multiplied for load tests; sizes and numbers of files are not. */
function scaled(limits: Limits, scale: number): Limits {
  const entries = Object.entries(limits).map(([name, limit]) => [
    name,
    typeof limit === 'number' ? limit : { ...limit, count: limit.count * scale },
  ]);
  return Object.fromEntries(entries) as Limits;
}

function addressFaults({ publicUrl, limitsScale }: Partial<PanelOptions>): OptionFault[] {
  if (typeof publicUrl !== 'string' || !/^https?:$/.test(URL.canParse(publicUrl) ? new URL(publicUrl).protocol : '')) {
    return [
      {
        setting: 'PUBLIC_URL',
        wrong: 'is no http(s) address',
        todo: 'give the address customers use, such as https://panel.example.com',
      },
    ];
  }
  const addresses = new Addresses(publicUrl);
  const faults: OptionFault[] = [];
  if (!addresses.isHttps && !addresses.isLoopback) {
    faults.push({ setting: 'PUBLIC_URL', wrong: 'plain http is only for loopback', todo: 'use https:// with a certificate' });
  }
  if (limitsScale !== undefined && limitsScale !== 1 && !addresses.isLoopback) {
    faults.push({ setting: 'LIMITS_SCALE', wrong: 'is only for load tests on loopback', todo: 'remove it' });
  }
  return faults;
}

function meaningFaults(choices: Partial<PanelOptions>): OptionFault[] {
  const faults: OptionFault[] = tierFaults(choices);
  const schemes: [keyof Choices, RegExp | ((value: string) => boolean), string][] = [
    ['databaseUrl', /^(sqlite:.+|postgres(ql)?:\/\/.+)/, 'sqlite:<file> or postgres://…'],
    ['mailUrl', /^(file:.+|smtps?:\/\/.+)/, 'file:<folder> or smtp://…'],
    ['scannerUrl', isScannerUrl, 'none:, clamd:<path of its socket> or clamd://<host>:<port>'],
    ['archivesUrl', /^file:.+/, 'file:<folder>'],
    ['sitesUrl', /^file:.+/, 'file:<folder>'],
  ];
  for (const [option, pattern, known] of schemes) {
    const value = choices[option];
    if (typeof value === 'string' && !(pattern instanceof RegExp ? pattern.test(value) : pattern(value))) {
      // Without a scheme nothing is repeated: it may hold a password.
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1];
      faults.push({
        setting: nameOf(option),
        wrong: scheme ? `"${scheme}:" is not known here` : 'has no scheme',
        todo: `use ${known}`,
      });
    }
  }
  const { timeZone = 'UTC' } = choices;
  if (!Intl.supportedValuesOf('timeZone').includes(timeZone) && timeZone !== 'UTC') {
    faults.push({ setting: 'TIME_ZONE', wrong: `"${timeZone}" is no IANA zone`, todo: 'use a name such as Asia/Seoul' });
  }
  for (const wrong of accentFaults(choices.brand))
    faults.push({ setting: 'BRAND_ACCENT', wrong, todo: 'choose a stronger colour' });
  if (choices.trustProxy === 'true') {
    faults.push({
      setting: 'TRUST_PROXY',
      wrong: '"true" lets every visitor choose an address',
      todo: 'name the proxies, for instance loopback',
    });
  }
  return faults;
}
