// What a law has the company keep after an erasure: apart, under a pseudonym, with its end (Personal Information Protection Act, article
// 21-3; Act on Consumer Protection in Electronic Commerce, article 6, and its decree, article 6: contracts five years).
import type { Selectable } from 'kysely';
import type { TerminationTables } from '../migrations/schema.ts';
import type { Order, PaidTime } from '../orders/orders.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Closure } from './store.ts';

/** Records of contracts are kept so long after their end. */
export const contractYears = 5;

export type KeptRecord = {
  readonly id: string;
  readonly closureId: string;
  readonly customerId: string;
  readonly kind: 'contract';
  readonly content: KeptContract;
  readonly keptSince: number;
  readonly endsAt: number;
};

/** A contract without its party: plans, prices and times. */
export type KeptContract = {
  readonly externalReference: string | null;
  readonly closedAt: number;
  readonly because: string;
  readonly orders: readonly {
    readonly id: string;
    readonly plan: string;
    readonly priceWon: number;
    readonly backupVariant: string;
    readonly placedAt: number;
    readonly consentedAt: number | null;
    readonly endedAt: number | null;
    readonly paid: PaidTime | null;
  }[];
  /** outages that count for the contract, with the terms that the compensation follows from */
  readonly outages: readonly {
    readonly outageId: string;
    readonly plan: string;
    readonly priceWon: number;
    readonly slaVersion: string;
    readonly startedAt: number;
    readonly endedAt: number | null;
    readonly toldAt: number | null;
  }[];
};

type Row = Selectable<TerminationTables['kept_records']>;

/** @returns the moment so many calendar years later, in UTC; 29 February ends on 1 March */
export function yearsAfter(at: number, years: number): number {
  const date = new Date(at);
  return Date.UTC(
    date.getUTCFullYear() + years,
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
  );
}

export class KeptRecords {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

  constructor({ connection, secrets }: { connection: Connection; secrets: Secrets }) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  /** @param address as it was typed once, or is typed now by who asks */
  digestOf(address: string): string {
    return this.#secrets.digest('kept_records', address.normalize('NFC').trim().toLowerCase());
  }

  /** Written once a closing, however often it is asked. @param owner the address of the contract's party, of which a keyed digest alone is kept */
  async keepContract(
    tx: Tx,
    { id: closureId, customerId, closedAt, because }: Closure,
    more: {
      readonly orders: readonly Order[];
      readonly outages: KeptContract['outages'];
      readonly owner: string | undefined;
      readonly now: number;
      readonly externalReference: string | null;
    },
  ): Promise<void> {
    const { orders, outages, owner, now, externalReference } = more;
    const content: KeptContract = {
      ...{ externalReference, closedAt, because, outages },
      orders: orders.map(({ id, plan, priceWon, backupVariant, placedAt, consentedAt, endedAt, paid }) => {
        return { id, plan, priceWon, backupVariant, placedAt, consentedAt, endedAt, paid };
      }),
    };
    const row = {
      id: newId(now),
      closure_id: closureId,
      customer_id: customerId,
      kind: 'contract' as const,
      kept_since: now,
      ends_at: yearsAfter(closedAt, contractYears),
    };
    const subject_digest = owner === undefined ? null : this.digestOf(owner);
    await tx
      .insertInto('kept_records')
      .values({ ...row, subject_digest, content: JSON.stringify(content) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** For a dispute: by the address that somebody names, or by the number of their certificate. */
  async find(what: { readonly address: string } | { readonly closureId: string }): Promise<KeptRecord[]> {
    const query = this.#connection.db.selectFrom('kept_records').selectAll().orderBy('kept_since');
    const rows =
      'address' in what
        ? await query.where('subject_digest', '=', this.digestOf(what.address)).execute()
        : await query.where('closure_id', '=', what.closureId).execute();
    return rows.map(fromRow);
  }

  /** Erases what no law keeps any longer, with the certificate of its closing. @returns how many */
  async sweep(now: number): Promise<number> {
    return this.#connection.write(async (tx) => {
      const gone = await tx.deleteFrom('kept_records').where('ends_at', '<=', now).returning(['closure_id']).execute();
      const ids = gone.map(({ closure_id }) => closure_id);
      if (ids.length > 0)
        await tx.updateTable('closures').set({ certificate: null, certificate_hash: null }).where('id', 'in', ids).execute();
      return gone.length;
    });
  }
}

const fromRow = (row: Row): KeptRecord => ({
  id: row.id,
  closureId: row.closure_id,
  customerId: row.customer_id,
  kind: row.kind,
  content: JSON.parse(row.content),
  keptSince: row.kept_since,
  endsAt: row.ends_at,
});
