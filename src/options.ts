// Every choice of the panel: its default, its check and what it means. docs/configuration.md is generated from here.
import { z } from 'zod';
import type { Captcha } from './platform/captcha/port.ts';
import type { Clock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import type { Mailer } from './platform/mail/port.ts';
import type { VirusScanner } from './platform/scanner/port.ts';
import type { SiteHost } from './platform/site-host/port.ts';
import type { ArchiveStorage } from './platform/storage/port.ts';
import { Addresses } from './platform/web/addresses.ts';

const officer = z.object({
  name: z.string().min(1),
  title: z.string().default(''),
  department: z.string().default(''),
  phone: z.string().min(1),
  email: z.string().min(3),
  /** `YYYY-MM-DD` */
  since: z.string().default(''),
});

const brand = z.object({
  name: z.string().min(1).default('곳간'),
  /** who letters come from */
  sender: z.string().default('곳간 <no-reply@localhost>'),
  /** an image of the company, an absolute path on the public host */
  logo: z.string().optional(),
  /** business particulars in the footer, a line each (korea.md 2.9) */
  legalFooter: z.array(z.string()).default(['상호와 사업자 정보를 적어 주세요 (BRAND_LEGAL_FOOTER)']),
  support: z.object({ phone: z.string(), email: z.string() }).default({ phone: '02-000-0000', email: 'help@localhost' }),
});

const switchable = ['signUp', 'files', 'backups', 'consent', 'home'] as const;

const count = (usual: number) => z.number().int().positive().default(usual);
const everyMinute = 60_000;

/** A limit of acts: so many in a window. `LIMITS_SCALE` multiplies the counts. */
const rate = (acts: number, windowMinutes: number) =>
  z
    .object({ count: z.number().int().positive(), windowMilliseconds: z.number().int().positive() })
    .default({ count: acts, windowMilliseconds: windowMinutes * everyMinute });

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
  /** bytes of one uploaded file */
  uploadFileBytes: count(5_000_000_000),
  /** files of one upload */
  uploadFiles: count(10_000),
  /** archive members that are looked into, and bytes they may unfold to */
  uploadsAtOnce: count(2),
});

const shape = {
  publicUrl: z.string(),
  secret: z
    .union([z.string(), z.instanceof(Buffer)])
    .refine((secret) => Buffer.from(secret as string).length >= 32, 'at least 32 bytes are needed'),
  dataFolder: z.string().min(1).default('data'),
  databaseUrl: z.string().optional(),
  mailUrl: z.string().optional(),
  scannerUrl: z.string().default('none:'),
  archivesUrl: z.string().optional(),
  shortTermUrl: z.string().optional(),
  longTermUrl: z.string().optional(),
  sitesUrl: z.string().optional(),
  sitesGroup: z.string().optional(),
  timeZone: z.string().default('Asia/Seoul'),
  trustProxy: z.string().default(''),
  captchaAfter: count(5),
  confirmMinutes: count(10),
  limitsScale: z.number().positive().default(1),
  sessionIdleMinutes: count(30),
  sessionHours: count(12),
  backupAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('03:00'),
  keepDaily: count(7),
  keepWeekly: count(5),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  brand: brand.prefault({}),
  officers: z.object({ security: officer, privacy: officer }).optional(),
  features: z.array(z.enum(switchable)).default([...switchable]),
  limits: limits.prefault({}),
};

/** What `createPanel` takes as adapters instead of addresses: values, so that a stranger's fits as well as ours. */
export type Adapters = {
  readonly mailer?: Mailer;
  readonly scanner?: VirusScanner;
  readonly archives?: ArchiveStorage;
  readonly siteHost?: SiteHost;
  readonly captcha?: Captcha;
  readonly clock?: Clock;
  readonly log?: Log;
};

const schema = z.strictObject(shape);
export type PanelOptions = z.input<typeof schema> & Adapters;
export type Choices = z.output<typeof schema>;
export type Limits = z.output<typeof limits>;

