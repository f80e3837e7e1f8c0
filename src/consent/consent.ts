// The door of consent: documents in their versions, and what each customer agreed to (KHADA 8.3; korea.md 2.7).
import type { Actor } from '../audit/audit.ts';
import { type Clock, localDay } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Language } from '../platform/web/words.ts';
import { type Document, documentNames, fileOf, readDocuments } from './documents.ts';
import { ConsentStore } from './store.ts';

export type { Document, DocumentName } from './documents.ts';
export { documentNames } from './documents.ts';

/** One answer to one item, as it was shown. */
export type Item = {
  /** such as `agree_terms` */
  readonly item: string;
  readonly required: boolean;
  readonly agreed: boolean;
  readonly document?: string;
  /** the version that was shown; without it the one now in force */
  readonly version?: string;
  /** the words beside the box, to the letter */
  readonly wording: string;
};

/** A recorded answer; times in epoch milliseconds. */
export type Given = {
  readonly id: string;
  readonly at: number;
  readonly orderId: string | null;
  readonly customerId: string;
  readonly personId: string;
  readonly item: string;
  readonly required: boolean;
  readonly agreed: boolean;
  readonly document: string | null;
  readonly version: string | null;
  readonly language: Language;
  readonly textSha256: string | null;
  readonly wording: string;
  readonly method: string;
};

export type Recording = {
  readonly orderId?: string;
  readonly customerId: string;
  /** must be a person: a consent is somebody's */
  readonly actor: Actor;
  readonly language: Language;
  readonly method: 'checkbox';
  readonly items: readonly Item[];
};

export type ConsentParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly documentsFolder: string;
  /** the zone in which a version begins to apply at midnight */
  readonly timeZone?: string;
};

/**
 * Documents are files with a date and are never edited: a new text is a new version, and consents name the version that was shown
 * (KHADA 8.3). Errors: PanelError 404 for a document or version that does not exist.
 */
export class Consent {
  readonly #store: ConsentStore;
  readonly #clock: Clock;
  readonly #zone: string;
  readonly #documents: ReadonlyMap<string, Document>;

  /** Reads all documents. @throws Error naming the file that cannot be used */
  constructor({ connection, secrets, clock, documentsFolder, timeZone = 'Asia/Seoul' }: ConsentParts) {
    this.#store = new ConsentStore(connection, secrets);
    this.#clock = clock;
    this.#zone = timeZone;
    this.#documents = new Map(readDocuments(documentsFolder).map((document) => [fileOf(document), document]));
  }

  /**
   * At start: notes the digest of every version, and refuses to go on when a text that was shown before has changed or vanished.
   * @throws Error naming the file
   */
  async rememberDocuments(): Promise<void> {
    const first_seen_at = this.#clock.now();
    const rows = [...this.#documents.values()].map(({ document, version, language, sha256 }) => ({
      document,
      version,
      language,
      sha256,
      first_seen_at,
    }));
    for (const known of await this.#store.remember(rows)) {
      const file = fileOf(known);
      const sha256 = this.#documents.get(file)?.sha256;
      if (sha256 === known.sha256) continue;
      throw new Error(
        sha256
          ? `views/documents/${file} was changed after it was published (SHA-256 ${known.sha256}): put the old text back and add a new version`
          : `views/documents/${file} is missing although it was published: customers may have agreed to it`,
      );
    }
  }

  /** @returns the version now in force: the newest that has begun, before that the first. @throws PanelError 404 */
  current(document: string, language: Language): Document {
    const today = localDay(this.#clock.now(), this.#zone);
    const versions = this.versions(document);
    return this.version(document, versions.find((version) => version <= today) ?? versions.at(-1) ?? '', language);
  }

  /** @throws PanelError 404 */
  version(document: string, version: string, language: Language): Document {
    const found = this.#documents.get(fileOf({ document, version, language }));
    if (!found) throw notFound();
    return found;
  }

  /** @returns every version, newest first, future ones too; none for an unknown document */
  versions(document: string): string[] {
    const all = [...this.#documents.values()].filter((one) => one.document === document && one.language === 'ko');
    return all.map(({ version }) => version).sort((a, b) => (a < b ? 1 : -1));
  }

  /** @returns the version now in force of each document */
  currentVersions(): Record<string, string> {
    return Object.fromEntries(documentNames.map((document) => [document, this.current(document, 'ko').version]));
  }

  /**
   * One row an item, on the caller's transaction. What was not ticked is recorded too, as not agreed: it shows that each
   * item could be refused by itself (PIPA 22). The network address and agent lie sealed beside the row, digests inside it.
   * @returns the ids of the rows, in the order of the items
   */
  async record(tx: Tx, { orderId, customerId, actor, language, method, items }: Recording): Promise<string[]> {
    if (!actor.personId) throw new Error('a consent needs a person');
    const at = this.#clock.now();
    const ids: string[] = [];
    for (const [position, { document, version, ...item }] of items.entries()) {
      const shown = document === undefined ? undefined : this.#shown(document, version, language);
      // Ids grow with the position, so that the answers come back in the order in which they were shown.
      const id = newId(at + position);
      ids.push(id);
      await this.#store.add(tx, {
        ...item,
        id,
        at,
        orderId: orderId ?? null,
        customerId,
        personId: actor.personId,
        document: shown?.document ?? null,
        version: shown?.version ?? null,
        textSha256: shown?.sha256 ?? null,
        language,
        method,
        ...(actor.address && { address: actor.address }),
        ...(actor.agent && { agent: actor.agent }),
      });
    }
    return ids;
  }

  #shown(document: string, version: string | undefined, language: Language): Document {
    return version === undefined ? this.current(document, language) : this.version(document, version, language);
  }

  /** @returns the answers given for an order, in the order of the items; pass the `tx` inside a transaction */
  forOrder(orderId: string, reader?: Reader): Promise<Given[]> {
    return this.#store.forOrder(orderId, reader);
  }

  /** @returns all answers of a customer, newest first */
  forCustomer(customerId: string): Promise<Given[]> {
    return this.#store.forCustomer(customerId);
  }

  /** Deletes the network addresses and agents beside a customer's consents; the rows themselves stay and tell nothing personal. */
  forgetPersonal(tx: Tx, customerId: string): Promise<void> {
    return this.#store.forgetPersonal(tx, customerId);
  }
}
