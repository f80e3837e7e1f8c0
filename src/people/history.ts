// Who did what at a customer, with where it came from, for a year; nobody can delete it (KHADA 3.8, 4-3.4; guideline 2.3).
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit, AuditFilter, HistoryRow } from '../audit/audit.ts';
import { type Clock, day } from '../platform/clock.ts';
import { deviceName } from '../platform/web/device.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Sites } from '../sites/sites.ts';
import { actionsOf, type Kind } from './acts.ts';

/** Rulings of the design, 13.11: a customer's history is kept for a year. */
export const historyDays = 365;
export const pageRows = 50;
/** Rows that are read at once for an export. */
const exportRows = 500;

export type Question = {
  /** everybody's at the customer; or this person's */
  readonly personId?: string;
  readonly kind?: Kind;
};

/** One line, as pages and exports show it. */
export type Act = HistoryRow & {
  readonly who: { readonly name?: string; readonly email: string } | undefined;
  /** whose account it was about, where that is a person of this customer */
  readonly subject: { readonly name?: string; readonly email: string } | undefined;
  readonly site: string | undefined;
  /** of the database it was about, as far as it is still known */
  readonly database: string | undefined;
  readonly device: ReturnType<typeof deviceName>;
};

export type HistoryParts = {
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly clock: Clock;
  /** @returns names of a customer's databases by id: their door stands to the right of this one */
  readonly databaseNames: (customerId: string) => Promise<ReadonlyMap<string, string>>;
};

export class History {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** @returns everybody who has or had a place at the customer, for choosing one; who is here now first */
  async people(customerId: string): Promise<{ personId: string; name?: string; email: string; isHere: boolean }[]> {
    const { clock } = this.#parts;
    const { places, names } = await this.#everybody(customerId);
    const isHere = (id: string) =>
      places.some(
        ({ personId, endedAt, endsAt }) => personId === id && endedAt === null && (endsAt === null || endsAt > clock.now()),
      );
    const all = [...(await names())].map(([personId, one]) => ({ personId, ...one, isHere: isHere(personId) }));
    return all.sort((one, other) => Number(other.isHere) - Number(one.isHere) || one.email.localeCompare(other.email));
  }

  /** @returns what to call everybody, by person; undefined where there only ever was one, who need not be told apart */
  async called(customerId: string): Promise<ReadonlyMap<string, string> | undefined> {
    const { ids, names } = await this.#everybody(customerId);
    if (ids.length < 2) return undefined;
    return new Map([...(await names())].map(([personId, { name, email }]) => [personId, name ?? email]));
  }

  /** Names are opened only where they are asked for. */
  async #everybody(customerId: string) {
    const { memberships } = this.#parts.accounts;
    const places = await memberships.ofCustomer(customerId);
    const ids = [...new Set(places.map(({ personId }) => personId))];
    return { places, ids, names: () => memberships.names(ids) };
  }

  /** @param page from 1 on. @returns the acts of that page, newest first, and how many there are in all */
  async page(by: SignedIn, question: Question, page: number): Promise<{ acts: Act[]; total: number }> {
    const { audit } = this.#parts;
    const filter = this.#filter(by, question);
    const [rows, total] = await Promise.all([
      audit.rows(filter, { count: pageRows, skip: (page - 1) * pageRows }),
      audit.count(filter),
    ]);
    return { acts: await this.#acts(by, rows), total };
  }

  /** All of it, oldest first, in portions. */
  async *all(by: SignedIn, question: Question): AsyncGenerator<Act[]> {
    const filter = this.#filter(by, question);
    let after: Pick<HistoryRow, 'at' | 'id'> | undefined;
    for (;;) {
      const rows = await this.#parts.audit.rowsAfter(filter, after, exportRows);
      if (rows.length === 0) return;
      yield await this.#acts(by, rows);
      after = rows.at(-1);
    }
  }

  /** An owner asks about everybody at the customer; everybody else about themselves, whatever they ask for. */
  #filter({ role, personId, customerId }: SignedIn, question: Question): AuditFilter {
    const about = role === 'owner' ? question.personId : personId;
    const since = this.#parts.clock.now() - historyDays * day;
    return { customerId, ...(about !== undefined && { personId: about }), actions: actionsOf(question.kind), since };
  }

  async #acts({ customerId }: SignedIn, rows: readonly HistoryRow[]): Promise<Act[]> {
    const { sites, databaseNames } = this.#parts;
    const asked = [this.#everybody(customerId), sites.namesOf(customerId), databaseNames(customerId)] as const;
    const [everybody, known, databases] = await Promise.all(asked);
    // Names of this customer's people only, whoever else a row may name.
    const names = await everybody.names();
    return rows.map((row) => ({
      ...row,
      who: row.personId === null ? undefined : names.get(row.personId),
      subject: row.subjectId === null ? undefined : names.get(row.subjectId),
      site: row.siteId === null ? undefined : known.get(row.siteId),
      database: row.subjectId === null ? undefined : databases.get(row.subjectId),
      device: deviceName(row.agent ?? ''),
    }));
  }
}
