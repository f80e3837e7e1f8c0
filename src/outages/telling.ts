// The letter of section 5 of the document `sla`: how long, why, how much, and how it was counted. One a customer and outage.
import { day } from '../platform/clock.ts';
import type { Incident } from './credit.ts';
import type { Credits, SiteCredits } from './credits.ts';
import type { OutagesParts } from './parts.ts';
import { type OutageRow, OutageStore } from './store.ts';

/** Until then what does not count can still be recorded. */
export const tellAfter = day;
/** Section 7 of the document `sla`. */
export const objectionDays = 30;
const customersAtOnce = 100;

/** Letters that were written, and customers who could not be written to. */
export type Told = { readonly letters: number; readonly failed: number };

export class Telling {
  readonly #parts: OutagesParts;
  readonly #store: OutageStore;
  readonly #credits: Credits;

  constructor(parts: OutagesParts, credits: Credits) {
    this.#parts = parts;
    this.#store = new OutageStore(parts.connection);
    this.#credits = credits;
  }

  /** By the clock: outages that ended a day ago. May be repeated, and goes on where it was cut off. */
  async tellDue(): Promise<void> {
    for (const outage of await this.#store.untold(this.#parts.clock.now() - tellAfter)) await this.tell(outage);
  }

  /** No letter goes to whom nothing is due, unless data came back from a backup. Who could not be written to is tried again by the clock. */
  async tell(outage: OutageRow): Promise<Told> {
    const { connection, clock } = this.#parts;
    let [letters, failed] = [0, 0];
    for (let after = ''; ; ) {
      const customers = await this.#store.untoldCustomers(outage.id, after, customersAtOnce);
      const last = customers.at(-1);
      if (last === undefined) break;
      for (const customerId of customers) {
        const isWritten = await this.#tried(outage, customerId);
        if (isWritten === undefined) failed += 1;
        else if (isWritten) letters += 1;
      }
      after = last;
    }
    if (failed === 0) await connection.write((tx) => this.#store.markAllTold(tx, outage.id, clock.now()));
    return { letters, failed };
  }

  /** One customer whose letter cannot be made keeps nobody else from theirs. @returns undefined for such a one */
  async #tried(outage: OutageRow, customerId: string): Promise<boolean | undefined> {
    try {
      return await this.#tellOne(outage, customerId);
    } catch (error) {
      this.#parts.log.warn(
        { customer: customerId, outage: outage.id, err: error },
        'a letter about an outage could not be written',
      );
      return undefined;
    }
  }

  async #tellOne(outage: OutageRow, customerId: string): Promise<boolean> {
    const { connection, clock, accounts, letters } = this.#parts;
    const [sites, owner] = await Promise.all([this.#credits.ofCustomer(customerId), accounts.owner(customerId)]);
    const names = await this.#parts.sites.namesOf(customerId);
    const lines = sites.flatMap((site) => linesOf(outage.id, site, names));
    // No lines: it was withdrawn while others were told of it.
    const isNews = lines.some(({ won }) => won > 0 || outage.restored === 1);
    const now = clock.now();
    return connection.write(async (tx) => {
      if (!(await this.#store.markTold(tx, outage.id, customerId, now)) || !isNews || !owner) return false;
      const parameters = {
        ...{ cause: outage.cause, restored: outage.restored, objectUntil: now + objectionDays * day },
        lines: lines.map(({ text }) => text).join('\n'),
        won: lines.reduce((sum, { won }) => sum + won, 0),
      };
      const { email: to, language } = owner;
      await letters.queue(tx, { template: 'outage-credit', language, to, parameters, customerId });
      return true;
    });
  }
}

/** What each site could not be used for: the letter's own words are made of the figures between the tabs. */
function linesOf(outageId: string, { siteId, months }: SiteCredits, names: ReadonlyMap<string, string>) {
  return months.flatMap(({ incidents, uncappedWon, mostWon, month }) =>
    incidents
      .filter(({ outageIds }) => outageIds.includes(outageId))
      .map((one: Incident) => {
        const limit = uncappedWon > mostWon ? mostWon : '';
        const figures = [one.startedAt, one.endedAt, one.minutes, one.excludedMinutes];
        const sum = [one.priceWon, one.monthMinutes, one.rule.times, one.won, limit, month];
        return { won: one.won, text: [names.get(siteId) ?? siteId, ...figures, ...sum].join('\t') };
      }),
  );
}
