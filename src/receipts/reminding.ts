// Every two years whoever agreed to advertising is reminded of it, with how to take it back (Network Act 50(8), decree 62-3).
import { day } from '../platform/clock.ts';
import type { ReceiptsParts } from './receipts.ts';
import { type DueReminder, ReceiptStore } from './store.ts';

/** So long before the two years end. */
export const remindBefore = 30 * day;
/** Less than two years, so that a reminder is never later than two years after the one before. */
const between = 700 * day;
const atOnce = 200;

type Parts = Pick<ReceiptsParts, 'connection' | 'clock' | 'letters' | 'accounts'>;

export class Reminding {
  readonly #parts: Parts;
  readonly #store: ReceiptStore;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#store = new ReceiptStore(parts.connection);
  }

  /** By the clock: one letter a person and customer for all that is due. May be repeated. */
  async keep(): Promise<void> {
    const now = this.#parts.clock.now();
    for (let afterId = ''; ; ) {
      const due = await this.#store.due({ before: now + remindBefore, remindedSince: now - between, afterId, count: atOnce });
      const last = due.at(-1);
      if (!last) return;
      for (const own of Map.groupBy(due, ({ personId, customerId }) => `${personId} ${customerId}`).values())
        await this.#remind(own, now);
      afterId = last.id;
    }
  }

  async #remind(due: readonly DueReminder[], now: number): Promise<void> {
    const [first] = due;
    if (!first) return;
    const reader = await this.#reader(first);
    await this.#parts.connection.write(async (tx) => {
      const own: DueReminder[] = [];
      for (const one of due) if (await this.#store.noteReminder(tx, one.id, { now, since: now - between })) own.push(one);
      if (own.length === 0 || !reader) return;
      const lines = own.map(({ item, at }) => [`consent.${item}.label`, at].join('\t')).join('\n');
      const { email: to, language } = reader;
      await this.#parts.letters.queue(tx, {
        ...{ template: 'consent-reminder', language, to, parameters: { lines } },
        ...{ actorPersonId: first.personId, customerId: first.customerId },
      });
    });
  }

  /** @returns undefined for somebody who has no place at the customer any more */
  async #reader({ personId, customerId }: DueReminder) {
    const { accounts } = this.#parts;
    const places = await accounts.memberships.valid(personId);
    return places.some((place) => place.customerId === customerId) ? accounts.person(personId) : undefined;
  }
}
