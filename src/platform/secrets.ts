// Keys derived from the one secret: sealing of personal values, keyed look-up, keyed digests and token hashes.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** Where a sealed value stands; it opens nowhere else (AES-GCM additional data). */
export type Place = { readonly table: string; readonly column: string; readonly row: string };

type Bytes = string | Buffer;

/** One secret and the keys that are derived from it, one a purpose (HKDF-SHA-256): never one key for two uses. */
class KeyRing {
  /** names the secret in what it sealed, and tells nothing of it */
  readonly id: string;
  readonly #secret: Buffer;
  /** as objects: Node takes five times as long with a key that comes as bytes each time */
  readonly #keys = new Map<string, KeyObject>();

  constructor(secret: Bytes) {
    this.#secret = Buffer.from(secret);
    if (this.#secret.length < 32) throw new RangeError('secret: at least 32 bytes are needed');
    this.id = Buffer.from(hkdfSync('sha256', this.#secret, 'gotgan', 'key id', 6)).toString('base64url');
  }

  key(purpose: string): KeyObject {
    const known = this.#keys.get(purpose);
    if (known) return known;
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', this.#secret, 'gotgan', purpose, 32)));
    this.#keys.set(purpose, key);
    return key;
  }
}

/** How values were sealed before a key had an id of its own. */
const nameless = 'k1';

/**
 * All cryptography with the panel's secret. Secrets that were in use before it still open and verify; nothing new is made with them
 * (security.md G.2). `gotgan keys rotate` writes what they sealed anew, until nothing needs them.
 */
export class Secrets {
  readonly #current: KeyRing;
  readonly #old: readonly Bytes[];
  readonly #all: readonly KeyRing[];
  /** keys of one-way digests, which cannot be made anew: they outlive the secret that they came from */
  readonly #carried = new Map<string, KeyObject>();

  /**
   * @param secret at least 32 bytes of text or bytes; shorter throws RangeError
   * @param old secrets that were in use before, newest first
   */
  constructor(secret: Bytes, old: readonly Bytes[] = []) {
    this.#current = new KeyRing(secret);
    this.#old = old;
    const others = old.map((one) => new KeyRing(one)).filter(({ id }) => id !== this.#current.id);
    this.#all = [this.#current, ...others];
  }

  /** What values sealed now begin with. */
  get currentPrefix(): string {
    return `v1.${this.#current.id}.`;
  }

  /** The secret of before, with those before it; undefined where there is none. */
  get before(): Secrets | undefined {
    const [secret, ...others] = this.#old;
    return secret === undefined ? undefined : new Secrets(secret, others);
  }

  /** @returns the key of a purpose as the secret that sealed this value derives it. @throws Error when that secret is not here */
  keyOfSealer(sealed: string, purpose: string): Buffer {
    const ring = this.#all.find(({ id }) => sealed.startsWith(`v1.${id}.`));
    if (!ring) throw new Error('sealed with a secret that is not here');
    return ring.key(purpose).export();
  }

  /** @returns the 32-byte key of one purpose */
  key(purpose: string): Buffer {
    return this.#current.key(purpose).export();
  }

  /** @returns the same of every secret, the present one first */
  keys(purpose: string): Buffer[] {
    return this.#all.map((ring) => ring.key(purpose).export());
  }

  /** @returns `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url parts (AES-256-GCM, 96-bit random nonce) */
  seal(text: string, place: Place): string {
    const nonce = randomBytes(12);
    const { id } = this.#current;
    const cipher = createCipheriv('aes-256-gcm', this.#current.key(`seal.${id}`), nonce).setAAD(aad(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${id}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** @throws Error when the value was changed, stands in another place than it was sealed for, or no secret here has sealed it */
  open(sealed: string, place: Place): string {
    const [version, keyId, nonce, body] = sealed.split('.');
    const where = `${place.table}.${place.column}`;
    if (version !== 'v1' || !keyId || !nonce || !body) throw new Error(`${where}: not a sealed value`);
    const rings = keyId === nameless ? this.#all : this.#all.filter(({ id }) => id === keyId);
    if (rings.length === 0) throw new Error(`${where}: sealed with a secret that is not here (OLD_SECRETS)`);
    const bytes = Buffer.from(body, 'base64url');
    const parts = { nonce: Buffer.from(nonce, 'base64url'), bytes, place };
    for (const ring of rings.slice(0, -1)) {
      try {
        return opened(ring.key(`seal.${keyId}`), parts);
      } catch {
        // Sealed with one of the others.
      }
    }
    return opened((rings.at(-1) ?? this.#current).key(`seal.${keyId}`), parts);
  }

  /** @returns a keyed look-up value of an already normalised text, for `<field>_index` columns */
  index(field: string, normalised: string): string {
    return hmac(this.#current.key(`index.${field}`), normalised);
  }

  /** @returns what the column may hold for this text: under the present secret first, then as rows that are not written anew have it */
  indexes(field: string, normalised: string): string[] {
    return this.#all.map((ring) => hmac(ring.key(`index.${field}`), normalised));
  }

  /** @returns a keyed digest for append-only rows: it shows that two values were equal and tells nothing else */
  digest(field: string, value: string): string {
    return hmac(this.#carried.get(field) ?? this.#current.key(`digest.${field}`), value);
  }

  /** Digests of this field are made with this key from now on, whatever the secret is. @param key 32 bytes */
  carry(field: string, key: Buffer): void {
    this.#carried.set(field, createSecretKey(key));
  }

  /** @returns a signature that `verifies` accepts for the same purpose and text */
  sign(purpose: string, text: string): string {
    return hmac(this.#current.key(`sign.${purpose}`), text);
  }

  /** Also what was signed with a secret of before: cookies and links outlive its change. */
  verifies(purpose: string, text: string, signature: string): boolean {
    return this.#all.some((ring) => equalText(hmac(ring.key(`sign.${purpose}`), text), signature));
  }
}

const hmac = (key: KeyObject, text: string) => createHmac('sha256', key).update(text).digest('base64url');

function opened(key: KeyObject, { nonce, bytes, place }: { nonce: Buffer; bytes: Buffer; place: Place }): string {
  // A short tag would be easier to forge; Node would take one.
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad(place));
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - 16)), decipher.final()]).toString('utf8');
}

const aad = (place: Place) => Buffer.from(JSON.stringify([place.table, place.column, place.row]));

/** @returns SHA-256 of a random token, base64url: all that is kept of cookies and mailed links */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Compares in constant time; texts of different length are unequal. */
export function equalText(a: string, b: string): boolean {
  const x = createHash('sha256').update(a).digest();
  const y = createHash('sha256').update(b).digest();
  return timingSafeEqual(x, y);
}

/** @returns an e-mail address as it is compared: NFC, no surrounding space, lower case (security.md G.2) */
export function normaliseAddress(address: string): string {
  return address.normalize('NFC').trim().toLowerCase();
}
