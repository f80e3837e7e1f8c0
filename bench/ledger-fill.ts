// Fills a migrated database with customers, an order each and what they agreed to, linked as the ledger links it.
import { chainField, linkText, rowDigest } from '../src/consent/chain.ts';
import type { Consent } from '../src/consent/consent.ts';
import { kindOf } from '../src/consent/kinds.ts';
import type { ConsentRow } from '../src/migrations/schema.ts';
import { documentOf, optionalItems, requiredItems } from '../src/orders/items.ts';
import { day } from '../src/platform/clock.ts';
import { newId } from '../src/platform/ids.ts';
import type { Secrets } from '../src/platform/secrets.ts';
import { type Row, sinkOf } from './sink.ts';

export type LedgerAmounts = {
  readonly customers: number;
  /** answers of each customer */
  readonly answers: number;
};

const items = [...requiredItems, ...optionalItems];
const customersAtOnce = 500;
/** Before any version that is published in the run. */
const ageMilliseconds = 30 * day;

/** @returns the ids of the customers */
export async function fillLedger(
  url: string,
  { customers, answers }: LedgerAmounts,
  parts: { readonly secrets: Secrets; readonly consent: Consent },
): Promise<string[]> {
  const sink = await sinkOf(url);
  const links = new Links(parts.secrets);
  const ids: string[] = [];
  for (let from = 0; from < customers; from += customersAtOnce) {
    const some = Array.from({ length: Math.min(customersAtOnce, customers - from) }, () => customer(answers, parts.consent));
    ids.push(...some.map(({ id }) => id));
    const rows = some.flatMap(({ consents }) => consents);
    await sink.write({ table: 'customers', rows: some.map(({ id, at }) => ({ id, created_at: at })) });
    await sink.write({ table: 'orders', rows: some.map(({ order }) => order) });
    await sink.write({ table: 'consents', rows: rows.map((row) => ({ ...row })) });
    await sink.write({ table: 'consents_links', rows: rows.map((row) => links.next(row)) });
  }
  await sink.write({ table: 'consents_head', rows: [links.head()] });
  await sink.end();
  return ids;
}

type Customer = { readonly id: string; readonly at: number; readonly order: Row; readonly consents: readonly ConsentRow[] };

function customer(answers: number, consent: Consent): Customer {
  const at = Date.now() - ageMilliseconds;
  const [id, order, person] = [newId(at), newId(at), newId(at)];
  const plan = { plan: 'tree', price_won: 11_000, storage_bytes: 20e9, manual_backups: 3, backup_variant: 'none' };
  const placed = { id: order, customer_id: id, actor_person_id: person, ...plan, placed_at: at, consented_at: at };
  const about = { at, order_id: order, customer_id: id, actor_person_id: person };
  const consents = Array.from({ length: answers }, (_, number) => answer(number, about, consent));
  return { id, at, order: placed, consents };
}

type About = Pick<ConsentRow, 'at' | 'order_id' | 'customer_id' | 'actor_person_id'>;

/** What a customer is asked at a sign-up, and later again. */
function answer(number: number, about: About, consent: Consent): ConsentRow {
  const item = items[number % items.length] ?? 'age_14';
  const name = documentOf(item, 'none');
  const shown = name === undefined ? undefined : consent.current(name, 'ko');
  return {
    ...{ ...about, id: newId(about.at + number), item, kind: kindOf(item), required: shown ? 1 : 0, agreed: 1 },
    ...{ document: shown?.document ?? null, version: shown?.version ?? null, text_sha256: shown?.sha256 ?? null },
    ...{ language: 'ko', wording: `위 내용에 동의합니다: ${item}`, method: 'checkbox', page: 'signup' },
    ...{ address_digest: null, agent_digest: null, actor_kind: 'person', actor_role: 'owner' },
    ...{ reason: null, withdraws: null, reconfirm_by: null },
  };
}

class Links {
  readonly #secrets: Secrets;
  #end = { position: 0, mac: '' };

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  next(row: ConsentRow): Row {
    const position = this.#end.position + 1;
    const digest = rowDigest(row);
    const mac = this.#secrets.digest(chainField, linkText(position, this.#end.mac, digest));
    this.#end = { position, mac };
    return { position, row_id: row.id, mac, created_at: row.at, row_sha256: digest };
  }

  head = (): Row => ({ name: 'consents', ...this.#end });
}
