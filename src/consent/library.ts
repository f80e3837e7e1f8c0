// Every version of every document: those that lie in files, and those that were published since, whose texts lie in the database.

import { type Clock, day, LocalTime } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import type { Language } from '../platform/web/words.ts';
import { contractDocuments, type Document, documentIn, documentNames, fileOf, readDocuments, sha256Of } from './documents.ts';
import { LibraryStore, type PublishedVersion } from './library-store.ts';

/** Customers hear of a change seven days before; of one to their disadvantage thirty (korea.md 3.1). */
export const noticeDays = { usual: 7, unfavourable: 30 } as const;

/** How soon another process's version is known here; a change is told of days ahead. */
const knownMilliseconds = 5000;

export type LibraryParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly documentsFolder: string;
  /** the zone in which a version begins to apply at midnight */
  readonly timeZone: string;
};

export class Library {
  readonly #store: LibraryStore;
  readonly #clock: Clock;
  readonly #local: LocalTime;
  readonly #folder: string;
  readonly #documents: Map<string, Document>;
  #published: readonly PublishedVersion[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;

  /** Reads the files. @throws Error naming the file that cannot be used */
  constructor({ connection, clock, documentsFolder, timeZone }: LibraryParts) {
    this.#store = new LibraryStore(connection);
    this.#clock = clock;
    this.#local = new LocalTime(timeZone);
    this.#folder = documentsFolder;
    this.#documents = new Map(readDocuments(documentsFolder).map((document) => [fileOf(document), document]));
  }

  /** The local day it is now. */
  today(): string {
    return this.#local.day(this.#clock.now());
  }

  /** @returns the local day so many days from now */
  dayIn(days: number): string {
    return this.#local.day(this.#clock.now() + days * day);
  }

  /**
   * At start: notes the digest of every version in files, and refuses to go on when a text that was shown before has changed or
   * vanished, or a new one begins to apply before customers could hear of it.
   * @throws Error naming the file
   */
  async remember(): Promise<void> {
    const inFiles = [...this.#documents.values()];
    const known = await this.#store.versions();
    const isKnown = new Set(known.map(({ document, version }) => `${document}/${version}`));
    for (const { document, version, language } of inFiles) {
      const hasEarlier = known.some((one) => one.document === document);
      if (isKnown.has(`${document}/${version}`) || !hasEarlier || version >= this.dayIn(noticeDays.usual)) continue;
      throw new Error(
        `${this.#folder}/${fileOf({ document, version, language })} is new, and customers must hear of it ${noticeDays.usual} days before: name it ${this.dayIn(noticeDays.usual)} or later, or take it out`,
      );
    }
    await this.#store.remember(inFiles, this.#clock.now(), (document) => contractDocuments.some((name) => name === document));
    await this.#load();
    for (const row of await this.#store.digests()) this.#requireText(row);
  }

  /** @throws Error naming the text that is not what was published */
  #requireText(known: { document: string; version: string; language: Language; sha256: string }): void {
    const file = fileOf(known);
    const sha256 = this.#documents.get(file)?.sha256;
    if (sha256 === known.sha256) return;
    throw new Error(
      sha256
        ? `${this.#folder}/${file} was changed after it was published (SHA-256 ${known.sha256}): put the old text back and publish a new version (gotgan terms publish)`
        : `${this.#folder}/${file} is missing although it was published: customers may have agreed to it`,
    );
  }

  /** Takes up what was published since, by another process too; asks the database at most every five seconds. */
  async refresh(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now - this.#askedAt < knownMilliseconds) return;
    this.#askedAt = now;
    if ((await this.#store.count()) !== this.#published.length) await this.#load();
  }

  /** Takes up at once what was published just now. */
  take(): Promise<void> {
    return this.#load();
  }

  async #load(): Promise<void> {
    const published = await this.#store.versions();
    for (const { text, sha256, ...key } of await this.#store.texts()) {
      const name = `${fileOf(key)} in the database`;
      if (sha256Of(text) !== sha256) throw new Error(`${name} was changed after it was published (SHA-256 ${sha256})`);
      this.#documents.set(fileOf(key), documentIn(Buffer.from(text), key, name));
    }
    this.#published = published;
  }

  /** @returns the version now in force: the newest that has begun, before that the first. @throws PanelError 404 */
  current(document: string, language: Language): Document {
    const today = this.today();
    const versions = this.versions(document);
    return this.version(document, versions.find((version) => version <= today) ?? versions.at(-1) ?? '', language);
  }

  /** @returns the newest version, also one that does not apply yet. @throws PanelError 404 */
  newest(document: string, language: Language): Document {
    return this.version(document, this.versions(document)[0] ?? '', language);
  }

  /** @throws PanelError 404 */
  version(document: string, version: string, language: Language): Document {
    const found = this.#documents.get(fileOf({ document, version, language }));
    if (!found) throw notFound();
    return found;
  }

  /** @returns every version, newest first, future ones too; none for an unknown document */
  versions(document: string): string[] {
    const all = [...this.#documents.values()].filter((one) => one.document === document && one.language === 'ko');
    return all.map(({ version }) => version).sort((a, b) => (a < b ? 1 : -1));
  }

  /** @returns how a version was published; undefined for one that nobody noted yet */
  published(document: string, version: string): PublishedVersion | undefined {
    return this.#published.find((one) => one.document === document && one.version === version);
  }

  /** @returns the newest version that customers of before must agree to as well; undefined where there was none after the first */
  needed(document: string): PublishedVersion | undefined {
    const [, ...later] = this.#published
      .filter((one) => one.document === document)
      .sort((a, b) => (a.version < b.version ? -1 : 1));
    return later.findLast(({ needsConsent }) => needsConsent);
  }

  /** @returns versions that were published after the first and do not apply yet, or since `since` (a local day) */
  changesSince(since: string): PublishedVersion[] {
    return documentNames.flatMap((document) => {
      const [, ...later] = this.#published
        .filter((one) => one.document === document)
        .sort((a, b) => (a.version < b.version ? -1 : 1));
      return later.filter(({ version }) => version >= since);
    });
  }
}
