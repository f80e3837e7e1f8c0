// The trash of a site: what is deleted lies beside `www/` for thirty days, is never served, and counts to the quota (architecture §13.13).
import { systemActor } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { day, hour } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { Invalid, PanelError, unavailable, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { type Deeds, type Done, removed, restored, trashed } from './deeds.ts';
import { type EnteringParts, judgeEntering } from './entering.ts';
import type { Doer } from './files.ts';
import { KnownNames } from './policy.ts';
import { freeName } from './publishing.ts';
import { type Trashed, TrashStore } from './trash-store.ts';

export type { Trashed } from './trash-store.ts';

const trashDays = 30;
/** Of one site in one round. */
const sweptAtOnce = 500;
/** Failures in a row after which the server is taken to be down. */
const mostFailures = 3;

export type TrashParts = EnteringParts & {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
};

/** Where an entry lies in the site. */
const placeOf = ({ id }: Pick<Trashed, 'id'>): SitePath => ['trash', id];

/** Errors: PanelError 404 (not there), 409, 503 (the storage does not answer, or has no place for what is deleted). */
export class Trash {
  readonly #parts: TrashParts;
  readonly #deeds: Deeds;
  readonly #store: TrashStore;

  constructor(parts: TrashParts, deeds: Deeds) {
    this.#parts = parts;
    this.#deeds = deeds;
    this.#store = new TrashStore(parts.connection);
  }

  /** @param page from 1 on. @returns what lies there, newest first, and how much there is in all */
  async page(site: Site, page: number, rows: number): Promise<{ entries: Trashed[]; total: number }> {
    const [entries, total] = await Promise.all([this.#store.page(site, rows, (page - 1) * rows), this.#store.total(site)]);
    return { entries, total };
  }

  /** @returns how many entries lie there */
  count(site: Site): Promise<number> {
    return this.#store.total(site);
  }

  /** @returns those of these entries that lie there; ids of other sites are not there */
  find(site: Site, ids: readonly string[]): Promise<Trashed[]> {
    return ids.length === 0 ? Promise.resolve([]) : this.#store.byIds(site, ids);
  }

  /** @returns what one act put there and is still there, for its undoing */
  ofAct(site: Site, actId: string): Promise<Trashed[]> {
    return this.#store.ofAct(site, actId);
  }

  /** @returns what was written over in this file, newest first */
  versionsOf(site: Site, path: SitePath, count = 10): Promise<Trashed[]> {
    return this.#store.versionsOf(site, path.join('/'), count);
  }

  /**
   * Moves entries below `www/` into the trash; what is not there any more is left out.
   * @returns the id of the act, by which it is undone, and how many went
   */
  async put(site: Site, doer: Doer, paths: readonly SitePath[]): Promise<{ actId: string; count: number }> {
    const storage = this.#parts.sites.storageFor(site);
    await this.#place(storage);
    let [actId, count] = ['', 0];
    await this.#deeds.carryOut(site, doer.actor, trashed, paths.length, async (done, id) => {
      actId = id;
      for (const path of paths) if (await this.#putOne(site, doer, path, id)) done.count += 1;
      count = done.count;
    });
    return { actId, count };
  }

  async #place(storage: SiteStorage): Promise<void> {
    await storage.makeFolder(['trash']).catch((error) => {
      // A server whose program has made no such folder (docs/servers.md): nothing is deleted for good because of that.
      if (error instanceof PanelError) throw unavailable('files.trash.missing', error.parameters);
      throw error;
    });
  }

  /** Moves what is replaced by something newer there, as an earlier version; nothing there is no error. */
  async setAside(site: Site, personId: string, path: SitePath, actId: string): Promise<void> {
    await this.#place(this.#parts.sites.storageFor(site));
    await this.#putOne(site, { personId }, path, actId, 'edited');
  }

  async #putOne(
    site: Site,
    doer: Pick<Doer, 'personId'>,
    path: SitePath,
    actId: string,
    because: Trashed['because'] = 'deleted',
  ): Promise<boolean> {
    const storage = this.#parts.sites.storageFor(site);
    const entry = await storage.stat(path).catch(whenMissing);
    if (!entry) return false;
    const id = await this.#announce(site, doer, { path, kind: entry.kind, bytes: entry.size, because, actId });
    try {
      await storage.move(path, placeOf({ id }));
    } catch (error) {
      await this.#settle(storage, id);
      if (error instanceof PanelError && error.status === 404) return false;
      throw error;
    }
    await this.#parts.connection.write((tx) => this.#store.markMoved(tx, id, this.#parts.clock.now()));
    return true;
  }

  async #announce(
    site: Site,
    doer: Pick<Doer, 'personId'>,
    { path, kind, bytes, because, actId }: Pick<Trashed, 'kind' | 'bytes' | 'because' | 'actId'> & { path: SitePath },
  ): Promise<string> {
    const { connection, clock } = this.#parts;
    const now = clock.now();
    const id = newId(now);
    const row = {
      ...{ id, site_id: site.id, customer_id: site.customerId, actor_person_id: doer.personId, act_id: actId, because },
      ...{ path: path.join('/'), kind, bytes, trashed_at: now, expires_at: now + trashDays * day },
    };
    await connection.write((tx) => this.#store.add(tx, row));
    return id;
  }

  /** Whether a move that failed, or was cut off, has come about after all: the storage alone knows. */
  async #settle(storage: SiteStorage, id: string): Promise<void> {
    const { connection, clock } = this.#parts;
    const lies = await storage.stat(placeOf({ id })).catch(whenMissing);
    await connection.write(async (tx) => {
      if (lies) await this.#store.markMoved(tx, id, clock.now());
      else await this.#store.remove(tx, id);
    });
  }

  /**
   * Keeps what a file held before it was written over.
   * @param from a file of this machine with the old content; it is consumed
   */
  async keepVersion(site: Site, doer: Doer, path: SitePath, old: { from: string; bytes: number; actId: string }): Promise<void> {
    const storage = this.#parts.sites.storageFor(site);
    await this.#place(storage);
    const { actId, bytes } = old;
    const id = await this.#announce(site, doer, { path, kind: 'file', bytes, because: 'edited', actId });
    await storage.put(placeOf({ id }), old.from, 'create').catch(async (error) => {
      await this.#settle(storage, id);
      throw error;
    });
    await this.#parts.connection.write((tx) => this.#store.markMoved(tx, id, this.#parts.clock.now()));
  }

  /**
   * Puts entries back to where they were. Folders above that are gone are made anew; where the name is taken meanwhile, an entry gets
   * the next free one; what was written over changes places with what stands there.
   * @returns how many came back, and the folder of the last one
   * @throws Invalid on `id` when the upload policy does not let one into an upload folder
   */
  async restore(site: Site, doer: Doer, entries: readonly Trashed[]): Promise<{ count: number; folder: SitePath }> {
    let folder: SitePath = ['www'];
    let count = 0;
    await this.#deeds.carryOut(site, doer.actor, restored, entries.length, async (done, actId) => {
      for (const entry of entries) {
        const to = await this.#restoreOne(site, doer, entry, actId);
        if (!to) continue;
        done.count += 1;
        folder = to.slice(0, -1);
      }
      count = done.count;
    });
    return { count, folder };
  }

  /** @returns where it stands now; undefined when it is not in the trash any more */
  async #restoreOne(site: Site, doer: Doer, entry: Trashed, actId: string): Promise<SitePath | undefined> {
    const { connection, sites } = this.#parts;
    const storage = sites.storageFor(site);
    const from = placeOf(entry);
    const wanted = entry.path.split('/');
    if (await storage.stat(from).catch(whenMissing)) {
      const parent = wanted.slice(0, -1);
      await judgeEntering(this.#parts, site, { from, to: wanted, field: 'id' });
      await storage.makeFolder(parent).catch((error) => {
        if (error instanceof PanelError && (error.status === 404 || error.status === 409))
          throw new Invalid({ id: [{ key: 'files.trash.noFolder', parameters: { path: parent.join('/') } }] });
        throw error;
      });
      if (entry.because === 'edited') await this.#putOne(site, doer, wanted, actId);
      const to = await this.#freePlace(storage, wanted);
      await storage.move(from, to);
      await connection.write((tx) => this.#store.remove(tx, entry.id));
      return to;
    }
    await sites.presence.refuseVanished(site);
    await connection.write((tx) => this.#store.remove(tx, entry.id));
    return undefined;
  }

  async #freePlace(storage: SiteStorage, wanted: SitePath): Promise<SitePath> {
    const [parent, name] = [wanted.slice(0, -1), wanted.at(-1) ?? ''];
    const names = new KnownNames((await storage.names(parent)).map((each) => each.name));
    const isFree = !names.has(name) && names.clash(name) === undefined;
    return [...parent, isFree ? name : freeName(name, names)];
  }

  /** Removes entries for good. @returns how many */
  async empty(site: Site, doer: Doer, entries: readonly Trashed[]): Promise<number> {
    let count = 0;
    await this.#deeds.carryOut(site, doer.actor, removed, entries.length, async (done) => {
      for (const entry of entries) await this.#removeOne(site, entry, done);
      count = done.count;
    });
    return count;
  }

  async #removeOne(site: Site, entry: Trashed, done: Done): Promise<void> {
    const { connection, sites } = this.#parts;
    await sites.storageFor(site).remove(placeOf(entry));
    if (!(await connection.write((tx) => this.#store.remove(tx, entry.id)))) return;
    done.count += 1;
    // What folders held is told by the count.
    if (entry.kind === 'file') done.freed = { bytes: done.freed.bytes + entry.bytes, files: done.freed.files + 1 };
  }

  /**
   * By the clock: removes what has lain there for thirty days, and finishes what was cut off. Each site has its turn, and each entry:
   * what cannot be removed now waits for an hour, so that others are not kept waiting by it.
   * @throws the first failure that was none of a server, once everything had its turn
   */
  async sweep(): Promise<void> {
    const { clock } = this.#parts;
    const failures: unknown[] = [];
    for (const siteId of await this.#store.sitesDue(clock.now(), clock.now() - hour))
      await this.#sweepSite(siteId, failures).catch((error) => failures.push(error));
    const bug = failures.find((error) => !isServers(error));
    if (bug !== undefined) throw bug;
  }

  async #sweepSite(siteId: string, failures: unknown[]): Promise<void> {
    const { clock, sites } = this.#parts;
    const site = await sites.byId(siteId);
    for (const { id } of await this.#store.unfinished(siteId, clock.now() - hour, sweptAtOnce))
      await this.#settle(sites.storageFor(site), id).catch((error) => failures.push(error));
    const entries = await this.#store.expired(siteId, clock.now(), sweptAtOnce);
    if (entries.length === 0) return;
    await sites.presence.refuseVanished(site);
    await this.#deeds.carryOut(site, systemActor, removed, entries.length, async (done) => {
      let failedInARow = 0;
      for (const entry of entries) {
        if (failedInARow >= mostFailures) return;
        try {
          await this.#removeOne(site, entry, done);
          failedInARow = 0;
        } catch (error) {
          failedInARow += 1;
          failures.push(error);
          await this.#parts.connection.write((tx) => this.#store.postpone(tx, entry.id, clock.now() + hour));
        }
      }
    });
  }
}

/** A server that is down, or a site that is closed while it moves: it has its turn later. */
const isServers = (error: unknown) => error instanceof PanelError && (error.status === 503 || error.status === 409);
