// A tier of restic repositories, one a site with a key of its own: deduplicated, encrypted, in a folder, behind SFTP or S3 (docs/decisions/0041-tiers.md).
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { notFound } from '../errors.ts';
import { TierFault, type TierFaultCode } from './faults.ts';
import { HeldContents } from './held-contents.ts';
import { type BackupTier, mayGo, type SiteKeys, type Snapshot, type SnapshotSource, type TierCheck } from './port.ts';
import { heldNow, Keeping, type Work } from './restic-keeping.ts';
import { OpenResticSnapshot, sampled } from './restic-opened.ts';
import { knock, placeOf, type Reach } from './restic-place.ts';
import { restic } from './restic-program.ts';
import { removeRepository } from './restic-removal.ts';
import { type Listed, Repository } from './restic-repository.ts';
import { lockFolder } from './working-lock.ts';

export type ResticTierOptions = Reach & {
  readonly keys: SiteKeys;
  /** folder of this machine; what lies in it may be removed at any time while nothing runs */
  readonly working: string;
  /** contents that lie unpacked on this machine at one time, in bytes; one larger content is unpacked alone */
  readonly batchBytes?: number;
};

const usualBatchBytes = 4 * 1024 ** 3;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** @returns the tier; nothing is reached before it is asked */
export function resticTier(options: ResticTierOptions): BackupTier {
  return new ResticTier(options);
}

class ResticTier implements BackupTier {
  readonly #options: ResticTierOptions;

  constructor(options: ResticTierOptions) {
    this.#options = options;
  }

  async probe(signal: AbortSignal): Promise<void> {
    const { address, working, patience } = this.#options;
    await mkdir(address.host === undefined ? address.path : working, { recursive: true, mode: 0o700 });
    await restic({ arguments: ['version'], environment: {}, patience, signal });
    await knock(this.#options, join(working, 'ssh'));
  }

  async keep(source: SnapshotSource, signal: AbortSignal): Promise<Snapshot> {
    const key = await this.#options.keys.forKeeping(source.site);
    return this.#alone(source.site, key, signal, async (work) => {
      const held = await heldNow(work);
      const { site, backupId, dataAt } = source;
      if (held?.backupId === backupId) return { site, backupId, dataAt, bytes: 0 };
      try {
        const bytes = await new Keeping(work, held, this.#options.batchBytes ?? usualBatchBytes).keep(source);
        return { site, backupId, dataAt, bytes };
      } catch (error) {
        // What the repository holds is asked anew, unless it is only out of reach.
        const isAway = error instanceof TierFault && ['UNREACHABLE', 'MISMATCH', 'SILENT'].includes(error.code);
        if (!isAway && !signal.aborted) await work.memory.forget();
        throw error;
      }
    });
  }

  async open(site: string, backupId: string, signal: AbortSignal): Promise<OpenResticSnapshot> {
    const key = await this.#options.keys.forReading(site);
    if (key === undefined) throw notFound();
    const repository = await this.#repository(site, key);
    const snapshot = (await snapshotsOf(repository, signal)).findLast((one) => one.backupId === backupId);
    if (!snapshot) throw notFound();
    return new OpenResticSnapshot(repository, { snapshot: snapshot.id, backupId, folder: this.#folder(site) });
  }

  async list(site: string, signal: AbortSignal): Promise<Snapshot[]> {
    const key = await this.#options.keys.forReading(site);
    if (key === undefined) return [];
    const found = await snapshotsOf(await this.#repository(site, key), signal);
    const whole = new Map(found.map(({ backupId, at }) => [backupId, at]));
    return [...whole].flatMap(([backupId, dataAt]) => (backupId === undefined ? [] : [{ site, backupId, dataAt, bytes: 0 }]));
  }

  async forget(site: string, backupIds: readonly string[], before: number, signal: AbortSignal): Promise<void> {
    const key = await this.#options.keys.forReading(site);
    if (key === undefined || backupIds.length === 0) return;
    const repository = await this.#repository(site, key);
    const found = (await snapshotsOf(repository, signal)).map(({ id, at, backupId = '' }) => ({ id, backupId, dataAt: at }));
    const goes = mayGo(found, backupIds, before).map(({ id }) => id);
    await repository.forget(goes, signal);
  }

  async tidy(site: string, signal: AbortSignal): Promise<void> {
    const key = await this.#options.keys.forReading(site);
    if (key === undefined) return;
    await this.#alone(site, key, signal, async ({ repository, folder }) => {
      await removeOld(join(folder, 'opened'));
      const found = await snapshotsOf(repository, signal);
      const newest = found.findLast(({ backupId }) => backupId !== undefined);
      if (found.length === 0) return;
      await repository.unlock(signal);
      // Parts of a run that never came to its end: those that a whole one follows.
      await repository.forget(
        found.filter(({ backupId, at }) => backupId === undefined && newest && at <= newest.at).map(({ id }) => id),
        signal,
      );
      await repository.prune(signal);
    });
  }

  async check(site: string, part: { part: number; parts: number }, signal: AbortSignal): Promise<TierCheck> {
    const key = await this.#options.keys.forReading(site);
    if (key === undefined) return nothingHeld;
    return this.#alone(site, key, signal, async (work) => {
      const cache = join(work.folder, 'opened', randomUUID());
      const repository = work.repository.anew(cache);
      try {
        const looked = await lookedThrough({ ...work, repository }, part);
        const found = (await this.#hasChangedKeys(site)) ? { ...looked, complaint: looked.complaint ?? 'DAMAGED' } : looked;
        // No repository: what this machine remembers is of one that is gone.
        if (found === nothingHeld) await work.memory.forget();
        if (!found.complaint) return found;
        await work.memory.distrust();
        await work.repository.forgetCache();
        return found;
      } finally {
        await rm(cache, { recursive: true, force: true });
      }
    });
  }

