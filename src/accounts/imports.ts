// Customers of another panel: checked row by row, written so that a killed import goes on where it stopped, and undone while nobody has come.
import { type Actor, systemActor } from '../audit/audit.ts';
import { newId } from '../platform/ids.ts';
import type { AccountsParts } from './accounts.ts';
import type { HashingCost } from './hashing-cost.ts';
import { type ImportRow, type ReadFile, type RowFault, readImport, uniqueOf } from './import-rows.ts';
import { type ImportedRow, ImportStore } from './import-store.ts';
import type { AccountStore } from './store.ts';

export type Checked = ReadFile & {
  /** of earlier hashes: how many of each kind, such as `bcrypt:12`; `none`: who has to set a password by letter */
  readonly hashes: ReadonlyMap<string, number>;
  /** the import of the same file that is there already */
  readonly before?: { readonly id: string; readonly finished: boolean };
};

export type Imported = { readonly importId: string; readonly written: number; readonly wereThere: number };
/** Why somebody stays when an import is undone. */
export type LeftBecause = 'signedIn' | 'agreed' | 'passwordSet';
export type Undone = { readonly removed: number; readonly left: readonly { row: number; because: LeftBecause }[] };

export type ImportParts = AccountsParts & { readonly store: AccountStore; readonly hashingCost: HashingCost };

const operator: Actor = { kind: 'operator' };
const askedAtOnce = 200;

export class Imports {
  readonly #parts: ImportParts;
  readonly #rows: ImportStore;

  constructor(parts: ImportParts) {
    this.#parts = parts;
    this.#rows = new ImportStore(parts.connection, parts.secrets);
  }

