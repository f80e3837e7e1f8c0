// The SQL of operators' tokens.
import type { Selectable } from 'kysely';
import type { BillingTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

type Row = Selectable<BillingTables['operator_tokens']>;
export type Scope = Row['scope'];

export type OperatorToken = {
  readonly id: string;
  /** what the operator calls the program */
  readonly name: string;
  readonly scope: Scope;
  /** addresses and networks (CIDR) from which alone it may be used; empty: from everywhere */
  readonly networks: readonly string[];
  /** epoch milliseconds, as all times here */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly endedAt: number | null;
};

export class OperatorTokenStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(tx: Tx, { id, name, scope, networks, createdAt, expiresAt }: OperatorToken, hash: string): Promise<void> {
    const times = { created_at: createdAt, expires_at: expiresAt, used_at: null, ended_at: null };
    const row = { id, name, scope, networks: JSON.stringify(networks), token_hash: hash, ...times };
    await tx.insertInto('operator_tokens').values(row).execute();
  }

  async byHash(hash: string): Promise<OperatorToken | undefined> {
    const query = this.#connection.db.selectFrom('operator_tokens').selectAll().where('token_hash', '=', hash);
    const row = await query.executeTakeFirst();
    return row && fromRow(row);
  }

  /** @returns newest first, those that are over as well */
  async all(): Promise<OperatorToken[]> {
    const rows = await this.#connection.db.selectFrom('operator_tokens').selectAll().orderBy('id', 'desc').execute();
    return rows.map(fromRow);
  }

  /** @returns false when there is none, or it was over before */
  async end(tx: Tx, id: string, now: number): Promise<boolean> {
    const query = tx.updateTable('operator_tokens').set({ ended_at: now }).where('id', '=', id).where('ended_at', 'is', null);
    return (await query.executeTakeFirst()).numUpdatedRows === 1n;
  }

  async noteUse(tx: Tx, id: string, now: number): Promise<void> {
    await tx.updateTable('operator_tokens').set({ used_at: now }).where('id', '=', id).execute();
  }
}

const numberOf = (value: number | null) => (value === null ? null : Number(value));

const fromRow = (row: Row): OperatorToken => ({
  ...{ id: row.id, name: row.name, scope: row.scope, networks: JSON.parse(row.networks) },
  ...{ createdAt: Number(row.created_at), expiresAt: Number(row.expires_at) },
  ...{ usedAt: numberOf(row.used_at), endedAt: numberOf(row.ended_at) },
});
