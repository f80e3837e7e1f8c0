// The door of consent: documents in their versions, and what each customer agreed to (KHADA 8.3; korea.md 2.7).
import type { Clock } from '../platform/clock.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';
import { conflict, notFound, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Signing } from '../platform/signing.ts';
import type { Language } from '../platform/web/words.ts';
import type { Answering, Given, Recording, Withdrawing } from './answers.ts';
import { type Document, documentNames } from './documents.ts';
import { kindOf, reconfirmBy } from './kinds.ts';
import { Ledger } from './ledger.ts';
import { Library } from './library.ts';
import { LibraryStore } from './library-store.ts';
import { Publishing } from './publishing.ts';
import { ConsentStore } from './store.ts';

export type { Answering, Given, Item, Method, Recording, Withdrawing } from './answers.ts';
export { type Anchor, anchorIn, anchorLine, rowDigest, rowText } from './chain.ts';
export type { Document, DocumentName } from './documents.ts';
export { contractDocuments, documentNames } from './documents.ts';
export type { Ledger, Link, Verification } from './ledger.ts';
export { noticeDays } from './library.ts';
export type { PublishedVersion } from './library-store.ts';
export { type Draft, DraftRefused, type Reviewed } from './publishing.ts';
export { changesOf, type TextChanges } from './text-changes.ts';

/** What customers are written to about: a version was published, or its day comes near. */
export type Telling = { readonly document: string; readonly version: string; readonly kind: 'published' | 'reminder' };

export type ConsentParts = {
  readonly connection: Connection;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly documentsFolder: string;
  /** the zone in which a version begins to apply at midnight */
  readonly timeZone?: string;
  /** signs anchors of the ledger */
  readonly signing?: Signing;
};

/** What tells the text of an answer. */
type TextKey = 'document' | 'version' | 'language' | 'textSha256';

/**
 * Documents are files with a date and are never edited: a new text is a new version, and consents name the version that was shown
 * (KHADA 8.3). Errors: PanelError 404 for a document or version that does not exist.
 */
export class Consent {
  /** the chain that holds the answers together */
  readonly ledger: Ledger;
  readonly #store: ConsentStore;
  readonly #clock: Clock;
  /** every version of every document */
  readonly library: Library;
  readonly publishing: Publishing;
  readonly #tellings: LibraryStore;

  /** Reads all documents. @throws Error naming the file that cannot be used */
  constructor({ connection, secrets, clock, documentsFolder, signing, timeZone = 'Asia/Seoul' }: ConsentParts) {
    this.ledger = new Ledger({ connection, secrets, clock, ...(signing && { signing }) });
    this.#store = new ConsentStore(connection, secrets);
    this.#clock = clock;
    this.library = new Library({ connection, clock, documentsFolder, timeZone });
    this.publishing = new Publishing({ connection, clock, library: this.library });
    this.#tellings = new LibraryStore(connection);
  }

  /**
   * At start: takes up what was published, and refuses to go on when a text that was shown before has changed or vanished; rows of
   * the ledger from before there was a chain become its beginning.
   * @throws Error naming the text
   */
  async rememberDocuments(): Promise<void> {
    await this.library.remember();
    await this.#store.linkFirst(this.#clock.now());
  }

  /** @returns the version now in force: the newest that has begun, before that the first. @throws PanelError 404 */
  current(document: string, language: Language): Document {
    return this.library.current(document, language);
  }

  /** @throws PanelError 404 */
  version(document: string, version: string, language: Language): Document {
    return this.library.version(document, version, language);
  }

  /** @returns every version, newest first, future ones too; none for an unknown document */
  versions(document: string): string[] {
    return this.library.versions(document);
  }

  /** @returns the version now in force of each document */
  currentVersions(): Record<string, string> {
    return Object.fromEntries(documentNames.map((document) => [document, this.current(document, 'ko').version]));
  }

  /**
   * One row an item, on the caller's transaction, each linked to the one before it. What was not ticked is recorded too, as not
   * agreed: it shows that each item could be refused by itself (PIPA 22). The network address and agent lie sealed beside the row,
   * digests inside it. Holds the head of the chain until the end of the transaction: others who record wait for it.
   * @returns the ids of the rows, in the order of the items
   */
  async record(tx: Tx, { orderId, items, ...answering }: Recording): Promise<string[]> {
    const at = this.#clock.now();
    let head = await this.#store.takeHead(tx);
    const ids: string[] = [];
    for (const [position, { document, version, ...item }] of items.entries()) {
      const shown = document === undefined ? undefined : this.#shown(document, version, answering.language);
      // Ids grow with the position, so that the answers come back in the order in which they were shown.
      const id = newId(at + position);
      ids.push(id);
      const row = {
        ...answerOf(answering),
        ...item,
        kind: kindOf(item.item),
        id,
        at,
        orderId: orderId ?? null,
        document: shown?.document ?? null,
        version: shown?.version ?? null,
        textSha256: shown?.sha256 ?? null,
        reconfirmBy: item.agreed ? reconfirmBy(item.item, at) : null,
      };
      head = await this.#store.add(tx, row, head);
    }
    await this.#store.setHead(tx, head);
    return ids;
  }

