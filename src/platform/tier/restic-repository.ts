// One site's repository: what restic is asked, and what it answers (restic 0.14 and later, as in Debian 12).
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TierFault } from './faults.ts';
import { type ResticCall, restic, resticJson, resticStream } from './restic-program.ts';

/** Where it lies and how one gets there; nothing secret is part of an argument. */
export type RepositoryPlace = {
  readonly repository: string;
  /** `-o name=value` */
  readonly options: readonly string[];
  /** credentials of the storage */
  readonly environment: Readonly<Record<string, string>>;
  readonly kilobytesPerSecond: number | undefined;
  /** milliseconds */
  readonly patience: number;
};

export type Stored = {
  /** of the whole snapshot */
  readonly files: number;
  readonly snapshot: string;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly bytes: number;
};
export type Listed = { readonly id: string; readonly at: number; readonly backupId: string | undefined };

const backupTag = 'backup-';
/** Without news these take as long as they take. */
const longPatience = 12 * 60 * 60 * 1000;

export class Repository {
  readonly #place: RepositoryPlace;
  readonly #key: string;
  readonly #folder: string;
  readonly #cache: string;

  /** @param folder of this machine for what restic keeps by the way: its cache and unfinished packs */
  constructor(place: RepositoryPlace, key: string, folder: string, cache = join(folder, 'cache')) {
    this.#place = place;
    this.#key = key;
    this.#folder = folder;
    this.#cache = cache;
  }

