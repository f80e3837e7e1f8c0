// The steps of a restore, each of which may be cut off and begun again: until the exchange the site is as it was, and from then on it
// comes to its end or goes back.
import { isGood } from '../backups/backups.ts';
import { day, minute, second } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { PanelError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { faultCode } from '../platform/storage/faults.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { Site } from '../sites/sites.ts';
import { documentRoot } from './choosing.ts';
import { DatabaseSteps } from './database-steps.ts';
import type { Ending } from './ending.ts';
import { Exchange } from './exchange.ts';
import { Readying } from './readying.ts';
import type { RestoresParts } from './restores.ts';
import {
  actorOf,
  lost,
  Overtaken,
  placeOf,
  type Restore,
  type RestoreItem,
  type RestoreStep,
  Stopped,
  undoDays,
} from './states.ts';
import type { RestoreChange, RestoreStore } from './store.ts';

/** Has every door of the site do what its row says now (suspension.ts). */
export type SetDoors = (siteId: string) => Promise<void>;

/** One attempt at one restore. `change` throws when another worker has taken it over. */
export type Work = {
  readonly restore: Restore;
  readonly site: Site;
  readonly runId: string;
  readonly run: JobRun;
  readonly setDoors: SetDoors;
  change(change: RestoreChange, more?: (tx: Tx) => Promise<void>): Promise<void>;
};

const maximumAttempts = 5;
const heardMilliseconds = 30 * second;
const returnAgain = minute;
/** A backup that a restore stands on stays so long, whatever retention says. */
const heldMilliseconds = (undoDays + 1) * day;

export class Running {
  readonly #parts: RestoresParts;
  readonly #store: RestoreStore;
  readonly #ending: Ending;
  readonly #databases: DatabaseSteps;
  readonly #readying: Readying;

  constructor(parts: RestoresParts, { store, ending }: { store: RestoreStore; ending: Ending }) {
    this.#parts = parts;
    this.#store = store;
    this.#ending = ending;
    this.#databases = new DatabaseSteps({ ...parts, store });
    this.#readying = new Readying(parts, { store, databases: this.#databases });
  }

  /** One waiting job a restore; it may be asked for again without harm. Of a group of its own: it waits for jobs of files that have begun. */
  async queue(tx: Tx, { id, customerId }: Pick<Restore, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    const options = {
      key: `restores.run:${id}`,
      lane: 'medium',
      group: `restores:${customerId}`,
      maximumAttempts,
      ...(runAt !== undefined && { runAt }),
    } as const;
    await this.#parts.queue.add(tx, 'restores.run', { restoreId: id, customerId }, options);
  }

  /** See `Restores.run`. */
  async run(restoreId: string, run: JobRun, setDoors: SetDoors): Promise<void> {
    const { connection, clock } = this.#parts;
    const runId = newId(clock.now());
    const restore = await connection.write((tx) => this.#store.claim(tx, restoreId, runId, clock.now()));
    if (!restore) return;
    const taken = new AbortController();
    const heard = async () => {
      const change = { moved_at: clock.now() };
      if (!(await connection.write((tx) => this.#store.change(tx, restoreId, runId, change)))) taken.abort(lost());
    };
    // A beat that cannot be written says nothing: the next one may.
    const beat = setInterval(() => void heard().catch(() => {}), heardMilliseconds);
    const ours = { ...run, signal: AbortSignal.any([run.signal, taken.signal]) };
    await this.#steps(restore, { runId, run: ours, setDoors }).finally(() => clearInterval(beat));
  }

  async #steps({ id }: Restore, attempt: Pick<Work, 'runId' | 'run' | 'setDoors'>): Promise<void> {
    for (let goesOn = true; goesOn; ) {
      attempt.run.signal.throwIfAborted();
      const restore = await this.#store.byId(id);
      if (!restore || restore.endedAt !== null) return;
      goesOn = await this.#do(await this.#work(restore, attempt));
    }
  }

  async #work(restore: Restore, attempt: Pick<Work, 'runId' | 'run' | 'setDoors'>): Promise<Work> {
    const { connection, clock, sites } = this.#parts;
    const change = (wanted: RestoreChange, more?: (tx: Tx) => Promise<void>) =>
      connection.write(async (tx) => {
        const moved = { moved_at: clock.now(), ...wanted };
        if (!(await this.#store.change(tx, restore.id, attempt.runId, moved))) throw lost();
        await more?.(tx);
      });
    return { restore, site: await sites.byId(restore.siteId), ...attempt, change };
  }

  /** @returns whether there is more to do now. @throws what may be better at the next attempt */
  async #do(work: Work): Promise<boolean> {
    const { restore, run } = work;
    try {
      await this.#parts.moment?.(`step ${restore.step}`);
      await this.#step(work);
      return true;
    } catch (error) {
      if (run.signal.aborted || error instanceof Overtaken) throw error;
      if (restore.step === 'returning' || restore.step === 'ending') return this.#later(work, error);
      // A safety backup is tried as often as any other: its row is to be ended by its last attempt.
      const stopped = restore.step === 'saving' && isFull(error) ? undefined : stoppedBy(error);
      // Half of an exchange goes back at once; what was only being made ready may be better at the next attempt.
      if (!stopped && restore.step !== 'switching' && !run.lastAttempt) throw error;
      const { fault, about } = stopped ?? new Stopped('unavailable');
      this.#parts.log.warn({ restore: restore.id, step: restore.step, err: error }, 'a restore goes back');
      await work.change({ step: 'returning', fault, fault_about: JSON.stringify(about) });
      return true;
    }
  }

  /** However long a server is away: what has begun to go back, or only has to be tidied up, is finished. */
  async #later({ restore, run }: Work, error: unknown): Promise<boolean> {
    if (!run.lastAttempt) throw error;
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.queue(tx, restore, clock.now() + returnAgain));
    throw error;
  }

  async #step(work: Work): Promise<void> {
    const { restore, site } = work;
    if (site.terminatedAt !== null) return this.#ending.closed(work);
    const steps: Partial<Record<RestoreStep, (work: Work) => Promise<void>>> = {
      saving: (one) => this.#save(one),
      staging: (one) => this.#readying.run(one),
      switching: (one) => this.#switch(one),
      returning: (one) => this.#return(one),
      ending: (one) => this.#finish(one),
    };
    await steps[restore.step]?.(work);
  }

  /** What is there now, as a backup that was read back: nothing begins without it. */
  async #save(work: Work): Promise<void> {
    const { restore, site, run, change } = work;
    const { backups, clock } = this.#parts;
    if (restore.dest === 'new_folder') return change({ step: 'staging' });
    if (restore.safetyId === null) {
      const until = clock.now() + heldMilliseconds;
      let safetyId = '';
      await this.#parts.connection.write(async (tx) => {
        safetyId = await backups.safety.add(tx, site, actorOf(restore), until);
        if (!(await this.#store.change(tx, restore.id, work.runId, { safety_id: safetyId }))) throw lost();
      });
      return;
    }
    const safety = await backups.safety.make(site, restore.safetyId, run).catch((error) => {
      throw run.lastAttempt && !run.signal.aborted ? new Stopped('safety') : error;
    });
    const lacks = safety.leftOut.some(({ reason }) => reason === 'unreadable');
    if (!isGood(safety) || lacks) throw new Stopped('safety');
    await change({ step: 'staging', bytes_done: 0, files_done: 0 });
  }

  async #items(restore: Restore): Promise<readonly RestoreItem[]> {
    return restore.folder === null || restore.scope === 'db'
      ? this.#store.items(restore.id)
      : [{ path: `${documentRoot}/${restore.folder}`, comes: true }];
  }

  #exchange({ restore, site }: Work): Exchange {
    const { moment, sites } = this.#parts;
    return new Exchange({ storage: sites.storageFor(site), place: placeOf(restore), ...(moment && { moment }) });
  }

  /** Databases first: whatever fails takes everything back. */
  async #switch(work: Work): Promise<void> {
    const { restore, site, change } = work;
    const { sites } = this.#parts;
    for (const row of await this.#store.databases(restore.id)) {
      await this.#databases.switchTo(row, site);
      await this.#parts.moment?.(`database ${row.name}`);
    }
    await this.#exchange(work).forward(await this.#items(restore));
    await change({ step: 'ending' }, (tx) => sites.freezing.thaw(tx, site.id));
  }

  async #return(work: Work): Promise<void> {
    const { restore, site, run } = work;
    if (restore.switchedAt !== null) {
      await this.#exchange(work).back(await this.#items(restore));
      for (const row of await this.#store.databases(restore.id)) await this.#databases.back(row, site, run.signal);
    }
    await this.#tidy(work);
    await this.#ending.returned(work);
    if (restore.switchedAt !== null) await work.setDoors(site.id);
  }

  async #finish(work: Work): Promise<void> {
    await work.setDoors(work.site.id);
    await this.#tidy(work);
    await this.#ending.done(work);
  }

  async #tidy({ restore, site }: Work): Promise<void> {
    for (const row of await this.#store.databases(restore.id)) await this.#databases.drop(row, site);
    await this.#parts.moment?.('tidying');
    await this.#parts.sites.storageFor(site).remove(placeOf(restore));
  }
}

/** @returns why it can never be done; undefined when it may be, later */
function stoppedBy(error: unknown): Stopped | undefined {
  if (error instanceof Stopped) return error;
  if (error instanceof DamagedArchive) return new Stopped('damaged');
  if (isFull(error)) return new Stopped('full');
  if (!(error instanceof PanelError)) return undefined;
  const { status, key, parameters } = error;
  if (key === 'backups.refused.damaged') return new Stopped('damaged');
  if (key === 'backups.refused.expired' || key === 'backups.refused.unreadable') return new Stopped('gone');
  if (parameters.code === 'DAMAGED') return new Stopped('damaged');
  return status === 410 ? new Stopped('gone') : undefined;
}

/** A disk, a quota of a disk, or what a tier unpacks into. */
function isFull(error: unknown): boolean {
  const code = error instanceof PanelError ? String(error.parameters.code) : faultCode(error);
  return ['ENOSPC', 'EDQUOT', 'FULL'].includes(code);
}
