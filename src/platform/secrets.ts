// Keys derived from the one secret: sealing of personal values, keyed look-up, keyed digests and token hashes.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** Where a sealed value stands; it opens nowhere else (AES-GCM additional data). */
export type Place = { readonly table: string; readonly column: string; readonly row: string };

/** All cryptography with the panel's secret. One key a purpose (HKDF-SHA-256), never one key for two uses. */
export class Secrets {
  readonly #secret: Buffer;
  readonly #keys = new Map<string, Buffer>();

  /** @param secret at least 32 bytes of text or bytes; shorter throws */
  constructor(secret: string | Buffer) {
    this.#secret = Buffer.from(secret);
    if (this.#secret.length < 32) throw new RangeError('secret: at least 32 bytes are needed');
  }

  /** @returns the 32-byte key of one purpose */
  key(purpose: string): Buffer {
    const known = this.#keys.get(purpose);
    if (known) return known;
    const key = Buffer.from(hkdfSync('sha256', this.#secret, 'gotgan', purpose, 32));
    this.#keys.set(purpose, key);
    return key;
  }

  /** @returns `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url parts (AES-256-GCM, 96-bit random nonce) */
  seal(text: string, place: Place): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key('seal.k1'), nonce).setAAD(aad(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.k1.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** @throws Error when the value was changed or stands in another place than it was sealed for */
  open(sealed: string, place: Place): string {
    const [version, keyId, nonce, body] = sealed.split('.');
    if (version !== 'v1' || !keyId || !nonce || !body) throw new Error(`${place.table}.${place.column}: not a sealed value`);
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.key(`seal.${keyId}`), Buffer.from(nonce, 'base64url')).setAAD(
      aad(place),
    );
    decipher.setAuthTag(bytes.subarray(bytes.length - 16));
    return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - 16)), decipher.final()]).toString('utf8');
  }

  /** @returns a keyed look-up value of an already normalised text, for `<field>_index` columns */
  index(field: string, normalised: string): string {
    return createHmac('sha256', this.key(`index.${field}`))
      .update(normalised)
      .digest('base64url');
  }

  /** @returns a keyed digest for append-only rows: it shows that two values were equal and tells nothing else */
  digest(field: string, value: string): string {
    return createHmac('sha256', this.key(`digest.${field}`))
      .update(value)
      .digest('base64url');
  }

  /** @returns a signature that `verifies` accepts for the same purpose and text */
  sign(purpose: string, text: string): string {
    return createHmac('sha256', this.key(`sign.${purpose}`))
      .update(text)
      .digest('base64url');
  }

  verifies(purpose: string, text: string, signature: string): boolean {
    return equalText(this.sign(purpose, text), signature);
  }
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
