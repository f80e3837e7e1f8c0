// Makes a restore ready: everything lies beside www/, checked and counted, before anything of the site changes.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { minute, second } from '../platform/clock.ts';
import type { FileAct } from '../sites/sites.ts';
import { Chosen, documentRoot } from './choosing.ts';
import type { DatabaseSteps } from './database-steps.ts';
import { Exchange } from './exchange.ts';
import type { RestoresParts } from './restores.ts';
import type { Work } from './running.ts';
import { stage } from './staging.ts';
import { actorOf, lost, placeOf, Stopped } from './states.ts';
import type { RestoreStore } from './store.ts';

/** What is under way in a site when everything lies ready ends sooner, or never. */
const longestWait = 10 * minute;
const writtenMilliseconds = 2 * second;

class Busy extends Error {}

export class Readying {
  readonly #parts: RestoresParts;
  readonly #store: RestoreStore;
  readonly #databases: DatabaseSteps;

  constructor(parts: RestoresParts, { store, databases }: { store: RestoreStore; databases: DatabaseSteps }) {
    this.#parts = parts;
    this.#store = store;
    this.#databases = databases;
  }

  /** Everything lies ready beside `www/` when this returns, and nobody changes the site through the panel from then on. */
  async run(work: Work): Promise<void> {
    const { restore, site, change } = work;
    const { sites, connection, clock } = this.#parts;
    const act = sites.act(site, 'restore', actorOf(restore));
    const room = { bytes: Math.max(0, restore.plan.growth), files: 0 };
    await connection.write(async (tx) => {
      if (restore.actId !== null && (await act.takeOver(tx, restore.actId))) await sites.queueCount(tx, site);
      if (!(await act.begin(tx, room))) throw new Stopped('quota');
      if (!(await this.#store.change(tx, restore.id, work.runId, { act_id: act.id, server_id: site.serverId }))) throw lost();
    });
    const ready = act.holding(async () => {
      const before = clock.monotonic();
      await this.#makeReady(work);
      await change({ staging_ms: Math.max(1, Math.round(clock.monotonic() - before)) });
      for (const row of await this.#store.databases(restore.id)) await this.#databases.save(row, site, work.run.signal);
      await this.#close(work, act);
    });
    await ready.catch(async (error) => {
      // Where this fails too, the room is given back by the clock.
      await connection.write((tx) => act.end(tx, room)).catch(() => {});
      throw error;
    });
  }

  async #makeReady(work: Work): Promise<void> {
    const { restore, site, run } = work;
    const { backups, sites, staging, sources } = this.#parts;
    const storage = sites.storageFor(site);
    const place = placeOf(restore);
    await storage.remove(place);
    const folder = join(staging, restore.id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const items = await this.#store.items(restore.id);
    const wanted = new Chosen(items.filter(({ comes }) => comes).map(({ path }) => path));
    const chosen = new Chosen(restore.paths);
    const into = restore.folder === null ? [] : [documentRoot, restore.folder];
    const tick = this.#ticker(work);
    const open = await sources.open(site, await backups.byId(site, restore.backupId), run.signal);
    try {
      const dumps = await stage({
        ...{ backup: open, storage, folder, signal: run.signal, tick },
        isWanted: (path) => (restore.folder === null ? wanted.has(path) : path !== documentRoot && chosen.has(path)),
        placeOf: (path) => [
          ...place,
          'new',
          ...(restore.folder === null ? [] : into),
          ...path.split('/').slice(into.length > 0 ? 1 : 0),
        ],
      });
      for (const row of await this.#store.databases(restore.id))
        await this.#databases.stage(row, { ...work, actor: actorOf(restore), backup: open, dumps, signal: run.signal, tick });
      // Nobody comes in from the web: what lies there may be a program with holes that were mended since.
      if (restore.folder !== null && restore.scope !== 'db') {
        await storage.makeFolder([...place, 'new', ...into]);
        await storage.setDetails([...place, 'new', ...into], { mode: 0o700 });
      }
      await new Exchange({ storage, place }).require(items);
    } finally {
      await open.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  #ticker({ change, run, restore }: Work): (bytes: number, files: number) => Promise<void> {
    const { clock } = this.#parts;
    let [bytes, files, writtenAt] = [0, 0, clock.monotonic()];
    return async (moreBytes, moreFiles) => {
      bytes += moreBytes;
      files += moreFiles;
      run.signal.throwIfAborted();
      await this.#parts.moment?.(`staged ${restore.id}`);
      if (clock.monotonic() - writtenAt < writtenMilliseconds) return;
      writtenAt = clock.monotonic();
      await change({ bytes_done: bytes, files_done: files });
    };
  }

  /** The site is closed for everything that goes through the panel, once nothing is under way in it. */
  async #close(work: Work, act: FileAct): Promise<void> {
    const { clock } = this.#parts;
    const until = clock.monotonic() + longestWait;
    while (!(await this.#isClosed(work, act))) {
      if (clock.monotonic() > until) throw new Stopped('busy');
      work.run.signal.throwIfAborted();
      await clock.until(clock.monotonic() + second);
    }
  }

  async #isClosed({ restore, site, change }: Work, act: FileAct): Promise<boolean> {
    const { sites, databases, clock } = this.#parts;
    try {
      await change({ step: 'switching', switched_at: clock.now() }, async (tx) => {
        await sites.take(tx, site.id);
        const { serverId } = await sites.byId(site.id);
        if (serverId !== site.serverId) throw new Error('the site has moved to another server meanwhile');
        if (restore.dest === 'in_place' && (await databases.moving.isBusy(tx, site))) throw new Busy();
        await act.end(tx, { bytes: 0, files: 0 });
        if (!(await sites.freezing.freeze(tx, site.id))) throw new Busy();
      });
      return true;
    } catch (error) {
      if (error instanceof Busy) return false;
      throw error;
    }
  }
}
