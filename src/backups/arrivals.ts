// Archives that are brought back in pieces: announced with their size, one at a time of a site, and taken once they are whole.
import type { Actor } from '../audit/audit.ts';
import { hour, minute } from '../platform/clock.ts';
import { conflict, gone, Invalid, notFound, PanelError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { Arriving } from '../platform/storage/arriving.ts';
import { DiskRoom } from '../platform/storage/disk-room.ts';
import type { Checksum } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import { type ArrivalRow, ArrivalStore } from './arrival-store.ts';
import type { Bringing } from './bringing.ts';
import type { BackupsParts } from './parts.ts';
import { beginsAsZip, digestOf, laidBeside } from './whole-archive.ts';

export type ComingArchive = {
  readonly id: string;
  readonly bytes: number;
  readonly offset: number;
  /** of the file where it comes from, epoch milliseconds, to know it again */
  readonly changedAt: number | null;
  readonly expiresAt: number;
  /** `received`: whole, and still to be taken, which an empty piece at its end asks for */
  readonly state: 'receiving' | 'received' | 'judging' | 'finished';
  /** of what is finished */
  readonly backupId: string | null;
};

export type ArchivePiece = {
  readonly body: NodeJS.ReadableStream & { destroy(): void };
  /** where the sender believes that it belongs */
  readonly offset: number;
  readonly length: number | undefined;
  readonly checksum: Checksum | undefined;
};

/** Who announced an archive goes on with it, after any sign-in. Errors: PanelError 404, 409, 410, 413, 460, 503. */
export class Arrivals {
  readonly #parts: BackupsParts;
  readonly #bringing: Bringing;
  readonly #store: ArrivalStore;
  readonly #arriving: Arriving;
  readonly #disk: DiskRoom;

  constructor(parts: BackupsParts, { bringing }: { bringing: Bringing }) {
    this.#parts = parts;
    this.#bringing = bringing;
    this.#store = new ArrivalStore(parts.connection);
    this.#arriving = new Arriving(parts.arriving.folder);
    this.#disk = new DiskRoom(parts.arriving.folder, parts.arriving.reserveBytes);
  }

  /**
   * Begins one, which takes the place of the one of this site that was not whole yet.
   * @returns its id
   * @throws Invalid on `archive`; PanelError 409 while another is being taken, or two are held already; 503 without room on the disk
   */
  async announce(site: Site, actor: Actor, wanted: { bytes: number; changedAt: number | null }): Promise<string> {
    const { connection, clock, sites } = this.#parts;
    if (wanted.bytes === 0) throw new Invalid({ archive: [{ key: 'backups.bring.missing' }] });
    await this.#bringing.next(site);
    await this.#disk.require(wanted.bytes);
    const [id, now] = [newId(clock.now()), clock.now()];
    const before = await connection.write(async (tx) => {
      await sites.takeOpen(tx, site.id);
      const open = await this.#store.open(site, tx);
      if (open && !(await this.#store.remove(tx, open.id, now))) throw conflict('error.stillRunning');
      await this.#store.add(tx, {
        ...{ id, site_id: site.id, customer_id: site.customerId, actor_person_id: actor.personId ?? '' },
        ...{ bytes: wanted.bytes, changed_at: wanted.changedAt, created_at: now, expires_at: this.#expiry() },
        ...{ judged_until: null, finished_at: null, backup_id: null },
      });
      return open;
    });
    if (before) await this.throwAway(before.id);
    return id;
  }

  #expiry(): number {
    return this.#parts.clock.now() + this.#parts.arriving.keptHours * hour;
  }

  /** @param sender left out: for whoever may change the site */
  async #row(site: Site, id: string, sender?: Actor): Promise<ArrivalRow> {
    const row = await this.#store.byId(site, id);
    if (!row || (sender && row.actor_person_id !== sender.personId)) throw notFound();
    if (row.expires_at <= this.#parts.clock.now()) throw gone('files.unfinishedGone');
    return row;
  }

  /** @throws PanelError 404, 410 once it expired */
  async find(site: Site, id: string): Promise<ComingArchive> {
    return this.#shown(await this.#row(site, id));
  }

  /** @returns what this person can go on with */
  async ofSite(site: Site, actor: Actor): Promise<ComingArchive | undefined> {
    const row = await this.#store.open(site);
    if (!row || row.actor_person_id !== actor.personId || row.expires_at <= this.#parts.clock.now()) return undefined;
    return this.#shown(row);
  }

  async #shown(row: ArrivalRow): Promise<ComingArchive> {
    const isJudged = row.judged_until !== null && row.judged_until > this.#parts.clock.now();
    const isWhole = isJudged || row.finished_at !== null;
    const offset = isWhole ? row.bytes : await this.#arriving.received(row.id);
    const open = isJudged ? 'judging' : offset === row.bytes ? 'received' : 'receiving';
    return {
      ...{ id: row.id, bytes: row.bytes, offset, changedAt: row.changed_at, expiresAt: row.expires_at },
      ...{ backupId: row.backup_id, state: row.finished_at === null ? open : 'finished' },
    };
  }

  /** Cuts off who still sends, for somebody who comes to ask how far it is, since nobody does both. */
  async settle(id: string): Promise<void> {
    await this.#arriving.alone(id, async () => {});
  }

  /**
   * Takes a piece; the last one has the whole judged and made a backup before this returns.
   * @throws Invalid as `Bringing.take`, and for what begins as no ZIP file: what arrived is thrown away then
   */
  async take(site: Site, actor: Actor, id: string, piece: ArchivePiece): Promise<void> {
    const { connection } = this.#parts;
    const row = await this.#row(site, id, actor);
    if (row.finished_at !== null && piece.offset === row.bytes) return;
    // To the minute is enough: an archive has hundreds of pieces, and each write waits for the disk.
    if (row.expires_at < this.#expiry() - minute) await connection.write((tx) => this.#store.postpone(tx, id, this.#expiry()));
    const append = () => this.#append(row, piece, () => this.#row(site, id, actor));
    const offset = await this.#arriving.alone(id, append, () => piece.body.destroy());
    const isZip = offset === row.bytes || piece.offset > 0 || (await beginsAsZip(this.#arriving.pathOf(id)));
    if (!isZip) await this.#refuse(id, new Invalid({ archive: [{ key: 'backups.bring.noZip' }] }));
    if (offset === row.bytes) await this.#finish(site, actor, row);
  }

  async #append(row: ArrivalRow, piece: ArchivePiece, still: () => Promise<unknown>): Promise<number> {
    // Who was here before may have thrown it away.
    await still();
    const before = await this.#arriving.received(row.id);
    if (piece.offset !== before) throw conflict('files.otherOffset', { offset: before });
    if (piece.length !== undefined && before + piece.length > row.bytes) throw new PanelError(413, 'files.moreThanAnnounced');
    if (before === row.bytes) return before;
    await this.#disk.require(Math.min(piece.length ?? 0, row.bytes - before));
    const { body, checksum } = piece;
    return this.#arriving.append(row.id, { body: body as never, offset: before, whole: row.bytes, path: [], checksum });
  }

  /** Judges what is whole and makes it a backup: one process at a time, however often it is asked. */
  async #finish(site: Site, actor: Actor, { id, bytes }: ArrivalRow): Promise<void> {
    const { connection, clock, arriving } = this.#parts;
    const until = () => clock.now() + arriving.leaseMilliseconds;
    if (!(await connection.write((tx) => this.#store.claim(tx, id, clock.now(), until())))) throw conflict('error.stillRunning');
    const renew = () => void connection.write((tx) => this.#store.hold(tx, id, until())).catch(() => {});
    const renewal = setInterval(renew, arriving.leaseMilliseconds / 3);
    try {
      await this.#arriving.passed(id, bytes);
      await this.#bring(site, actor, { id, bytes });
      await this.#arriving.remove(id);
    } catch (error) {
      await connection.write((tx) => this.#store.hold(tx, id, null));
      if (error instanceof Invalid) await this.#refuse(id, error);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /** What arrived stays until the backup has its row: killed at any moment before, it is asked for again and taken once. */
  async #bring(site: Site, actor: Actor, { id, bytes }: { id: string; bytes: number }): Promise<void> {
    const { archives, clock } = this.#parts;
    const from = this.#arriving.pathOf(id);
    if (!(await beginsAsZip(from))) throw new Invalid({ archive: [{ key: 'backups.bring.noZip' }] });
    const key = await this.#bringing.next(site);
    const sha256 = await digestOf(from);
    const staged = await archives.stage(key);
    try {
      await laidBeside(from, staged.path);
      const brought = { path: staged.path, bytes, sha256, key, commit: () => staged.commit() };
      await this.#bringing.take(site, brought, actor, {
        finish: (tx, location) =>
          this.#store.finish(tx, id, {
            ...{ backupId: location.split('/').at(-1) ?? '', now: clock.now(), expiresAt: this.#expiry() },
          }),
      });
    } finally {
      await staged.discard();
    }
  }

  /** Nothing is kept of what will never be taken. */
  async #refuse(id: string, why: Invalid): Promise<never> {
    await this.#forget(id);
    throw why;
  }

  /** Throws away what has arrived. @throws PanelError 404, 409 while it is taken */
  async discard(site: Site, actor: Actor, id: string): Promise<void> {
    const row = await this.#row(site, id, actor);
    await this.#arriving.alone(id, async () => {
      if (!(await this.#forget(row.id))) throw conflict('error.stillRunning');
    });
  }

  /** What arrived goes, whatever its row says: another took its place, or its site is erased. */
  async throwAway(id: string): Promise<void> {
    await this.#arriving.alone(id, () => this.#arriving.remove(id));
  }

  async #forget(id: string): Promise<boolean> {
    const { connection, clock } = this.#parts;
    const removed = await connection.write((tx) => this.#store.remove(tx, id, clock.now()));
    if (removed) await this.#arriving.remove(id);
    return removed;
  }

  /** What is due by the clock of a worker. */
  appointments() {
    const everyMilliseconds = this.#parts.arriving.leaseMilliseconds;
    const own = [{ name: 'sweepArrivals', everyMilliseconds, keep: () => this.sweep() }];
    return own.map((one) => ({ ...one, name: `backups.${one.name}` }));
  }

  /** Throws away what expired, and files that belong to nothing that is expected any more. */
  async sweep(): Promise<void> {
    const { clock, arriving } = this.#parts;
    for (const id of await this.#store.expired(clock.now())) await this.#forget(id);
    const old = await this.#arriving.untouched(3 * arriving.leaseMilliseconds);
    const needed = await this.#store.needed(old);
    for (const name of old) if (!needed.has(name)) await this.#arriving.remove(name);
  }
}
