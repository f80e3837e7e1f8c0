// Jobs of files: how one begins, what pages are told of it, and how it is called off. What it does stands in job-running.ts.
import { day, minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Once } from '../platform/web/idempotency.ts';
import { isShut, type Site } from '../sites/sites.ts';
import { isInside, quick, weigh } from './copying.ts';
import type { Doer } from './files.ts';
import { about, deedOf, JobEnding } from './job-ending.ts';
import { type FileJobParts, JobRunner } from './job-running.ts';
import { type FileJob, FileJobStore, type FileJobWords, type NewFileJob } from './job-store.ts';
import { isArchive } from './kinds.ts';
import { requireInsideWww, requireWww } from './moving.ts';
import { extensionOf } from './names.ts';
import type { Conflict } from './publishing.ts';
import type { Trash } from './trash.ts';

export type { FileJobFault } from './job-faults.ts';
export type { FileJob, FileJobWords } from './job-store.ts';

/** What is asked for. `name`: of the folder that an archive comes out into (null: into the target itself), or of the archive that is made. */
export type FileJobOrder = {
  readonly kind: FileJob['kind'];
  readonly sources: readonly SitePath[];
  readonly target: SitePath;
  readonly name: string | null;
  readonly conflict: Conflict;
  readonly words: FileJobWords;
};

/** of one site that have not ended */
const mostOpen = 3;
/** a job that is done while the person waits is looked after by a worker when the process dies meanwhile */
const lookAfter = 2 * minute;
/** results are told of so long on the pages of folders, and kept so long on their own */
const toldMilliseconds = 10 * minute;
const keptDays = 30;

export class FileJobs {
  readonly #parts: FileJobParts;
  readonly #store: FileJobStore;
  readonly #runner: JobRunner;
  readonly #ending: JobEnding;

  constructor(parts: Omit<FileJobParts, 'setAside'> & { readonly trash: Trash }) {
    const { trash } = parts;
    this.#parts = {
      ...parts,
      setAside: (site, personId, path, actId) => trash.setAside(site, personId, path, actId),
    };
    this.#store = new FileJobStore(parts.connection);
    this.#ending = new JobEnding(this.#parts);
    this.#runner = new JobRunner(this.#parts, this.#ending);
  }

  /** @throws PanelError 404 */
  async find(site: Site, id: string): Promise<FileJob> {
    const job = await this.#store.find(site, id);
    if (!job) throw notFound();
    return job;
  }

  /** @returns what the page of a folder tells: jobs of the site that have not ended, and this person's that ended just now */
  async lately(site: Site, personId: string | undefined): Promise<{ open: FileJob[]; ended: FileJob[] }> {
    const since = this.#parts.clock.now() - toldMilliseconds;
    const [open, ended] = await Promise.all([
      this.#store.open(site),
      personId === undefined ? [] : this.#store.endedSince(site, personId, since),
    ]);
    return { open, ended };
  }

  /**
   * Begins a job; a small copy is done before this returns.
   * @param once of the form; its repeat is led to the page of the job
   * @throws Invalid on `to` or `path`, PanelError 409 while three others have not ended or the site is shut, 503
   */
  async begin(site: Site, doer: Doer, order: FileJobOrder, once: Once): Promise<FileJob> {
    const { connection, clock, sites, scanner, disk } = this.#parts;
    const storage = sites.storageFor(site);
    await this.#refuse(storage, order);
    if (isShut(site)) throw conflict('files.job.shut');
    await disk.require(0);
    await scanner.check();
    const isQuick = order.kind === 'copy' && (await isSmall(storage, order.sources));
    const now = clock.now();
    const { personId } = doer;
    const job = { ...order, id: newId(now), siteId: site.id, customerId: site.customerId, personId, queuedAt: now };
    await connection.write(async (tx) => {
      // Takes the site's row, so that of several at once no more are begun than may be.
      await sites.takeOpen(tx, site.id);
      if ((await this.#store.open(site, tx)).length >= mostOpen) throw conflict('files.job.tooMany', { most: mostOpen });
      await this.#store.add(tx, job);
      await this.#record(tx, job, doer);
      await this.#ending.queue(tx, job, isQuick ? now + lookAfter : undefined);
      await once.finish(tx, jobAddress(site, job.id));
    });
    // What it fails at is on its page, and tried again by a worker.
    if (isQuick) await this.#runner.run(job.id, { signal: new AbortController().signal, lastAttempt: false }).catch(() => {});
    return this.find(site, job.id);
  }

  #record(tx: Tx, job: NewFileJob, { actor }: Doer): Promise<void> {
    return this.#parts.audit.record(tx, {
      action: deedOf[job.kind].begun,
      ...about(job, actor),
      details: { count: job.sources.length },
    });
  }

  async #refuse(storage: SiteStorage, { kind, sources, target }: FileJobOrder): Promise<void> {
    requireWww(target);
    for (const path of sources) {
      const name = requireInsideWww(path);
      if (kind === 'copy' && isInside(target, path))
        throw new Invalid({ to: [{ key: 'files.copy.intoItself', parameters: { name } }] });
      if (kind === 'extract' && !isArchiveName(name)) throw new Invalid({ path: [{ key: 'files.extract.noArchive' }] });
    }
    const there = await storage.stat(target).catch(whenMissing);
    if (there?.kind !== 'folder')
      throw new Invalid({ to: [{ key: 'files.copy.noFolder', parameters: { path: target.join('/') } }] });
  }

  /** The job `files.work`. */
  run(id: string, run: Pick<JobRun, 'signal' | 'lastAttempt'>): Promise<void> {
    return this.#runner.run(id, run);
  }

  /**
   * Calls a job off: what nobody has begun ends at once, what runs within seconds, and nothing of it stays. What lies ready and only
   * comes to its place is finished.
   */
  async cancel(site: Site, doer: Doer, id: string): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const job = await this.find(site, id);
    const now = clock.now();
    await connection.write(async (tx) => {
      await this.#store.markCancelled(tx, job.id, now);
      const end = { state: 'cancelled', fault: 'cancelled', ended_at: now } as const;
      if (!(await this.#store.endWaiting(tx, job.id, end))) return;
      const details = { kind: job.kind, fault: 'cancelled' };
      await audit.record(tx, { action: 'files.jobStopped', ...about(job, doer.actor), details });
    });
  }

  /** For a site that was suspended, or whose customer is restricted: nothing of it goes on, and nothing begins again by itself. */
  stopAll(site: Site, fault: 'shut' | 'restricted'): Promise<void> {
    return this.#ending.stopAll(site, fault);
  }

  /** By the clock. */
  tidy(): Promise<void> {
    return this.#ending.tidy(this.#parts.clock.now() - keptDays * day);
  }
}

/** @returns whether a file of this name can be unpacked */
export const isArchiveName = (name: string): boolean => isArchive(extensionOf(name));

/** @returns what an archive is called without its ending: `사진.tar.gz` → `사진` */
export function stemOf(name: string): string {
  const stem = name.slice(0, name.lastIndexOf('.'));
  return stem.toLowerCase().endsWith('.tar') ? stem.slice(0, -4) : stem;
}

/** @returns the page of a job, without mount and language */
export const jobAddress = (site: Pick<Site, 'name'>, id: string): string => `/sites/${site.name}/files/jobs/${id}`;

/** Whether it can be copied while the person waits. */
async function isSmall(storage: SiteStorage, sources: readonly SitePath[]): Promise<boolean> {
  const isMore = ({ entries, bytes }: { entries: number; bytes: number }) => entries >= quick.entries || bytes >= quick.bytes;
  return !isMore(await weigh(storage, sources, isMore));
}
