// Dated changes of what the public pages announce (KHADA 1.1, 7.6): a row when it first holds, and one whenever it differs from the last.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AnnouncedSubject } from '../migrations/schema.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import type { Words } from '../platform/web/words.ts';
import { changesOf, type Locations } from './locations.ts';
import { type AnnouncementRow, AnnouncementStore } from './store.ts';

/** What is kept of officers: digests of what is printed of each, since their names go with them and the rows stay. */
type SaidOfOfficers = Readonly<Record<'security' | 'privacy', { readonly sha256: string; readonly since: string } | null>>;

/** A dated change as pages show it. */
export type Announced = {
  /** epoch milliseconds */
  readonly at: number;
  /** a sentence each; of the first row that it was announced */
  readonly changes: readonly string[];
};

const mostShown = 100;

export class Announcing {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #store: AnnouncementStore;
  #locationsSince: number | undefined;

  constructor({ connection, clock }: { connection: Connection; clock: Clock }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#store = new AnnouncementStore(connection);
  }

  /** Adds a row for what is not as it was last announced. May be called by several processes at once: what holds is announced once. */
  async record(locations: Locations, officers: Choices['officers']): Promise<void> {
    this.#locationsSince = await this.#note('backup-location', locations);
    // Nothing is announced by having named nobody yet; that nobody is named any more is.
    if (officers || (await this.#store.newest('officers'))) await this.#note('officers', saidOf(officers));
  }

  /** @returns since when it holds, epoch milliseconds */
  async #note(subject: AnnouncedSubject, said: unknown): Promise<number> {
    const text = JSON.stringify(said);
    const known = await this.#holding(subject, text);
    if (known !== undefined) return known;
    try {
      return await this.#connection.write(async (tx) => {
        // Read once: between two readings another process may commit, and what holds would be announced again behind it.
        const last = await this.#store.newest(subject, tx);
        if (last && isSame(last, text)) return last.at;
        const at = this.#clock.now();
        const position = (last?.position ?? 0) + 1;
        await this.#store.add(tx, { id: `${subject}/${position}`, subject, position, at, said: text });
        return at;
      });
    } catch (error) {
      // Another process that started at the same moment may have written the same row.
      const written = await this.#holding(subject, text);
      if (written === undefined) throw error;
      return written;
    }
  }

  /** @returns since when this is what was last announced; undefined when something else was, or nothing */
  async #holding(subject: AnnouncedSubject, text: string): Promise<number | undefined> {
    const last = await this.#store.newest(subject);
    return last && isSame(last, text) ? last.at : undefined;
  }

  /** @returns since when the backup locations are as they are, epoch milliseconds; undefined before they were first announced */
  async locationsSince(): Promise<number | undefined> {
    // What a process announced at its start holds until it ends; one that announces nothing asks.
    return this.#locationsSince ?? (await this.#store.newest('backup-location'))?.at;
  }

  /** @returns the newest hundred changes, newest first */
  async history(subject: AnnouncedSubject, { t }: Pick<Words, 't'>): Promise<Announced[]> {
    const rows = await this.#store.last(subject, mostShown + 1);
    return rows.slice(0, mostShown).map((row, index) => ({ at: row.at, changes: sentences(rows[index + 1], row, t) }));
  }
}

const isSame = ({ said }: AnnouncementRow, text: string) => isDeepStrictEqual(JSON.parse(said), JSON.parse(text));

function saidOf(officers: Choices['officers']): SaidOfOfficers {
  const one = (of: 'security' | 'privacy') => {
    const officer = officers?.[of];
    if (!officer) return null;
    const { name, title, department, phone, email, since } = officer;
    const printed = JSON.stringify([name, title, department, phone, email, since]);
    return { sha256: createHash('sha256').update(printed).digest('hex'), since };
  };
  return { security: one('security'), privacy: one('privacy') };
}

function sentences(before: AnnouncementRow | undefined, now: AnnouncementRow, t: Words['t']): string[] {
  if (!before) return [t('home.announced.first')];
  if (now.subject === 'backup-location') return changesOf(JSON.parse(before.said), JSON.parse(now.said), t);
  const [old, said] = [JSON.parse(before.said) as SaidOfOfficers, JSON.parse(now.said) as SaidOfOfficers];
  return (['security', 'privacy'] as const).flatMap((of) => {
    if (isDeepStrictEqual(old[of], said[of])) return [];
    const since = said[of]?.since;
    const officer = t(`home.officers.${of}`);
    if (!said[of]) return [t('home.announced.officerGone', { officer })];
    return [since ? t('home.announced.officerSince', { officer, since }) : t('home.announced.officer', { officer })];
  });
}
