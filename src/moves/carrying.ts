// What a move carries: files in passes until both servers are the same, databases with their users, and the switch.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../audit/audit.ts';
import { CannotMove, type MovingDatabase } from '../databases/databases.ts';
import { day, second } from '../platform/clock.ts';
import type { SiteHome } from '../platform/site-host/port.ts';
import type { Entry, SiteStorage } from '../platform/storage/port.ts';
import type { Server } from '../sites/sites.ts';
import { Digests } from './digests.ts';
import type { MoveLetters } from './move-letters.ts';
import type { MovesParts } from './moves.ts';
import { type PassEnd, pass } from './pass.ts';
import type { Work } from './running.ts';
import type { MoveDatabaseRow, MoveStore } from './store.ts';

/** Passes while the site runs: the first carries, the others what has changed since, and read all of it on both servers. */
const openPasses = 3;
/** So few changes are left to the time when the site is closed. */
const fewChanges = 20;
/** A closed site does not change: the second pass finds nothing, unless a file was half written at the first. */
const closedPasses = 5;
const toldEveryMilliseconds = 2 * second;
const checkMilliseconds = 10 * second;
/** Folders and blocks take room that no file's size tells. */
const roomFactor = 1.05;
const roomBeside = 64 * 1024 * 1024;

export class Carrying {
  readonly #parts: MovesParts;
  readonly #store: MoveStore;
  readonly #letters: MoveLetters;

  constructor(parts: MovesParts, { store, letters }: { store: MoveStore; letters: MoveLetters }) {
    this.#parts = parts;
    this.#store = store;
    this.#letters = letters;
  }

  /** Whether the new server answers and takes the databases. @throws CannotMove */
  async check({ move, site }: Work): Promise<void> {
    const { connection, sites } = this.#parts;
    await (await sites.servers.host(move.toServerId)).check(AbortSignal.timeout(checkMilliseconds));
    const planned = await this.#plan(move.id, move.overMoveId, site, move.toServerId);
    // Written down before any of them is made: what is in these rows may be dropped there.
    const rows = planned
      .filter(({ stays }) => !stays)
      .map(({ databaseId, name, user, fromId, toId }) => ({
        ...{ move_id: move.id, database_id: databaseId, name, login: user, from_id: fromId, to_id: toId },
      }));
    await connection.write((tx) => this.#store.addDatabases(tx, rows));
  }

  async #plan(moveId: string, overMoveId: string | null, site: Work['site'], toServerId: string) {
    const known = await this.#store.databases(moveId);
    const left = overMoveId === null ? [] : await this.#store.databases(overMoveId);
    const ours = new Set([...known, ...left].map(({ name }) => name));
    return this.#parts.databases.moving.plan(site, toServerId, ours);
  }

  /** Makes the place on the new server and carries the files over while the site runs. */
  async copy(work: Work): Promise<void> {
    const { sites } = this.#parts;
    const { move, site } = work;
    const host = await sites.servers.host(move.toServerId);
    await host.open({ ...site, home: null });
    // An old place was closed when the site left it, and a closed one need not take files.
    if (move.overMoveId !== null) await host.resume({ ...site, home: null });
    const { storage } = await this.#target(work);
    const free = await storage.freeBytes();
    if (move.pass === 0 && free !== undefined && free < site.usedBytes * roomFactor + roomBeside)
      throw new CannotMove(`the new server has ${free} bytes free, the site takes ${site.usedBytes}`);
    const digests = new Digests(work.run.signal);
    for (let count = 1; count <= openPasses; count++) {
      const { changes } = await this.#pass(work, storage, { digests, isDeep: count > 1 });
      if (count > 1 && changes <= fewChanges) return;
    }
  }

