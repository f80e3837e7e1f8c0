// The work of a job of files: everything is made ready beside `www/` first, and comes to its place by renames alone, so that a worker
// that dies leaves nothing or something that the next one finishes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Limits } from '../options.ts';
import { minute } from '../platform/clock.ts';
import { PanelError, unavailable } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun, Queue } from '../platform/jobs/port.ts';
import type { DiskRoom } from '../platform/storage/disk-room.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import { isShut, type Site } from '../sites/sites.ts';
import { rulesIn, rulesOf, widest } from './areas.ts';
import { compressEntries } from './compressing.ts';
import { copyEntries } from './copying.ts';
import type { EnteringParts } from './entering.ts';
import { Bench } from './job-bench.ts';
import type { JobEnding, Work } from './job-ending.ts';
import { Overtaken, Stopped } from './job-faults.ts';
import { JobProgress } from './job-progress.ts';
import { JobRoom } from './job-room.ts';
import { type FileJob, type FileJobChange, FileJobStore } from './job-store.ts';
import { copyName, merge } from './merging.ts';
import { freeName } from './publishing.ts';
import type { TrashParts } from './trash.ts';

export type FileJobParts = EnteringParts &
  Pick<TrashParts, 'connection' | 'clock'> & {
    readonly audit: Audit;
    readonly accounts: Pick<Accounts, 'restrictions'>;
    readonly queue: Queue;
    readonly limits: Limits;
    readonly disk: DiskRoom;
    /** moves what is replaced to the trash */
    readonly setAside: (site: Site, personId: string, path: SitePath, actId: string) => Promise<void>;
  };

type Run = Pick<JobRun, 'signal' | 'lastAttempt'>;

/** after which a job is tried again that could not end: its content lies ready, or its site was moving all the time */
const tryAgain = 10 * minute;

export class JobRunner {
  readonly #parts: FileJobParts;
  readonly #store: FileJobStore;
  readonly #ending: JobEnding;

  constructor(parts: FileJobParts, ending: JobEnding) {
    this.#parts = parts;
    this.#ending = ending;
    this.#store = new FileJobStore(parts.connection);
  }

  /** The job `files.work`. May run twice: whoever takes it over begins anew, or goes on where content lay ready. */
  async run(jobId: string, run: Run): Promise<void> {
    const known = await this.#store.byId(jobId);
    if (!known || known.endedAt !== null) return;
    const site = await this.#parts.sites.byId(known.siteId);
    const work = await this.#claim(known, site, run).catch((error) => this.#notNow(known, run, error));
    if (!work) return;
    await work.act.holding(() => this.#carryOut(work)).catch((error) => this.#failed(work, error));
  }

  /** A site may move for longer than the attempts last. @throws the same, as long as attempts are left */
  async #notNow(job: FileJob, run: Run, error: unknown): Promise<undefined> {
    if (!run.lastAttempt || !(error instanceof PanelError)) throw error;
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.#ending.queue(tx, job, clock.now() + tryAgain));
  }

  async #claim({ id, kind, personId }: FileJob, site: Site, run: Run): Promise<Work | undefined> {
    const { connection, clock, sites } = this.#parts;
    const runId = newId(clock.now());
    const act = sites.act(site, kind, { kind: 'person', personId });
    const job = await connection.write(async (tx) => {
      const before = await this.#store.claim(tx, id, runId, clock.now());
      if (!before) return undefined;
      // The room of the attempt before is free for this one; what of it lies in the site is counted.
      if (before.actId !== null && (await act.takeOver(tx, before.actId))) await sites.queueCount(tx, site);
      // 409 while the site moves to another server: the job comes again.
      if (!(await act.begin(tx, { bytes: 0, files: 0 }))) throw unavailable();
      await this.#store.change(tx, id, runId, { act_id: act.id });
      return before;
    });
    if (!job) return undefined;
    const room = new JobRoom(connection, act, Math.max(0, site.quotaBytes - site.usedBytes));
    const progress = new JobProgress({ clock, signal: run.signal, write: (change) => this.#goOn(job, runId, change) });
    return { job, runId, site, storage: sites.storageFor(site), act, room, progress, run };
  }

  /** @throws Overtaken; Stopped when the person called it off or may not have it done any more, unless it only has to be published */
  async #goOn({ id, siteId, customerId }: FileJob, runId: string, change: FileJobChange): Promise<void> {
    const { connection, sites, accounts } = this.#parts;
    const now = await connection.write((tx) => this.#store.change(tx, id, runId, change));
    if (!now) throw new Overtaken();
    if (now.step === 'publishing') return;
    if (now.fault !== null) throw new Stopped(now.fault);
    if (now.cancelledAt !== null) throw new Stopped('cancelled');
    const site = await sites.byId(siteId);
    if (isShut(site) || site.terminatedAt !== null) throw new Stopped('shut');
    if (await accounts.restrictions.of(customerId)) throw new Stopped('restricted');
  }

  async #carryOut(work: Work): Promise<void> {
    const { job, runId, storage } = work;
    let ready = job;
    if (job.step === 'working') {
      if (job.staged !== null) await removeOther(storage, job.staged);
      await storage.makeFolder(['trash']).catch(withoutTrash);
      await work.progress.write({ staged: runId });
      ready = await this.#prepare(work);
    }
    const results = await this.#publish(work, ready);
    if (ready.staged !== null) await storage.remove(['trash', ready.staged]);
    await this.#ending.done(work, ready, results);
  }

