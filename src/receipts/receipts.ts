// The door of receipts: what was agreed to, as the customer keeps it, and the optional consents that are given and taken back (KHADA 8.3; PIPA 22).
import type { Accounts } from '../accounts/accounts.ts';
import type { Actor } from '../audit/audit.ts';
import type { Consent, Document, Given } from '../consent/consent.ts';
import { documentOf, optionalItems } from '../orders/orders.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { forbidden, notFound } from '../platform/errors.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Signing } from '../platform/signing.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Words } from '../platform/web/words.ts';
import { type ReceiptFile, receiptFile } from './file.ts';
import { Reminding } from './reminding.ts';
import { ReceiptStore } from './store.ts';

export type { ReceiptFile } from './file.ts';

export type ReceiptsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly letters: Pick<Letters, 'queue'>;
  readonly consent: Consent;
  readonly accounts: Pick<Accounts, 'person' | 'memberships'>;
};

export type OptionalItem = (typeof optionalItems)[number];
export const isOptional = (item: string): item is OptionalItem => (optionalItems as readonly string[]).includes(item);

/** An optional consent of one person, as it stands. */
export type OptionalState = {
  readonly item: OptionalItem;
  readonly agreed: boolean;
  /** when it was answered last; undefined: never asked */
  readonly at: number | undefined;
  /** of advertising: until when it is asked for again */
  readonly reconfirmBy: number | undefined;
  /** when a letter told the result */
  readonly toldAt: number | undefined;
};

/** An answer with what became of it. */
export type Listed = Given & {
  /** when it was taken back */
  readonly withdrawnAt: number | undefined;
  /** the version now in force, where that is a newer one */
  readonly newer: string | undefined;
};

export type Receipt = {
  readonly given: Listed;
  /** undefined: the text is not the one that was recorded, or is not there */
  readonly document: Document | undefined;
  readonly file: ReceiptFile;
};

/** Everything here is asked with the customer; who is not an owner sees their own answers only. */
export class Receipts {
  readonly #parts: ReceiptsParts;
  readonly #store: ReceiptStore;
  readonly reminding: Reminding;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
    this.#store = new ReceiptStore(parts.connection);
    this.reminding = new Reminding(parts);
  }

  /** @returns answers, newest first */
  async list(by: SignedIn): Promise<Listed[]> {
    return (await this.#all(by)).filter((one) => isFor(by, one));
  }

  async #all({ customerId }: SignedIn): Promise<Listed[]> {
    const all = await this.#parts.consent.forCustomer(customerId);
    const withdrawn = new Map(all.flatMap(({ withdraws, at }) => (withdraws === null ? [] : [[withdraws, at] as const])));
    return all.map((one) => ({ ...one, withdrawnAt: withdrawn.get(one.id), newer: this.#newer(one) }));
  }

  #newer({ document, version, language }: Given): string | undefined {
    if (document === null || version === null) return undefined;
    const current = this.#parts.consent.current(document, language).version;
    return current > version ? current : undefined;
  }

  /** @throws PanelError 404 for an answer of another customer, 403 for one of another person to whom is no owner */
  async one(by: SignedIn, id: string): Promise<Receipt> {
    const given = (await this.#all(by)).find((one) => one.id === id);
    if (!given) throw notFound();
    if (!isFor(by, given)) throw forbidden('error.role');
    const { consent, clock, signing } = this.#parts;
    const document = consent.agreedText(given);
    const [texts, links] = await Promise.all([consent.ledger.texts([id]), consent.ledger.links([id])]);
    const anchor = await consent.ledger.lastAnchor();
    const parts = { rowText: texts.get(id) ?? '', link: links.get(id), document, anchor };
    return { given, document, file: receiptFile(parts, { signing, now: clock.now() }) };
  }

  /** @returns the optional consents of this person at this customer, in their order */
  async optional({ customerId, personId }: SignedIn): Promise<OptionalState[]> {
    const answers = (await this.#parts.consent.forCustomer(customerId)).filter((one) => one.personId === personId);
    const latest = optionalItems.map((item) => answers.find((one) => one.item === item));
    const told = await this.#store.results(latest.flatMap((one) => (one ? [one.id] : [])));
    return optionalItems.map((item, at) => {
      const one = latest[at];
      const common = { item, agreed: one?.agreed ?? false, at: one?.at, toldAt: one && told.get(one.id) };
      return { ...common, reconfirmBy: one?.reconfirmBy ?? undefined };
    });
  }

  /**
   * Gives or takes back one optional consent, as a row of the ledger, with the letter that tells the result (Network Act, article 50(7)).
   * @param wanted what the button said
   * @returns false when it was so before
   */
  async choose(
    by: SignedIn,
    wanted: { readonly item: OptionalItem; readonly agreed: boolean; readonly actor: Actor; readonly words: Words },
  ): Promise<boolean> {
    const { connection, clock, consent, accounts, letters } = this.#parts;
    const { customerId, personId, role } = by;
    const { item, agreed, actor, words } = wanted;
    const { email } = await accounts.person(personId);
    const label = words.t(`consent.${item}.label`);
    const answering = { customerId, actor, role, language: words.language, method: 'button', page: 'consents' } as const;
    return connection.write(async (tx) => {
      // Pressed twice at once, it is one answer: what nobody took back would be reminded of for ever.
      await consent.hold(tx);
      const answers = await consent.forCustomer(customerId, tx);
      const before = answers.find((one) => one.personId === personId && one.item === item);
      if ((before?.agreed ?? false) === agreed) return false;
      const id = agreed
        ? (await consent.record(tx, { ...answering, items: [given(item, label)] }))[0]
        : await consent.withdraw(tx, {
            ...answering,
            consentId: before?.id ?? '',
            wording: words.t('receipts.optional.withdrawal', { item: label }),
          });
      const now = clock.now();
      const parameters = { item: `consent.${item}.label`, agreed: agreed ? 1 : 0, at: now };
      const to = { template: 'consent-result', language: words.language, to: email, parameters };
      await letters.queue(tx, { ...to, actorPersonId: personId, customerId });
      await this.#store.noteResult(tx, id ?? '', now);
      return true;
    });
  }
}

const isFor = ({ role, personId }: SignedIn, one: Given) => role === 'owner' || one.personId === personId;

const given = (item: OptionalItem, wording: string) => {
  const document = documentOf(item, 'none');
  return { item, required: false, agreed: true, wording, ...(document && { document }) };
};
