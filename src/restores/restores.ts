// The door of restores: a backup, or part of one, comes back into its site or beside it, and what was there can come back for a week.
import type { Accounts } from '../accounts/accounts.ts';
import type { Actor, Audit } from '../audit/audit.ts';
import { type Backup, type Backups, isDownloadable, isGood } from '../backups/backups.ts';
import type { Databases } from '../databases/databases.ts';
import { type Clock, day, localStamp, minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict, gone, notFound, PanelError, whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { JobRun, Queue } from '../platform/jobs/port.ts';
import { Lane } from '../platform/lane.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { Once } from '../platform/web/idempotency.ts';
import { isShut, type Site, type Sites } from '../sites/sites.ts';
import type { Tiers } from '../tiers/tiers.ts';
import { type Contained, Contents } from './contents.ts';
import { Ending } from './ending.ts';
import { type Planned, Planning, type WholePlan } from './planning.ts';
import { Running, type SetDoors } from './running.ts';
import { Sources } from './source.ts';
import { type Plan, type PlannedDatabase, type Restore, type RestoreDatabase, type RestoreOrder, undoDays } from './states.ts';
import { RestoreStore } from './store.ts';

export type { Plan, Restore, RestoreDatabase, RestoreOrder } from './states.ts';

/** What the door of restores stands on. */
export type RestoresParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly queue: Queue;
  readonly audit: Audit;
  readonly letters: Letters;
  readonly accounts: Pick<Accounts, 'owner'>;
  readonly sites: Sites;
  readonly databases: Databases;
  readonly backups: Backups;
  /** where the bytes of a backup come from */
  readonly sources: Sources;
  readonly choices: { readonly timeZone: string };
  /** a folder of this machine, for files on their way from an archive into a site */
  readonly staging: string;
  readonly log: Pick<Log, 'warn'>;
  /** for tests: a moment at which a process may die, by its name */
  readonly moment?: (name: string) => Promise<void>;
};

/** What the door is given; its sources it makes itself. */
export type RestoresGiven = Omit<RestoresParts, 'sources'> & { readonly tiers: Pick<Tiers, 'open' | 'holding'> };

/** Time and room of a plan, see `Restores.outlook`. */
export type Outlook = {
  readonly milliseconds: number;
  readonly quotaShort: number;
  readonly diskShort: number;
  readonly databasesShort: number;
};

/** Longer than the queue's longest pause between two attempts. */
const lostMilliseconds = 15 * minute;
/** What is found by reading an archive and a site is much work; few do it at a time, and one customer does not keep others out. */
const laneOptions = {
  width: 2,
  widthOfOne: 1,
  mostWaiting: 16,
  longestWaitMilliseconds: 20_000,
  refusal: 'restores.refused.lane',
};
/** Where nothing was measured yet: bytes a second. */
const usualSpeed = 25 * 1024 * 1024;

/**
 * A stranger's backup or restore is PanelError 404. Nothing in a site changes before what is there now was saved and read back; what
 * fails half-way goes back by itself.
 */
export class Restores {
  readonly #parts: RestoresParts;
  readonly #store: RestoreStore;
  readonly #planning: Planning;
  readonly #ending: Ending;
  readonly #running: Running;
  readonly #lane = new Lane(laneOptions);
  readonly #contents: Contents;

  constructor(given: RestoresGiven) {
    const parts = { ...given, sources: new Sources(given) };
    this.#parts = parts;
    this.#store = new RestoreStore(parts.connection);
    this.#planning = new Planning(parts);
    this.#ending = new Ending(parts, this.#store);
    this.#running = new Running(parts, { store: this.#store, ending: this.#ending });
    this.#contents = new Contents(parts);
  }

  /** Whether anything can be restored from a backup: from the archive on this machine, or from a tier that still holds it. */
  async isRestorable(site: Site, backup: Backup): Promise<boolean> {
    if (isGood(backup) && backup.expiredAt === null) return true;
    return this.#parts.sources.isElsewhere(site, backup);
  }

  /** @throws PanelError 409 for a backup that is not read back yet or is damaged, 410 for one that has expired, and no tier holds */
  async refuseBackup(site: Site, backup: Backup): Promise<void> {
    if (await this.isRestorable(site, backup)) return;
    if (backup.expiredAt !== null) throw gone('backups.refused.expired');
    if (isDownloadable(backup)) throw conflict('restores.refused.unchecked');
    this.#parts.backups.downloadable(backup);
    throw conflict('restores.refused.unchecked');
  }

