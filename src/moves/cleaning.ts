// What moves leave: the old place after its days, the new one of a move that failed, an old one that was to be taken over. Never the
// place where the site lives.
import { systemActor } from '../audit/audit.ts';
import type { Site } from '../sites/sites.ts';
import type { Move, MovesParts } from './moves.ts';
import { inPages, type MoveStore } from './store.ts';

export class Cleaning {
  readonly #parts: Pick<MovesParts, 'connection' | 'clock' | 'queue' | 'audit' | 'sites' | 'databases'>;
  readonly #store: MoveStore;

  constructor(parts: MovesParts, store: MoveStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** By the clock: what has to go by now. A job that gave up is queued again. */
  async queueDue(): Promise<void> {
    const { connection, clock, queue } = this.#parts;
    const now = clock.now();
    for await (const { id, customerId } of inPages((after) => this.#store.dueToClean(now, after)))
      await connection.write((tx) =>
        queue.add(tx, 'moves.clean', { moveId: id, customerId }, { key: `moves.clean:${id}`, lane: 'long' }),
      );
  }

  /** See `Moves.clean`. */
  async clean(moveId: string): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const move = await this.#store.byId(moveId);
    if (!move || move.removedAt !== null || move.leftUntil === null || move.leftUntil > clock.now()) return;
    if (await connection.write((tx) => this.#store.isTakenOver(tx, moveId))) return;
    const site = await this.#parts.sites.byId(move.siteId);
    const isKept = move.overMoveId !== null && move.switchedAt === null;
    if (isKept) await this.#closeAgain(move, site);
    else await this.#remove(move, site);
    await connection.write(async (tx) => {
      if (!(await this.#store.setRemoved(tx, moveId, clock.now())) || isKept) return;
      const { siteId, customerId } = move;
      await audit.record(tx, { action: 'sites.leftPlaceRemoved', actor: systemActor, customerId, siteId, subjectId: moveId });
    });
  }

  async #remove(move: Move, site: Site): Promise<void> {
    const { sites, databases } = this.#parts;
    const { id, leftOnServerId, switchedAt } = move;
    // What is left may be all there is when the server that the site went to has died: then it stays.
    if (switchedAt !== null && site.terminatedAt === null) await sites.presence.refuseUnreadable(site);
    if (leftOnServerId !== null && site.serverId !== leftOnServerId)
      await (await sites.servers.host(leftOnServerId)).remove({ ...site, home: null });
    for (const { name, login, from_id, to_id } of await this.#store.databases(id))
      await databases.moving.dropLeft({ name, user: login }, switchedAt === null ? to_id : from_id);
  }

  /**
   * An old place that a failed move was to take over stays as long as it would have: shut again, and without what it did not hold before.
   * What it held and the failed move had already carried over is the newer one now.
   */
  async #closeAgain({ id, overMoveId, leftOnServerId }: Move, site: Site): Promise<void> {
    const { sites, databases } = this.#parts;
    if (overMoveId === null || leftOnServerId === null || site.serverId === leftOnServerId) return;
    await (await sites.servers.host(leftOnServerId)).suspend({ ...site, home: null });
    const held = new Set((await this.#store.databases(overMoveId)).map(({ name }) => name));
    for (const { name, login, to_id } of await this.#store.databases(id)) {
      const left = { name, user: login };
      await (held.has(name) ? databases.moving.lockLeft(left, to_id) : databases.moving.dropLeft(left, to_id));
    }
  }
}