  #digest(bytes: Uint8Array): string {
    return this.#parts.secrets.digest('import_files', Buffer.from(bytes).toString('base64'));
  }

  /** Writes nothing. @returns the rows, and every fault of every row at once: of itself, of the file, and of what is there already */
  async check(bytes: Uint8Array): Promise<Checked> {
    const { rows, faults } = readImport(bytes);
    const before = await this.#rows.ofFile(this.#digest(bytes));
    const done = new Set(before ? (await this.#rows.rows(before.id)).map(({ row_number }) => row_number) : []);
    const fresh = rows.filter(({ number }) => !done.has(number));
    const all = [...faults, ...(await this.#planFaults(fresh)), ...(await this.#taken(fresh))];
    const hashes = new Map<string, number>();
    for (const { hash } of rows) hashes.set(hash?.kind ?? 'none', (hashes.get(hash?.kind ?? 'none') ?? 0) + 1);
    return {
      rows,
      faults: all.sort((a, b) => a.number - b.number),
      hashes,
      ...(before && { before: { id: before.id, finished: before.finished_at !== null } }),
    };
  }

  async #planFaults(rows: readonly ImportRow[]): Promise<RowFault[]> {
    const faults: RowFault[] = [];
    for (const plan of new Set(rows.map((row) => row.plan))) {
      const refused = await this.#parts.orders.refusalOf(plan);
      const ofPlan = rows.filter((row) => row.plan === plan);
      faults.push(...ofPlan.flatMap(({ number }) => refused.map((fault) => ({ number, column: 'plan', fault }))));
    }
    return faults;
  }

  async #taken(rows: readonly ImportRow[]): Promise<RowFault[]> {
    const faults: RowFault[] = [];
    for (let from = 0; from < rows.length; from += askedAtOnce) {
      const some = rows.slice(from, from + askedAtOnce);
      const wanted = some.map(uniqueOf);
      const texts = (values: readonly (string | null)[]) => values.filter((value) => value !== null);
      const domains = await this.#parts.orders.takenDomains(texts(wanted.map(({ domain }) => domain)));
      const accounts = await this.#rows.taken({
        loginNames: wanted.map(({ login_name }) => login_name),
        emails: wanted.map(({ email }) => email),
        references: texts(wanted.map(({ external_reference }) => external_reference)),
      });
      const taken: Readonly<Record<string, ReadonlySet<string>>> = { ...accounts, domain: domains };
      for (const [at, row] of some.entries()) {
        for (const [column, value] of Object.entries(wanted[at] ?? {})) {
          if (value !== null && taken[column]?.has(value))
            faults.push({ number: row.number, column, fault: { key: 'imports.taken' } });
        }
      }
    }
    return faults;
  }

  /**
   * Writes every row of a file that `check` found no fault in; a customer a transaction. Killed at any moment, the same file goes on
   * where it stopped, and no row comes twice.
   * @param said told how many were written so far
   * @throws Error when the file has faults: nothing was written
   */
  async run(bytes: Uint8Array, said: (written: number, of: number) => void = () => {}): Promise<Imported> {
    const { connection, clock, audit, hashing, hashingCost } = this.#parts;
    const { rows, faults, hashes } = await this.check(bytes);
    if (faults.length > 0) throw new Error('the file has faults: nothing was written');
    // Before the first of them can sign in: a failed sign-in must take longer than the slowest of these hashes.
    const kinds = [...hashes.keys()].filter((kind) => kind !== 'none');
    await hashingCost.allowFor(kinds);
    const now = clock.now();
    const wanted = { id: newId(now), file_digest: this.#digest(bytes), row_count: rows.length, created_at: now };
    const { id: importId } = await this.#rows.begin(wanted);
    const done = new Set((await this.#rows.rows(importId)).map(({ row_number }) => row_number));
    const left = rows.filter(({ number }) => !done.has(number));
    for (let from = 0; from < left.length; from += hashing.concurrency) {
      await Promise.all(left.slice(from, from + hashing.concurrency).map((row) => this.#write(importId, row)));
      // A process that measured in between, while none was there yet, may have found less enough.
      if (from === 0) await hashingCost.allowFor(kinds);
      said(Math.min(from + hashing.concurrency, left.length), left.length);
    }
    await connection.write(async (tx) => {
      await this.#rows.mark(tx, importId, { finished_at: clock.now() });
      const details = { rows: rows.length, written: left.length };
      await audit.record(tx, { action: 'accounts.importFinished', actor: operator, subjectId: importId, details });
    });
    return { importId, written: left.length, wereThere: done.size };
  }

  /** The hash first, then everything of one customer at once: consent is pending until they have agreed themselves. */
  async #write(importId: string, row: ImportRow): Promise<void> {
    const { connection, clock, hashing, store, orders, audit } = this.#parts;
    const passwordHash = row.hash ? await hashing.wrap(row.hash) : hashing.ofNobody;
    const now = clock.now();
    const [personId, customerId] = [newId(now), newId(now)];
    const { email, loginName, name, phone, language } = row;
    const made = store.personRow({
      id: personId,
      email,
      loginName,
      name,
      phone,
      passwordHash,
      language,
      createdAt: now,
      eraseAt: now,
    });
    // The address is known to be theirs: letters of the contract have gone there.
    const person = {
      ...made,
      legacy_hash: row.hash?.kind ?? null,
      // Without a password of before the mailbox alone is a way in.
      password_closed_at: row.hash ? null : now,
      verified_at: now,
      erase_at: null,
    };
    await connection.write(async (tx) => {
      await this.#rows.note(tx, { import_id: importId, row_number: row.number, person_id: personId, customer_id: customerId });
      await store.add(tx, person, customerId, newId(now));
      if (row.externalReference !== null) await this.#rows.setReference(tx, customerId, row.externalReference);
      await orders.placePending(tx, { customerId, personId, plan: row.plan, domain: row.domain });
      await audit.record(tx, { action: 'accounts.imported', actor: operator, customerId, subjectId: personId });
    });
  }

  /**
   * Removes what an import has made, as far as nobody has come: who signed in, agreed or set a password stays. May be repeated.
   * @throws Error when there is no such import
   */
  async undo(importId: string): Promise<Undone> {
    const { connection, clock, audit } = this.#parts;
    if (!(await this.#rows.byId(importId))) throw new Error('there is no such import');
    const left: { row: number; because: LeftBecause }[] = [];
    const rows = await this.#rows.rows(importId);
    for (const row of rows) {
      const because = await this.#remove(row);
      if (because) left.push({ row: row.row_number, because });
    }
    await connection.write(async (tx) => {
      await this.#rows.mark(tx, importId, { undone_at: clock.now() });
      const details = { removed: rows.length - left.length, left: left.length };
      await audit.record(tx, { action: 'accounts.importUndone', actor: operator, subjectId: importId, details });
    });
    return { removed: rows.length - left.length, left };
  }

  #remove(row: ImportedRow): Promise<LeftBecause | undefined> {
    const { connection, orders, audit } = this.#parts;
    return connection.write(async (tx) => {
      const password = await this.#rows.passwordSetAt(tx, row.person_id);
      if (await audit.hasHappened(tx, row.person_id, 'signIn.succeeded')) return 'signedIn';
      const placed = await orders.forCustomer(row.customer_id, tx);
      if (placed.some(({ consentedAt }) => consentedAt !== null)) return 'agreed';
      if (password && password.at !== null) return 'passwordSet';
      await orders.removeAll(tx, row.customer_id);
      await this.#rows.remove(tx, row);
      await audit.record(tx, {
        action: 'accounts.importRemoved',
        actor: systemActor,
        customerId: row.customer_id,
        subjectId: row.person_id,
      });
      return undefined;
    });
  }
}
