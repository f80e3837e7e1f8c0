// Letters before a document changes: when it is published, and once more before its day to whoever must agree and has not (korea.md 3.1).
import { contractDocuments, type PublishedVersion, type Telling } from '../consent/consent.ts';
import type { AccountsParts, Person } from './accounts.ts';

export type AnnouncementParts = Pick<AccountsParts, 'connection' | 'clock' | 'consent' | 'orders' | 'letters'>;

const customersAtOnce = 200;
/** Before its day, to whoever has not agreed yet. */
const reminderDays = 3;

export class Announcements {
  readonly #parts: AnnouncementParts;
  readonly #owner: (customerId: string) => Promise<Person | undefined>;

  /** @param owner whom letters to a customer go to */
  constructor(parts: AnnouncementParts, owner: (customerId: string) => Promise<Person | undefined>) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /**
   * Writes every letter that is due and was not written yet, each with its note in one transaction: cut off anywhere it goes on where it
   * was, and nobody is written to twice.
   * @returns how many
   */
  async send(): Promise<number> {
    const { consent } = this.#parts;
    const { library } = consent;
    await library.refresh();
    let letters = 0;
    for (const version of library.changesSince(library.today())) {
      const isContract = contractDocuments.some((name) => name === version.document);
      if (!isContract && version.document !== 'privacy') continue;
      letters += await this.#sendAbout(version, 'published');
      const isNear = version.version <= library.dayIn(reminderDays);
      if (version.needsConsent && isNear) letters += await this.#sendAbout(version, 'reminder');
    }
    return letters;
  }

  async #sendAbout(version: PublishedVersion, kind: Telling['kind']): Promise<number> {
    const { consent, orders } = this.#parts;
    const telling = { document: version.document, version: version.version, kind };
    let letters = 0;
    for (let after = ''; ; ) {
      const customers = await orders.standings.customersAfter(after, customersAtOnce);
      const last = customers.at(-1);
      if (last === undefined) return letters;
      after = last;
      const told = await consent.told(telling, customers);
      for (const customerId of customers) {
        if (
          !told.has(customerId) &&
          (await this.#concerns(customerId, version)) &&
          (await this.#write(customerId, version, telling))
        )
          letters++;
      }
    }
  }

  /** Of two variants of a document only the one that an order rests on; nobody who has agreed to this version or ordered under it. */
  async #concerns(customerId: string, { document, version, needsConsent }: PublishedVersion): Promise<boolean> {
    const { orders } = this.#parts;
    if (!needsConsent) return orders.standings.restsOn(customerId, document);
    const { superseded } = await orders.standings.of(customerId);
    return superseded.some((one) => one.document === document && one.needed === version);
  }

  async #write(customerId: string, version: PublishedVersion, telling: Telling): Promise<boolean> {
    const { connection, consent, letters } = this.#parts;
    const owner = await this.#owner(customerId);
    if (!owner) return false;
    const { language, email } = owner;
    const { title } = consent.version(version.document, version.version, language);
    const parameters = {
      title,
      document: version.document,
      version: version.version,
      needs: version.needsConsent ? 'consent' : 'notice',
      disadvantage: version.isUnfavourable ? 'yes' : 'no',
    };
    return connection.write(async (tx) => {
      if (!(await consent.tell(tx, { ...telling, customerId }))) return false;
      const template = telling.kind === 'published' ? 'document-changes' : 'document-reminder';
      await letters.queue(tx, { template, language, to: email, parameters, customerId });
      return true;
    });
  }

  /** @returns how many open orders have not agreed to the version that must be agreed to */
  missing(document: string): Promise<number> {
    return this.#parts.orders.standings.missing(document);
  }
}
