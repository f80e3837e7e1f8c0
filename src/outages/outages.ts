// The door of outages: which server stood still when, whom it reached, and what each customer gets back for it (KHADA 8.2).
import type { Actor } from '../audit/audit.ts';
import { whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { affectedSites, type Reach } from './affected.ts';
import { type ExclusionReason, exclusionReasons } from './credit.ts';
import { Credits, type SiteCredits } from './credits.ts';
import { OutageRefused, type OutagesParts } from './parts.ts';
import { type OutageRow, OutageStore } from './store.ts';
import { Telling, type Told } from './telling.ts';

export { type ExclusionReason, exclusionReasons, type Incident, type MonthCredit } from './credit.ts';
export type { Fact, SiteCredits } from './credits.ts';
export { OutageRefused, type OutagesParts } from './parts.ts';
export { objectionDays } from './telling.ts';

/** What an operator records; times in epoch milliseconds. */
export type NewOutage = {
  /** name */
  readonly server: string;
  /** names; without any the outage is the whole server's */
  readonly sites?: readonly string[];
  readonly startedAt: number;
  /** null: it lasts */
  readonly endedAt: number | null;
  readonly restored: boolean;
  readonly cause: string;
};

export type NewExclusion = {
  readonly because: ExclusionReason;
  readonly startedAt: number;
  readonly endedAt: number;
  /** when customers were told of the maintenance */
  readonly announcedAt: number | null;
  readonly note: string;
};

export type ListedOutage = OutageRow & { readonly server: string; readonly sites: number; readonly customers: number };

/** One site in one month, for the company's bills. */
export type CreditLine = { readonly customerId: string; readonly reference: string; readonly site: string } & Pick<
  SiteCredits,
  'contract'
> & { readonly credit: SiteCredits['months'][number] };

const unknownOutage = 'no such outage; gotgan outage list names them';
const longestText = 300;
const customersAtOnce = 200;
/** Clocks differ a little. */
const ahead = 5000;

/** Errors: OutageRefused, whose sentence tells the operator what to do instead. */
export class Outages {
  readonly #parts: OutagesParts;
  readonly #store: OutageStore;
  readonly #credits: Credits;
  readonly #telling: Telling;

  constructor(parts: OutagesParts) {
    this.#parts = parts;
    this.#store = new OutageStore(parts.connection);
    this.#credits = new Credits(parts);
    this.#telling = new Telling(parts, this.#credits);
  }

  /** @returns its id, and how many sites could not be used */
  async add(outage: NewOutage, actor: Actor): Promise<{ id: string; sites: number }> {
    const { connection, clock, audit } = this.#parts;
    this.#refuseTimes(outage.startedAt, outage.endedAt);
    const cause = lineOf('cause', outage.cause);
    const server = await this.#server(outage.server);
    const siteIds = await this.#sitesNamed(outage.sites ?? []);
    const now = clock.now();
    const id = newId(now);
    const reach = { outageId: id, serverId: server.id, siteIds, startedAt: outage.startedAt, endedAt: outage.endedAt };
    const rows = await this.#reached(reach);
    const times = { started_at: outage.startedAt, ended_at: outage.endedAt, recorded_at: now, withdrawn_at: null, told_at: null };
    const row = { id, server_id: server.id, site_ids: siteIds && JSON.stringify(siteIds), cause, ...times };
    await connection.write(async (tx) => {
      await this.#store.add(tx, { ...row, restored: outage.restored ? 1 : 0 });
      await this.#store.setSites(tx, id, rows);
      await audit.record(tx, { action: 'outages.recorded', actor, subjectId: id, details: { server: server.id } });
    });
    return { id, sites: rows.length };
  }

  /** @returns how many sites could not be used */
  async end(id: string, ended: { at: number; restored: boolean }, actor: Actor): Promise<number> {
    const outage = await this.#known(id);
    if (outage.ended_at !== null) throw new OutageRefused('it has ended already');
    this.#refuseTimes(outage.started_at, ended.at);
    const siteIds = outage.site_ids === null ? null : JSON.parse(outage.site_ids);
    const reach = { outageId: id, serverId: outage.server_id, siteIds, startedAt: outage.started_at, endedAt: ended.at };
    const rows = await this.#reached(reach);
    await this.#parts.connection.write(async (tx) => {
      if (!(await this.#store.end(tx, id, ended.at, ended.restored))) throw new OutageRefused('it has ended already');
      await this.#store.setSites(tx, id, rows);
      await this.#parts.audit.record(tx, { action: 'outages.ended', actor, subjectId: id });
    });
    return rows.length;
  }

  /** A part that does not count (section 6 of the document `sla`). Nothing of it can be said once customers were written to. */
  async exclude(id: string, one: NewExclusion, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const outage = await this.#known(id);
    refuseExclusion(one, outage);
    const now = clock.now();
    const row = {
      ...{ id: newId(now), outage_id: id, because: one.because, started_at: one.startedAt, ended_at: one.endedAt },
      ...{ announced_at: one.announcedAt, note: lineOf('note', one.note), recorded_at: now },
    };
    await connection.write(async (tx) => {
      if (!(await this.#store.hold(tx, id))) throw new OutageRefused(unknownOutage);
      if (await this.#store.isTold(tx, id)) throw new OutageRefused('customers were written to about it: it stays as it is');
      await this.#store.exclude(tx, row);
      await audit.record(tx, { action: 'outages.excluded', actor, subjectId: id, details: { because: one.because } });
    });
  }

  /** For one that was recorded by mistake, before anybody was written to about it. */
  async withdraw(id: string, reason: string, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await this.#known(id);
    const details = { reason: lineOf('reason', reason) };
    await connection.write(async (tx) => {
      if (!(await this.#store.withdraw(tx, id, clock.now())))
        throw new OutageRefused('customers were written to about it: it stays as it is');
      await audit.record(tx, { action: 'outages.withdrawn', actor, subjectId: id, details });
    });
  }

  /** @returns newest first */
  async list(count: number): Promise<ListedOutage[]> {
    const rows = await this.#store.newest(count);
    const reach = await this.#store.reachOf(rows.map(({ id }) => id));
    const names = new Map((await this.#parts.sites.servers.list()).map(({ id, name }) => [id, name]));
    return rows.map((row) => ({
      ...row,
      ...(reach.get(row.id) ?? { sites: 0, customers: 0 }),
      server: names.get(row.server_id) ?? row.server_id,
    }));
  }

  /** @throws OutageRefused when there is none of this id, or it was withdrawn */
  async causeOf(id: string): Promise<string> {
    return (await this.#known(id)).cause;
  }

  /** Writes to its customers now, and not a day after its end. */
  async tell(id: string): Promise<Told> {
    const outage = await this.#known(id);
    if (outage.ended_at === null) throw new OutageRefused('it has not ended yet');
    return this.#telling.tell(outage);
  }

  /** By the clock: writes to the customers of outages that ended a day ago. */
  tellDue(): Promise<void> {
    return this.#telling.tellDue();
  }

  /** @param siteIds those that may be told of; null: every site of the customer */
  forCustomer(customerId: string, siteIds: readonly string[] | null): Promise<SiteCredits[]> {
    return this.#credits.ofCustomer(customerId, siteIds);
  }

  /** @param month `YYYY-MM`. @yields every site that had downtime in it, or whose outage began in it */
  async *credits(month: string): AsyncGenerator<CreditLine> {
    const span = this.#credits.months.span(month);
    for (let after = ''; ; ) {
      const customers = await this.#store.customersIn(span, after, customersAtOnce);
      const last = customers.at(-1);
      if (last === undefined) return;
      const references = await this.#parts.accounts.memberships.references(customers);
      for (const customerId of customers) yield* this.#linesOf(customerId, month, references.get(customerId) ?? '');
      after = last;
    }
  }

  async *#linesOf(customerId: string, month: string, reference: string): AsyncGenerator<CreditLine> {
    const names = await this.#parts.sites.namesOf(customerId);
    for (const { siteId, contract, months } of await this.#credits.ofCustomer(customerId)) {
      const credit = months.find((one) => one.month === month);
      if (credit) yield { customerId, reference, site: names.get(siteId) ?? siteId, contract, credit };
    }
  }

  async #reached(reach: Reach) {
    const rows = await affectedSites(reach, this.#parts);
    // A version without figures could not be counted with: better now than on a customer's page.
    for (const version of new Set(rows.map(({ sla_version }) => sla_version))) {
      try {
        this.#credits.ruleOf(version);
      } catch (error) {
        throw new OutageRefused(error instanceof Error ? error.message : String(error));
      }
    }
    return rows;
  }

  #refuseTimes(startedAt: number, endedAt: number | null): void {
    const latest = this.#parts.clock.now() + ahead;
    if (startedAt > latest || (endedAt ?? 0) > latest)
      throw new OutageRefused('an outage is recorded when it has begun, not before');
    if (endedAt !== null && endedAt <= startedAt) throw new OutageRefused('it ends after it has begun');
  }

  async #known(id: string): Promise<OutageRow> {
    const outage = await this.#store.byId(id);
    if (!outage || outage.withdrawn_at !== null) throw new OutageRefused(unknownOutage);
    return outage;
  }

  async #server(name: string) {
    const server = await this.#parts.sites.servers.byName(name).catch(whenMissing);
    if (!server) throw new OutageRefused(`there is no server ${name}; gotgan server list names them`);
    return server;
  }

  async #sitesNamed(names: readonly string[]): Promise<string[] | null> {
    if (names.length === 0) return null;
    const ids: string[] = [];
    for (const name of new Set(names)) {
      const site = await this.#parts.sites.byName(name).catch(whenMissing);
      if (!site) throw new OutageRefused(`there is no site ${name}`);
      ids.push(site.id);
    }
    return ids;
  }
}

function refuseExclusion({ because, startedAt, endedAt, announcedAt }: NewExclusion, outage: OutageRow): void {
  if (!exclusionReasons.includes(because)) throw new OutageRefused(`--because is one of ${exclusionReasons.join(', ')}`);
  if (endedAt <= startedAt) throw new OutageRefused('it ends after it has begun');
  if (startedAt < outage.started_at || endedAt > (outage.ended_at ?? Infinity))
    throw new OutageRefused('what does not count lies within the outage');
  if (because !== 'maintenance') return;
  if (outage.restored === 1)
    throw new OutageRefused('bringing the service back from a backup is not maintenance (sla, section 2)');
  if (announcedAt === null) throw new OutageRefused('maintenance needs --announced: when customers were told of it');
}

/** A line that customers read. */
function lineOf(what: string, given: string): string {
  const text = given.normalize('NFC').trim();
  if (text === '' || text.length > longestText || /\p{Cc}/u.test(text))
    throw new OutageRefused(`--${what} is one line of at most ${longestText} signs`);
  return text;
}
