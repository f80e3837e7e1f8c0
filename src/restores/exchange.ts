// The exchange of what is staged with what is live, path by path. Where each thing lies tells how far it is, so that it can be gone on
// with, and gone back, from any moment.
import { conflict, whenMissing } from '../platform/errors.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { RestoreItem } from './states.ts';

export type ExchangeParts = {
  readonly storage: SiteStorage;
  /** of this restore, beside `www/`: `new` holds what comes, `old` what goes */
  readonly place: SitePath;
  /** a moment at which a process may die, named for tests */
  readonly moment?: (name: string) => Promise<void>;
};

export class Exchange {
  readonly #storage: SiteStorage;
  readonly #place: SitePath;
  readonly #moment: (name: string) => Promise<void>;

  constructor({ storage, place, moment }: ExchangeParts) {
    this.#storage = storage;
    this.#place = place;
    this.#moment = moment ?? (async () => {});
  }

  #at(part: 'new' | 'old' | 'taken', path: string): SitePath {
    return [...this.#place, part, ...path.split('/')];
  }

  #look(path: SitePath): Promise<Entry | undefined> {
    return this.#storage.stat(path).catch(whenMissing);
  }

  /** Before anything is exchanged. @throws PanelError 409 when something that should come is not staged */
  async require(items: readonly RestoreItem[]): Promise<void> {
    for (const { path, comes } of items) if (comes && !(await this.#look(this.#at('new', path)))) throw conflict();
  }

  /** Goes on to the end, wherever it was cut off. */
  async forward(items: readonly RestoreItem[]): Promise<void> {
    for (const item of items) await this.#one(item);
  }

  async #one({ path, comes }: RestoreItem): Promise<void> {
    const [live, fresh] = [path.split('/'), this.#at('new', path)];
    const staged = await this.#look(fresh);
    // What is not staged any more stands in its place.
    if (comes && !staged) return;
    const [there, before] = [await this.#look(live), await this.#look(this.#at('old', path))];
    if (staged && there && before && isSame(staged, there)) return this.#storage.remove(fresh);
    await this.#aside(path, there, before);
    await this.#moment(`aside ${path}`);
    if (!comes) return;
    await this.#storage.makeFolder(live.slice(0, -1));
    await this.#carry(fresh, live);
    await this.#moment(`placed ${path}`);
  }

  async #aside(path: string, there: Entry | undefined, before: Entry | undefined): Promise<void> {
    const [live, old] = [path.split('/'), this.#at('old', path)];
    // Aside already: what stands there is what a move had begun with, and is dealt with as it goes on.
    if (!there || (before && !isSame(there, before) && !(await this.#isBegun(old, before)))) return;
    await this.#storage.makeFolder(old.slice(0, -1));
    await this.#moment(`before ${path}`);
    await this.#carry(live, old);
  }

  /** Takes everything back, wherever it was cut off. Only after `require` has seen that all of it was staged. */
  async back(items: readonly RestoreItem[]): Promise<void> {
    for (const item of items.toReversed()) await this.#oneBack(item);
  }

  async #oneBack({ path, comes }: RestoreItem): Promise<void> {
    const [live, old] = [path.split('/'), this.#at('old', path)];
    if (comes) await this.#takeBack(path);
    const before = await this.#look(old);
    if (!before) return;
    const there = await this.#look(live);
    const isEmpty = there !== undefined && (await this.#isBegun(live, there));
    // Half of the move aside, or of the move back: one of both is enough.
    if (there && (isSame(there, before) || (!isEmpty && (await this.#isBegun(old, before))))) return this.#storage.remove(old);
    if (there && !isEmpty)
      // Somebody laid something there in that moment: it is kept, under a name that tells.
      await this.#storage.move(live, [...live.slice(0, -1), `${live.at(-1)}.before-return`]);
    await this.#carry(old, live);
    await this.#moment(`returned ${path}`);
  }

  /** What came goes out of its place again, and stays where it lies then: the sign that this one was dealt with. */
  async #takeBack(path: string): Promise<void> {
    const [live, taken] = [path.split('/'), this.#at('taken', path)];
    const staged = await this.#look(this.#at('new', path));
    const there = await this.#look(live);
    if (staged) {
      // Half of its move into its place; without its identity only where what was there is aside is it certainly ours.
      const isCertain = there?.changedAt !== undefined || (await this.#look(this.#at('old', path))) !== undefined;
      if (there && isCertain && isSame(staged, there)) await this.#storage.remove(live);
      return;
    }
    const before = await this.#look(taken);
    // Once what was there is back, nothing that stands there is ours, however empty what was taken is.
    const old = await this.#look(this.#at('old', path));
    if (there && old && isSame(there, old)) return;
    if (before && !(there && (isSame(there, before) || (old && (await this.#isHalfTaken(path, there, before)))))) return;
    await this.#storage.makeFolder(taken.slice(0, -1));
    if (there) await this.#carry(live, taken);
    // It was deleted there meanwhile. A folder that holds something is no beginning of a move.
    else await this.#storage.makeFolder([...taken, 'gone']);
    await this.#moment(`taken ${path}`);
  }

  async #isHalfTaken(path: string, there: Entry, before: Entry): Promise<boolean> {
    return (await this.#isBegun(this.#at('taken', path), before)) && !(await this.#isBegun(path.split('/'), there));
  }

  /** A move that may have been cut off: by two names of one file, or by an empty thing that only keeps the name. */
  async #carry(from: SitePath, to: SitePath): Promise<void> {
    const [source, target] = [await this.#look(from), await this.#look(to)];
    if (!source) return;
    if (target && isSame(source, target)) return this.#storage.remove(from);
    if (target && (await this.#isBegun(to, target))) await this.#storage.remove(to);
    await this.#storage.move(from, to);
  }

  /** Whether it holds nothing, as what keeps a name for a move that has begun. */
  async #isBegun(path: SitePath, entry: Entry): Promise<boolean> {
    if (entry.kind === 'folder') return (await this.#storage.names(path)).length === 0;
    return entry.kind === 'file' && entry.size === 0;
  }
}

/** Two names of one file: a move makes the second before it takes the first. */
const isSame = (one: Entry, other: Entry) => one.kind !== 'folder' && one.kind === other.kind && one.stamp === other.stamp;
