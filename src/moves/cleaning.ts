// What moves leave: the old place after its days, the new one of a move that failed. Never the place where the site lives.
import { systemActor } from '../audit/audit.ts';
import type { Move, MovesParts } from './moves.ts';
import type { MoveStore } from './store.ts';

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
    for (const { id, customerId } of await this.#store.dueToClean(clock.now(), 1000))
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
    await this.#removePlace(move);
    await this.#dropDatabases(move);
    await connection.write(async (tx) => {
      if (!(await this.#store.setRemoved(tx, moveId, clock.now()))) return;
      const { siteId, customerId } = move;
      await audit.record(tx, { action: 'sites.leftPlaceRemoved', actor: systemActor, customerId, siteId, subjectId: moveId });
    });
  }

  async #removePlace({ siteId, leftOnServerId }: Move): Promise<void> {
    const { sites } = this.#parts;
    const site = await sites.byId(siteId);
    if (leftOnServerId === null || site.serverId === leftOnServerId) return;
    await (await sites.servers.host(leftOnServerId)).remove({ ...site, home: null });
  }

  async #dropDatabases({ id, switchedAt }: Move): Promise<void> {
    for (const { name, login, from_id, to_id } of await this.#store.databases(id))
      await this.#parts.databases.moving.dropLeft({ name, user: login }, switchedAt === null ? to_id : from_id);
  }
}
