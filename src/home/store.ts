// The SQL of what was announced: rows are only added.
import type { AnnouncedSubject, HomeTables } from '../migrations/schema.ts';
import type { Connection, Reader, Tx } from '../platform/database/database.ts';

export type AnnouncementRow = HomeTables['announcements'];

export class AnnouncementStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns the row in force; pass the `tx` inside a transaction */
  newest(subject: AnnouncedSubject, reader: Reader = this.#connection.db): Promise<AnnouncementRow | undefined> {
    return reader
      .selectFrom('announcements')
      .selectAll()
      .where('subject', '=', subject)
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** @returns the newest rows, newest first */
  last(subject: AnnouncedSubject, count: number): Promise<AnnouncementRow[]> {
    return this.#connection.db
      .selectFrom('announcements')
      .selectAll()
      .where('subject', '=', subject)
      .orderBy('position', 'desc')
      .limit(count)
      .execute();
  }

  async add(tx: Tx, row: AnnouncementRow): Promise<void> {
    await tx.insertInto('announcements').values(row).execute();
  }
}
