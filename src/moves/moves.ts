// The door of moves: a site with its files, databases and doors goes to another server, and nothing of it is lost on the way (KHADA 7.3).
import type { Accounts } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import type { Backups } from '../backups/backups.ts';
import type { Databases } from '../databases/databases.ts';
import type { Incoming } from '../incoming/incoming.ts';
import type { MoveStep } from '../migrations/schema.ts';
import { type Clock, day, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun, Queue } from '../platform/jobs/port.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { faultText, type Server, type Site, type Sites } from '../sites/sites.ts';
import type { Ssh } from '../ssh/ssh.ts';
import { Cleaning } from './cleaning.ts';
import { MoveLetters } from './move-letters.ts';
import { Running, type SetDoors } from './running.ts';
import { inPages, MoveStore } from './store.ts';

export type Move = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly fromServerId: string;
  readonly toServerId: string;
  readonly keepDays: number;
  /** an earlier move whose old place this one takes over */
  readonly overMoveId: string | null;
  readonly step: MoveStep;
  readonly backupId: string | null;
  /** how often the files were gone through */
  readonly pass: number;
  /** carried over in this pass; in the end, all there are */
  readonly files: number;
  readonly bytes: number;
  readonly sha256: string | null;
  /** why it failed, for the operator */
  readonly fault: string | null;
  /** epoch milliseconds, as every time here */
  readonly askedAt: number;
  readonly stepAt: number;
  readonly frozenAt: number | null;
  readonly switchedAt: number | null;
  readonly endedAt: number | null;
  readonly leftOnServerId: string | null;
  readonly leftUntil: number | null;
  readonly removedAt: number | null;
};

/** A move with the names that an operator knows. */
export type ListedMove = Move & { readonly site: string; readonly from: string; readonly to: string };

/** Where FTP programs or programs of the site have to go from now on, and where they went; null: there is none, or was none. */
export type ChangedAddress = { readonly what: string; readonly before: string | null; readonly after: string | null };

export type MovesParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly log: Log;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly databases: Databases;
  readonly incoming: Incoming;
  readonly ssh: Ssh;
  readonly backups: Backups;
  /** a folder of this machine, for files on their way */
  readonly staging: string;
  readonly makesBackups: boolean;
};

export type MoveWish = {
  /** the new server's name; undefined: back to where the last move left the site's old place */
  readonly to: string | undefined;
  readonly keepDays: number;
  /** also to a server that takes no new sites */
  readonly evenDrained: boolean;
};

/** The operator can do something about it; the sentence says what. Nothing was begun. */
export class MoveNotBegun extends Error {}

/**
 * Moves of sites to other servers. Until the switch, which is one transaction, the site is where it was, and every fault leaves it there,
 * running; afterwards it is on the new server, and its old place is kept closed for some days.
 */
export class Moves {
  readonly #parts: MovesParts;
  readonly #store: MoveStore;
  readonly #running: Running;
  readonly #cleaning: Cleaning;
  readonly #letters: MoveLetters;

  constructor(parts: MovesParts) {
    this.#parts = parts;
    this.#store = new MoveStore(parts.connection);
    this.#letters = new MoveLetters(parts);
    this.#running = new Running(parts, { store: this.#store, letters: this.#letters });
    this.#cleaning = new Cleaning(parts, this.#store);
  }

