// Publishing a version of a document: what it changes is looked at first, and customers have time before it applies.
import type { Actor, Audit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict } from '../platform/errors.ts';
import type { Language } from '../platform/web/words.ts';
import { contractDocuments, type Document, documentIn, documentNames, isVersion } from './documents.ts';
import { type Library, noticeDays } from './library.ts';
import { LibraryStore, type PublishedVersion } from './library-store.ts';
import { changesOf, type TextChanges } from './text-changes.ts';

/** A version as it is meant to be. */
export type Draft = {
  readonly document: string;
  /** the local day from which it applies, `YYYY-MM-DD` */
  readonly version: string;
  readonly texts: Readonly<Record<Language, Buffer>>;
  readonly isUnfavourable: boolean;
  /** customers of before agree to it as well; only a contract's document may be without */
  readonly needsConsent: boolean;
  /** whose joint terms it is, and which version of theirs */
  readonly jointTerms: string | null;
};

/** A draft in which nothing is wrong, and what it changes. */
export type Reviewed = {
  readonly draft: PublishedVersion;
  readonly documents: readonly Document[];
  readonly changes: Readonly<Record<Language, TextChanges>>;
};

/** What is wrong with a draft, in sentences for whoever publishes. */
export class DraftRefused extends Error {}

export type PublishingParts = { connection: Connection; clock: Clock; library: Library };

export class Publishing {
  readonly #parts: PublishingParts;
  readonly #store: LibraryStore;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#store = new LibraryStore(parts.connection);
  }

  /** Writes nothing. @throws DraftRefused with every reason against it, a line each */
  review({ texts, ...draft }: Draft): Reviewed {
    const { library, clock } = this.#parts;
    const faults = this.#faults(draft);
    const documents = (['ko', 'en'] as const).flatMap((language) => {
      try {
        return documentIn(texts[language], { ...draft, language }, `the text in ${language}`);
      } catch (error) {
        faults.push((error as Error).message);
        return [];
      }
    });
    const isKnown = documentNames.some((name) => name === draft.document);
    const before = (language: Language) => (isKnown ? library.newest(draft.document, language).markdown : '');
    for (const { language, markdown } of documents) {
      if (markdown === before(language))
        faults.push(`the text in ${language} is the same as before: there is nothing to publish`);
    }
    if (faults.length > 0) throw new DraftRefused(faults.join('\n'));
    const changes = Object.fromEntries(
      documents.map(({ language, markdown }) => [language, changesOf(before(language), markdown)]),
    );
    const published = { ...draft, publishedAt: clock.now() };
    return { draft: published, documents, changes: changes as Reviewed['changes'] };
  }

  #faults({ document, version, isUnfavourable, needsConsent }: Omit<Draft, 'texts'>): string[] {
    const { library } = this.#parts;
    if (!documentNames.some((name) => name === document))
      return [`${document} is no document; one of ${documentNames.join(', ')} is`];
    const days = isUnfavourable ? noticeDays.unfavourable : noticeDays.usual;
    const [newest = ''] = library.versions(document);
    const isContract = contractDocuments.some((name) => name === document);
    return [
      ...(isVersion(version) ? [] : [`${version} is no day; it is written YYYY-MM-DD`]),
      ...(version > newest ? [] : [`it must begin to apply after the version before it, which does on ${newest}`]),
      ...(version >= library.dayIn(days)
        ? []
        : [`customers must hear of it ${days} days before: ${library.dayIn(days)} or later`]),
      ...(isContract && isUnfavourable && !needsConsent ? ['what is to the customers’ disadvantage needs their consent'] : []),
      ...(!isContract && needsConsent ? [`customers do not agree to ${document} by their orders`] : []),
    ];
  }

  /**
   * From now on everybody can read it, and it applies from its day on. It can never be changed; a mistake is mended by a newer version.
   * @throws PanelError 409 when somebody else has published this version meanwhile
   */
  async publish({ draft, documents }: Reviewed, by: { audit: Audit; actor: Actor }): Promise<void> {
    const { connection, library } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await this.#store.publish(tx, draft, documents))) throw conflict('consent.published');
      const { document, version, isUnfavourable, needsConsent } = draft;
      const details = { version, isUnfavourable, needsConsent };
      await by.audit.record(tx, { action: 'consent.published', actor: by.actor, subjectId: document, details });
    });
    await library.take();
  }
}
