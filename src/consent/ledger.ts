// The chain of consents looked at as a whole: where a row stands in it, anchors that leave the house, and whether it still holds.
import type { ConsentRow, ConsentTables } from '../migrations/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Signing } from '../platform/signing.ts';
import { type Anchor, anchorText, chainField, linkText, rowDigest, rowText } from './chain.ts';

/** Where a row stands in the chain, and everything that is needed to check its link. */
export type Link = {
  readonly rowId: string;
  readonly position: number;
  /** SHA-256 of the row's text, lower-case hex */
  readonly rowSha256: string;
  readonly mac: string;
  /** the code of the link before; empty for the first */
  readonly before: string;
};

export type Verification = {
  /** links that were read, each with its row */
  readonly links: number;
  readonly anchors: number;
  /** at most `mostFaults` sentences for the operator; none when everything holds */
  readonly faults: readonly string[];
};

export type LedgerParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** signs anchors; without it there can be none */
  readonly signing?: Signing;
};

const mostFaults = 20;
const linksAtOnce = 2000;

type Joined = ConsentRow & { position: number; row_id: string; mac: string; row_sha256: string | null; row: string | null };

/** Append-only rows, each linked to the one before by an HMAC whose key is not in the database (docs/decisions/0050). */
export class Ledger {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** @param ids of rows of one customer @returns their places by id; a row without one is missing */
  async links(ids: readonly string[], reader: Reader = this.#parts.connection.db): Promise<ReadonlyMap<string, Link>> {
    if (ids.length === 0) return new Map();
    const rows = await reader
      .selectFrom('consents_links as links')
      .leftJoin('consents_links as earlier', (join) => join.on((eb) => eb('earlier.position', '=', eb('links.position', '-', 1))))
      .select(['links.position', 'links.row_id', 'links.mac', 'links.row_sha256', 'earlier.mac as before'])
      .where('links.row_id', 'in', [...ids])
      .execute();
    const places = rows.map(({ position, row_id: rowId, mac, row_sha256, before }) => {
      return { rowId, position, mac, rowSha256: row_sha256 ?? '', before: before ?? '' };
    });
    return new Map(places.map((place) => [place.rowId, place]));
  }

  /** @param ids of rows of one customer @returns the text of each as its digest is made of it, by id */
  async texts(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#parts.connection.db
      .selectFrom('consents')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute();
    return new Map(rows.map((row) => [row.id, rowText(row)]));
  }

  /**
   * Signs where the chain ends now, and keeps it beside the chain. It is worth something once it lies elsewhere: who writes to the
   * database can cut the end off, but not off an anchor in somebody else's hands.
   * @returns undefined where nothing was added since the last one
   * @throws Error where nothing can be signed
   */
  async anchor(): Promise<Anchor | undefined> {
    const { connection, clock, signing } = this.#parts;
    if (!signing) throw new Error('the ledger has no key to sign an anchor with');
    return connection.write(async (tx) => {
      const end = await endOf(tx);
      if (!end) return undefined;
      const known = await tx.selectFrom('consents_anchors').select('position').where('position', '>=', end.position).execute();
      if (known.length > 0) return undefined;
      const told = { ...end, at: clock.now() };
      const anchor = { ...told, keyName: signing.keyName, signature: signing.sign(anchorText(told)) };
      const { keyName, ...rest } = anchor;
      await tx
        .insertInto('consents_anchors')
        .values({ ...rest, key_name: keyName })
        .execute();
      return anchor;
    });
  }

  /** @returns the newest anchor that is kept here */
  async lastAnchor(): Promise<Anchor | undefined> {
    const { db } = this.#parts.connection;
    const row = await db.selectFrom('consents_anchors').selectAll().orderBy('position', 'desc').limit(1).executeTakeFirst();
    return row && anchorFromRow(row);
  }

