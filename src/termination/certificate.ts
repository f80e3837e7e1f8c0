// The certificate of destruction: what was destroyed, when, and what a law has kept; signed, and without anything that tells who it was.
import type { ClosureReason } from '../migrations/schema.ts';
import type { Signing } from '../platform/signing.ts';

/** What of an account was destroyed, as numbers: the same words stand on the page (`termination.certificate.what.<name>`). */
export const destroyedThings = [
  'sites',
  'files',
  'bytes',
  'databases',
  'backups',
  'tierSnapshots',
  'ftpAccounts',
  'sshAccess',
  'heldFiles',
  'people',
  'letters',
] as const;
export type Destroyed = Readonly<Record<(typeof destroyedThings)[number], number>>;

export type KeptFact = { readonly kind: 'contract' | 'consents'; readonly until: number | null };

/** Times are epoch milliseconds. */
export type Certificate = {
  /** of the closing, by which the company finds it again */
  readonly number: string;
  readonly company: string;
  readonly because: ClosureReason;
  readonly closedAt: number;
  readonly begunAt: number;
  readonly destroyedAt: number;
  readonly destroyed: Destroyed;
  /** names of tiers whose key was destroyed: what may still lie there cannot be read by anybody */
  readonly keysDestroyed: readonly string[];
  readonly kept: readonly KeptFact[];
};

export type SignedCertificate = Certificate & {
  /** what is signed, to the byte: lines that a person reads and `openssl pkeyutl -verify` checks */
  readonly statement: string;
  /** name of the key */
  readonly key: string;
  /** Ed25519 (RFC 8032) over the statement in UTF-8, base64url */
  readonly signature: string;
};

const iso = (at: number) => new Date(at).toISOString();

/** @returns the statement: a fixed first line, then `name: value`, one a line */
function statementOf(certificate: Certificate, key: string): string {
  const { destroyed, kept, keysDestroyed } = certificate;
  const lines = [
    'Gotgan certificate of destruction, version 1',
    `Key: ${key}`,
    `Number: ${certificate.number}`,
    `Company: ${certificate.company.replace(/\s+/g, ' ')}`,
    `Because: ${certificate.because}`,
    `Closed: ${iso(certificate.closedAt)}`,
    `Begun: ${iso(certificate.begunAt)}`,
    `Destroyed: ${iso(certificate.destroyedAt)}`,
    ...destroyedThings.map((name) => `Destroyed-${name}: ${destroyed[name]}`),
    `Keys-destroyed: ${keysDestroyed.join(', ') || 'none'}`,
    ...kept.map(({ kind, until }) => `Kept-${kind}: ${until === null ? 'without a name' : `until ${iso(until)}`}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** @returns the certificate with its signature */
export function signed(certificate: Certificate, signing: Signing): SignedCertificate {
  const statement = statementOf(certificate, signing.keyName);
  return { ...certificate, statement, key: signing.keyName, signature: signing.sign(statement) };
}

/** @returns whether it is ours, and says what its statement says */
export function isGenuine({ statement, key, signature, ...certificate }: SignedCertificate, signing: Signing): boolean {
  return statement === statementOf(certificate, key) && signing.verifies(statement, signature, key);
}