  /**
   * restic seals what it needs of a key file, and takes who made it, where and when as it stands there: the file's name is its SHA-256.
   * In a folder alone: elsewhere restic gives no file as it lies there.
   */
  async #hasChangedKeys(site: string): Promise<boolean> {
    const { address } = this.#options;
    if (address.host !== undefined) return false;
    const folder = join(address.path, site, 'keys');
    for (const name of await readdir(folder).catch(() => []))
      if (
        createHash('sha256')
          .update(await readFile(join(folder, name)))
          .digest('hex') !== name
      )
        return true;
    return false;
  }

  async remove(site: string, signal: AbortSignal): Promise<void> {
    const folder = this.#folder(site);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Nothing is removed beneath a run that still writes there; another one does not begin without the key.
    const unlock = await lockFolder(folder);
    try {
      await removeRepository(this.#options, site, join(this.#options.working, 'ssh'), signal);
      await rm(folder, { recursive: true, force: true });
    } finally {
      await unlock();
    }
  }

  #folder(site: string): string {
    return join(this.#options.working, site);
  }

  async #repository(site: string, key: string): Promise<Repository> {
    const ssh = join(this.#options.working, 'ssh');
    await knock(this.#options, ssh);
    return new Repository(await placeOf(this.#options, site, ssh), key, this.#folder(site));
  }

  async #alone<T>(site: string, key: string, signal: AbortSignal, act: (work: Work) => Promise<T>): Promise<T> {
    const folder = this.#folder(site);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unlock = await lockFolder(folder);
    let repository: Repository | undefined;
    try {
      repository = await this.#repository(site, key);
      return await act({ repository, folder, memory: new HeldContents(folder), signal });
    } catch (error) {
      if (error instanceof TierFault && error.code === 'DAMAGED') await repository?.forgetCache();
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new TierFault('FULL', 'this machine', { cause: error });
      throw error;
    } finally {
      await unlock();
    }
  }
}

const nothingHeld: TierCheck = { damaged: [], complaint: undefined, bytes: 0 };

/** Reads back what the repository holds: all that leads to contents, and a part of these. */
async function lookedThrough(
  { repository, folder, signal }: Pick<Work, 'repository' | 'folder' | 'signal'>,
  part: { part: number; parts: number },
): Promise<TierCheck> {
  let all: Listed[] = [];
  const closed = await complaintOf(async () => {
    all = await repository.snapshots(signal);
  });
  // Its key or its settings: restic cannot even begin.
  if (closed) return closed === 'NO_REPOSITORY' ? nothingHeld : { ...nothingHeld, complaint: closed };
  const found = all.filter(({ backupId }) => backupId !== undefined);
  // Also where none is listed: restic leaves out those that it cannot read.
  const complaint = await complaintOf(() => repository.check(part, signal));
  const damaged = new Set<string>();
  if (complaint)
    for (const { id, backupId = '' } of found)
      if (await complaintOf(() => repository.readThrough(id, signal))) damaged.add(backupId);
  // restic vouches for what it stored; that this is what it was given is seen by the names.
  const newest = found.at(-1);
  const sample = newest && (await complaintOf(() => sampled(repository, { snapshot: newest.id, folder, ...part }, signal)));
  if (sample) damaged.add(newest?.backupId ?? '');
  const bytes = await repository.bytes(signal).catch(() => 0);
  return { damaged: [...damaged], complaint: complaint ?? sample, bytes };
}

/** No repository yet is an empty one. */
const snapshotsOf = (repository: Repository, signal: AbortSignal) =>
  repository.snapshots(signal).catch((error) => {
    if (error instanceof TierFault && error.code === 'NO_REPOSITORY') return [];
    throw error;
  });

const complaints: readonly TierFaultCode[] = ['DAMAGED', 'FAILED', 'WRONG_KEY', 'NO_REPOSITORY'];

/** @throws what says nothing of the contents: a tier that is away, busy or full */
async function complaintOf(act: () => Promise<void>): Promise<TierFaultCode | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof TierFault && complaints.includes(error.code)) return error.code;
    throw error;
  }
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const { mtimeMs } = await stat(join(folder, name));
    if (mtimeMs < Date.now() - dayMilliseconds) await rm(join(folder, name), { recursive: true, force: true });
  }
}
