// Files that were taken out of sites and are kept for a while: judged later where they could not be, put back, and deleted in time.
import { type Actor, systemActor } from '../audit/audit.ts';
import { day, minute } from '../platform/clock.ts';
import { conflict, notFound, PanelError, whenMissing } from '../platform/errors.ts';
import { areaOf, type Site } from '../sites/sites.ts';
import type { ArrivalStore } from './arrival-store.ts';
import type { FindingRow, FindingStore } from './finding-store.ts';
import type { IncomingParts } from './incoming.ts';
import { type IncomingStores, isMoving } from './judging.ts';
import type { WatchStore } from './watch-store.ts';

export type Finding = {
  readonly id: string;
  /** `refused`: taken out of the site · `found`: left where it is · `noted`: let in, not looked through to its end */
  readonly kind: FindingRow['kind'];
  readonly path: string;
  readonly bytes: number;
  /** the FTP account; null when it came by another way */
  readonly userName: string | null;
  readonly code: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly foundAt: number;
  /** put back into the site */
  readonly restoredAt: number | null;
  /** no longer kept */
  readonly droppedAt: number | null;
};

/** How long a refused file is kept. */
export const keptDays = 30;
const together = 200;
/** As long as the watch may take to see a file that the FTP server told of. */
const rememberedMilliseconds = 10 * minute;

/** Errors: PanelError 503 when storage or database do not answer. */
export class KeptFiles {
  readonly #parts: IncomingParts;
  readonly #store: FindingStore;
  readonly #arrivals: ArrivalStore;
  readonly #watched: WatchStore;

  constructor(parts: IncomingParts, stores: IncomingStores) {
    this.#parts = parts;
    this.#store = stores.findings;
    this.#arrivals = stores.arrivals;
    this.#watched = stores.watched;
  }

  /**
   * What is kept of a site takes no more room than the site itself may: the oldest goes first, but what nobody has judged yet last,
   * since it goes back into the site once somebody does.
   */
  async keepWithinQuota(site: Site): Promise<void> {
    let bytes = await this.#store.keptBytes(site.id);
    if (bytes <= site.quotaBytes) return;
    const all = await this.#store.kept(site.id);
    const [judged = [], unjudged = []] = [false, true].map((waits) => all.filter(({ code }) => (code === 'waiting') === waits));
    for (const kept of [...judged, ...unjudged]) {
      if (bytes <= site.quotaBytes) return;
      await this.#drop(kept);
      bytes -= kept.bytes;
    }
  }

  async #drop({ site_id, id }: FindingRow): Promise<void> {
    const { connection, clock, files } = this.#parts;
    await connection.write((tx) => this.#store.change(tx, id, { dropped_at: clock.now() }));
    await files.held.remove(site_id, id);
  }

  /** Judges what could not be judged when it came; a check that still cannot be made is asked once a site and round. */
  async judgeWaiting(siteId: string): Promise<void> {
    const { sites, files, log } = this.#parts;
    const site = await sites.byId(siteId).catch(whenMissing);
    if (!site || site.frozenAt !== null) return;
    const marked = await sites.folders.list(site);
    for (const finding of await this.#store.kept(siteId, 'waiting')) {
      const path = finding.path.split('/');
      try {
        if ((await files.held.size(siteId, finding.id)) === undefined) {
          await this.#putBack(site, finding, systemActor);
          continue;
        }
        const { refusal } = await files.standing.judgeHeld(files.held.pathOf(siteId, finding.id), path, areaOf(path, marked));
        if (refusal) await this.#refuse(finding, refusal);
        else await this.#putBack(site, finding, systemActor);
      } catch (error) {
        if (isMoving(error)) return;
        const status = error instanceof PanelError ? error.status : 0;
        const isGone = status === 404 && (await files.held.size(siteId, finding.id)) === undefined;
        if (isGone) await this.#drop(finding);
        else if (status === 404 || status === 409) await this.#refuse(finding, { code: 'exists', parameters: {} });
        else log.warn({ err: error, site: site.name }, 'a file in quarantine still cannot be judged');
        if (status === 503) return;
      }
    }
  }

