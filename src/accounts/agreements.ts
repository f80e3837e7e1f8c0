// Agreeing when one is a customer already: who comes from another panel, and whoever's contract rests on a text that has changed (KHADA 8.3).
import type { Actor } from '../audit/audit.ts';
import { changesOf, type Document, type TextChanges } from '../consent/consent.ts';
import {
  type Answer,
  type ItemName,
  missingConsents,
  type Order,
  type Plan,
  requiredItems,
  type Standing,
} from '../orders/orders.ts';
import type { Tx } from '../platform/database/database.ts';
import { Invalid } from '../platform/errors.ts';
import type { Language, Words } from '../platform/web/words.ts';
import type { AccountsParts, Person } from './accounts.ts';
import { agreedCopy } from './agreed-copy.ts';
import { Announcements } from './announcements.ts';
import { changedDocuments, readVersions, signedVersions, type Versions } from './shown-versions.ts';
import { answersOf, shownItems, wordingOf } from './sign-up-page.ts';

export type AgreementPart = Pick<AccountsParts, 'connection' | 'clock' | 'secrets' | 'consent' | 'orders' | 'letters' | 'audit'>;

export type Agreeing = {
  readonly person: { readonly email: string; readonly id: string };
  readonly customerId: string;
  readonly actor: Actor;
  readonly language: Language;
  readonly answers: readonly Answer[];
  readonly versions: Versions;
};

type Ticked = Parameters<typeof answersOf>[1];

/** A document that must be agreed to once more: what it changes comes first. */
export type ChangedDocument = {
  readonly document: Document;
  /** the version that was agreed to */
  readonly before: Document | undefined;
  readonly changes: TextChanges | undefined;
  readonly isUnfavourable: boolean;
};

export type ChangedItem = { readonly name: ItemName; readonly label: string; readonly documents: readonly ChangedDocument[] };

export class Agreements {
  /** letters before a document changes */
  readonly announcements: Announcements;
  readonly #parts: AgreementPart;

  /** @param owner whom letters to a customer go to */
  constructor(parts: AgreementPart, owner: (customerId: string) => Promise<Person | undefined>) {
    this.#parts = parts;
    this.announcements = new Announcements(parts, owner);
  }

  /** @returns what the customer's orders stand on */
  standing(customerId: string): Promise<Standing> {
    return this.#parts.orders.standings.of(customerId);
  }

  /** For doors other than pages. @returns whether the consent of the site's order is pending now */
  isPending(site: { readonly customerId: string; readonly orderId: string }): Promise<boolean> {
    return this.#parts.orders.standings.isPending(site);
  }

  /** @returns what the page shows: the plans agreed to, the items with their documents, the signed list of shown versions */
  async page(words: Words, waiting: readonly Order[]) {
    const { orders, consent, secrets } = this.#parts;
    const plans = await Promise.all([...new Set(waiting.map(({ plan }) => plan))].map((slug) => orders.plan(slug)));
    const versions = signedVersions(secrets, words.language, consent.currentVersions());
    return { orders: waiting, plans, items: shownItems(words, consent, { plans, rule: orders.compensation() }), versions };
  }

  /** @returns what a page shows on which one of these plans is ordered: the items with their documents, the signed list of versions */
  orderPage(words: Words, plans: readonly Plan[]) {
    const { consent, secrets, orders } = this.#parts;
    const items = { ...shownItems(words, consent, { plans, rule: orders.compensation() }), optional: [] };
    return { items, versions: signedVersions(secrets, words.language, consent.currentVersions()) };
  }

  /**
   * Joins the caller's transaction: an order of somebody who is a customer already, its consents, and their copy by letter.
   * @throws Invalid on `plan` and for each required item that was not agreed to
   */
  async place(tx: Tx, { plan, ...agreeing }: Agreeing & { readonly plan: string }): Promise<Order> {
    const { orders, consent } = this.#parts;
    const { customerId, actor, language, versions } = agreeing;
    const required = agreeing.answers.filter(({ item }) => requiredItems.some((name) => name === item));
    const order = await orders.place(tx, { customerId, actor, plan, language, items: required, page: 'order', versions });
    await this.#mailCopy(tx, agreeing, await consent.forOrder(order.id, tx));
    return order;
  }

