// One pass over the files of a site on two servers: what differs is carried over, what is not there any more is removed.
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CannotMove } from '../databases/databases.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Digests } from './digests.ts';

export type PassParts = {
  readonly from: SiteStorage;
  readonly to: SiteStorage;
  /** a folder of this machine, for files on their way */
  readonly staging: string;
  /** permission bits that an entry gets on the new server */
  readonly modeOf: (entry: Entry) => number;
  readonly digests: Digests;
  /** compares what files hold too, not only size and time */
  readonly isDeep: boolean;
  readonly signal: AbortSignal;
  /** told of each file that was carried over, with its bytes */
  readonly carried: (bytes: number) => void;
};

export type PassEnd = {
  /** what was different and is mended now, without the times of folders; 0: both are the same */
  readonly changes: number;
  readonly files: number;
  readonly bytes: number;
  /** of paths, kinds, modes and, in a deep pass, contents */
  readonly sha256: string;
  /** paths of what is no file, folder or link */
  readonly leftOut: readonly string[];
};

type Twin = { readonly from: SitePath; readonly to: SitePath };
type Named = ReadonlyMap<string, Entry>;

const top = 'www';
const atOnce = 8;
const permissionBits = 0o777;
/** SFTP tells whole seconds. */
const wholeSeconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
/** The name as bytes, by which entries of both servers are the same: what they are shown as depends on what else is there. */
const keyOf = ({ name, spelling }: Entry) => (spelling ?? Buffer.from(name)).toString('latin1');
const isAscii = (name: string) => /^[\x20-\x7e]*$/.test(name);

/**
 * Goes through everything below `www/`. Links are carried as links and never followed.
 * @throws CannotMove for a file that cannot be read and for a full server; PanelError 503
 */
export async function pass(parts: PassParts): Promise<PassEnd> {
  return new Pass(parts).run();
}

