// Statements of the pages that are asked all day: building their text takes as long as answering them, so it is made once.
import type { CompiledQuery, Kysely } from 'kysely';
import type { Schema } from '../../migrations/schema.ts';
import type { Connection, Reader } from './database.ts';

/** Stands in the text for a value that is only known when it is asked. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * @param build the statement; its values may only be handed on as values of `where`, `limit` and the like, never be looked at
 * @returns asks it with these values; inside a transaction, so that it sees what was written there, by its `tx`
 */
export function prepared<Values extends Readonly<Record<string, unknown>>, Row>(
  build: (db: Reader, values: Values) => { compile(): CompiledQuery<Row>; execute(): Promise<Row[]> },
): (connection: Connection, values: Values, tx?: Reader) => Promise<Row[]> {
  // The engines differ in their text.
  const texts = new WeakMap<Connection, CompiledQuery<Row>>();
  const slots = new Proxy({} as Values, { get: (_, name) => new Slot(String(name)) });
  return async (connection, values, tx) => {
    if (tx) return build(tx, values).execute();
    const text = texts.get(connection) ?? build(connection.db, slots).compile();
    texts.set(connection, text);
    const parameters = text.parameters.map((value) => (value instanceof Slot ? values[value.name] : value));
    const { rows } = await (connection.db as Kysely<Schema>).executeQuery<Row>({ ...text, parameters } as CompiledQuery<Row>);
    return rows;
  };
}
