// The steps of a move, each of which may be cut off and begun again: until the switch the site is where it was.
import { rm } from 'node:fs/promises';
import { systemActor } from '../audit/audit.ts';
import { CannotMove } from '../databases/databases.ts';
import type { MoveStep } from '../migrations/schema.ts';
import { minute, second } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { PanelError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import type { Site } from '../sites/sites.ts';
import { Carrying } from './carrying.ts';
import type { MoveLetters } from './move-letters.ts';
import type { Move, MovesParts } from './moves.ts';
import type { MoveChange, MoveStore } from './store.ts';

/** Has every door of the site do what its row says now (suspension.ts). */
export type SetDoors = (siteId: string) => Promise<void>;

/** One attempt at one move. `change` throws when another worker has taken the move over. */
export type Work = {
  readonly move: Move;
  readonly site: Site;
  readonly run: JobRun;
  readonly setDoors: SetDoors;
  change(change: MoveChange): Promise<void>;
};

/** With the queue's pauses (5 s, then twice as long each time) some five minutes, in which a closed site stays closed. */
const maximumAttempts = 7;
const waitMilliseconds = 5 * second;
/** How often a worker says that it still holds a move, and learns when it does not: then it ends in the middle of what it does. */
const heardMilliseconds = 30 * second;
/** What is under way in a site ends sooner, or never. */
const longestWait = 60 * minute;

export class Running {
  readonly #parts: MovesParts;
  readonly #store: MoveStore;
  readonly #letters: MoveLetters;
  readonly #carrying: Carrying;

  constructor(parts: MovesParts, { store, letters }: { store: MoveStore; letters: MoveLetters }) {
    this.#parts = parts;
    this.#store = store;
    this.#letters = letters;
    this.#carrying = new Carrying(parts, { store, letters });
  }

  /** One waiting job a move; it may be asked for again without harm. */
  async queue(tx: Tx, { id, customerId }: Pick<Move, 'id' | 'customerId'>, runAt?: number): Promise<void> {
    const options = { key: `moves.run:${id}`, lane: 'long', maximumAttempts, ...(runAt !== undefined && { runAt }) } as const;
    await this.#parts.queue.add(tx, 'moves.run', { moveId: id, customerId }, options);
  }

  /** See `Moves.run`. */
  async run(moveId: string, run: JobRun, setDoors: SetDoors): Promise<void> {
    const { connection, clock } = this.#parts;
    const runId = newId(clock.now());
    const move = await connection.write((tx) => this.#store.claim(tx, moveId, runId, clock.now()));
    if (!move) return;
    const taken = new AbortController();
    const heard = async () => {
      const isOurs = await connection.write((tx) => this.#store.change(tx, moveId, { runId }, { seen_at: clock.now() }));
      if (!isOurs) taken.abort(lost());
    };
    // A beat that cannot be written says nothing: the next one may.
    const beat = setInterval(() => void heard().catch(() => {}), heardMilliseconds);
    const ours = { ...run, signal: AbortSignal.any([run.signal, taken.signal]) };
    await this.#steps(move, runId, ours, setDoors).finally(() => clearInterval(beat));
  }

  async #steps(move: Move, runId: string, run: JobRun, setDoors: SetDoors): Promise<void> {
    // Files that an attempt before was carrying when it was cut off.
    await rm(`${this.#parts.staging}/${move.id}`, { recursive: true, force: true });
    let step: MoveStep | undefined = move.step;
    while (step !== undefined && step !== 'done' && step !== 'failed') {
      run.signal.throwIfAborted();
      const work = await this.#work(move.id, runId, run, setDoors);
      step = await this.#do(work, runId);
    }
  }

  async #work(moveId: string, runId: string, run: JobRun, setDoors: SetDoors): Promise<Work> {
    const { connection, sites } = this.#parts;
    const move = await this.#store.byId(moveId);
    if (!move) throw new Error('a move that was just there is gone');
    const change = async (wanted: MoveChange) => {
      if (!(await connection.write((tx) => this.#store.change(tx, moveId, { runId }, wanted)))) throw lost();
    };
    return { move, site: await sites.byId(move.siteId), run, setDoors, change };
  }

  /** @returns the next step; undefined when the job comes again later. @throws what may be better at the next attempt */
  async #do(work: Work, runId: string): Promise<MoveStep | undefined> {
    const { move, run } = work;
    const from = move.step;
    try {
      const next = await this.#step(work, runId);
      if (next !== undefined && next !== from) await this.#become(move, runId, { step: next });
      else if (next === undefined) await this.#again(move);
      return next;
    } catch (error) {
      if (run.signal.aborted || isOver(from)) throw error;
      if (!(error instanceof CannotMove) && !run.lastAttempt) throw error;
      const fault = error instanceof CannotMove ? error.message : textOf(error);
      if (!(await this.#become(move, runId, { step: 'undoing', fault }))) throw error;
      return 'undoing';
    }
  }

  /** @returns false when another worker has the move, or the step has written its end itself, in a transaction with more */
  #become({ id, step }: Move, runId: string, change: MoveChange): Promise<boolean> {
    const { connection, clock } = this.#parts;
    const stepAt = { step_at: clock.now() };
    return connection.write((tx) => this.#store.change(tx, id, { runId, step }, { ...change, ...stepAt }));
  }

  #again(move: Move): Promise<void> {
    const { connection, clock } = this.#parts;
    return connection.write((tx) => this.queue(tx, move, clock.now() + waitMilliseconds));
  }

  async #step(work: Work, runId: string): Promise<MoveStep | undefined> {
    const { site, move } = work;
    if (site.terminatedAt !== null && !isOver(move.step)) throw new CannotMove('the site was terminated');
    switch (move.step) {
      case 'checking':
        await this.#carrying.check(work);
        return 'saving';
      case 'saving':
        return (await this.#isSaved(work)) ? 'copying' : undefined;
      case 'copying':
        await this.#carrying.copy(work);
        return 'waiting';
      case 'waiting':
        return (await this.#isClosed(work, runId)) ? 'closed' : undefined;
      case 'closed':
        await this.#carrying.finish(work, runId);
        return 'opening';
      case 'opening':
        await this.#open(work, runId);
        return 'done';
      case 'undoing':
        await this.#undo(work, runId);
        return 'failed';
      default:
        return move.step;
    }
  }

  /** A good backup of the last day will do; else one is made, as every night. @returns false while it is being made */
  async #isSaved({ move, site, change }: Work): Promise<boolean> {
    const { backups, clock, makesBackups } = this.#parts;
    if (!makesBackups) return true;
    const latest = await backups.latestGood(site);
    if (latest?.dataAt != null && latest.dataAt > clock.now() - 24 * 60 * minute) return true;
    const wanted = move.backupId === null ? undefined : await backups.byId(site, move.backupId);
    if (wanted === undefined) await change({ backup_id: await backups.ensure(site) });
    else if (['failed', 'missing', 'damaged', 'expired'].includes(wanted.state))
      throw new CannotMove('the backup before the move failed');
    return false;
  }

  /** Closes the site when nothing is under way in it: from then on nothing changes there. @returns false when something is */
  async #isClosed({ move, site }: Work, runId: string): Promise<boolean> {
    const { connection, clock, sites, databases } = this.#parts;
    const now = clock.now();
    if (now - move.stepAt > longestWait)
      throw new CannotMove('something was under way in the site for an hour: upload, import or deletion');
    return connection.write(async (tx) => {
      await sites.take(tx, site.id);
      if (await databases.moving.isBusy(tx, site)) return false;
      if (!(await sites.freezing.freeze(tx, site.id))) return false;
      const change = { step: 'closed', frozen_at: now, step_at: now } as const;
      if (!(await this.#store.change(tx, move.id, { runId, step: 'waiting' }, change))) throw lost();
      return true;
    });
  }

  /** The site is on its new server: there is no way back from here but another move. */
  async #open({ move, site, setDoors }: Work, runId: string): Promise<void> {
    const { connection, clock, sites, backups } = this.#parts;
    await setDoors(site.id);
    await backups.show(await sites.byId(site.id));
    if (move.overMoveId !== null) await this.#dropGone(move.overMoveId);
    await connection.write(async (tx) => {
      await sites.queueCount(tx, site);
      const now = clock.now();
      if (!(await this.#store.change(tx, move.id, { runId }, { step: 'done', step_at: now, ended_at: now }))) throw lost();
    });
  }

  /** What a place that was taken over still holds of databases that the site has not any more. */
  async #dropGone(overMoveId: string): Promise<void> {
    for (const { name, login, from_id } of await this.#store.databases(overMoveId))
      await this.#parts.databases.moving.dropLeft({ name, user: login }, from_id);
  }

  /**
   * Opens the site where it was. What was made on the new server is removed by a job of its own, however long that server is away, and an
   * old place that was to be taken over is closed again by it.
   */
  async #undo({ move, site, setDoors }: Work, runId: string): Promise<void> {
    const { connection, clock, sites, audit } = this.#parts;
    await connection.write((tx) => sites.freezing.thaw(tx, site.id));
    await setDoors(site.id);
    const told = await this.#letters.receiver(site);
    await connection.write(async (tx) => {
      const now = clock.now();
      const left = { left_on_server_id: move.toServerId, left_until: now };
      const ended = { step: 'failed', step_at: now, ended_at: now, ...left } as const;
      if (!(await this.#store.change(tx, move.id, { runId }, ended))) throw lost();
      const about = { actor: systemActor, customerId: move.customerId, siteId: site.id, subjectId: move.id };
      await audit.record(tx, { action: 'sites.moveFailed', ...about });
      if (site.terminatedAt === null) await this.#letters.failed(tx, site, told);
    });
  }
}

const lost = () => new Error('another worker has taken over this move');

/** From the switch on a move is only finished, and an undoing only undone. */
const isOver = (step: MoveStep) => ['opening', 'undoing', 'done', 'failed'].includes(step);

function textOf(error: unknown): string {
  const code = error instanceof PanelError ? error.parameters.code : undefined;
  const text = typeof code === 'string' ? code : error instanceof Error ? error.message : 'thrown';
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 300);
}