  /** Makes everything ready in `trash/<run>`. @returns the job as it is then */
  async #prepare({ job, runId, site, storage, room, progress, run }: Work): Promise<FileJob> {
    const { quarantine, scanner, lists, disk, limits, sites, connection } = this.#parts;
    await scanner.check();
    const { folder, remove } = await quarantine.open();
    try {
      const staging = ['trash', runId];
      const marked = await sites.folders.list(site);
      const bench = new Bench({
        ...{ site, storage, scanner, rules: rulesIn(lists, marked), widest: widest(lists) },
        ...{ disk, progress, room, folder, staging, target: job.target },
      });
      const [source = []] = job.sources;
      if (job.kind === 'copy') await copyEntries(bench, job.sources);
      if (job.kind === 'extract') await extract(bench, { source, name: job.name, limits });
      if (job.kind === 'compress') {
        const { sources, words } = job;
        await compressEntries(bench, { sources, words, marked, name: job.name ?? '', signal: run.signal });
      }
      await progress.write();
      const { kept, refused, results } = bench;
      const change = { step: 'publishing', kept, refused, results: JSON.stringify(results) } as const;
      const ready = await connection.write((tx) => this.#store.change(tx, job.id, runId, change));
      if (!ready) throw new Overtaken();
      return ready;
    } finally {
      await remove();
    }
  }

  async #publish({ job, site, storage, act, progress }: Work, ready: FileJob) {
    const { sites, lists, setAside } = this.#parts;
    if (ready.staged === null) return [];
    const rules = await rulesOf(sites, lists, site);
    const inOwnFolder = new Set(
      job.sources.filter((path) => path.slice(0, -1).join('/') === job.target.join('/')).map((path) => path.at(-1)),
    );
    const isWhole = job.kind === 'compress' || (job.kind === 'extract' && job.name !== null);
    return merge({
      ...{ storage, rules, from: ['trash', ready.staged], to: job.target, conflict: job.conflict },
      isRenamed: (name) => isWhole || (job.kind === 'copy' && (job.conflict === 'rename' || inOwnFolder.has(name))),
      freeName: (name, known) => (job.kind === 'copy' ? copyName(name, known, job.words.copy) : freeName(name, known)),
      setAside: (path) => setAside(site, job.personId, path, act.id),
      tick: () => progress.tick(),
    }).catch((error) => {
      // The folder where it should stand is gone, or a link by now.
      if (error instanceof PanelError && (error.status === 404 || error.status === 409)) throw new Stopped('gone');
      throw error;
    });
  }

  async #failed(work: Work, error: unknown): Promise<void> {
    const { job, runId, run, act } = work;
    const isPublishing = (await this.#store.byId(job.id))?.step === 'publishing';
    // Who has taken it over removes what lies ready, and this one fails at whatever it does next.
    const isOurs = await this.#parts.connection.write((tx) => this.#store.change(tx, job.id, runId, { act_id: act.id }));
    if (error instanceof Overtaken || !isOurs) {
      if (!isPublishing) await this.#ending.clear(work).catch(() => {});
      return this.#ending.leave(work, {});
    }
    if (error instanceof Stopped) return this.#ending.stop(work, error);
    if (!run.signal.aborted && run.lastAttempt && !isPublishing) return this.#ending.stop(work, new Stopped('unavailable'));
    const cleared =
      !isPublishing &&
      (await this.#ending.clear(work).then(
        () => true,
        () => false,
      ));
    await this.#ending.leave(work, { state: 'queued', ...(cleared && { staged: null }) });
    if (run.signal.aborted || !run.lastAttempt) throw error;
    await this.#parts.connection.write((tx) => this.#ending.queue(tx, job, this.#parts.clock.now() + tryAgain));
  }
}

/** Whoever was overtaken may lay one more file there before it learns of it. */
async function removeOther(storage: SiteStorage, staged: string): Promise<void> {
  for (let tries = 1; ; tries += 1)
    try {
      return await storage.remove(['trash', staged]);
    } catch (error) {
      if (!(error instanceof PanelError && error.status === 409) || tries === 20) throw error;
      await sleep(50);
    }
}

/** The parsers of archives are read when an archive is unpacked. */
async function extract(bench: Bench, extraction: Parameters<typeof import('./extracting.ts').extractArchive>[1]): Promise<void> {
  const { extractArchive } = await import('./extracting.ts');
  await extractArchive(bench, extraction);
}

/** A server whose program has made no such folder (docs/servers.md), or where something else stands; one that does not answer is asked again. */
function withoutTrash(error: unknown): never {
  const isClosed = error instanceof PanelError && ['EACCES', 'EPERM'].includes(String(error.parameters.code));
  if (isClosed || (error instanceof PanelError && error.status !== 503)) throw new Stopped('noPlace');
  throw error;
}
