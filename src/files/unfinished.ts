// Uploads that may pause: announced with their size, sent in pieces, and published by the one way of all uploads once they are whole.
import type { Limits } from '../options.ts';
import { type Clock, hour, minute } from '../platform/clock.ts';
import type { Connection } from '../platform/database/database.ts';
import { conflict as busy, gone, notFound, PanelError, tooMany, unavailable } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { Arriving } from '../platform/storage/arriving.ts';
import { DiskRoom } from '../platform/storage/disk-room.ts';
import type { Checksum, SitePath } from '../platform/storage/port.ts';
import { Turns } from '../platform/web/turns.ts';
import type { Site, Sites } from '../sites/sites.ts';
import { ContentJudge } from './contents.ts';
import type { Doer, Files } from './files.ts';
import type { UploadConflict, UploadResult } from './publishing.ts';
import type { Refusal } from './refusals.ts';
import { type UnfinishedRow, UnfinishedStore } from './unfinished-store.ts';

export type UnfinishedParts = {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly sites: Sites;
  readonly limits: Limits;
  readonly folder: string;
  readonly leaseMilliseconds: number;
  readonly files: Pick<Files, 'receive' | 'upload'>;
};

/** What somebody means to send. `changedAt`: of the file where it comes from, epoch milliseconds, to know it again. */
export type Announced = {
  readonly path: SitePath;
  readonly bytes: number;
  readonly conflict: UploadConflict;
  readonly changedAt: number | null;
};

export type UnfinishedUpload = {
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
  readonly offset: number;
  readonly changedAt: number | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** `received`: whole, and still to be judged, which an empty piece at its end asks for */
  readonly state: 'receiving' | 'received' | 'judging' | 'finished';
  /** of what is finished */
  readonly uploadId: string | null;
};

/** All of a site's: who may change the site may go on with any of them, after any sign-in. Errors: PanelError 404, 409, 410, 413, 460, 503. */
export class UnfinishedUploads {
  readonly #parts: UnfinishedParts;
  readonly #store: UnfinishedStore;
  readonly #arriving: Arriving<Refusal>;
  /** the disk where uploads arrive */
  readonly disk: DiskRoom;
  /** uploads of one person that are read at the same time */
  readonly turns: Turns;

  constructor(parts: UnfinishedParts) {
    this.#parts = parts;
    this.#store = new UnfinishedStore(parts.connection);
    this.#arriving = new Arriving(parts.folder, (path) => new ContentJudge(path));
    this.disk = new DiskRoom(parts.folder, parts.limits.diskReserveBytes);
    this.turns = new Turns({ atOnce: parts.limits.uploadsAtOnce, refusal: 'files.tooManyUploads' });
  }

  /** @returns bytes of the site's quota that are promised to uploads which are not whole yet */
  async promisedBytes(site: Site): Promise<number> {
    return (await this.#store.promisedNow(site.id)).bytes;
  }

  /** Holds room for an upload, before its first byte, so that many side by side cannot pass the quota together. @returns why not, or its id */
  async announce(site: Site, doer: Doer, wanted: Announced): Promise<{ refused: Refusal } | { id: string }> {
    const { connection, clock, sites, limits } = this.#parts;
    await this.disk.require(wanted.bytes);
    const { quotaBytes, usedBytes } = await sites.byId(site.id);
    const now = clock.now();
    const id = newId(now);
    const name = wanted.path.join('/');
    return connection.write(async (tx) => {
      await sites.take(tx, site.id);
      const promised = await this.#store.promised(tx, site.id);
      if (promised.uploads >= limits.unfinishedUploads)
        throw tooMany('files.tooManyUnfinished', { count: limits.unfinishedUploads });
      const free = Math.max(0, quotaBytes - usedBytes - promised.bytes);
      if (wanted.bytes > free) return { refused: { code: 'quota', parameters: { name, free, need: wanted.bytes - free } } };
      await this.#store.add(tx, {
        ...{ id, site_id: site.id, customer_id: site.customerId, actor_person_id: doer.personId },
        ...{ path: name, conflict: wanted.conflict, bytes: wanted.bytes, changed_at: wanted.changedAt },
        ...{ created_at: now, expires_at: this.#expiry(), judged_until: null, finished_at: null, upload_id: null },
      });
      return { id };
    });
  }