class Pass {
  readonly #parts: PassParts;
  readonly #hash = createHash('sha256');
  readonly #leftOut: string[] = [];
  #changes = 0;
  #files = 0;
  #bytes = 0;

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  async run(): Promise<PassEnd> {
    const { from } = this.#parts;
    // A disk that is not mounted must not look like a site without files.
    if (!(await named(from, [top]))) throw new Error(`the site's ${top} is not there`);
    await this.#folder({ from: [top], to: [top] }, top);
    const sha256 = this.#hash.digest('hex');
    return { changes: this.#changes, files: this.#files, bytes: this.#bytes, sha256, leftOut: this.#leftOut };
  }

  async #folder(at: Twin, key: string): Promise<void> {
    const { from, to, signal } = this.#parts;
    signal.throwIfAborted();
    const mine = await reading(at.from, () => named(from, at.from));
    // It went while the site was read; the next pass removes it there too.
    if (!mine) return;
    let theirs: Named = (await named(to, at.to)) ?? new Map();
    if (await this.#clear(at, mine, theirs)) theirs = (await named(to, at.to)) ?? new Map();
    // Before files: a new folder changes what the others are shown as.
    for (const [name, entry] of sorted(mine)) {
      if (entry.kind !== 'folder' || theirs.get(name)?.kind === 'folder') continue;
      await this.#place(at.to, entry, (path) => writing(() => to.makeFolder(path)), {});
      theirs = (await named(to, at.to)) ?? new Map();
    }
    await this.#links(at, key, mine, theirs);
    await this.#allFiles(at, key, mine, theirs);
    for (const [name, entry] of sorted(mine)) {
      if (entry.kind === 'other') this.#leftOut.push([...at.from, entry.name].join('/'));
      const there = theirs.get(name);
      if (entry.kind !== 'folder' || !there) continue;
      const child = { from: [...at.from, entry.name], to: [...at.to, there.name] };
      this.#hash.update(`${key}/${name}\0folder\n`);
      await this.#folder(child, `${key}/${name}`);
      await this.#dress(child.to, entry);
    }
  }

  /** Removes what the site does not have, or has as something else. @returns whether there was any */
  async #clear(at: Twin, mine: Named, theirs: Named): Promise<boolean> {
    const before = this.#changes;
    for (const [name, entry] of theirs) {
      if (mine.get(name)?.kind === entry.kind) continue;
      await writing(() => this.#parts.to.remove([...at.to, entry.name]));
      this.#changes += 1;
    }
    return this.#changes > before;
  }

  /** A name that is more than ASCII is given as bytes, under which it then is found whatever else is in the folder. */
  async #place(
    folder: SitePath,
    entry: Entry,
    make: (path: SitePath) => Promise<void>,
    details: { mode?: number; modifiedAt?: number },
  ): Promise<void> {
    const isPlain = entry.spelling === undefined && isAscii(entry.name);
    const path = [...folder, isPlain ? entry.name : `gotgan-moving-${randomUUID()}`];
    await make(path);
    const spelling = entry.spelling ?? Buffer.from(entry.name);
    const wanted = { ...details, ...(!isPlain && { spelling }) };
    if (Object.keys(wanted).length > 0) await writing(() => this.#parts.to.setDetails(path, wanted));
    this.#changes += 1;
  }

  async #links(at: Twin, key: string, mine: Named, theirs: Named): Promise<void> {
    const { to } = this.#parts;
    for (const [name, entry] of sorted(mine)) {
      if (entry.kind !== 'link') continue;
      const target = entry.target ?? '';
      if (target.includes('\uFFFD')) throw new CannotMove(`${[...at.from, entry.name].join('/')}: the link's target is no UTF-8`);
      this.#hash.update(`${key}/${name}\0link\0${target}\n`);
      const there = theirs.get(name);
      if (there?.target === target) continue;
      if (there) await writing(() => to.remove([...at.to, there.name]));
      await this.#place(at.to, entry, (path) => writing(() => to.makeLink(path, target)), {
        modifiedAt: entry.modifiedAt,
      });
    }
  }

  async #allFiles(at: Twin, key: string, mine: Named, theirs: Named): Promise<void> {
    const files = sorted(mine).filter(([, { kind }]) => kind === 'file');
    for (let start = 0; start < files.length; start += atOnce) {
      this.#parts.signal.throwIfAborted();
      const some = files.slice(start, start + atOnce);
      const ends = await Promise.allSettled(some.map(([name, entry]) => this.#file(at, entry, theirs.get(name))));
      for (const [index, end] of ends.entries()) {
        if (end.status === 'rejected') throw end.reason;
        this.#hash.update(`${key}/${some[index]?.[0]}\0${end.value}\n`);
      }
    }
  }

  /** @returns what stands for the file in the sum */
  async #file(at: Twin, entry: Entry, there: Entry | undefined): Promise<string> {
    const { to, isDeep, modeOf } = this.#parts;
    const path = [...at.from, entry.name];
    this.#files += 1;
    this.#bytes += entry.size;
    const mode = modeOf(entry);
    const isAlike = there?.size === entry.size && wholeSeconds(there.modifiedAt) === wholeSeconds(entry.modifiedAt);
    const content = isAlike && isDeep ? await this.#content(path, entry) : undefined;
    const isSame = isAlike && (!isDeep || content === (await this.#theirs([...at.to, there.name], there)));
    if (!isSame) await this.#carry(path, at.to, entry, there);
    else if ((there.mode & permissionBits) !== mode) {
      // Where the file there is not the panel's own, a new one is.
      await to.setDetails([...at.to, there.name], { mode }).catch(() => this.#carry(path, at.to, entry, there));
      this.#changes += 1;
    }
    return `file\0${mode.toString(8)}\0${entry.size}\0${content ?? ''}`;
  }

  #content(path: SitePath, entry: Entry): Promise<string | undefined> {
    return reading(path, () => this.#parts.digests.of('from', this.#parts.from, path, entry));
  }

  #theirs(path: SitePath, entry: Entry): Promise<string | undefined> {
    return this.#parts.digests.of('to', this.#parts.to, path, entry);
  }

  async #carry(path: SitePath, folder: SitePath, entry: Entry, there: Entry | undefined): Promise<void> {
    const { from, to, staging, signal, carried, modeOf } = this.#parts;
    const staged = join(staging, randomUUID());
    try {
      const opened = await reading(path, async () => {
        const file = await from.open(path);
        await pipeline(file.stream, createWriteStream(staged, { flags: 'wx', mode: 0o600 }), { signal });
        return file.entry;
      });
      // It went meanwhile.
      if (!opened) {
        this.#changes += 1;
        return;
      }
      const details = { mode: modeOf(opened), modifiedAt: opened.modifiedAt };
      const put = (target: SitePath) => writing(() => to.put(target, staged, 'replace'));
      if (there) {
        await put([...folder, there.name]);
        await writing(() => to.setDetails([...folder, there.name], details));
        this.#changes += 1;
      } else await this.#place(folder, entry, put, details);
      carried(opened.size);
    } finally {
      await rm(staged, { force: true });
    }
  }

  /** Mode and time of a folder, as far as it is the panel's own: neither is worth a move that fails. */
  async #dress(path: SitePath, entry: Entry): Promise<void> {
    const { to, modeOf } = this.#parts;
    const there = await to.stat(path);
    const mode = modeOf(entry);
    const isSame = (there.mode & permissionBits) === mode && wholeSeconds(there.modifiedAt) === wholeSeconds(entry.modifiedAt);
    if (!isSame) await to.setDetails(path, { mode, modifiedAt: entry.modifiedAt }).catch(() => {});
  }
}

/** In the order of bytes, so that the same files always make the same sum. */
function sorted(entries: Named): [string, Entry][] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}

async function named(storage: SiteStorage, folder: SitePath): Promise<Map<string, Entry> | undefined> {
  const entries = await storage.list(folder).catch(whenMissing);
  return entries && new Map(entries.map((entry) => [keyOf(entry), entry]));
}

const codeOf = (error: unknown) => (error instanceof PanelError ? error.parameters.code : undefined);

/** @returns undefined for what went meanwhile. @throws CannotMove for what the panel may not read */
async function reading<T>(path: SitePath, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(String(codeOf(error))))
      throw new CannotMove(`${path.join('/')} cannot be read by the panel`);
    return whenMissing(error);
  }
}

/** @throws CannotMove for a server without room */
async function writing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(String(codeOf(error)))) throw new CannotMove('the new server has no room left');
    throw error;
  }
}
