// Acts on a site's files that are under way: the room they hold, and what becomes of it when their process dies.
import { type Actor, type Audit, systemActor } from '../audit/audit.ts';
import type { FileActKind } from '../migrations/schema.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Freezing } from './freezing.ts';
import type { Levels } from './levels.ts';
import type { Site } from './sites.ts';
import type { SiteStore } from './store.ts';
import type { UsageStore } from './usage-store.ts';

export type ActKind = FileActKind;

/** Room in a site: bytes and number of files. */
export type Room = { readonly bytes: number; readonly files: number };

const noRoom: Room = { bytes: 0, files: 0 };

export type ActsParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  /** how long an act stays with a process that is no longer heard of */
  readonly leaseMilliseconds: number;
};

export type ActParts = ActsParts & {
  readonly freezing: Freezing;
  readonly audit: Audit;
  readonly levels: Levels;
  readonly sites: Pick<SiteStore, 'byId'>;
};

/**
 * One act, from its announcement to its outcome. The announcement is committed before the first file changes and holds the room that
 * may be needed; the outcome closes it. What is neither closed nor renewed was cut off, and is found by `Sites.recoverActs`.
 */
export class FileAct {
  readonly id: string;
  readonly #site: Site;
  readonly #kind: ActKind;
  readonly #actor: Actor;
  readonly #parts: ActParts;
  readonly #store: UsageStore;
  #begun = false;

  constructor(site: Site, { kind, actor }: { kind: ActKind; actor: Actor }, parts: ActParts, store: UsageStore) {
    this.id = newId(parts.clock.now());
    this.#site = site;
    this.#kind = kind;
    this.#actor = actor;
    this.#parts = parts;
    this.#store = store;
  }

  /**
   * Takes the room in one statement, so that uploads side by side cannot pass the quota together.
   * @returns false when the quota does not hold as much; then nothing was announced
   * @throws PanelError 409 while the site is closed because it moves
   */
  async begin(tx: Tx, { bytes, files }: Room): Promise<boolean> {
    const { clock, leaseMilliseconds } = this.#parts;
    const { id: site_id, customerId: customer_id } = this.#site;
    if (!(await this.#store.reserve(tx, site_id, bytes, files))) {
      await this.#parts.freezing.refuse(tx, site_id);
      return false;
    }
    const now = clock.now();
    await this.#store.addAct(tx, {
      ...{ id: this.id, site_id, customer_id, actor_person_id: this.#actor.personId ?? null },
      ...{ kind: this.#kind, bytes, files, begun_at: now, held_until: now + leaseMilliseconds },
    });
    this.#begun = true;
    return true;
  }

  /**
   * Takes more room for an act that has begun, where nobody could know before how much it needs.
   * @returns false when the quota does not hold as much, or the act was given up meanwhile
   */
  async grow(tx: Tx, { bytes, files }: Room): Promise<boolean> {
    if (!(await this.#store.reserve(tx, this.#site.id, bytes, files))) return false;
    if (await this.#store.growAct(tx, this.id, bytes, files)) return true;
    await this.#store.release(tx, this.#site.id, bytes, files);
    return false;
  }

  /** Cuts off the act of an attempt before, whose work this one takes over: its room is free again. @returns whether it was still open */
  async takeOver(tx: Tx, earlierId: string): Promise<boolean> {
    return (await cutOff(tx, earlierId, this.#parts, this.#store)) !== undefined;
  }

  /**
   * Does what needs no room while the site stays where it is: a move waits until it has ended.
   * @param work gets the site as its row says then
   * @throws PanelError 409 `moves.refused` while the site is closed because it moves, 404 when it is gone
   */
  async during<T>(work: (site: Site) => Promise<T>): Promise<T> {
    const { connection } = this.#parts;
    if (!(await connection.write((tx) => this.begin(tx, noRoom)))) throw notFound();
    try {
      const site = await this.#parts.sites.byId(this.#site.id);
      if (!site) throw notFound();
      return await this.holding(() => work(site));
    } finally {
      await connection.write((tx) => this.end(tx, noRoom));
    }
  }

  /** Does the work and renews the lease meanwhile, also when that once fails. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    const { connection, clock, leaseMilliseconds } = this.#parts;
    const renew = () => connection.write((tx) => this.#store.holdAct(tx, this.id, clock.now() + leaseMilliseconds));
    const renewal = setInterval(() => void renew().catch(() => {}), leaseMilliseconds / 3);
    return work().finally(() => clearInterval(renewal));
  }

  /**
   * Closes the act with its outcome and gives back room that was not used or became free.
   * @returns false when it had been given up meanwhile: its room is given back already, and a count will tell what is true
   */
  async end(tx: Tx, unused: Room): Promise<boolean> {
    if (!this.#begun) return true;
    const held = await this.#store.removeAct(tx, this.id);
    if (!held) return false;
    const usage = await this.#store.release(tx, this.#site.id, Math.max(0, unused.bytes), Math.max(0, unused.files));
    await this.#parts.levels.note(tx, usage);
    return true;
  }
}

type CountAnew = (tx: Tx, site: Pick<Site, 'id' | 'customerId'>) => Promise<void>;

/** See `Sites.recoverActs`. */
export async function recoverActs(
  parts: ActsParts & { readonly audit: Audit },
  store: UsageStore,
  countAnew: CountAnew,
): Promise<void> {
  const { connection, clock, leaseMilliseconds } = parts;
  const now = clock.now();
  for (const { id } of await store.actsNotHeld(now, now + 10 * leaseMilliseconds))
    await connection.write(async (tx) => {
      const site = await cutOff(tx, id, parts, store);
      if (site) await countAnew(tx, site);
    });
}

/** @returns its site; undefined when it has ended */
async function cutOff(
  tx: Tx,
  id: string,
  { audit }: { readonly audit: Audit },
  store: UsageStore,
): Promise<Pick<Site, 'id' | 'customerId'> | undefined> {
  const act = await store.removeAct(tx, id);
  if (!act) return undefined;
  const { site_id: siteId, customer_id: customerId, kind } = act;
  await store.release(tx, siteId, act.bytes, act.files);
  const about = { actor: systemActor, customerId, siteId, subjectId: id };
  await audit.record(tx, { action: 'files.cutOff', ...about, details: { kind } });
  return { id: siteId, customerId };
}
