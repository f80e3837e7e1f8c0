// Lists many folders of a site. Where they are many, a thread looks at what stands in them.
import { look } from './entries.ts';
import type { Folder } from './folder.ts';
import type { Entry, SiteLister, SitePath } from './port.ts';
import { entriesSeen, SiteThread } from './site-thread.ts';
import { forEach } from './tree.ts';

type InFolder = <T>(path: SitePath, act: (folder: Folder) => Promise<T>) => Promise<T>;

/** Fewer are looked at sooner than a thread begins. */
const worthAThread = 2000;

export class DiskLister implements SiteLister {
  readonly #inFolder: InFolder;
  readonly #before: number;
  #listed = 0;
  #thread: SiteThread | undefined;

  /** @param before so many entries are looked at without a thread */
  constructor(inFolder: InFolder, before = worthAThread) {
    this.#inFolder = inFolder;
    this.#before = before;
  }

  list(path: SitePath): Promise<Entry[]> {
    return this.#inFolder(path, async (folder) => {
      const shown = [...(await folder.shown())];
      this.#listed += shown.length;
      if (this.#listed <= this.#before) return there(await forEach(shown, ([name, stored]) => look(folder, name, stored)));
      // What the disk spells otherwise than it is shown is rare, and is looked at here.
      const names = shown.filter(([name, stored]) => name === stored).map(([name]) => name);
      const others = shown.filter(([name, stored]) => name !== stored);
      this.#thread ??= new SiteThread();
      const { seen } = await this.#thread.ask({ folder: String(folder.at('')), names });
      const found = [...entriesSeen(names, seen), ...(await forEach(others, ([name, stored]) => look(folder, name, stored)))];
      return there(found);
    });
  }

  async close(): Promise<void> {
    void this.#thread?.close();
  }
}

const there = (entries: readonly (Entry | undefined)[]) => entries.filter((entry) => entry !== undefined);