  /** The same, which believes nothing that was remembered here. @param cache an empty folder, or none yet */
  anew(cache: string): Repository {
    return new Repository(this.#place, this.#key, this.#folder, cache);
  }

  /** What was damaged when it was read stays so here, whatever the repository has since: restic does not look again. */
  async forgetCache(): Promise<void> {
    await rm(this.#cache, { recursive: true, force: true });
  }

  async #call(words: readonly string[], signal: AbortSignal, more: Partial<ResticCall> = {}): Promise<ResticCall> {
    const { repository, options, environment, kilobytesPerSecond, patience } = this.#place;
    const temporary = join(this.#folder, 'tmp');
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const limit = kilobytesPerSecond === undefined ? [] : ['--limit-upload', String(kilobytesPerSecond)];
    return {
      arguments: [...words, ...options.flatMap((option) => ['-o', option]), ...limit, '--cache-dir', this.#cache],
      // A home of its own: ssh and the S3 client look for settings of whoever runs them.
      environment: {
        ...{ RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: this.#key, TMPDIR: temporary, TZ: 'UTC', HOME: this.#folder },
        ...environment,
      },
      patience,
      signal,
      ...more,
    };
  }

  /** A lock that a dead run has left is lifted (restic knows whose is stale), and the act is tried once more. */
  async #unlocking<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof TierFault) || error.code !== 'LOCKED') throw error;
      await this.unlock(signal);
      return act();
    }
  }

  async init(signal: AbortSignal): Promise<void> {
    await restic(await this.#call(['init', '--repository-version', '2'], signal));
  }

  async unlock(signal: AbortSignal): Promise<void> {
    await restic(await this.#call(['unlock'], signal));
  }

  /** Takes the folder as it is, comparing it with the parent by name, size and time alone. */
  async store(
    tree: string,
    { targets, at, backupId, parent }: { targets: readonly string[]; at: number; backupId?: string; parent?: string | undefined },
    signal: AbortSignal,
  ): Promise<Stored> {
    const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    const words = ['backup', '--json', '--host', 'gotgan', '--time', time, '--ignore-inode', '--ignore-ctime'];
    const about = [
      '--tag',
      backupId === undefined ? 'part' : `${backupTag}${backupId}`,
      ...(parent ? ['--parent', parent] : ['--force']),
    ];
    const call = await this.#call([...words, ...about, ...targets], signal, { workingFolder: tree });
    return this.#unlocking(signal, async () => {
      let [last, moved] = ['', ''];
      await restic(call, (line) => {
        if (line.includes('"message_type":"summary"')) last = line;
        const now = /"(?:bytes_done|total_bytes_processed)":\d+/.exec(line)?.[0] ?? line;
        const isNews = now !== moved;
        moved = now;
        return isNews;
      });
      if (last === '') throw new TierFault('FAILED', 'restic ended without a summary');
      const summary = JSON.parse(last);
      const { snapshot_id: snapshot, files_new: filesNew, files_changed: filesChanged, total_files_processed: files } = summary;
      return { snapshot, files, filesNew, filesChanged, bytes: summary.data_added_packed ?? summary.data_added };
    });
  }

  /** @returns every snapshot, oldest first. @throws TierFault NO_REPOSITORY where there is none yet */
  async snapshots(signal: AbortSignal): Promise<Listed[]> {
    const all = await resticJson(await this.#call(['snapshots', '--json', '--no-lock'], signal));
    const rows = Array.isArray(all) ? (all as { id: string; time: string; tags?: string[] }[]) : [];
    return (
      rows
        .map(({ id, time, tags = [] }) => ({
          id,
          at: Date.parse(time),
          backupId: tags.find((tag) => tag.startsWith(backupTag))?.slice(backupTag.length),
        }))
        // Parts of one backup stand before the whole of it.
        .sort((one, other) => one.at - other.at || Number(one.backupId !== undefined) - Number(other.backupId !== undefined))
    );
  }

  /** @returns the names of all files of a snapshot */
  async names(snapshot: string, signal: AbortSignal): Promise<Set<string>> {
    const names = new Set<string>();
    await restic(await this.#call(['ls', '--json', '--no-lock', snapshot], signal), (line) => {
      const node = JSON.parse(line);
      if (node.type === 'file') names.add(node.name);
      return true;
    });
    return names;
  }

  async forget(snapshots: readonly string[], signal: AbortSignal): Promise<void> {
    const call = await this.#call(['forget', ...snapshots], signal, { patience: longPatience });
    if (snapshots.length > 0) await this.#unlocking(signal, () => restic(call));
  }

  /** Forgets contents whose packs are gone or cut short. */
  async rebuildIndex(signal: AbortSignal): Promise<void> {
    const call = await this.#call(['rebuild-index'], signal, { patience: longPatience });
    await this.#unlocking(signal, () => restic(call));
  }

  /** Gives back the room of what no snapshot holds. */
  async prune(signal: AbortSignal): Promise<void> {
    const call = await this.#call(['prune'], signal, { patience: longPatience });
    await this.#unlocking(signal, () => restic(call));
  }

  /** Looks at everything that leads to contents, and reads a part of the contents. @throws TierFault DAMAGED */
  async check({ part, parts }: { part: number; parts: number }, signal: AbortSignal): Promise<void> {
    const call = await this.#call(['check', `--read-data-subset=${part}/${parts}`], signal, { patience: longPatience });
    await this.#unlocking(signal, () => restic(call));
  }

  /** @returns bytes of all that is stored */
  async bytes(signal: AbortSignal): Promise<number> {
    const call = await this.#call(['stats', '--mode', 'raw-data', '--json', '--no-lock'], signal, { patience: longPatience });
    const { total_size: bytes = 0 } = (await resticJson(call)) as { total_size?: number };
    return bytes;
  }

  async dump(snapshot: string, path: string, signal: AbortSignal): Promise<AsyncGenerator<Buffer>> {
    return resticStream(await this.#call(['dump', '--no-lock', snapshot, path], signal));
  }

  /** Reads all contents of a snapshot and keeps nothing. @throws TierFault where one cannot be read */
  async readThrough(snapshot: string, signal: AbortSignal): Promise<void> {
    for await (const _ of resticStream(await this.#call(['dump', '--no-lock', '--archive', 'tar', snapshot, '/'], signal)));
  }

  /** @param include patterns of paths; none: everything */
  async restore(snapshot: string, into: string, include: readonly string[], signal: AbortSignal): Promise<void> {
    const patterns = include.flatMap((path) => ['--include', path]);
    await restic(
      await this.#call(['restore', '--no-lock', snapshot, '--target', into, ...patterns], signal, { patience: longPatience }),
    );
  }
}
