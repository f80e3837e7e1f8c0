// Who comes from another panel agrees here first: the same items, documents and records as at sign-up (KHADA 8.3).
import type { Actor } from '../audit/audit.ts';
import { type Answer, missingConsents, type Order } from '../orders/orders.ts';
import type { Tx } from '../platform/database/database.ts';
import { Invalid } from '../platform/errors.ts';
import type { Language, Words } from '../platform/web/words.ts';
import type { AccountsParts } from './accounts.ts';
import { agreedCopy } from './agreed-copy.ts';
import { changedDocuments, readVersions, signedVersions, type Versions } from './shown-versions.ts';
import { answersOf, shownItems } from './sign-up-page.ts';

export type AgreementPart = Pick<AccountsParts, 'secrets' | 'consent' | 'orders' | 'letters' | 'audit'>;

export type Agreeing = {
  readonly person: { readonly email: string; readonly id: string };
  readonly customerId: string;
  readonly actor: Actor;
  readonly language: Language;
  readonly answers: readonly Answer[];
  readonly versions: Versions;
};

export class Agreements {
  readonly #parts: AgreementPart;

  constructor(parts: AgreementPart) {
    this.#parts = parts;
  }

  /** @returns whether an order of the customer waits for consent: then nothing else is shown (architecture §6: consent pending) */
  async areDue(customerId: string): Promise<boolean> {
    return (await this.#parts.orders.pending(customerId)).length > 0;
  }

  /** @returns what the page shows: the plans agreed to, the items with their documents, the signed list of shown versions */
  async page(words: Words, customerId: string) {
    const { orders, consent, secrets } = this.#parts;
    const waiting = await orders.pending(customerId);
    const plans = await Promise.all([...new Set(waiting.map(({ plan }) => plan))].map((slug) => orders.plan(slug)));
    const versions = signedVersions(secrets, words.language, consent.currentVersions());
    return { orders: waiting, plans, items: shownItems(words, consent, plans), versions };
  }

  /**
   * Writes nothing.
   * @param ticked which boxes were
   * @returns the answers, with the words beside each box, and the versions that were shown
   * @throws Invalid with every required item that was not agreed to, and where a document has changed meanwhile
   */
  checked(words: Words, ticked: Parameters<typeof answersOf>[1], signed: string): Pick<Agreeing, 'answers' | 'versions'> {
    const { secrets, consent } = this.#parts;
    const answers = answersOf(words, ticked);
    const versions = readVersions(secrets, words.language, signed);
    const faults = { ...missingConsents(answers), ...changedDocuments(consent, words.language, versions, answers) };
    if (!versions || Object.keys(faults).length > 0) throw new Invalid(faults);
    return { answers, versions };
  }

  /** Joins the caller's transaction: the consents, and their copy by letter. @returns the orders; none when nothing waits any more */
  async record(tx: Tx, { person, customerId, actor, language, answers, versions }: Agreeing): Promise<Order[]> {
    const { orders, consent, letters } = this.#parts;
    const agreed = await orders.agree(tx, { customerId, actor, language, items: answers, versions });
    for (const order of agreed) {
      const parameters = agreedCopy(consent, await consent.forOrder(order.id, tx), language);
      await letters.queue(tx, {
        template: 'agreed',
        language,
        to: person.email,
        parameters,
        actorPersonId: person.id,
        customerId,
      });
    }
    return agreed;
  }
}