  async #anchors(): Promise<Anchor[]> {
    const rows = await this.#parts.connection.db.selectFrom('consents_anchors').selectAll().orderBy('position').execute();
    return rows.map(anchorFromRow);
  }

  /**
   * Reads the whole chain in portions: every row has its link, every link its row and its code, the end is where the head and all
   * anchors say, and every text agreed to is one that was published.
   * @param given anchors that were kept elsewhere
   */
  async verify(given: readonly Anchor[] = []): Promise<Verification> {
    const faults: string[] = [];
    const tell = (fault: string) => void (faults.length < mostFaults && faults.push(fault));
    const anchors = [...(await this.#anchors()), ...given];
    // What is added meanwhile is no fault: only what stood there at the beginning is judged.
    const head = await this.#head();
    const wanted = this.#wanted(anchors, tell);
    const known = await this.#publishedTexts();
    let [position, mac] = [0, ''];
    for (;;) {
      const rows = await this.#portion(position, head.position);
      for (const row of rows) {
        if (row.position !== position + 1) tell(`link ${position + 1} is missing`);
        this.#checkLink(row, mac, tell);
        if (row.row !== null && row.text_sha256 !== null && !known.has(textOf(row)))
          tell(`row ${row.row_id}: its text ${row.document} ${row.version} (${row.language}) was never published so`);
        position = row.position;
        mac = row.mac;
        for (const other of wanted.get(position) ?? [])
          if (other !== mac) tell(`link ${position} is another one than an anchor tells of`);
      }
      if (rows.length < linksAtOnce) break;
    }
    if (position !== head.position || (position > 0 && mac !== head.mac))
      tell(`the chain ends at ${position}, and its head says ${head.position}`);
    const furthest = Math.max(0, ...wanted.keys());
    if (furthest > position) tell(`the chain ends at ${position}, but an anchor tells of link ${furthest}`);
    await this.#unlinked(tell);
    return { links: position, anchors: anchors.length, faults };
  }

  async #head(): Promise<{ position: number; mac: string }> {
    const row = await this.#parts.connection.db
      .selectFrom('consents_head')
      .select(['position', 'mac'])
      .where('name', '=', 'consents')
      .executeTakeFirst();
    return row ?? { position: 0, mac: '' };
  }

  /** @returns by position the codes that anchors tell of; one whose signature is not ours is a fault */
  #wanted(anchors: readonly Anchor[], tell: (fault: string) => void): Map<number, string[]> {
    const { signing } = this.#parts;
    const wanted = new Map<number, string[]>();
    for (const anchor of anchors) {
      if (!signing?.verifies(anchorText(anchor), anchor.signature, anchor.keyName))
        tell(`the anchor of link ${anchor.position} was not signed by this panel`);
      else wanted.set(anchor.position, [...(wanted.get(anchor.position) ?? []), anchor.mac]);
    }
    return wanted;
  }

  async #publishedTexts(): Promise<ReadonlySet<string>> {
    const rows = await this.#parts.connection.db.selectFrom('documents').selectAll().execute();
    return new Set(rows.map((row) => textOf({ ...row, text_sha256: row.sha256 })));
  }

  async #portion(after: number, upTo: number): Promise<Joined[]> {
    const rows = await this.#parts.connection.db
      .selectFrom('consents_links as links')
      .leftJoin('consents', 'consents.id', 'links.row_id')
      .selectAll('consents')
      .select(['links.position', 'links.row_id', 'links.mac', 'links.row_sha256', 'consents.id as row'])
      .where('links.position', '>', after)
      .where('links.position', '<=', upTo)
      .orderBy('links.position')
      .limit(linksAtOnce)
      .execute();
    return rows as Joined[];
  }

  #checkLink(row: Joined, before: string, tell: (fault: string) => void): void {
    if (row.row === null) {
      tell(`link ${row.position}: its row ${row.row_id} is gone`);
      return;
    }
    const digest = rowDigest(row);
    if (digest !== row.row_sha256) tell(`row ${row.row_id} (link ${row.position}) was changed`);
    const mac = this.#parts.secrets.digest(chainField, linkText(row.position, before, digest));
    if (mac !== row.mac) tell(`link ${row.position} does not hold: row ${row.row_id}, or one before it, is not what was linked`);
  }

  async #unlinked(tell: (fault: string) => void): Promise<void> {
    const rows = await this.#parts.connection.db
      .selectFrom('consents')
      .leftJoin('consents_links', 'consents_links.row_id', 'consents.id')
      .select('consents.id')
      .where('consents_links.position', 'is', null)
      .limit(mostFaults)
      .execute();
    for (const { id } of rows) tell(`row ${id} has no link: it did not come by the panel`);
  }
}

const anchorFromRow = ({ key_name: keyName, ...rest }: ConsentTables['consents_anchors']): Anchor => ({ ...rest, keyName });

type TextKey = Pick<ConsentRow, 'document' | 'version' | 'language' | 'text_sha256'>;
const textOf = ({ document, version, language, text_sha256 }: TextKey) => `${document}/${version}.${language} ${text_sha256}`;

function endOf(tx: Tx): Promise<{ position: number; mac: string } | undefined> {
  return tx.selectFrom('consents_links').select(['position', 'mac']).orderBy('position', 'desc').limit(1).executeTakeFirst();
}
