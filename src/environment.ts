// The same choices read from environment variables; only cli.ts uses it.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documented } from './option-words.ts';
import { type OptionFault, OptionsError, type PanelOptions, shortestSecret } from './options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const numbers = new Set([
  'captchaAfter',
  'confirmMinutes',
  'lostFactorDays',
  'eraseAfterDays',
  'limitsScale',
  'sessionIdleMinutes',
  'sessionHours',
  'backupsAtOnce',
  'backupsPerServer',
  'backupHours',
  'keepDaily',
  'keepWeekly',
  'tierBandwidth',
  'leaseSeconds',
]);

/** `PORT` and `HOST` belong to `gotgan serve`, not to the panel. */
export type ServeOptions = { readonly port: number; readonly host: string };

/** Read below, each in its own way. */
const readApart = new Set(['publicUrl', 'webServerReload', 'officers', 'processors', 'brand', 'oldSecrets']);
/** Words with commas between them. */
const lists = new Set(['features', 'webServers', 'uploadKinds', 'uploadFolderKinds']);

/** @returns the options that the environment names (everything else keeps its default), and what cannot be read, for `chosen` */
export function readEnvironment(env: Environment): { options: PanelOptions; serve: ServeOptions; faults: OptionFault[] } {
  const faults: OptionFault[] = [];
  const port = Number(env.PORT ?? 3000);
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65535;
  if (!isPort) faults.push({ setting: 'PORT', wrong: `"${env.PORT}" is no port`, todo: 'use 1 to 65535' });
  const read: Record<string, unknown> = { publicUrl: env.PUBLIC_URL ?? `http://localhost:${isPort ? port : 3000}` };
  for (const [option, { env: name }] of Object.entries(documented)) {
    const value = name === undefined ? undefined : env[name];
    if (value === undefined || value === '' || readApart.has(option)) continue;
    read[option] = numbers.has(option) ? Number(value) : lists.has(option) ? list(value) : value;
  }
  if (env.OLD_SECRETS) read.oldSecrets = secretsIn(env.OLD_SECRETS);
  const reload = json(env, 'WEB_SERVER_RELOAD', faults);
  if (reload !== undefined) read.webServerReload = reload;
  const officers = json(env, 'OFFICERS', faults);
  if (officers !== undefined) read.officers = officers;
  const processors = json(env, 'PROCESSORS', faults);
  if (processors !== undefined) read.processors = processors;
  const brand = brandFrom(env, faults);
  if (Object.keys(brand).length > 0) read.brand = brand;
  return { options: read as PanelOptions, serve: { port, host: env.HOST ?? '127.0.0.1' }, faults };
}

/**
 * @returns the secrets of OLD_SECRETS. A secret may hold spaces itself: the text is one where a part is too short to be one, and may be one
 * in any case
 */
function secretsIn(text: string): string[] {
  const parts = text.split(/\s+/).filter(Boolean);
  const areSecrets = parts.every((part) => Buffer.byteLength(part) >= shortestSecret);
  return areSecrets && parts.length > 0 ? [...parts, ...(parts.length > 1 ? [text] : [])] : [text];
}

const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

function brandFrom(env: Environment, faults: OptionFault[]): Record<string, unknown> {
  const { BRAND_SUPPORT_PHONE: phone, BRAND_SUPPORT_EMAIL: email } = env;
  if (Boolean(phone) !== Boolean(email))
    faults.push({
      setting: phone ? 'BRAND_SUPPORT_EMAIL' : 'BRAND_SUPPORT_PHONE',
      wrong: 'is missing',
      todo: 'name both or neither',
    });
  return {
    ...(env.BRAND_NAME && { name: env.BRAND_NAME }),
    ...(env.BRAND_SENDER && { sender: env.BRAND_SENDER }),
    ...(env.BRAND_LOGO && { logo: env.BRAND_LOGO }),
    ...(env.BRAND_ACCENT && { accent: accentFrom(env.BRAND_ACCENT) }),
    ...(env.BRAND_LEGAL_FOOTER && { legalFooter: env.BRAND_LEGAL_FOOTER.split('|').map((line) => line.trim()) }),
    ...(phone && email && { support: { phone, email } }),
  };
}

/** `#046663,#80cec7`: on light pages, on dark pages. */
function accentFrom(text: string): { light: string; dark: string } {
  const [light = '', dark = ''] = text.split(',').map((colour) => colour.trim());
  return { light, dark };
}

function json(env: Environment, name: string, faults: OptionFault[]): unknown {
  const text = env[name];
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    faults.push({ setting: name, wrong: 'is no JSON', todo: 'see docs/configuration.md' });
    return undefined;
  }
}

/**
 * The secret, where none is named: the first line of `<DATA_DIR>/secret.key` (0600), made at first start; the lines after it are
 * secrets of before.
 * @throws OptionsError when the folder cannot be written
 */
export function withSecret(options: PanelOptions): PanelOptions {
  if (options.secret) return options;
  const folder = options.dataFolder ?? 'data';
  const file = join(folder, 'secret.key');
  try {
    if (!existsSync(file)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    }
    const [secret = '', ...before] = readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
    return { ...options, secret, oldSecrets: [...before, ...(options.oldSecrets ?? [])] };
  } catch (error) {
    throw new OptionsError([
      {
        setting: 'DATA_DIR',
        wrong: `${file} cannot be read or written (${codeOf(error)})`,
        todo: 'give this user the right to write there',
      },
    ]);
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error));