  /**
   * Of whoever has agreed before: each item once, with its documents, what they change, and the list of shown versions. `from`: the day
   * from which the first of them applies; `isDue`: it has come.
   */
  changedPage(words: Words, { superseded, from, isDue }: Standing) {
    const { secrets } = this.#parts;
    const names = [...new Set(superseded.map(({ item }) => item))];
    const items = names.map((name): ChangedItem => {
      const own = superseded.filter(({ item }) => item === name);
      const documents = own.filter(({ document }, index) => own.findIndex((one) => one.document === document) === index);
      return { name, label: wordingOf(words, name), documents: documents.map((one) => this.#changed(words.language, one)) };
    });
    const versions = Object.fromEntries(superseded.map(({ document, needed }) => [document, needed]));
    return { items, from, isDue, versions: signedVersions(secrets, words.language, versions) };
  }

  #changed(language: Language, { document: name, agreed, needed }: Standing['superseded'][number]): ChangedDocument {
    const { consent } = this.#parts;
    const document = consent.version(name, needed, language);
    const before = agreed === undefined ? undefined : consent.version(name, agreed, language);
    const changes = before && changesOf(before.markdown, document.markdown);
    return { document, before, changes, isUnfavourable: consent.library.published(name, needed)?.isUnfavourable === true };
  }

  /**
   * Writes nothing.
   * @param ticked which boxes were
   * @returns the answers, with the words beside each box, and the versions that were shown
   * @throws Invalid with every required item that was not agreed to, and where a document has changed meanwhile
   */
  checked(words: Words, ticked: Ticked, signed: string): Pick<Agreeing, 'answers' | 'versions'> {
    const { secrets, consent } = this.#parts;
    const answers = answersOf(words, ticked);
    const versions = readVersions(secrets, words.language, signed);
    const faults = { ...missingConsents(answers), ...changedDocuments(consent, words.language, versions, answers) };
    if (!versions || Object.keys(faults).length > 0) throw new Invalid(faults);
    return { answers, versions };
  }

  /** Joins the caller's transaction: the consents, and their copy by letter. @returns the orders; none when nothing waits any more */
  async record(tx: Tx, agreeing: Agreeing): Promise<Order[]> {
    const { orders, consent } = this.#parts;
    const { customerId, actor, language, answers: items, versions } = agreeing;
    const agreed = await orders.agree(tx, { customerId, actor, language, items, page: 'agree', versions });
    for (const order of agreed) await this.#mailCopy(tx, agreeing, await consent.forOrder(order.id, tx));
    return agreed;
  }

  /**
   * Joins the caller's transaction: what must be agreed to once more, and its copy by letter.
   * @returns how many consents were recorded; none when nothing is to be agreed to any more
   * @throws Invalid where an item was not ticked, or a list of versions was not ours or is not what must be agreed to now
   */
  async recordAgain(tx: Tx, words: Words, ticked: Ticked, by: { signed: string } & Omit<Agreeing, 'answers' | 'versions'>) {
    const { orders, consent, secrets } = this.#parts;
    const versions = readVersions(secrets, words.language, by.signed);
    if (!versions) throw new Invalid({ terms_versions: [{ key: 'consent.changed.unreadable' }] });
    const answers = answersOf(words, ticked);
    const { customerId, actor, language } = by;
    const again = { customerId, actor, language, items: answers, page: 'agree', versions };
    const ids = new Set(await orders.agreeAgain(tx, again));
    const given = await consent.forCustomer(customerId, tx);
    if (ids.size > 0)
      await this.#mailCopy(
        tx,
        { ...by, answers, versions },
        given.filter(({ id }) => ids.has(id)),
      );
    return ids.size;
  }

  async #mailCopy(tx: Tx, { person, customerId, language }: Agreeing, given: Parameters<typeof agreedCopy>[1]): Promise<void> {
    const { consent, letters } = this.#parts;
    await letters.queue(tx, {
      template: 'agreed',
      language,
      to: person.email,
      parameters: agreedCopy(consent, given, language),
      actorPersonId: person.id,
      customerId,
    });
  }
}
