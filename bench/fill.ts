// Fills a migrated database with persons who have a site each, and an audit, by SQL and not through the panel.
import type { HashParameters } from '../src/accounts/hash-parameters.ts';
import { PasswordHashing } from '../src/accounts/hashing.ts';
import { AccountStore } from '../src/accounts/store.ts';
import { systemClock } from '../src/platform/clock.ts';
import { openDatabase } from '../src/platform/database/database.ts';
import { newId } from '../src/platform/ids.ts';
import { Secrets } from '../src/platform/secrets.ts';
import { type Row, type Rows, sinkOf } from './sink.ts';

export type Amounts = { readonly persons: number; readonly auditRows: number };
export type Wanted = Amounts & {
  readonly url: string;
  readonly secret: string;
  readonly password: string;
  /** of the password's hash, if not the least */
  readonly cost?: HashParameters;
};

export const personAddress = (number: number) => `person-${number}@example.com`;

const chunk = 5000;

/** Persons `personAddress(0)` and on, verified, all with one password; each is the owner of a customer with an order, an open site and a backup. */
export async function fill({ url, secret, password, cost, persons, auditRows }: Wanted): Promise<void> {
  const hashing = new PasswordHashing({ concurrency: 1, ...(cost && { parameters: cost }) });
  const passwordHash = await hashing.hash(password);
  const connection = await openDatabase(url, systemClock);
  const store = new AccountStore(connection, new Secrets(secret));
  const sink = await sinkOf(url);
  try {
    const { id: serverId } = await connection.db.selectFrom('servers').select('id').executeTakeFirstOrThrow();
    const people: Person[] = [];
    for (let from = 0; from < persons; from += chunk) {
      const some = Array.from({ length: Math.min(chunk, persons - from) }, (_, at) => person(from + at));
      people.push(...some);
      for (const rows of rowsOf(some, { store, passwordHash, serverId })) await sink.write(rows);
    }
    for (let from = 0; from < auditRows; from += chunk)
      await sink.write({ table: 'audit', rows: auditOf(people, from, Math.min(chunk, auditRows - from)) });
    await sink.end();
  } finally {
    await connection.close();
  }
}

type Person = {
  readonly number: number;
  readonly id: string;
  readonly customer: string;
  readonly order: string;
  readonly site: string;
};

const id = () => newId(Date.now());
const person = (number: number): Person => ({ number, id: id(), customer: id(), order: id(), site: id() });
const letters = (number: number) => `f${number.toString(36).padStart(9, '0')}`;

type Common = { readonly store: AccountStore; readonly passwordHash: string; readonly serverId: string };

function* rowsOf(people: readonly Person[], { store, passwordHash, serverId }: Common): Generator<Rows> {
  const now = Date.now();
  const all = (row: (one: Person) => Row) => people.map(row);
  yield { table: 'customers', rows: all(({ customer }) => ({ id: customer, created_at: now })) };
  yield {
    table: 'persons',
    rows: all(({ id, number }) => {
      const email = personAddress(number);
      const row = store.personRow({
        id,
        email,
        name: undefined,
        phone: undefined,
        passwordHash,
        language: 'ko',
        createdAt: now,
        eraseAt: now,
      });
      return { ...row, verified_at: now, erase_at: null };
    }),
  };
  yield {
    table: 'memberships',
    rows: all(({ id, customer }) => ({ id: newId(now), person_id: id, customer_id: customer, role: 'owner', created_at: now })),
  };
  const plan = { plan: 'tree', price_won: 11_000, storage_bytes: 20e9, manual_backups: 3, backup_variant: 'none' };
  yield {
    table: 'orders',
    rows: all(({ id, customer, order }) => ({
      id: order,
      customer_id: customer,
      actor_person_id: id,
      ...plan,
      placed_at: now,
      consented_at: now,
    })),
  };
  // Opened now: the night's backups of these sites begin after the measurement.
  yield {
    table: 'sites',
    rows: all(({ number, customer, order, site }) => ({
      id: site,
      name: letters(number),
      customer_id: customer,
      order_id: order,
      server_id: serverId,
      quota_bytes: 20e9,
      used_bytes: 0,
      used_files: 0,
      created_at: now,
      opened_at: now,
    })),
  };
  const day = new Date(now).toISOString().slice(0, 10);
  const done = {
    kind: 'nightly',
    day,
    state: 'verified',
    bytes: 1,
    original_bytes: 1,
    sha256: '',
    files: 1,
    folders: 1,
    databases: 0,
  };
  const times = { queued_at: now, started_at: now, made_at: now, verified_at: now, data_at: now };
  yield {
    table: 'backups',
    rows: all(({ customer, site }) => ({
      id: newId(now),
      site_id: site,
      customer_id: customer,
      ...done,
      ...times,
      file_name: `${site}.zip`,
      left_out: '[]',
      files_done: 1,
      files_total: 1,
    })),
  };
}

function auditOf(people: readonly Person[], from: number, count: number): Row[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, at) => {
    const one = people[(from + at) % people.length];
    return {
      id: newId(now),
      at: now - (from + at) * 1000,
      action: at % 2 === 0 ? 'signIn.succeeded' : 'backups.verified',
      actor_kind: 'person',
      actor_person_id: one?.id ?? null,
      customer_id: one?.customer ?? null,
      site_id: one?.site ?? null,
      details: '{}',
    };
  });
}
