// The SQL of versions of documents: what was published, its digests and texts, and who was told.
import type { ConsentTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Language } from '../platform/web/words.ts';
import type { Document } from './documents.ts';

/** How a version of a document came out. */
export type PublishedVersion = {
  readonly document: string;
  /** the local day from which it applies */
  readonly version: string;
  /** epoch milliseconds */
  readonly publishedAt: number;
  /** to the customers' disadvantage: told thirty days before */
  readonly isUnfavourable: boolean;
  /** customers of before must agree to it as well */
  readonly needsConsent: boolean;
  /** whose joint terms it is, and which version of theirs */
  readonly jointTerms: string | null;
};

type Text = { document: string; version: string; language: Language; sha256: string; text: string };

export class LibraryStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async count(): Promise<number> {
    const { db } = this.#connection;
    const row = await db
      .selectFrom('document_versions')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirst();
    return Number(row?.count ?? 0);
  }

  async versions(): Promise<PublishedVersion[]> {
    const rows = await this.#connection.db.selectFrom('document_versions').selectAll().orderBy('id').execute();
    return rows.map((row) => ({
      document: row.document,
      version: row.version,
      publishedAt: row.published_at,
      isUnfavourable: row.unfavourable === 1,
      needsConsent: row.needs_consent === 1,
      jointTerms: row.joint_terms,
    }));
  }

  digests(): Promise<ConsentTables['documents'][]> {
    return this.#connection.db.selectFrom('documents').selectAll().execute();
  }

  /** @returns the texts that lie in the database */
  texts(): Promise<Text[]> {
    return this.#connection.db
      .selectFrom('documents')
      .innerJoin('document_texts', 'document_texts.sha256', 'documents.sha256')
      .select(['document', 'version', 'language', 'documents.sha256', 'text'])
      .execute();
  }

  /** Notes versions in files that were never seen before; two processes that start together do it once. */
  async remember(documents: readonly Document[], now: number, needsConsent: (document: string) => boolean): Promise<void> {
    await this.#connection.write(async (tx) => {
      await addDigests(tx, documents, now);
      for (const { document, version, language } of documents) {
        if (language !== 'ko') continue;
        const fresh = { publishedAt: now, isUnfavourable: false, needsConsent: needsConsent(document), jointTerms: null };
        await addVersion(tx, { document, version, ...fresh }, 'files');
      }
    });
  }

  /** @returns false when this version is there already */
  async publish(tx: Tx, version: PublishedVersion, documents: readonly Document[]): Promise<boolean> {
    if (!(await addVersion(tx, version, 'command'))) return false;
    for (const { sha256, markdown: text } of documents) {
      const known = await tx.selectFrom('document_texts').select('sha256').where('sha256', '=', sha256).executeTakeFirst();
      const row = { sha256, text, created_at: version.publishedAt };
      if (!known) await tx.insertInto('document_texts').values(row).execute();
    }
    await addDigests(tx, documents, version.publishedAt);
    return true;
  }

  /** @returns whether the customer was not told so before */
  async tell(tx: Tx, telling: ConsentTables['document_tellings']): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('document_tellings')
      .values(telling)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  /** @returns which of these customers were told */
  async told(
    { document, version, kind }: Pick<ConsentTables['document_tellings'], 'document' | 'version' | 'kind'>,
    customerIds: readonly string[],
  ): Promise<ReadonlySet<string>> {
    if (customerIds.length === 0) return new Set();
    const rows = await this.#connection.db
      .selectFrom('document_tellings')
      .select('customer_id')
      .where('document', '=', document)
      .where('version', '=', version)
      .where('kind', '=', kind)
      .where('customer_id', 'in', [...customerIds])
      .execute();
    return new Set(rows.map(({ customer_id }) => customer_id));
  }
}

/** The guard of SQLite refuses a row that is there before a conflict could be asked: so it is looked at first. */
async function addVersion(tx: Tx, version: PublishedVersion, source: 'files' | 'command'): Promise<boolean> {
  const id = `${version.document}/${version.version}`;
  const known = await tx.selectFrom('document_versions').select('id').where('id', '=', id).executeTakeFirst();
  if (known) return false;
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('document_versions')
    .values({
      id,
      document: version.document,
      version: version.version,
      published_at: version.publishedAt,
      unfavourable: version.isUnfavourable ? 1 : 0,
      needs_consent: version.needsConsent ? 1 : 0,
      joint_terms: version.jointTerms,
      source,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function addDigests(tx: Tx, documents: readonly Document[], now: number): Promise<void> {
  const known = await tx.selectFrom('documents').select(['document', 'version', 'language']).execute();
  const keys = new Set(known.map(({ document, version, language }) => `${document}/${version}.${language}`));
  for (const { document, version, language, sha256 } of documents) {
    if (keys.has(`${document}/${version}.${language}`)) continue;
    await tx
      .insertInto('documents')
      .values({ document, version, language, sha256, first_seen_at: now })
      .onConflict((conflict) => conflict.columns(['document', 'version', 'language']).doNothing())
      .execute();
  }
}
