// Values that all processes of a panel agree on, kept in the database: the cost of hashing, keys that were carried over.
import type { Clock } from './clock.ts';
import type { Connection, Tx } from './database/database.ts';

export class Settings {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async read(name: string): Promise<string | undefined> {
    const row = await this.#connection.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
    return row?.value;
  }

  /** @returns every setting whose name begins so, by name */
  async beginning(prefix: string): Promise<Map<string, string>> {
    const rows = await this.#connection.db.selectFrom('settings').select(['name', 'value']).orderBy('name').execute();
    return new Map(rows.filter(({ name }) => name.startsWith(prefix)).map(({ name, value }) => [name, value]));
  }

  /**
   * Writes what comes of the value that is there, in one transaction: processes side by side see each other's.
   * @param next undefined: it stays as it is
   * @returns what is there afterwards
   */
  change(name: string, next: (before: string | undefined) => string | undefined): Promise<string | undefined> {
    return this.#connection.write(async (tx) => {
      const before = await this.#lockedRead(tx, name);
      const value = next(before);
      if (value === undefined || value === before) return before;
      const changed_at = this.#clock.now();
      await tx
        .insertInto('settings')
        .values({ name, value, changed_at })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at }))
        .execute();
      return value;
    });
  }

  async #lockedRead(tx: Tx, name: string): Promise<string | undefined> {
    const row = await tx.selectFrom('settings').select('value').where('name', '=', name).forUpdate().executeTakeFirst();
    return row?.value;
  }
}
