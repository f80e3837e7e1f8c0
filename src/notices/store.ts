// The SQL of notices that were shown: texts once, and who saw which on which day.
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Language } from '../platform/web/words.ts';

export type SeenRow = {
  /** local, `YYYY-MM-DD` */
  readonly day: string;
  /** the first time that day, epoch milliseconds */
  readonly at: number;
  readonly personId: string;
  readonly customerId: string;
  /** path without language */
  readonly page: string;
  readonly notice: string;
  /** the document that the notice is a short form of, in the version then in force */
  readonly document: string;
  readonly version: string;
  readonly language: Language;
  readonly sha256: string;
};
export type NewSeen = SeenRow & { readonly text: string };

export class NoticeStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What is there already stays: the first time of the day counts. */
  async add(tx: Tx, rows: readonly NewSeen[]): Promise<void> {
    const texts = [...new Map(rows.map(({ sha256, text, at }) => [sha256, { sha256, text, first_shown_at: at }])).values()];
    const known = await tx
      .selectFrom('notice_texts')
      .select('sha256')
      .where(
        'sha256',
        'in',
        texts.map(({ sha256 }) => sha256),
      )
      .execute();
    const fresh = texts.filter(({ sha256 }) => !known.some((one) => one.sha256 === sha256));
    if (fresh.length > 0)
      await tx
        .insertInto('notice_texts')
        .values(fresh)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    const seen = rows.map(({ personId, customerId, sha256, text: _text, ...row }) => ({
      ...row,
      person_id: personId,
      customer_id: customerId,
      text_sha256: sha256,
    }));
    await tx
      .insertInto('notices_seen')
      .values(seen)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async seenBy(customerId: string, after: SeenRow | undefined, count: number): Promise<SeenRow[]> {
    const rows = await this.#connection.db
      .selectFrom('notices_seen')
      .selectAll()
      .where('customer_id', '=', customerId)
      .$if(after !== undefined, (query) =>
        query.where((eb) =>
          eb(
            eb.refTuple('day', 'person_id', 'page', 'text_sha256', 'version'),
            '>',
            eb.tuple(after?.day ?? '', after?.personId ?? '', after?.page ?? '', after?.sha256 ?? '', after?.version ?? ''),
          ),
        ),
      )
      .orderBy('day')
      .orderBy('person_id')
      .orderBy('page')
      .orderBy('text_sha256')
      .orderBy('version')
      .limit(count)
      .execute();
    return rows.map(({ person_id: personId, customer_id, text_sha256: sha256, ...row }) => ({
      ...row,
      personId,
      customerId: customer_id,
      sha256,
    }));
  }

  async textsOf(digests: readonly string[]): Promise<Map<string, string>> {
    if (digests.length === 0) return new Map();
    const rows = await this.#connection.db
      .selectFrom('notice_texts')
      .selectAll()
      .where('sha256', 'in', [...digests])
      .execute();
    return new Map(rows.map(({ sha256, text }) => [sha256, text]));
  }

  async forgetBefore(day: string): Promise<void> {
    await this.#connection.write((tx) => tx.deleteFrom('notices_seen').where('day', '<', day).execute());
  }
}
