// How the ledger holds together: the digest of a row, the code of a link, the statement of an anchor (docs/decisions/0050).
import { createHash } from 'node:crypto';
import type { ConsentRow } from '../migrations/schema.ts';

/** The order of the columns in a row's text: never changed, only a new form of text may be added. */
const columns = [
  'id',
  'at',
  'order_id',
  'customer_id',
  'actor_person_id',
  'item',
  'kind',
  'required',
  'agreed',
  'document',
  'version',
  'language',
  'text_sha256',
  'wording',
  'method',
  'address_digest',
  'agent_digest',
  'actor_kind',
  'actor_role',
  'page',
  'reason',
  'withdraws',
  'reconfirm_by',
] as const satisfies readonly (keyof ConsentRow)[];

export const rowForm = 'gotgan.consents.1';

/** @returns the text that a row's digest is made of: a JSON array without spaces, in UTF-8 */
export const rowText = (row: ConsentRow): string => JSON.stringify([rowForm, ...columns.map((column) => row[column])]);

/** @returns SHA-256 of a row's text, lower-case hex */
export const rowDigest = (row: ConsentRow): string => createHash('sha256').update(rowText(row)).digest('hex');

/** The field whose keyed digest links the rows; its key outlives a change of the secret. */
export const chainField = 'consents.chain';

/** @returns the text whose HMAC is the link's code; `before` is the code of the link before, empty for the first */
export const linkText = (position: number, before: string, digest: string): string =>
  `gotgan.chain.1;consents;${position};${before};${digest}`;

export type Anchor = {
  readonly position: number;
  readonly mac: string;
  /** epoch milliseconds */
  readonly at: number;
  /** of the Ed25519 key that has signed it */
  readonly keyName: string;
  readonly signature: string;
};

/** @returns the text that an anchor's signature is over */
export const anchorText = ({ position, mac, at }: Pick<Anchor, 'position' | 'mac' | 'at'>): string =>
  `gotgan.anchor.1;consents;${position};${mac};${at}`;

/** @returns an anchor as one line, for a file, a log or a letter */
export const anchorLine = (anchor: Anchor): string => `${anchorText(anchor)};${anchor.keyName};${anchor.signature}`;

/** @returns the anchor of a line wherever it stands in it; undefined where there is none */
export function anchorIn(line: string): Anchor | undefined {
  const found = /gotgan\.anchor\.1;consents;(\d{1,15});([\w-]*);(\d{1,15});([\w-]+);([\w-]+)/.exec(line);
  if (!found) return undefined;
  const [, position, mac = '', at, keyName = '', signature = ''] = found;
  return { position: Number(position), mac, at: Number(at), keyName, signature };
}