  async #target({ move, site }: Work): Promise<{ storage: SiteStorage; home: SiteHome }> {
    const host = await this.#parts.sites.servers.host(move.toServerId);
    const home = await host.homeOf({ ...site, home: null });
    return { home, storage: host.storageFor({ ...site, home }) };
  }

  async #pass(work: Work, to: SiteStorage, { digests, isDeep }: { digests: Digests; isDeep: boolean }): Promise<PassEnd> {
    const { sites, staging, log, clock } = this.#parts;
    const { move, site, run, change } = work;
    await sites.presence.refuseVanished(site);
    const folder = join(staging, move.id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sites.mend(site).catch((error) => log.warn({ move: move.id, err: error }, 'files closed to the panel stay closed'));
    const count = { files: 0, bytes: 0 };
    const told = { at: clock.monotonic(), writing: Promise.resolve() };
    const carried = (bytes: number) => {
      count.files += 1;
      count.bytes += bytes;
      if (clock.monotonic() - told.at < toldEveryMilliseconds) return;
      told.at = clock.monotonic();
      // Also how a worker that was thought dead learns that it is not needed any more.
      told.writing = change({ ...count });
      told.writing.catch(() => {});
    };
    const before = (await this.#store.byId(move.id))?.pass ?? 0;
    await change({ pass: before + 1, files: 0, bytes: 0 });
    const modeOf = await this.#modes(work);
    try {
      const end = await pass({
        from: sites.storageFor(site),
        to,
        staging: folder,
        modeOf,
        digests,
        isDeep,
        signal: run.signal,
        carried,
      });
      await told.writing;
      if (end.leftOut.length > 0)
        log.warn({ move: move.id, leftOut: end.leftOut.length }, 'what is no file, folder or link is left');
      return end;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Between two servers whose files are the panel's own, modes go along as they are. Where a site has a user of its own, its files come to
   * belong to another owner, and what the owner might do, the group does: the site's user and the panel share it.
   */
  async #modes({ move }: Work): Promise<(entry: Entry) => number> {
    const { servers } = this.#parts.sites;
    const both: Server[] = [await servers.byId(move.fromServerId), await servers.byId(move.toServerId)];
    if (both.every(({ hostKind }) => hostKind === 'folders')) return ({ mode }) => mode & 0o777;
    return ({ mode }) => (mode & 0o700) | ((mode & 0o700) >> 3);
  }

  /**
   * Everything that happens while the site is closed: the last changes, the comparison of every file, the databases, and the switch in one
   * transaction.
   */
  async finish(work: Work, runId: string): Promise<void> {
    const { move, site, run, setDoors } = work;
    await setDoors(site.id);
    const { storage, home } = await this.#target(work);
    const digests = new Digests(run.signal);
    let end: PassEnd | undefined;
    for (let count = 0; count < closedPasses && end?.changes !== 0; count++)
      end = await this.#pass(work, storage, { digests, isDeep: true });
    if (!end || end.changes > 0) throw new CannotMove('the files on both servers do not become the same');
    // A database may have been made since the first look.
    await this.check(work);
    for (const one of await this.#store.databases(move.id)) await this.#carry(work, one);
    await this.#switch(work, runId, { end, home, storage });
  }

  async #carry({ move, site, run, change }: Work, row: MoveDatabaseRow): Promise<void> {
    const { connection, clock, databases } = this.#parts;
    // One that was removed since has gone to the trash, and stays there.
    const found = (await databases.dumping.of(site)).find(({ id }) => id === row.database_id);
    if (!found || row.carried_at !== null) return;
    // What is there is dropped first: never by a worker that another one has overtaken, and whose site is there by now.
    await change({ seen_at: clock.now() });
    const one: MovingDatabase = {
      ...{ name: row.name, user: row.login, databaseId: row.database_id },
      ...{ charset: found.charset, fromId: row.from_id, toId: row.to_id },
    };
    const { tables, rows } = await databases.moving.carry(one, run.signal);
    const key = { move_id: move.id, database_id: row.database_id };
    await connection.write((tx) => this.#store.setCarried(tx, key, { tables, rows, now: clock.now() }));
  }

  async #switch(
    { move, site }: Work,
    runId: string,
    { end, home, storage }: { end: PassEnd; home: SiteHome; storage: SiteStorage },
  ): Promise<void> {
    const { connection, clock, sites, databases, incoming, audit } = this.#parts;
    const planned = await this.#plan(move.id, move.overMoveId, site, move.toServerId);
    const stamps = await incoming.stamps.read(site, sites.storageFor(site), storage);
    const changed = await this.#letters.changed(move);
    const told = await this.#letters.receiver(site);
    await connection.write(async (tx) => {
      const now = clock.now();
      const { files, bytes, sha256 } = end;
      const left = { left_on_server_id: move.fromServerId, left_until: now + move.keepDays * day };
      const done = { step: 'opening', step_at: now, switched_at: now, files, bytes, sha256, ...left } as const;
      if (!(await this.#store.change(tx, move.id, { runId, step: 'closed' }, done)))
        throw new Error('another worker has taken over this move');
      const { fromServerId, toServerId } = move;
      if (!(await sites.freezing.moveTo(tx, site.id, { fromServerId, toServerId, home })))
        throw new Error('the site is not where it was');
      for (const one of planned)
        if (!(await databases.moving.switchTo(tx, one))) throw new Error('a database is not where it was');
      await incoming.stamps.write(tx, site, stamps);
      await sites.freezing.thaw(tx, site.id);
      if (move.overMoveId !== null) await this.#store.setRemoved(tx, move.overMoveId, now);
      const about = { actor: systemActor, customerId: site.customerId, siteId: site.id, subjectId: move.id };
      await audit.record(tx, { action: 'sites.moved', ...about, details: { files, bytes, sha256, databases: planned.length } });
      await this.#letters.after(tx, site, told, changed);
    });
  }
}
