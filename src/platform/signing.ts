// Ed25519 signatures of what leaves the panel and may come back: made with one key, checked with that and those before it.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What stands before 32 bytes to make them a private key (RFC 8410, PKCS #8), and before those of a public one (SubjectPublicKeyInfo). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

const privateKey = (seed: Buffer) => createPrivateKey({ key: Buffer.concat([privateHead, seed]), format: 'der', type: 'pkcs8' });

/** @param seed 32 bytes @returns the public half, 32 bytes */
export function publicHalf(seed: Buffer): Buffer {
  return createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** @returns what a public key is called: twelve letters that tell nothing of it */
export const keyName = (publicKey: Buffer): string => createHash('sha256').update(publicKey).digest('base64url').slice(0, 12);

export class Signing {
  readonly #private: KeyObject;
  readonly #known: ReadonlyMap<string, KeyObject>;
  /** the name of the key that signs */
  readonly keyName: string;
  /** its public half, base64url: whoever has it can check what was signed */
  readonly publicKey: string;

  /**
   * @param seed 32 bytes, of the key that signs
   * @param before public keys (32 bytes) whose signatures still count
   */
  constructor(seed: Buffer, before: readonly Buffer[] = []) {
    this.#private = privateKey(seed);
    const own = publicHalf(seed);
    this.keyName = keyName(own);
    this.publicKey = own.toString('base64url');
    const keys = [own, ...before].map((bytes) => {
      const key = createPublicKey({ key: Buffer.concat([publicHead, bytes]), format: 'der', type: 'spki' });
      return [keyName(bytes), key] as const;
    });
    this.#known = new Map(keys);
  }

  /** @returns 64 bytes, base64url */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url');
  }

  /** @param name of the key that is said to have signed; a key nobody here knows verifies nothing */
  verifies(text: string, signature: string, name: string): boolean {
    const key = this.#known.get(name);
    return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  }
}
