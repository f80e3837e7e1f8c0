// How a job of files ends: done, stopped for good, or left to the next attempt; and what is removed by the clock.
import { type Actor, systemActor } from '../audit/audit.ts';
import type { Tx } from '../platform/database/database.ts';
import { PanelError } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { SiteStorage } from '../platform/storage/port.ts';
import type { FileAct, Site } from '../sites/sites.ts';
import { type FileJobFault, Overtaken, type Stopped } from './job-faults.ts';
import type { JobProgress } from './job-progress.ts';
import type { JobRoom } from './job-room.ts';
import type { FileJobParts } from './job-running.ts';
import { type FileJob, type FileJobChange, FileJobStore } from './job-store.ts';
import type { UploadResult } from './publishing.ts';

/** One attempt at a job. */
export type Work = {
  readonly job: FileJob;
  readonly runId: string;
  readonly site: Site;
  readonly storage: SiteStorage;
  readonly act: FileAct;
  readonly room: JobRoom;
  readonly progress: JobProgress;
  readonly run: Pick<JobRun, 'signal' | 'lastAttempt'>;
};

const jobAttempts = 5;
/** the audit's words */
export const deedOf = {
  copy: { begun: 'files.copying', done: 'files.copied' },
  extract: { begun: 'files.extracting', done: 'files.extracted' },
  compress: { begun: 'files.compressing', done: 'files.compressed' },
} as const;

export class JobEnding {
  readonly #parts: FileJobParts;
  readonly #store: FileJobStore;

  constructor(parts: FileJobParts) {
    this.#parts = parts;
    this.#store = new FileJobStore(parts.connection);
  }

  /** @param merged what became of names that were taken */
  async done(work: Work, ready: FileJob, merged: readonly UploadResult[]): Promise<void> {
    const { connection, clock, sites, audit } = this.#parts;
    const { job, runId, site, act, room } = work;
    const count = (wanted: string) => merged.filter(({ result }) => result === wanted).length;
    const skipped = count('skipped');
    const refused = ready.refused + count('refused');
    const kept = Math.max(0, ready.kept - skipped - count('refused'));
    const results = JSON.stringify([...ready.results, ...merged]);
    await connection.write(async (tx) => {
      const change = {
        state: 'done',
        staged: null,
        ended_at: clock.now(),
        act_id: null,
        fault: null,
        kept,
        refused,
        skipped,
        results,
      } as const;
      if (!(await this.#store.change(tx, job.id, runId, change))) throw new Overtaken();
      const held = await act.end(tx, room.unused);
      // What was skipped or lay ready before holds other room than was taken.
      if (!held || skipped > 0 || job.step === 'publishing') await sites.queueCount(tx, site);
      await audit.record(tx, {
        action: deedOf[job.kind].done,
        ...about(job, personOf(job)),
        details: { count: kept, refused, skipped },
      });
    });
  }

  /** Has a worker do it. @param runAt not before, epoch milliseconds */
  queue(tx: Tx, { id, customerId, personId }: Pick<FileJob, 'id' | 'customerId' | 'personId'>, runAt?: number): Promise<void> {
    const options = {
      key: `files.work:${id}`,
      lane: 'medium',
      group: `files.work:${customerId}`,
      maximumAttempts: jobAttempts,
      ...(runAt !== undefined && { runAt }),
    } as const;
    return this.#parts.queue.add(tx, 'files.work', { jobId: id, customerId, actorPersonId: personId }, options);
  }

  /** What this attempt has laid beside `www/`; room and files are gone then. */
  clear({ storage, runId }: Work): Promise<void> {
    return storage.remove(['trash', runId]);
  }

  /** Gives up the act, for the next attempt or for good. */
  async leave({ job, runId, site, act, room }: Work, change: FileJobChange, also?: (tx: Tx) => Promise<void>): Promise<void> {
    const { connection, sites } = this.#parts;
    await connection.write(async (tx) => {
      await act.end(tx, room.held);
      await sites.queueCount(tx, site);
      const changed = await this.#store.change(tx, job.id, runId, { act_id: null, ...change });
      if (changed) await also?.(tx);
    });
  }

  /** Ends it for good; nothing of it stays. */
  async stop(work: Work, { fault, about: parameters }: Stopped): Promise<void> {
    const { clock, audit } = this.#parts;
    const { job } = work;
    const now = await this.#store.byId(job.id);
    const cleared =
      now?.staged == null ||
      (await work.storage.remove(['trash', now.staged]).then(
        () => true,
        () => false,
      ));
    const state = fault === 'cancelled' ? 'cancelled' : 'failed';
    const end = { state, ended_at: clock.now(), fault, fault_about: JSON.stringify(parameters) } as const;
    await this.leave(work, { ...end, kept: 0, ...(cleared && { staged: null }) }, (tx) =>
      audit.record(tx, { action: 'files.jobStopped', ...about(job, systemActor), details: { kind: job.kind, fault } }),
    );
  }

  /**
   * Ends for good what the site has under way: what nobody has begun at once, the rest at its next step, also when a worker comes to it
   * once the cause is gone. What lies ready is put in its place.
   */
  async stopAll(site: Site, fault: FileJobFault): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      for (const job of await this.#store.open(site, tx)) {
        const end = { state: 'failed', fault, ended_at: clock.now() } as const;
        if (await this.#store.endWaiting(tx, job.id, end))
          await audit.record(tx, { action: 'files.jobStopped', ...about(job, systemActor), details: { kind: job.kind, fault } });
        else await this.#store.markStopped(tx, job.id, fault);
      }
    });
  }

  /** By the clock: removes what ended jobs could not remove, and rows that nobody asks for any more. */
  async tidy(before: number): Promise<void> {
    const { connection, sites } = this.#parts;
    for (const { id, siteId, staged } of await this.#store.leftovers()) {
      const site = await sites.byId(siteId);
      if (site.terminatedAt === null && staged !== null) {
        const removed = await sites
          .storageFor(site)
          .remove(['trash', staged])
          .then(() => true, whenDown);
        if (!removed) continue;
      }
      await connection.write((tx) => this.#store.tidied(tx, id));
    }
    await connection.write((tx) => this.#store.removeEndedBefore(tx, before));
  }
}

const personOf = ({ personId }: FileJob): Actor => ({ kind: 'person', personId });

export const about = ({ id, customerId, siteId }: Pick<FileJob, 'id' | 'customerId' | 'siteId'>, actor: Actor) => ({
  ...{ actor, customerId, siteId, subjectId: id },
});

function whenDown(error: unknown): boolean {
  if (error instanceof PanelError && error.status === 503) return false;
  throw error;
}
