// Tells a site's owner by letter what was refused and what was found: each at most once an hour, with everything that came together.
import { type Clock, hour } from '../platform/clock.ts';
import type { Site } from '../sites/sites.ts';
import type { FindingKind, FindingStore } from './finding-store.ts';
import type { IncomingParts } from './incoming.ts';

/** Names that a letter lists; the page has all of them. */
const namesInLetter = 10;
const templates = { refused: 'ftp-refused', found: 'script-found' } as const;

export class IncomingLetters {
  readonly #parts: Pick<IncomingParts, 'connection' | 'letters' | 'accounts' | 'sites'> & { readonly clock: Clock };
  readonly #store: FindingStore;

  constructor(parts: IncomingParts, store: FindingStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** Writes the letters whose hour has come; what came in between is in the next one. */
  async tell(site: Site): Promise<void> {
    const { connection, accounts, sites } = this.#parts;
    const owner = await accounts.owner(site.customerId);
    await connection.write(async (tx) => {
      // One after the other, or two workers would send two.
      await sites.take(tx, site.id);
      for (const kind of ['refused', 'found'] as const) await this.#tellOf(tx, site, kind, owner);
    });
  }

  async #tellOf(
    tx: Parameters<FindingStore['untold']>[0],
    site: Site,
    kind: FindingKind & keyof typeof templates,
    owner: { readonly email: string; readonly language: 'ko' | 'en' } | undefined,
  ): Promise<void> {
    const now = this.#parts.clock.now();
    const lastAt = await this.#store.lastToldAt(tx, site.id, kind);
    if (lastAt <= now && lastAt > now - hour) return;
    const names = (await this.#store.untold(tx, site.id, kind, namesInLetter)).map(({ path }) => `- /${path}`);
    if (names.length === 0) return;
    const count = await this.#store.markTold(tx, site.id, kind, now);
    if (!owner) return;
    const parameters = { site: site.name, count, names: names.join('\n'), rest: count - names.length };
    const { email: to, language } = owner;
    await this.#parts.letters.queue(tx, { template: templates[kind], language, to, parameters, customerId: site.customerId });
  }
}
