// The exchange of what is staged with what is live, path by path. Where each thing lies tells how far it is, so that it can be gone on
// with, and gone back, from any moment.
import { conflict, PanelError, whenMissing } from '../platform/errors.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
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

  #fresh(path: string): SitePath {
    return [...this.#place, 'new', ...path.split('/')];
  }

  #old(path: string): SitePath {
    return [...this.#place, 'old', ...path.split('/')];
  }

  async #isThere(path: SitePath): Promise<boolean> {
    return (await this.#storage.stat(path).catch(whenMissing)) !== undefined;
  }

  /** Before anything is exchanged. @throws PanelError 409 when something that should come is not staged */
  async require(items: readonly RestoreItem[]): Promise<void> {
    for (const { path, comes } of items) if (comes && !(await this.#isThere(this.#fresh(path)))) throw conflict();
  }

  /** Goes on to the end, wherever it was cut off. */
  async forward(items: readonly RestoreItem[]): Promise<void> {
    for (const item of items) await this.#one(item);
  }

  async #one({ path, comes }: RestoreItem): Promise<void> {
    const live = path.split('/');
    // What is not staged any more stands in its place.
    if (comes && !(await this.#isThere(this.#fresh(path)))) return;
    if (!(await this.#isThere(this.#old(path)))) await this.#aside(path);
    await this.#moment(`aside ${path}`);
    if (!comes) return;
    await this.#storage.makeFolder(live.slice(0, -1));
    await this.#storage.move(this.#fresh(path), live);
    await this.#moment(`placed ${path}`);
  }

  async #aside(path: string): Promise<void> {
    const live = path.split('/');
    if (!(await this.#isThere(live))) return;
    const old = this.#old(path);
    await this.#storage.makeFolder(old.slice(0, -1));
    await this.#moment(`before ${path}`);
    await this.#storage.move(live, old).catch(whenMissing);
  }

  /** Takes everything back, wherever it was cut off. Only after `require` has seen that all of it was staged. */
  async back(items: readonly RestoreItem[]): Promise<void> {
    for (const item of items.toReversed()) await this.#oneBack(item);
  }

  async #oneBack({ path, comes }: RestoreItem): Promise<void> {
    const live = path.split('/');
    if (comes && !(await this.#isThere(this.#fresh(path)))) {
      // What stands in its place is ours. It may have been deleted there meanwhile, by FTP.
      await this.#storage.makeFolder(this.#fresh(path).slice(0, -1));
      await this.#storage.move(live, this.#fresh(path)).catch(async (error) => {
        whenMissing(error);
        // Whoever goes on from here must not take what was there before for it.
        await this.#storage.makeFolder(this.#fresh(path));
      });
      await this.#moment(`taken ${path}`);
    }
    const old = this.#old(path);
    if (!(await this.#isThere(old))) return;
    await this.#storage.move(old, live).catch(async (error) => {
      if (!(error instanceof PanelError && error.status === 409)) throw error;
      // Somebody laid something there in that moment: it is kept, under a name that tells.
      await this.#storage.move(live, [...live.slice(0, -1), `${live.at(-1)}.before-return`]);
      await this.#storage.move(old, live);
    });
    await this.#moment(`returned ${path}`);
  }
}