  #expiry(): number {
    return this.#parts.clock.now() + this.#parts.limits.unfinishedHours * hour;
  }

  async #row(site: Site, id: string): Promise<UnfinishedRow> {
    const row = await this.#store.byId(site, id);
    if (!row) throw notFound();
    if (row.expires_at <= this.#parts.clock.now()) throw gone('files.unfinishedGone');
    return row;
  }

  /** @throws PanelError 404, 410 once it expired */
  async find(site: Site, id: string): Promise<UnfinishedUpload> {
    return this.#shown(await this.#row(site, id));
  }

  /** @returns what the site still waits for, newest first */
  async ofSite(site: Site): Promise<UnfinishedUpload[]> {
    return Promise.all((await this.#store.ofSite(site, this.#parts.clock.now())).map((row) => this.#shown(row)));
  }

  async #shown(row: UnfinishedRow): Promise<UnfinishedUpload> {
    const offset = row.finished_at === null ? await this.#arriving.received(row.id) : row.bytes;
    const isJudged = row.judged_until !== null && row.judged_until > this.#parts.clock.now();
    const whole = isJudged ? 'judging' : offset === row.bytes ? 'received' : 'receiving';
    return {
      ...{ id: row.id, path: row.path, bytes: row.bytes, offset: isJudged ? row.bytes : offset },
      ...{ changedAt: row.changed_at, createdAt: row.created_at, expiresAt: row.expires_at, uploadId: row.upload_id },
      state: row.finished_at === null ? whole : 'finished',
    };
  }

  /** Cuts off who still sends, for somebody who comes to ask how far it is, since nobody does both. */
  async settle(id: string): Promise<void> {
    await this.#arriving.alone(id, async () => {});
  }

  /**
   * Takes a piece; the last one has the whole judged and published before this returns.
   * @param piece `offset`: where the sender believes that it belongs (409 when as much has not arrived)
   * @returns how many bytes have arrived
   */
  async take(
    site: Site,
    doer: Doer,
    id: string,
    piece: {
      body: NodeJS.ReadableStream & { destroy(): void };
      offset: number;
      length: number | undefined;
      checksum: Checksum | undefined;
    },
  ): Promise<number> {
    const { connection } = this.#parts;
    const row = await this.#row(site, id);
    if (row.finished_at !== null && piece.offset === row.bytes) return row.bytes;
    // To the minute is enough: a large file has a hundred pieces, and each write waits for the disk.
    if (row.expires_at < this.#expiry() - minute) await connection.write((tx) => this.#store.postpone(tx, id, this.#expiry()));
    const offset = await this.#arriving.alone(
      id,
      async () => {
        // Who was here before may have thrown it away.
        await this.#row(site, id);
        const before = await this.#arriving.received(id);
        if (piece.offset !== before) throw busy('files.otherOffset', { offset: before });
        if (piece.length !== undefined && before + piece.length > row.bytes) throw new PanelError(413, 'files.moreThanAnnounced');
        if (before === row.bytes && before > 0) return before;
        await this.disk.require(Math.min(piece.length ?? 0, row.bytes - before));
        const { body, checksum } = piece;
        return this.#arriving.append(id, {
          ...{ body: body as never, offset: before, whole: row.bytes, path: row.path.split('/'), checksum },
        });
      },
      () => piece.body.destroy(),
    );
    if (offset === row.bytes) await this.#publish(site, doer, row);
    return offset;
  }

  /** Judges and publishes what is whole: one process at a time, however often it is asked. */
  async #publish(site: Site, doer: Doer, row: UnfinishedRow): Promise<void> {
    const { connection, clock, leaseMilliseconds, files } = this.#parts;
    const { id } = row;
    const until = () => clock.now() + leaseMilliseconds;
    const claimed = await connection.write((tx) => this.#store.claim(tx, id, clock.now(), until()));
    if (!claimed) throw busy('error.stillRunning');
    const renew = () => void connection.write((tx) => this.#store.hold(tx, id, until())).catch(() => {});
    const renewal = setInterval(renew, leaseMilliseconds / 3);
    try {
      const path = row.path.split('/');
      const folder = path.slice(0, -1);
      const passed = await this.#arriving.passed(id, row.bytes);
      const from = this.#arriving.pathOf(id);
      const received = [{ shown: path.at(-1) ?? '', bytes: row.bytes, path, from, ...(passed && { passed }) }];
      const finish: Parameters<Files['receive']>[2]['once']['finish'] = (tx, location) =>
        this.#store.finish(tx, id, {
          ...{ uploadId: location.split('/').at(-1) ?? '', now: clock.now(), expiresAt: this.#expiry() },
        });
      const uploadId = await files.receive(site, doer, { folder, conflict: row.conflict, received, once: { finish } });
      // Storage that could not take the file is our fault: what arrived waits, and its sender, who is told so, may ask again.
      const result = await this.result(site, { uploadId });
      if (result?.code === 'disk_error') {
        await connection.write((tx) => this.#store.reopen(tx, id));
        throw unavailable('files.storedLater', { ref: result.parameters?.ref ?? '' });
      }
      await this.#arriving.remove(id);
    } catch (error) {
      await this.#giveUp(id, error);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /** What cannot be scanned is kept nowhere (security.md D 46); for everything else the bytes wait, and may be judged later. */
  async #giveUp(id: string, error: unknown): Promise<void> {
    const { connection } = this.#parts;
    await connection.write((tx) => this.#store.hold(tx, id, null));
    if (error instanceof PanelError && error.key === 'error.scanner') await this.#forget(id);
  }

  /** @returns what became of what is finished */
  async result(site: Site, { uploadId }: Pick<UnfinishedUpload, 'uploadId'>): Promise<UploadResult | undefined> {
    if (uploadId === null) return undefined;
    return (await this.#parts.files.upload(site, uploadId)).results[0];
  }

  /** Throws away what has arrived and gives back its room. @throws PanelError 404, 409 while it is judged */
  async discard(site: Site, id: string): Promise<void> {
    const row = await this.#row(site, id);
    await this.#arriving.alone(id, async () => {
      if (!(await this.#forget(row.id))) throw busy('error.stillRunning');
    });
  }

  /** What arrived of an upload goes, whatever its row says: its site is erased. */
  async throwAway(id: string): Promise<void> {
    await this.#arriving.alone(id, () => this.#arriving.remove(id));
  }

  async #forget(id: string): Promise<boolean> {
    const { connection, clock } = this.#parts;
    const removed = await connection.write((tx) => this.#store.remove(tx, id, clock.now()));
    if (removed) await this.#arriving.remove(id);
    return removed;
  }

  /** Throws away what expired, and files that belong to no upload any more. */
  async sweep(): Promise<void> {
    const { clock, leaseMilliseconds } = this.#parts;
    for (const id of await this.#store.expired(clock.now())) await this.#forget(id);
    const old = await this.#arriving.untouched(3 * leaseMilliseconds);
    for (let at = 0; at < old.length; at += 500) {
      const names = old.slice(at, at + 500);
      const needed = await this.#store.needed(names);
      for (const name of names) if (!needed.has(name)) await this.#arriving.remove(name);
    }
  }
}
