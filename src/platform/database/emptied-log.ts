// After an erasure: what was deleted must not lie in the database's own log any longer (security.md G.4, measured).
import { sql } from 'kysely';
import type { Connection } from './database.ts';

/**
 * On SQLite the write-ahead log goes into the file, where `secure_delete` has overwritten what was deleted, and is cut to nothing. On
 * PostgreSQL rows go with its own vacuum, and its log by its own rotation; whatever is personal in them is sealed.
 * @returns false when somebody reads or writes just now: ask again
 */
export async function emptyLog({ engine, owner }: Pick<Connection, 'engine' | 'owner'>): Promise<boolean> {
  if (engine !== 'sqlite') return true;
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(owner);
  return rows[0]?.busy === 0;
}
