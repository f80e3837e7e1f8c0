// The door of notices: which text of which notice was shown to whom, on which page, on which day (KHADA 8.1, 8.2; slide 8-2).
import { createHash } from 'node:crypto';
import type { Consent } from '../consent/consent.ts';
import { type Clock, day, LocalTime } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Log } from '../platform/log.ts';
import type { ShownNotice } from '../platform/web/page.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Language } from '../platform/web/words.ts';
import { type NewSeen, NoticeStore, type SeenRow } from './store.ts';

export type { SeenRow } from './store.ts';

export type NoticesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly consent: Consent;
  /** an IANA name: days are local */
  readonly timeZone: string;
};

/** Where a page was seen: path without language. */
export type SeenOn = { readonly person: SignedIn; readonly language: Language; readonly path: string };

/** As long as claims from a contract can be brought: five years after it. What is older than ten years tells nothing any more. */
export const keptDays = 3650;
/** What one process knows to be written of today; beyond that it asks the database again. */
const mostKnown = 50_000;
/** What waits while the database cannot be written. */
const mostWaiting = 10_000;
const longestPath = 200;

/**
 * One row a person, text, page and day, however often the page is opened: a page costs one look into a set. Rows are written behind
 * the page, many at once; a page never waits for them, and never fails with them.
 */
export class Notices {
  readonly #parts: NoticesParts;
  readonly #store: NoticeStore;
  readonly #local: LocalTime;
  #known = { day: '', keys: new Set<string>() };
  readonly #digests = new Map<string, string>();
  #waiting: NewSeen[] = [];
  #writing: Promise<void> | undefined;

  constructor(parts: NoticesParts) {
    this.#parts = parts;
    this.#store = new NoticeStore(parts.connection);
    this.#local = new LocalTime(parts.timeZone);
  }

  /** A page with these notices was made for this person. */
  shown({ person, language, path }: SeenOn, notices: readonly ShownNotice[]): void {
    const at = this.#parts.clock.now();
    const today = this.#local.day(at);
    if (this.#known.day !== today || this.#known.keys.size > mostKnown) this.#known = { day: today, keys: new Set() };
    for (const { name, document, text } of notices) {
      const key = [person.personId, person.customerId, path, name, text].join('\n');
      if (this.#known.keys.has(key)) continue;
      this.#known.keys.add(key);
      const { version } = this.#parts.consent.current(document, language);
      const { personId, customerId } = person;
      const seen = { day: today, at, personId, customerId, page: path.slice(0, longestPath) };
      this.#waiting.push({ ...seen, notice: name, document, version, language, text, sha256: this.#digestOf(text) });
    }
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  #digestOf(text: string): string {
    const known = this.#digests.get(text);
    if (known) return known;
    if (this.#digests.size > 1000) this.#digests.clear();
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.#digests.set(text, sha256);
    return sha256;
  }

  async #write(): Promise<void> {
    const { connection, log } = this.#parts;
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.splice(0, 100);
      try {
        await connection.write((tx) => this.#store.add(tx, rows));
      } catch (error) {
        log.warn({ err: error, rows: rows.length }, 'notices that were shown could not be written yet');
        if (this.#waiting.length < mostWaiting) this.#waiting.unshift(...rows);
        break;
      }
    }
    this.#writing = undefined;
  }

  /** Waits until what was shown so far is written, as far as it can be; at the end of a process. */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#waiting.length > 0) await this.#write();
  }

  /** @returns what a customer's people were shown, oldest first, in portions after `after` */
  seenBy(customerId: string, after: SeenRow | undefined, count: number): Promise<SeenRow[]> {
    return this.#store.seenBy(customerId, after, count);
  }

  /** @returns texts by their digests */
  textsOf(digests: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#store.textsOf(digests);
  }

  /** Forgets what is older than ten years. */
  sweep(): Promise<void> {
    return this.#store.forgetBefore(this.#local.day(this.#parts.clock.now() - keptDays * day));
  }
}
