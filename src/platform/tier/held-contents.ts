// What the newest snapshot of a repository holds, remembered on this machine: without it restic is asked, which takes longer.
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** restic's own name of a snapshot, and the backup it was made of. */
export type Held = { readonly snapshot: string; readonly backupId: string | undefined; readonly contents: ReadonlySet<string> };

const sha256Bytes = 32;

/** Two files: a list of digests, and which snapshot it is of. The second is renamed over the one of before, and names the first. */
export class HeldContents {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined where nothing is remembered, or what is there cannot be understood */
  async read(): Promise<Held | undefined> {
    try {
      const { snapshot, backupId, count } = JSON.parse(await readFile(this.#at('held.json'), 'utf8'));
      const bytes = await readFile(this.#at(`held-${snapshot}`));
      if (typeof snapshot !== 'string' || bytes.length !== count * sha256Bytes) return undefined;
      const contents = new Set<string>();
      for (let at = 0; at < bytes.length; at += sha256Bytes) contents.add(bytes.toString('hex', at, at + sha256Bytes));
      return { snapshot, backupId, contents };
    } catch {
      return undefined;
    }
  }

  async write({ snapshot, backupId, contents }: Held, before?: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(this.#at(`held-${snapshot}`), Buffer.from([...contents].join(''), 'hex'), { mode: 0o600 });
    await writeFile(this.#at('held.new'), JSON.stringify({ snapshot, backupId, count: contents.size }), { mode: 0o600 });
    await rename(this.#at('held.new'), this.#at('held.json'));
    if (before !== undefined && before !== snapshot) await rm(this.#at(`held-${before}`), { force: true });
  }

  /** The next run finds nothing remembered, and asks restic. */
  async forget(): Promise<void> {
    await rm(this.#at('held.json'), { force: true });
  }

  /** From now on the tree may be anything, also when this process ends. @returns the snapshot whose contents it was, exactly */
  async takeTree(): Promise<string | undefined> {
    const snapshot = await readFile(this.#at('tree-of'), 'utf8').catch(() => undefined);
    await rm(this.#at('tree-of'), { force: true });
    return snapshot;
  }

  /** The tree is exactly the contents of this snapshot: the next run need not look at it. */
  async giveTree(snapshot: string): Promise<void> {
    await writeFile(this.#at('tree-of'), snapshot);
  }

  /** What the repository says it holds is not believed until everything was given to it anew. */
  async distrust(): Promise<void> {
    await this.forget();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(this.#at('distrusted'), '');
  }

  async isDistrusted(): Promise<boolean> {
    return access(this.#at('distrusted')).then(
      () => true,
      () => false,
    );
  }

  async trust(): Promise<void> {
    await rm(this.#at('distrusted'), { force: true });
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}
