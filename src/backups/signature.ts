// manifest.json.sig: a signature over the manifest, which in turn holds the SHA-256 of every member (docs/decisions/0038).
import { createHash } from 'node:crypto';
import type { Signing } from '../platform/signing.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipReader } from '../platform/zip/reader.ts';
import { manifestName, memberOf, signatureName } from './manifest.ts';

/** No signature of ours is longer, in bytes. */
export const longestSignature = 1024;

/** `foreign`: there is a signature, and it is not ours, or not of this manifest */
export type SignedBy = 'us' | 'nobody' | 'foreign';

/** Read and written by hand too: three lines are signed, the fourth is the signature. */
const form =
  /^(Gotgan backup signature, version 1\nKey: ([\w-]{1,64})\nManifest-SHA256: ([0-9a-f]{64})\n)Ed25519: ([\w-]{86})\n$/;

/** @param sha256 of the exact bytes of manifest.json @returns the content of the member `signatureName` */
export function signatureText(signing: Signing, sha256: string): string {
  const statement = `Gotgan backup signature, version 1\nKey: ${signing.keyName}\nManifest-SHA256: ${sha256}\n`;
  return `${statement}Ed25519: ${signing.sign(statement)}\n`;
}

/** @param sha256 of the manifest as it was read @returns whether this is our signature over that very manifest */
export function isOurs(signing: Signing, text: string, sha256: string): boolean {
  const [, statement, key, signed, signature] = form.exec(text) ?? [];
  if (statement === undefined || key === undefined || signature === undefined || signed !== sha256) return false;
  return signing.verifies(statement, signature, key);
}

/**
 * Who made an archive, wherever it comes from. `us` says that its manifest is one of this panel's, whatever secret it had then; of the
 * members it says nothing until each was compared with the manifest's SHA-256.
 * @throws DamagedArchive when there is no manifest, or it cannot be read
 */
export async function signedBy(reader: ZipReader, signing: Signing): Promise<SignedBy> {
  const [manifest, signature] = [memberOf(reader, manifestName), memberOf(reader, signatureName)];
  if (!manifest) throw new DamagedArchive('the archive has no manifest.json');
  if (!signature) return 'nobody';
  if (signature.kind !== 'file' || signature.size > longestSignature) return 'foreign';
  const text = (await reader.read(signature, longestSignature)).toString();
  const hash = createHash('sha256');
  for await (const chunk of await reader.open(manifest)) hash.update(chunk as Buffer);
  return isOurs(signing, text, hash.digest('hex')) ? 'us' : 'foreign';
}