  async #refuse(
    { id, site_id: siteId, customer_id: customerId }: FindingRow,
    { code, parameters }: { readonly code: string; readonly parameters: Finding['parameters'] },
  ): Promise<void> {
    const { connection, audit } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, id, { code, parameters: JSON.stringify(parameters), told_at: null }))) return;
      const about = { actor: systemActor, customerId, siteId };
      await audit.record(tx, { action: 'ftp.filesRefused', ...about, details: { count: 1 } });
    });
  }

  /** Deletes what was kept for its time, and what need not be remembered. */
  async sweep(): Promise<void> {
    const { connection, clock, files } = this.#parts;
    await this.#arrivals.forgetJudged(clock.now() - rememberedMilliseconds);
    for (;;) {
      const old = await this.#store.old(clock.now() - keptDays * day, together);
      for (const { site_id, id } of old) await files.held.remove(site_id, id);
      await connection.write((tx) =>
        this.#store.remove(
          tx,
          old.map(({ id }) => id),
        ),
      );
      if (old.length < together) return;
    }
  }

  /**
   * Ends what waits for the customer's word when its file is gone by now, or another one, which is told of for itself.
   * @throws PanelError 409 `moves.refused` while the site moves, 503 when storage does not answer
   */
  async closeGone(site: Site): Promise<void> {
    for (let after = ''; ; ) {
      const rows = await this.#store.openOnes(site.id, after, together);
      await this.#parts.sites.act(site, 'judge', systemActor).during((now) => this.#closeGoneOf(now, rows));
      const last = rows.at(-1)?.id;
      if (last === undefined) return;
      after = last;
    }
  }

  async #closeGoneOf(site: Site, rows: readonly FindingRow[]): Promise<void> {
    const { connection, clock, sites } = this.#parts;
    const storage = sites.storageFor(site);
    for (const { id, path, stamp } of rows) {
      const entry = await storage.stat(path.split('/')).catch(whenMissing);
      const isThere = entry?.kind === 'file' && (stamp === null || entry.stamp === stamp);
      if (!isThere) await connection.write((tx) => this.#store.change(tx, id, { dropped_at: clock.now() }));
    }
  }

  /** For the operator: what is kept of a site in quarantine, the oldest first. */
  async list(site: Site): Promise<Finding[]> {
    return (await this.#store.kept(site.id)).map(fromRow);
  }

  /** @throws PanelError 404 for what was never found in this site */
  async find(site: Site, id: string): Promise<Finding> {
    const finding = await this.#store.finding(site.id, id);
    if (!finding || finding.customer_id !== site.customerId) throw notFound();
    return fromRow(finding);
  }

  /**
   * Takes a file that was found and left out of the site, for as long as others are kept.
   * @throws PanelError 409 when it is not there any more, or is another by now: then nothing is touched
   */
  async hold(site: Site, id: string, actor: Actor): Promise<void> {
    const { connection, clock, audit, sites } = this.#parts;
    await this.#takeOut(site, id, actor);
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, id, { kind: 'refused', told_at: clock.now() }))) throw conflict('incoming.isDone');
      await audit.record(tx, { action: 'incoming.fileHeld', actor, customerId: site.customerId, siteId: site.id, subjectId: id });
      await sites.queueCount(tx, site);
    });
    await this.keepWithinQuota(site);
  }

  /**
   * Deletes for good what was found, or what is kept: nobody can bring it back.
   * @throws PanelError 409 when what was found is another file by now: that stays
   */
  async remove(site: Site, id: string, actor: Actor): Promise<void> {
    const { connection, clock, audit, sites, files } = this.#parts;
    if ((await this.find(site, id)).kind === 'found') await this.#takeOut(site, id, actor);
    await connection.write(async (tx) => {
      const isDone = await this.#store.change(tx, id, { kind: 'refused', dropped_at: clock.now(), told_at: clock.now() });
      if (!isDone) throw conflict('incoming.isDone');
      await audit.record(tx, {
        action: 'incoming.fileDeleted',
        actor,
        customerId: site.customerId,
        siteId: site.id,
        subjectId: id,
      });
      await sites.queueCount(tx, site);
    });
    await files.held.remove(site.id, id);
  }

  /** As an act on the site's files: it may be over there by now, where it would stay. */
  async #takeOut(site: Site, id: string, actor: Actor): Promise<void> {
    const finding = await this.#store.finding(site.id, id);
    if (finding?.kind !== 'found' || finding.dropped_at !== null) throw conflict('incoming.isDone');
    await this.#parts.sites.act(site, 'hold', actor).during((now) => this.#takeHere(now, finding));
  }

  async #takeHere(site: Site, finding: FindingRow): Promise<void> {
    const { connection, clock, sites, files } = this.#parts;
    const { id } = finding;
    const path = finding.path.split('/');
    const storage = sites.storageFor(site);
    try {
      // Taken out by a process that died before it could write that down.
      if ((await files.held.size(site.id, id)) !== undefined) return;
      const stamp = finding.stamp ?? (await storage.stat(path)).stamp;
      await files.held.take(site.id, id, { storage, path, stamp });
    } catch (error) {
      const status = error instanceof PanelError ? error.status : 0;
      if (status !== 404 && status !== 409) throw error;
      // Another file under the name is judged for itself; of this one nothing is left to be done.
      await connection.write((tx) => this.#store.change(tx, id, { dropped_at: clock.now() }));
      throw conflict(status === 404 ? 'incoming.isGone' : 'incoming.isOther');
    }
  }

  /**
   * For the operator: puts a kept file back where it was, unjudged, because somebody has looked at it.
   * @param reason why, in words for the record; no personal values
   * @throws PanelError 404 when nothing is kept under this id, 409 when something else stands there by now
   */
  async restore(site: Site, id: string, actor: Actor, reason: string): Promise<void> {
    const finding = await this.#store.finding(site.id, id);
    const isKept = finding?.kind === 'refused' && finding.restored_at === null && finding.dropped_at === null;
    if (!finding || !isKept) throw notFound();
    await this.#putBack(site, finding, actor, reason);
  }

  async #putBack(site: Site, finding: FindingRow, actor: Actor, reason?: string): Promise<void> {
    await this.#parts.sites.act(site, 'hold', actor).during((now) => this.#putHere(now, finding, actor, reason));
  }

  async #putHere(site: Site, { id, path: text }: FindingRow, actor: Actor, reason?: string): Promise<void> {
    const { connection, clock, sites, files, audit } = this.#parts;
    const [storage, path] = [sites.storageFor(site), text.split('/')];
    // Not there any more: it was put back by a process that died before it could write that down.
    if ((await files.held.size(site.id, id)) !== undefined) await files.held.giveBack(site.id, id, { storage, path });
    const { stamp } = await storage.stat(path);
    await connection.write(async (tx) => {
      if (!(await this.#store.change(tx, id, { restored_at: clock.now() }))) throw conflict();
      await this.#watched.know(tx, site.id, [{ path, stamp }]);
      await audit.record(tx, {
        action: 'ftp.fileRestored',
        actor,
        customerId: site.customerId,
        siteId: site.id,
        subjectId: id,
        ...(reason && { details: { reason } }),
      });
      await sites.queueCount(tx, site);
    });
  }
}

/** @returns the row as doors hand it out */
export const fromRow = (row: FindingRow): Finding => ({
  id: row.id,
  kind: row.kind,
  path: row.path,
  bytes: row.bytes,
  userName: row.user_name,
  code: row.code,
  parameters: JSON.parse(row.parameters),
  foundAt: row.found_at,
  restoredAt: row.restored_at,
  droppedAt: row.dropped_at,
});
