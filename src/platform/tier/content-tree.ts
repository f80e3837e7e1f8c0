// The folder that restic is shown: every content of a site under its SHA-256, those that the repository has already as empty room of the same size.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { TierFault } from './faults.ts';

/** Below the tree's root; `contents/ab/ab…` */
export const contentsFolder = 'contents';

/** All have the same: restic looks at size and time, and the name says what is inside. */
const time = new Date('2000-01-01T00:00:00Z');
const sideBySide = 8;

/** @returns where restic keeps a content, from the snapshot's root on */
export const pathOfContent = (sha256: string) => `/${contentsFolder}/${sha256.slice(0, 2)}/${sha256}`;

/** One site's tree for one tier. It stays between runs, so that restic finds the same files as before; it may be removed at any time. */
export class ContentTree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Makes the tree hold exactly these contents, as empty room.
   * @param wanted SHA-256 in hexadecimal → bytes
   * @param known what it holds; left out, it is looked at
   */
  async hold(wanted: ReadonlyMap<string, number>, known?: Iterable<string>): Promise<void> {
    const there = known ?? (await this.#list());
    const held = new Set(there);
    const gone = [...held].filter((sha256) => !wanted.has(sha256));
    await inTurns(gone, (sha256) => rm(this.#at(sha256), { force: true }));
    await this.empty([...wanted].filter(([sha256]) => !held.has(sha256)));
  }

  /** Puts empty room in the place of contents: it takes no room on the disk. */
  async empty(contents: Iterable<readonly [sha256: string, bytes: number]>): Promise<void> {
    await inTurns(contents, ([sha256, bytes]) => this.#place(sha256, (path) => emptyFile(path, bytes)));
  }

  /** Puts contents in as they are. @throws TierFault DAMAGED when a stream holds another content than its name says */
  async fill(contents: Iterable<{ sha256: string; open(): Promise<Readable> }>, signal: AbortSignal): Promise<void> {
    await inTurns(contents, async ({ sha256, open: from }) => {
      signal.throwIfAborted();
      await this.#place(sha256, async (path) => writeChecked(path, sha256, await from()));
    });
  }

  /** Writes a small file at the root, and removes those of before that begin alike. */
  async note(prefix: string, name: string, text: string): Promise<void> {
    for (const entry of await readdir(this.root)) if (entry.startsWith(prefix)) await rm(join(this.root, entry), { force: true });
    const file = await open(join(this.root, name), 'w', 0o600);
    await file.writeFile(text).finally(() => file.close());
  }

  #at(sha256: string): string {
    return join(this.root, contentsFolder, sha256.slice(0, 2), sha256);
  }

  /** Under its name it is whole, whenever the process ends. */
  async #place(sha256: string, write: (path: string) => Promise<void>): Promise<void> {
    const path = this.#at(sha256);
    const fresh = join(this.root, '..', `new-${sha256}`);
    await write(fresh);
    await utimes(fresh, time, time);
    await rename(fresh, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await rename(fresh, path);
    });
  }

  async #list(): Promise<string[]> {
    await mkdir(join(this.root, contentsFolder), { recursive: true, mode: 0o700 });
    const found: string[] = [];
    for (const part of await readdir(join(this.root, contentsFolder)))
      found.push(...(await readdir(join(this.root, contentsFolder, part))));
    return found;
  }
}

async function emptyFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w', 0o600);
  await file.close();
  if (bytes > 0) await truncate(path, bytes);
}

async function writeChecked(path: string, sha256: string, content: Readable): Promise<void> {
  const hash = createHash('sha256');
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    content.destroy();
    await file.close();
  }
  if (hash.digest('hex') !== sha256) throw new TierFault('DAMAGED', 'a content of the archive is not the one of its name');
}

/** Several at once, since each waits for the disk. The first fault ends it, after those that are under way. */
async function inTurns<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed: { error: unknown } | undefined;
  const work = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      await act(next.value).catch((error) => {
        failed ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  if (failed) throw failed.error;
}
