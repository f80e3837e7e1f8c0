// Repositories as `restic init` makes them, with keys that cost nothing to open: restic takes a second to find the cost of each new key, and
// then spends half a second of the processor at every start (restic's own tests do the same). What init does is seen over SFTP and on S3.
import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SiteKeys } from '../../src/platform/tier/port.ts';

/** scrypt's least */
const cost = { N: 2, r: 1, p: 1 };
/** restic draws one for each repository: an irreducible polynomial of degree 53. */
const polynomial = '2332f64e5d2d27';
const tagBytes = 16;

/** Encrypts, and what the bytes are signed with: both halves as restic lays them out. */
type Keys = { readonly encrypt: Buffer; readonly k: Buffer; readonly r: Buffer };

/**
 * @param tier folder of this machine that the tier lies in
 * @returns the same keys; a site's repository is there once its key was asked for, before restic itself would make it
 */
export function quickKeys(keys: SiteKeys, tier: string): SiteKeys {
  return {
    ...keys,
    async forKeeping(site) {
      const key = await keys.forKeeping(site);
      if (!existsSync(join(tier, site, 'config'))) await layRepository(join(tier, site), key);
      return key;
    },
    forReading: (site) => keys.forReading(site),
  };
}

async function layRepository(folder: string, password: string): Promise<void> {
  for (const name of ['data', 'index', 'keys', 'locks', 'snapshots']) await mkdir(join(folder, name), { recursive: true });
  const master: Keys = { encrypt: randomBytes(32), k: randomBytes(16), r: clamped(randomBytes(16)) };
  const salt = randomBytes(64);
  const derived = scryptSync(password, salt, 64, cost);
  const own: Keys = { encrypt: derived.subarray(0, 32), k: derived.subarray(32, 48), r: clamped(derived.subarray(48)) };
  const inside = {
    mac: { k: master.k.toString('base64'), r: master.r.toString('base64') },
    encrypt: master.encrypt.toString('base64'),
  };
  const about = { created: new Date().toISOString(), username: 'root', hostname: 'test', kdf: 'scrypt' };
  const text = JSON.stringify({
    ...{ ...about, ...cost, salt: salt.toString('base64') },
    data: sealed(own, JSON.stringify(inside)).toString('base64'),
  });
  await writeFile(join(folder, 'keys', createHash('sha256').update(text).digest('hex')), text, { mode: 0o600 });
  const config = { version: 2, id: randomBytes(32).toString('hex'), chunker_polynomial: polynomial };
  await writeFile(join(folder, 'config'), sealed(master, JSON.stringify(config)), { mode: 0o600 });
}

/** AES-256-CTR and Poly1305-AES, as in restic's design ("Keys, Encryption and MAC"). */
function sealed({ encrypt, k, r }: Keys, text: string): Buffer {
  const nonce = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', encrypt, nonce);
  const content = Buffer.concat([cipher.update(text), cipher.final()]);
  const once = createCipheriv('aes-128-ecb', k, null).setAutoPadding(false).update(nonce);
  return Buffer.concat([nonce, content, poly1305(content, r, once)]);
}

const prime = 2n ** 130n - 5n;
const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** RFC 8439 2.5 */
function poly1305(content: Buffer, r: Buffer, s: Buffer): Buffer {
  let sum = 0n;
  for (let at = 0; at < content.length; at += 16)
    sum = ((sum + number(Buffer.concat([content.subarray(at, at + 16), Buffer.from([1])]))) * number(r)) % prime;
  const tag = (sum + number(s)) % 2n ** 128n;
  return Buffer.from(tag.toString(16).padStart(2 * tagBytes, '0'), 'hex').reverse();
}

function clamped(r: Buffer): Buffer {
  return Buffer.from(r.map((byte, at) => (at % 4 === 3 ? byte & 15 : at % 4 === 0 && at > 0 ? byte & 252 : byte)));
}