  /**
   * Begins a move: the job `moves.run` does it. The customer is told by letter that the site will be closed for a short while.
   * @returns its id
   * @throws MoveNotBegun with what is in the way
   */
  async begin(site: Site, { to: wanted, keepDays, evenDrained }: MoveWish, actor: Actor): Promise<string> {
    const { connection, clock, sites, audit } = this.#parts;
    const to = await this.#target(site, wanted);
    if (to.drainedAt !== null && !evenDrained && wanted !== undefined)
      throw new MoveNotBegun(`${to.name} is drained; --even-drained moves the site there all the same`);
    await this.#refuse(site, to);
    const told = await this.#letters.receiver(site);
    const now = clock.now();
    const id = newId(now);
    await connection.write(async (tx) => {
      await sites.take(tx, site.id);
      const over = await this.#placeThere(tx, site, to);
      const servers = { from_server_id: site.serverId, to_server_id: to.id };
      const row = { id, site_id: site.id, customer_id: site.customerId, ...servers, keep_days: keepDays };
      if (!(await this.#store.add(tx, { ...row, over_move_id: over, asked_at: now })))
        throw new MoveNotBegun('this site is being moved already: gotgan site moves');
      await this.#running.queue(tx, { id, customerId: site.customerId });
      const about = { actor, customerId: site.customerId, siteId: site.id, subjectId: id };
      await audit.record(tx, { action: 'sites.moveAsked', ...about, details: { to: to.name } });
      await this.#letters.before(tx, site, told);
    });
    return id;
  }

  async #target(site: Site, wanted: string | undefined): Promise<Server> {
    const { servers } = this.#parts.sites;
    if (wanted !== undefined) {
      const found = await servers.byName(wanted).catch(whenMissing);
      if (!found) throw new MoveNotBegun(`there is no server ${wanted}: gotgan server list`);
      return found;
    }
    const last = (await this.#store.leftOf(site.id)).find(
      ({ step, toServerId }) => step === 'done' && toServerId === site.serverId,
    );
    if (!last) throw new MoveNotBegun('no old place of this site is kept any more; --to <server> moves it anywhere');
    return servers.byId(last.fromServerId);
  }

  async #refuse(site: Site, to: Server): Promise<void> {
    if (to.id === site.serverId) throw new MoveNotBegun(`the site is on ${to.name}`);
    if (site.openedAt === null || site.terminatedAt !== null) throw new MoveNotBegun('the site is not open yet, or not any more');
    if (await this.#parts.ssh.grants.hasAny(site.id))
      throw new MoveNotBegun('somebody may come in by SSH: gotgan ssh list, and gotgan ssh end <id> first');
    await this.#refuseUnreadable(site);
  }

  /** A move carries what the site's server gives: where that is dead, nothing is moved, and old places stay (see `Cleaning`). */
  async #refuseUnreadable(site: Site): Promise<void> {
    const { sites } = this.#parts;
    try {
      await sites.presence.refuseUnreadable(site);
    } catch (error) {
      const { name } = await sites.servers.byId(site.serverId);
      const [kept] = (await this.#store.leftOf(site.id)).filter(({ step }) => step === 'done');
      const server = kept && (await sites.servers.byId(kept.fromServerId));
      const held =
        kept?.switchedAt != null && server
          ? `; ${server.name} still holds it as of ${new Date(kept.switchedAt).toISOString()}`
          : '';
      throw new MoveNotBegun(
        `the site is on ${name}, which does not give its files (${faultText(error)})${held}: docs/servers.md, "A server that is dead"`,
      );
    }
  }

  /** @returns the earlier move whose old place is on that server, to be taken over */
  async #placeThere(tx: Tx, site: Site, to: Server): Promise<string | null> {
    const there = (await this.#store.leftOf(site.id, tx)).find(({ leftOnServerId }) => leftOnServerId === to.id);
    // From that time on `moves.clean` may be at it.
    if (there?.leftUntil != null && there.leftUntil <= this.#parts.clock.now())
      throw new MoveNotBegun('what an earlier move left there is being put away; try again in some minutes');
    return there?.id ?? null;
  }

  /** The job `moves.run`. May run twice, and goes on where the one before was cut off. @param setDoors has the site's doors do what its row says */
  run(moveId: string, run: JobRun, setDoors: SetDoors): Promise<void> {
    return this.#running.run(moveId, run, setDoors);
  }

  /** The job `moves.clean`: removes what a move has left on a server. May run twice. */
  clean(moveId: string): Promise<void> {
    return this.#cleaning.clean(moveId);
  }

  /** By the clock: moves whose job is lost or gave up go on, and what has to go by now goes. */
  async keep(): Promise<void> {
    const { connection, clock } = this.#parts;
    for await (const move of inPages((after) => this.#store.lost(clock.now() - lostMilliseconds, after)))
      await connection.write((tx) => this.#running.queue(tx, move));
    await this.#cleaning.queueDue();
  }

  /** @returns the move as it is now, for whoever waits for it */
  byId(moveId: string): Promise<Move | undefined> {
    return this.#store.byId(moveId);
  }

  /** @returns moves that are under way and those whose old place is kept, newest first; with `all` every one */
  async list(all = false): Promise<ListedMove[]> {
    const { sites } = this.#parts;
    const names = new Map((await sites.servers.list()).map(({ id, name }) => [id, name]));
    const moves = await this.#store.list(all, 1000);
    return Promise.all(
      moves.map(async (move) => {
        const { name: site } = await sites.byId(move.siteId);
        return { ...move, site, from: names.get(move.fromServerId) ?? '?', to: names.get(move.toServerId) ?? '?' };
      }),
    );
  }

  /** @returns moves from or to the server that came about since, oldest first. @param since epoch milliseconds */
  switchedSince(serverId: string, since: number): Promise<Move[]> {
    return this.#store.switchedSince(serverId, since);
  }

  /** For the customer's page. @returns whether a move is under way, and which addresses a move of the last 30 days has changed */
  async newsOf(site: Site): Promise<{ isUnderWay: boolean; movedAt: number | null; changed: readonly ChangedAddress[] }> {
    const [open, last] = [await this.#store.open(site.id), await this.#store.lastDone(site.id)];
    const isYoung = last?.switchedAt != null && last.switchedAt > this.#parts.clock.now() - newsMilliseconds;
    const changed = isYoung ? await this.#letters.changed(last) : [];
    const isUnderWay = open !== undefined && open.step !== 'opening';
    return { isUnderWay, movedAt: isYoung ? last.switchedAt : null, changed };
  }
}

/** Longer than the queue's longest pause between two attempts. */
const lostMilliseconds = 15 * minute;
const newsMilliseconds = 30 * day;