/** Each choice in words, and the environment variable that names it; the order is that of docs/configuration.md. */
export const documented: Readonly<Record<keyof typeof shape, { env?: string; text: string; usual: string; secret?: true }>> = {
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
  scannerUrl: { env: 'SCANNER_URL', usual: 'none:', text: 'Virus scanner of uploads. `none:` and the panel says so.' },
  archivesUrl: { env: 'ARCHIVES_URL', usual: 'file:<DATA_DIR>/archives', text: 'Where downloadable archives lie.' },
  shortTermUrl: {
    env: 'SHORT_TERM_URL',
    usual: 'none',
    text: 'Short-term backup tier (KHADA 8.5). This version keeps none: naming one is refused, and pages say that there is none yet.',
  },
  longTermUrl: {
    env: 'LONG_TERM_URL',
    usual: 'none',
    text: 'Long-term backup tier (KHADA 8.5), as above.',
  },
  sitesUrl: { env: 'SITES_URL', usual: 'file:<DATA_DIR>/sites', text: 'Where sites live.' },
  sitesGroup: {
    env: 'SITES_GROUP',
    usual: 'the group of the process',
    text: 'Group (name or number) that owns files of sites, so that the web server can read them.',
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
  confirmMinutes: { env: 'CONFIRM_MINUTES', usual: '10', text: 'How long a sign-in is fresh enough for delicate acts.' },
  limitsScale: {
    env: 'LIMITS_SCALE',
    usual: '1',
    text: 'Multiplies every rate limit, for load tests; accepted only when PUBLIC_URL is loopback.',
  },
  sessionIdleMinutes: { env: 'SESSION_IDLE_MINUTES', usual: '30', text: 'A session ends after so long without a request.' },
  sessionHours: { env: 'SESSION_HOURS', usual: '12', text: 'A session ends after so long in any case.' },
  backupAt: { env: 'BACKUP_AT', usual: '03:00', text: 'Local time at which the nightly backups begin (KHADA 7.6).' },
  keepDaily: { env: 'KEEP_DAILY', usual: '7', text: 'Daily backups that are kept.' },
  keepWeekly: { env: 'KEEP_WEEKLY', usual: '5', text: 'Weekly backups that are kept.' },
  logLevel: { env: 'LOG_LEVEL', usual: 'info', text: '`debug`, `info`, `warn`, `error` or `silent`.' },
  brand: { usual: 'Gotgan', text: 'Name, sender, logo, legal footer and support contacts of the company.' },
  officers: {
    env: 'OFFICERS',
    usual: 'shown as "being registered"',
    text: 'Security and privacy officer (KHADA 1.1) as JSON: `{"security":{"name","title","department","phone","email","since"},"privacy":{…}}`.',
  },
  features: {
    env: 'FEATURES',
    usual: switchable.join(','),
    text: 'Features that are mounted; audit, orders, accounts, sites, sign-in and dashboard always are.',
  },
  limits: { usual: 'see src/options.ts', text: 'Every limit, by name.' },
};

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

const nameOf = (option: string) => documented[option as keyof typeof documented]?.env ?? option;

/**
 * Checks all choices and fills in defaults.
 * @param unread what could not be read before they came here
 * @throws OptionsError with every fault at once
 */
export function chosen(options: PanelOptions, unread: readonly OptionFault[] = []): Choices {
  const { mailer: _m, scanner: _s, archives: _a, siteHost: _h, captcha: _c, clock: _k, log: _l, ...plain } = options;
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
  const faults: OptionFault[] = [];
  const schemes: [keyof Choices, RegExp, string][] = [
    ['databaseUrl', /^(sqlite:.+|postgres(ql)?:\/\/.+)/, 'sqlite:<file> or postgres://…'],
    ['mailUrl', /^(file:.+|smtps?:\/\/.+)/, 'file:<folder> or smtp://…'],
    ['scannerUrl', /^none:$/, 'none:'],
    ['archivesUrl', /^file:.+/, 'file:<folder>'],
    // Naming a tier that nothing keeps would be a promise to customers; the adapters come with the tiers.
    ['shortTermUrl', /^$/, 'nothing until this version keeps tiers'],
    ['longTermUrl', /^$/, 'nothing until this version keeps tiers'],
    ['sitesUrl', /^file:.+/, 'file:<folder>'],
  ];
  for (const [option, pattern, known] of schemes) {
    const value = choices[option];
    if (typeof value === 'string' && !pattern.test(value)) {
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
  if (choices.trustProxy === 'true') {
    faults.push({
      setting: 'TRUST_PROXY',
      wrong: '"true" lets every visitor choose an address',
      todo: 'name the proxies, for instance loopback',
    });
  }
  return faults;
}
