// What was agreed to: the rows of the ledger with their places in the chain, and the texts themselves.
import { anchorLine, type Given, type Link } from '../consent/consent.ts';
import type { Names } from './names.ts';
import type { EvidenceParts, Member, Table } from './parts.ts';

const columns = [
  ...['id', 'time', 'utc', 'person', 'item', 'wording', 'agreed', 'withdraws', 'required', 'document', 'version', 'language'],
  ...['text_sha256', 'method', 'page', 'order', 'address', 'agent', 'position', 'row_sha256', 'mac'],
];

export type Agreed = {
  readonly table: Table;
  readonly members: readonly Member[];
  /** of the whole ledger, checked for this bundle */
  readonly verification: { readonly links: number; readonly anchors: number; readonly faults: readonly string[] };
};

export async function agreedPart(customerId: string, names: Names, { consent, clock }: EvidenceParts): Promise<Agreed> {
  const given = (await consent.forCustomer(customerId)).toReversed();
  const ids = given.map(({ id }) => id);
  const { ledger } = consent;
  const [links, texts, personal] = await Promise.all([ledger.links(ids), ledger.texts(ids), consent.personalOf(ids)]);
  await ledger.anchor();
  const [verification, anchor] = [await ledger.verify(), await ledger.lastAnchor()];
  const rows = given.map((one) => rowOf(one, names, { link: links.get(one.id), ...personal.get(one.id) }));
  const chain = given.map(({ id }) => ({ id, text: texts.get(id) ?? '', ...linkOf(links.get(id)) }));
  const told = { verifiedAt: new Date(clock.now()).toISOString(), ...verification };
  const ledgerFile = {
    format: 'gotgan-ledger',
    version: 1,
    rows: chain,
    anchor: anchor ? anchorLine(anchor) : null,
    whole: told,
  };
  const members = [{ path: 'ledger.json', content: `${JSON.stringify(ledgerFile, null, 1)}\n` }, ...textsOf(given, consent)];
  return { table: { name: 'consents', columns, rows }, members, verification };
}

function rowOf(one: Given, names: Names, more: { link: Link | undefined; address?: string; agent?: string }): string[] {
  const { link, address = '', agent = '' } = more;
  return [
    ...[one.id, names.local(one.at), names.iso(one.at), names.person(one.personId), one.item, one.wording],
    ...[one.agreed ? 'yes' : 'no', one.withdraws ?? '', one.required ? 'yes' : 'no'],
    ...[one.document ?? '', one.version ?? '', one.language, one.textSha256 ?? '', one.method, one.page ?? '', one.orderId ?? ''],
    ...[address, agent, String(link?.position ?? ''), link?.rowSha256 ?? '', link?.mac ?? ''],
  ];
}

const linkOf = (link: Link | undefined) =>
  link ? { sha256: link.rowSha256, position: link.position, before: link.before, mac: link.mac } : null;

/** The exact bytes that each digest is of; a text that is not there any more is left out, and its digest stays in the table. */
function textsOf(given: readonly Given[], consent: EvidenceParts['consent']): Member[] {
  const members = new Map<string, Member>();
  for (const one of given) {
    const found = consent.agreedText(one);
    if (!found) continue;
    const path = `documents/${found.document}/${found.version}.${found.language}.md`;
    members.set(path, { path, content: found.markdown });
  }
  return [...members.values()];
}