  /**
   * Joins the caller's transaction: an optional consent is taken back, as a row of its own; what was agreed to stays as it was.
   * @returns the new row's id
   * @throws PanelError 404 for an answer of somebody else, 409 for one that was no agreement, is a required one (whoever takes that
   *   back ends the contract), or is taken back already
   */
  async withdraw(tx: Tx, { consentId, wording, reason, ...answering }: Withdrawing): Promise<string> {
    const head = await this.#store.takeHead(tx);
    const answers = await this.#store.forCustomer(answering.customerId, tx);
    const given = answers.find(({ id }) => id === consentId);
    if (!given) throw notFound();
    if (given.required) throw conflict('consent.withdraw.required');
    if (!given.agreed || answers.some(({ withdraws }) => withdraws === consentId)) throw conflict('consent.withdraw.none');
    const at = this.#clock.now();
    const row = {
      ...given,
      ...answerOf(answering),
      kind: kindOf(given.item),
      id: newId(at),
      at,
      agreed: false,
      wording,
      reason: reason ?? null,
      withdraws: consentId,
      reconfirmBy: null,
    };
    await this.#store.setHead(tx, await this.#store.add(tx, row, head));
    return row.id;
  }

  /** Joins the caller's transaction: notes that the customer is written to about a version. @returns false when they were before */
  tell(tx: Tx, of: Telling & { readonly customerId: string }): Promise<boolean> {
    const { document, version, kind, customerId } = of;
    return this.#tellings.tell(tx, { document, version, kind, customer_id: customerId, told_at: this.#clock.now() });
  }

  /** @returns which of these customers were written to about it */
  told(of: Telling, customerIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#tellings.told(of, customerIds);
  }

  /** @returns the exact text that an answer was given to; undefined without a document, or where it is not there any more */
  agreedText({ document, version, language, textSha256 }: Pick<Given, TextKey>): Document | undefined {
    if (document === null || version === null) return undefined;
    try {
      const found = this.version(document, version, language);
      return found.sha256 === textSha256 ? found : undefined;
    } catch (error) {
      return whenMissing(error);
    }
  }

  #shown(document: string, version: string | undefined, language: Language): Document {
    return version === undefined ? this.current(document, language) : this.version(document, version, language);
  }

  /** @returns the answers given for an order, in the order of the items; pass the `tx` inside a transaction */
  forOrder(orderId: string, reader?: Reader): Promise<Given[]> {
    return this.#store.forOrder(orderId, reader);
  }

  /** @returns all answers of a customer, newest first; pass the `tx` inside a transaction */
  forCustomer(customerId: string, reader?: Reader): Promise<Given[]> {
    return this.#store.forCustomer(customerId, reader);
  }

  /** Holds the ledger until the end of the caller's transaction: what is read of it afterwards is not added to by anybody else. */
  async hold(tx: Tx): Promise<void> {
    await this.#store.takeHead(tx);
  }

  /** @returns the newest version agreed to of each document, by `<order id>/<document>` */
  agreedVersions(customerId: string, reader?: Reader): Promise<ReadonlyMap<string, string>> {
    return this.#store.agreedVersions(customerId, reader);
  }

  /** For the operator. @returns every answer of these customers to one item, oldest first */
  async answersTo(item: string, customerIds: readonly string[]): Promise<ReadonlyMap<string, Given[]>> {
    return Map.groupBy(await this.#store.answersTo(item, customerIds), ({ customerId }) => customerId);
  }

  /** For a bundle of evidence. @returns where these answers came from, by id, as far as that was not deleted */
  personalOf(ids: readonly string[]): Promise<ReadonlyMap<string, { readonly address?: string; readonly agent?: string }>> {
    return this.#store.personalOf(ids);
  }

  /** Deletes the network addresses and agents beside a customer's consents; the rows themselves stay and tell nothing personal. */
  forgetPersonal(tx: Tx, customerId: string): Promise<void> {
    return this.#store.forgetPersonal(tx, customerId);
  }
}

/** What all answers that are given at once have in common. */
function answerOf({ customerId, actor, role, language, method, page }: Answering) {
  if (!actor.personId) throw new Error('a consent needs a person');
  return {
    customerId,
    personId: actor.personId,
    language,
    method,
    actorKind: actor.kind,
    actorRole: role ?? null,
    page: page ?? null,
    reason: null,
    withdraws: null,
    ...(actor.address && { address: actor.address }),
    ...(actor.agent && { agent: actor.agent }),
  };
}