  /** @returns what a backup holds at its top, to choose from. @throws as `plan` */
  async contents(site: Site, backup: Backup): Promise<Contained> {
    await this.refuseBackup(site, backup);
    return this.#lane.run(() => this.#contents.of(site, backup), site.customerId);
  }

  /**
   * What a restore would do; changes nothing.
   * @throws PanelError 409 or 410 for a backup that is none (any more), 503 when the archive or the site cannot be read
   */
  async plan(site: Site, backup: Backup, order: RestoreOrder): Promise<Plan> {
    await this.refuseBackup(site, backup);
    return this.#plan(site, backup, order);
  }

  #plan(site: Site, backup: Backup, order: Planned): Promise<WholePlan> {
    return this.#lane.run(() => this.#planning.plan(site, backup, order), site.customerId);
  }

  /**
   * How long the plan may take, and whether there is room: free bytes as far as the site's storage can tell.
   * @returns milliseconds; what is missing (0: enough): bytes of the quota and of the disk, and databases of the site's plan
   */
  async outlook(site: Site, plan: Plan): Promise<Outlook> {
    const { sites, databases } = this.#parts;
    const isNew = plan.databases.filter(({ databaseId }) => databaseId === null).length;
    const { limit, used } = await databases.allowance(site);
    const free = await sites.storageFor(site).freeBytes();
    const bytes = plan.staged.bytes + plan.databases.reduce((sum, one) => sum + one.bytes, 0);
    const speed = (await this.#store.speed()) ?? usualSpeed;
    return {
      milliseconds: Math.max(1000, (bytes * 1000) / speed),
      quotaShort: plan.growth > 0 ? Math.max(0, site.usedBytes + plan.growth - site.quotaBytes) : 0,
      diskShort: free === undefined ? 0 : Math.max(0, plan.staged.bytes - free),
      databasesShort: isNew > 0 ? Math.max(0, used + isNew - limit) : 0,
    };
  }

  /** @returns the restore that is under way. @throws PanelError 409 in words for a site that is not open, or is shut */
  async refuse(site: Site): Promise<Restore | undefined> {
    if (site.openedAt === null) throw conflict('restores.refused.notOpen');
    if (isShut(site)) throw conflict('restores.refused.shut');
    return this.#store.open(site);
  }

  /**
   * Begins what was seen, and nothing else: a job does it.
   * @param seen hash of the plan that the person agreed to
   * @returns the restore's id; undefined when the plan is another one by now, and nothing was done
   * @throws PanelError 409 as `refuse`, 503
   */
  async begin(
    site: Site,
    actor: Actor,
    { backup, order, seen }: { backup: Backup; order: RestoreOrder; seen: string },
    once?: Once,
  ): Promise<string | undefined> {
    await this.refuseBackup(site, backup);
    await this.refuse(site);
    const plan = await this.#plan(site, backup, order);
    if (plan.hash !== seen) return undefined;
    return this.#begin(site, actor, { backup, order, plan, undoOf: null }, once);
  }

  async #begin(
    site: Site,
    actor: Actor,
    { backup, order, plan, undoOf }: { backup: Backup; order: RestoreOrder; plan: WholePlan; undoOf: string | null },
    once?: Once,
  ): Promise<string> {
    const { connection, clock, sites, backups, databases } = this.#parts;
    const told = await this.#ending.receiver(site);
    const now = clock.now();
    const id = newId(now);
    const { counts, staged, growth, scripts } = plan;
    const { scope, dest, mode } = order;
    const folder = dest === 'new_folder' && scope !== 'db' ? this.#folderName(backup, id) : null;
    const row = {
      ...{ id, siteId: site.id, customerId: site.customerId, personId: actor.personId ?? null, backupId: backup.id, undoOf },
      ...{ scope, paths: plan.chosen, dest, mode, folder, planHash: plan.hash, plan: { counts, staged, growth, scripts } },
      ...({ step: 'saving', askedAt: now } as const),
    };
    return connection.write(async (tx) => {
      // Takes the site's row, so that two at once are decided one after the other.
      await sites.takeOpen(tx, site.id);
      if (await this.#store.open(site, tx)) throw conflict('restores.refused.running');
      if (plan.databases.length > 0 && (await databases.moving.isBusy(tx, site))) throw conflict('restores.refused.databases');
      await this.#store.add(tx, row);
      await this.#store.addItems(tx, id, plan.items);
      for (const one of plan.databases) await this.#store.addDatabase(tx, id, { ...one, id: newId(now) });
      await backups.safety.hold(tx, backup, now + day);
      await this.#running.queue(tx, row);
      await this.#ending.begun(tx, site, row, actor, told);
      await once?.finish(tx, restoreAddress(site, id));
      return id;
    });
  }

  /** Nobody can guess it, so that what lies there is reached from the web by nobody even where rights do not keep them out. */
  #folderName(backup: Backup, id: string): string {
    const stamp = localStamp(backup.dataAt ?? backup.queuedAt, this.#parts.choices.timeZone);
    return `restored-${stamp}-${id.replaceAll('-', '').slice(-8)}`;
  }

  /** @throws PanelError 404 */
  async find(site: Site, id: string): Promise<Restore> {
    const found = await this.#store.find(site, id);
    if (!found) throw notFound();
    return found;
  }

  /** @returns databases of a restore, and where they went */
  databasesOf(restore: Restore): Promise<RestoreDatabase[]> {
    return this.#store.databases(restore.id);
  }

  /** @returns the site's restores, newest first */
  list(site: Site, count: number): Promise<Restore[]> {
    return this.#store.list(site, count);
  }

  /** @returns until when a restore can be undone; undefined when it cannot */
  async undoableUntil(site: Site, restore: Restore): Promise<number | undefined> {
    const { clock, backups } = this.#parts;
    const { step, dest, endedAt, undoneAt, safetyId } = restore;
    if (step !== 'done' || dest !== 'in_place' || endedAt === null || undoneAt !== null || safetyId === null) return undefined;
    const until = endedAt + undoDays * day;
    const safety = await backups.byId(site, safetyId).catch(whenMissing);
    return until > clock.now() && safety && isGood(safety) && safety.expiredAt === null ? until : undefined;
  }

  /**
   * Brings back what was there before a restore, as a restore of its own that saves what is there now.
   * @throws PanelError 410 when its time is over, 409 as `refuse`
   */
  async undo(site: Site, restore: Restore, actor: Actor, once?: Once): Promise<string> {
    const { backups } = this.#parts;
    if ((await this.undoableUntil(site, restore)) === undefined) throw new PanelError(410, 'restores.refused.undoOver');
    await this.refuse(site);
    const backup = await backups.byId(site, restore.safetyId ?? '');
    const items = await this.#store.items(restore.id);
    const paths = items.map(({ path }) => path.split('/'));
    const order = { scope: 'paths', paths, databases: [], dest: 'in_place', mode: 'exact' } as const;
    const undoes = await this.#undoes(restore);
    const plan = await this.#plan(site, backup, { ...order, undoes });
    return this.#begin(site, actor, { backup, order, plan, undoOf: restore.id }, once);
  }

  /** Each comes back from what was put aside when it was switched. A database that was made for the restore stays. */
  async #undoes(restore: Restore): Promise<PlannedDatabase[]> {
    const rows = await this.#store.databases(restore.id);
    return rows
      .filter(({ isNew, switchedAt }) => !isNew && switchedAt !== null)
      .map(({ id, name, engine, databaseId, into }) => {
        return { name, engine, member: null, bytes: 0, tables: 0, rows: 0, databaseId, into, undoOf: id };
      });
  }

  /** The job `restores.run`. May run twice, and goes on where the one before was cut off. @param setDoors has the site's doors do what its row says */
  run(restoreId: string, run: JobRun, setDoors: SetDoors): Promise<void> {
    return this.#running.run(restoreId, run, setDoors);
  }

  /** By the clock: restores whose job is lost or gave up go on. */
  async keep(): Promise<void> {
    const { connection, clock } = this.#parts;
    for (const one of await this.#store.lost(clock.now() - lostMilliseconds))
      await connection.write((tx) => this.#running.queue(tx, one));
  }
}

/** @returns the page of a restore, without mount and language */
export const restoreAddress = (site: Pick<Site, 'name'>, id: string): string => `/sites/${site.name}/backups/restorations/${id}`;
