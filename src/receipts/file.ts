// A receipt as a file that a program can check without the panel: docs/evidence.md.
import { type Anchor, anchorLine, type Document, type Link } from '../consent/consent.ts';
import type { Signing } from '../platform/signing.ts';

export type ReceiptFile = {
  readonly format: 'gotgan-receipt';
  readonly version: 1;
  /** RFC 3339, UTC */
  readonly madeAt: string;
  readonly row: { readonly text: string; readonly sha256: string };
  readonly chain: { readonly position: number; readonly mac: string; readonly before: string } | null;
  /** the newest anchor of the chain; null: none was made yet */
  readonly anchor: string | null;
  readonly document: {
    readonly name: string;
    readonly version: string;
    readonly language: string;
    readonly sha256: string;
    readonly text: string;
  } | null;
  readonly key: { readonly name: string; readonly publicKey: string };
  readonly statement: string;
  readonly signature: string;
};

type Parts = {
  readonly rowText: string;
  readonly link: Link | undefined;
  readonly document: Document | undefined;
  readonly anchor: Anchor | undefined;
};

export function receiptFile(parts: Parts, { signing, now }: { signing: Signing; now: number }): ReceiptFile {
  const { rowText, link, document, anchor } = parts;
  const madeAt = new Date(now).toISOString();
  const sha256 = link?.rowSha256 ?? '';
  const statement = [
    'Gotgan receipt, version 1',
    `Made: ${madeAt}`,
    `Key: ${signing.keyName}`,
    `Row-SHA256: ${sha256}`,
    `Chain: ${link ? `${link.position} ${link.mac}` : '-'}`,
    `Text-SHA256: ${document?.sha256 ?? '-'}`,
    '',
  ].join('\n');
  return {
    format: 'gotgan-receipt',
    version: 1,
    madeAt,
    row: { text: rowText, sha256 },
    chain: link ? { position: link.position, mac: link.mac, before: link.before } : null,
    anchor: anchor ? anchorLine(anchor) : null,
    document: document ? textOf(document) : null,
    key: { name: signing.keyName, publicKey: signing.publicKey },
    statement,
    signature: signing.sign(statement),
  };
}

const textOf = ({ document: name, version, language, sha256, markdown: text }: Document) => ({
  ...{ name, version, language, sha256, text },
});
