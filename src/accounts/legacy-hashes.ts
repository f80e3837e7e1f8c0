// Password hashes of other panels: what they say of themselves, and computing them once more (ruling 15).
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { sha512CryptAside } from './sha512-crypt.ts';

/** The part before the digest (kind, cost, salt) and the digest, both as they stood in the other panel. */
export type LegacyHash = { readonly setting: string; readonly digest: string; readonly kind: string };

type Refusal = 'unknown' | 'malformed' | 'tooCheap' | 'tooCostly';

/** Least and most cost that is taken; what costs more would be a way to stop the machine. */
export const legacyLimits = { bcryptCost: [4, 14], sha512Rounds: [1000, 1_000_000], pbkdf2Rounds: [1, 2_000_000] } as const;
const longestPassword = 512;

type Algorithm = 'sha1' | 'sha256' | 'sha512';
type Computing = { readonly password: string; readonly setting: string; readonly salt: string; readonly cost: number };

type Kind = {
  readonly name: string;
  /** everything before the digest; its groups are `cost` and `salt` */
  readonly setting: RegExp;
  readonly digest: RegExp;
  readonly limits: readonly [number, number];
  /** where the setting names none */
  readonly usualCost?: number;
  readonly compute: (of: Computing) => Promise<string>;
};

const derive = promisify(pbkdf2);
const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
/** passlib's base64: `.` for `+`, no padding */
const adapted = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '').replaceAll('+', '.');
const signsOf = (algorithm: Algorithm) => Math.ceil((digestBytes[algorithm] * 4) / 3);

const django = (algorithm: Algorithm): Kind => ({
  name: `pbkdf2-${algorithm}`,
  setting: new RegExp(`^pbkdf2_${algorithm}\\$(?<cost>\\d{1,9})\\$(?<salt>[^$\\n]{1,128})\\$$`),
  digest: new RegExp(`^[A-Za-z0-9+/]{${signsOf(algorithm)}}={0,2}$`),
  limits: legacyLimits.pbkdf2Rounds,
  compute: async ({ password, salt, cost }) =>
    (await derive(password, salt, cost, digestBytes[algorithm], algorithm)).toString('base64'),
});

const passlib = (algorithm: Algorithm): Kind => ({
  name: `pbkdf2-${algorithm}`,
  setting: new RegExp(
    `^\\$pbkdf2${algorithm === 'sha1' ? '' : `-${algorithm}`}\\$(?<cost>\\d{1,9})\\$(?<salt>[A-Za-z0-9./]{0,172})\\$$`,
  ),
  digest: new RegExp(`^[A-Za-z0-9./]{${signsOf(algorithm)}}$`),
  limits: legacyLimits.pbkdf2Rounds,
  compute: async ({ password, salt, cost }) => {
    const saltBytes = Buffer.from(salt.replaceAll('.', '+'), 'base64');
    return adapted(await derive(password, saltBytes, cost, digestBytes[algorithm], algorithm));
  },
});

const bcrypt: Kind = {
  name: 'bcrypt',
  // $2x$ is of a version that hashed wrongly.
  setting: /^\$2[aby]\$(?<cost>\d{2})\$(?<salt>[./A-Za-z0-9]{22})$/,
  digest: /^[./A-Za-z0-9]{31}$/,
  limits: legacyLimits.bcryptCost,
  compute: async ({ password, setting }) => {
    const { hash } = await import('bcrypt');
    // The letters tell faults of old programs apart that these passwords never met; the library knows `a` and `b`.
    return (await hash(password, setting.replace(/^\$2[aby]/, '$2b'))).slice(setting.length);
  },
};

const sha512Crypt: Kind = {
  name: 'sha512-crypt',
  setting: /^\$6\$(?:rounds=(?<cost>\d{1,9})\$)?(?<salt>[^$:\n]{0,16})\$$/,
  digest: /^[./A-Za-z0-9]{86}$/,
  limits: legacyLimits.sha512Rounds,
  usualCost: 5000,
  compute: ({ password, salt, cost }) => sha512CryptAside({ password, salt, rounds: cost }),
};

const algorithms: readonly Algorithm[] = ['sha1', 'sha256', 'sha512'];
const kinds: readonly Kind[] = [bcrypt, sha512Crypt, ...algorithms.map(django), ...algorithms.map(passlib)];

/** bcrypt's digest follows its salt of 22 signs directly, everybody else's the last `$`. */
const splitAt = (text: string) => (text.startsWith('$2') ? 29 : text.lastIndexOf('$') + 1);

function settingOf(setting: string): { kind: Kind; cost: number; salt: string } | Refusal {
  for (const kind of kinds) {
    const groups = kind.setting.exec(setting)?.groups;
    if (!groups) continue;
    const cost = groups.cost === undefined ? (kind.usualCost ?? 0) : Number(groups.cost);
    if (cost < kind.limits[0]) return 'tooCheap';
    return cost > kind.limits[1] ? 'tooCostly' : { kind, cost, salt: groups.salt ?? '' };
  }
  return 'unknown';
}

/**
 * @param text bcrypt (`$2a$`, `$2b$`, `$2y$`), sha512-crypt (`$6$`), or PBKDF2 with SHA-1, SHA-256 or SHA-512 as Django (`pbkdf2_sha256$`) and
 * passlib (`$pbkdf2-sha512$`) write it, each within `legacyLimits`
 * @returns its parts, or why it is not taken
 */
export function legacyHash(text: string): LegacyHash | { readonly refused: Refusal } {
  const setting = text.slice(0, splitAt(text));
  const digest = text.slice(setting.length);
  const found = settingOf(setting);
  if (typeof found === 'string') return { refused: found };
  const { kind, cost } = found;
  return kind.digest.test(digest) ? { setting, digest, kind: `${kind.name}:${cost}` } : { refused: 'malformed' };
}

/**
 * @param setting as `legacyHash` gave it
 * @returns what the digest would be if this were the password, computed in a thread; of a password beyond 512 bytes nothing that fits
 * @throws Error when the setting is of no known kind or beyond the limits: it was tampered with, and nothing is computed
 */
export async function legacyDigest(setting: string, password: string): Promise<string> {
  const found = settingOf(setting);
  if (typeof found === 'string') throw new Error(`stored password hash: an older panel's that is not taken (${found})`);
  // crypt(3) takes 512 bytes at most, and the work of sha512-crypt grows with the square of the length.
  const fits = Buffer.byteLength(password) <= longestPassword;
  const { kind, cost, salt } = found;
  const digest = await kind.compute({ password: fits ? password : '', setting, salt, cost });
  return fits ? digest : '';
}

/** @param kind as `legacyHash` gave it, such as `bcrypt:12` @returns a setting of this kind and cost, to measure it; undefined for no known kind */
export function settingLike(kind: string): string | undefined {
  const [name = '', cost = ''] = kind.split(':');
  if (name === 'bcrypt') return `$2b$${cost.padStart(2, '0')}$${'.'.repeat(22)}`;
  if (name === 'sha512-crypt') return `$6$rounds=${cost}$salt$`;
  return name.startsWith('pbkdf2-') ? `pbkdf2_${name.slice('pbkdf2-'.length)}$${cost}$salt$` : undefined;
}
