// A public key as a person pastes it: read by a real parser, refused with the reason, and never a private one.
import { createHash, createPublicKey } from 'node:crypto';
import type { FieldFault } from '../platform/errors.ts';

export type PublicKey = {
  /** such as `ssh-ed25519` */
  readonly kind: string;
  /** kind and base64: what a server's file holds, without options and comment */
  readonly line: string;
  /** as `ssh-keygen -l` prints it: `SHA256:…` */
  readonly fingerprint: string;
};

/** What is taken, with how many parts the key's own text has (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4). */
const partsOf: Readonly<Record<string, number>> = {
  'ssh-ed25519': 2,
  'ecdsa-sha2-nistp256': 3,
  'ecdsa-sha2-nistp384': 3,
  'ecdsa-sha2-nistp521': 3,
  'ssh-rsa': 3,
};
/** NIST SP 800-57: as strong as 128 bits; and the longest that OpenSSH takes. */
const [fewestBits, mostBits] = [3072, 16_384];
const longest = 8000;

const privateSigns = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|PuTTY-User-Key-File-\d|Private-(Lines|MAC)|PRIVATE KEY/i;

/** @returns whether somebody has pasted a private key: it must not be kept, shown again or written to a log */
export const isPrivateKey = (text: string): boolean => privateSigns.test(text);

/** @returns what may be kept of what was typed: of a private key only that it was one */
export const withoutPrivateKey = (text: string): string => (isPrivateKey(text) ? 'PRIVATE KEY' : text);

const refused = (name: string, parameters?: FieldFault['parameters']) => ({
  fault: { key: `ssh.fault.key.${name}`, ...(parameters && { parameters }) } satisfies FieldFault,
});

/**
 * Exactly one key in the form of OpenSSH's `.pub` files; its comment is not kept, since it often names a person and a machine.
 * @returns the key, or why it is refused
 */
export async function publicKeyIn(text: string): Promise<{ readonly key: PublicKey } | { readonly fault: FieldFault }> {
  const typed = text.trim();
  if (typed === '') return refused('missing');
  if (isPrivateKey(typed)) return refused('private');
  if (/[\r\n]/.test(typed)) return refused('lines');
  if (typed.length > longest) return refused('unreadable');
  const [kind = '', base64 = ''] = typed.split(/[ \t]+/);
  if (!Object.hasOwn(partsOf, kind)) return refused(whyNot(typed));
  const blob = Buffer.from(base64, 'base64');
  if (base64 === '' || blob.toString('base64') !== base64 || !hasParts(blob, kind)) return refused('unreadable');
  const line = `${kind} ${base64}`;
  const weakness = await weaknessOf(line, kind, blob);
  if (weakness) return weakness;
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
  return { key: { kind, line, fingerprint } };
}

/** Options before a key would take effect on the server: what runs, from where, until when. */
function whyNot(typed: string): 'options' | 'kind' | 'unreadable' {
  if (/^(ssh-dss|sk-|ssh-(rsa|ed25519|dss)-cert|ecdsa-sha2-\S*-cert|ssh-ed448)/.test(typed)) return 'kind';
  return /(^|[\s"])(ssh-|ecdsa-|sk-)\S+ AAAA/.test(typed) ? 'options' : 'unreadable';
}

/** @returns whether the text of the key is its kind and so many parts, to the last byte (RFC 4251 5: length and bytes) */
function hasParts(blob: Buffer, kind: string): boolean {
  let at = 0;
  for (let count = 1; count <= (partsOf[kind] ?? 0); count += 1) {
    if (at + 4 > blob.length) return false;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return false;
    if (count === 1 && blob.toString('latin1', at + 4, end) !== kind) return false;
    at = end;
  }
  return at === blob.length;
}

/** Read twice: as SSH has it by ssh2, and as numbers by OpenSSL, which refuses points that are not on their curve. */
async function weaknessOf(line: string, kind: string, blob: Buffer): Promise<{ fault: FieldFault } | undefined> {
  // Only when somebody sends a key: a panel that is never asked needs none of it.
  const { default: ssh2 } = await import('ssh2');
  const parsed = ssh2.utils.parseKey(line);
  if (parsed instanceof Error || parsed.type !== kind || !parsed.getPublicSSH().equals(blob)) return refused('unreadable');
  try {
    const { modulusLength, publicExponent } = createPublicKey(parsed.getPublicPEM()).asymmetricKeyDetails ?? {};
    if (kind !== 'ssh-rsa') return undefined;
    const bits = modulusLength ?? 0;
    if (bits < fewestBits) return refused('short', { bits, fewest: fewestBits });
    // FIPS 186-5, A.1.1: larger than 2^16 and odd.
    const isSound = bits <= mostBits && publicExponent !== undefined && publicExponent > 65_536n && publicExponent % 2n === 1n;
    return isSound ? undefined : refused('unreadable');
  } catch {
    return refused('unreadable');
  }
}
