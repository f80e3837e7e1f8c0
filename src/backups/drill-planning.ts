// When which site has its drill, of how many sites one succeeded, and what dead workers left of theirs.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { day, hour } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { whenMissing } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { BackupsParts } from './backups.ts';
import type { Drill, DrillStore, DueSite, Uncovered } from './drill-store.ts';

/** A backup is proven again after so long; with all that may come between, within 35 days. */
const everyMilliseconds = 28 * day;
const againMilliseconds = day;
export const coveredMilliseconds = 35 * day;
/** A site is a week old before its first drill. */
const youngMilliseconds = 7 * day;
/** So many rounds until every site had its turn: two weeks of hours. */
const rounds = 14 * 24;
const abandonedMilliseconds = 26 * hour;
const attempts = 3;
const leftAtOnce = 100;

/** @returns what ends a drill's row */
export const endedNow = (outcome: 'proven' | 'failed' | 'postponed', now: number) => ({
  outcome,
  reason: null,
  ended_at: now,
  due_at: now + (outcome === 'proven' ? everyMilliseconds : againMilliseconds),
});

/** A run's folder is called by site and run. */
export const folderName = (siteId: string, runId: string) => `${siteId}.${runId}`;
const siteOf = (name: string) => name.slice(0, name.indexOf('.'));

export class DrillPlanning {
  readonly #parts: BackupsParts;
  readonly #store: DrillStore;

  constructor(parts: BackupsParts, store: DrillStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** See `Drills.plan`. */
  async plan(): Promise<void> {
    const { clock, databases } = this.#parts;
    await this.#tidy();
    const now = clock.now();
    if (await this.#store.areBackupsUnderWay(now - day)) return;
    const tools = await databases.dumping.tools();
    const stale = (await this.#store.tools()).filter((text) => isStale(text, tools));
    const { open } = await this.#store.coverage(now);
    const atOnce = Math.max(1, Math.ceil(open / rounds));
    for (const site of await this.#store.due({ now, openedBefore: now - youngMilliseconds, stale }, atOnce))
      await this.#queue(site);
  }

  async #queue({ id, customerId }: DueSite): Promise<void> {
    const { connection, clock, queue } = this.#parts;
    await connection.write(async (tx) => {
      if (!(await this.#store.queue(tx, { id, customerId }, clock.now()))) return;
      const options = { key: `backups.prove:${id}`, lane: 'long', maximumAttempts: attempts } as const;
      await queue.add(tx, 'backups.prove', { siteId: id, customerId }, options);
    });
  }

  /** Removes what drills of the site have made, on servers and on this machine. @throws PanelError 503 when a server does not answer */
  async sweep(siteId: string, row: Drill | undefined): Promise<void> {
    for (const name of await this.#folders()) if (siteOf(name) === siteId) await this.#remove(name);
    for (const throwAway of row?.throwAways ?? []) await this.#parts.databases.trying.drop(throwAway).catch(whenMissing);
  }

  #folders(): Promise<string[]> {
    return readdir(this.#parts.drillsFolder).catch(() => []);
  }

  #remove(name: string): Promise<void> {
    return rm(join(this.#parts.drillsFolder, name), { recursive: true, force: true });
  }

  /** Drills that nobody goes on with, throw-away databases, folders on this machine. */
  async #tidy(): Promise<void> {
    const { connection, clock, log } = this.#parts;
    for (const left of await this.#store.leftovers(clock.now() - abandonedMilliseconds, leftAtOnce)) {
      try {
        await this.sweep(left.siteId, left);
        await connection.write(async (tx) => {
          if (left.endedAt === null) await this.#close(tx, left);
          await this.#store.tidied(tx, left.siteId);
        });
      } catch (error) {
        log.warn({ site: left.siteId, err: error }, 'what a drill left could not be removed yet');
      }
    }
    const names = await this.#folders();
    const open = await this.#store.open(names.map(siteOf));
    for (const name of names) if (!open.has(siteOf(name))) await this.#remove(name);
  }

  async #close(tx: Tx, { siteId, runId }: Drill): Promise<void> {
    const now = this.#parts.clock.now();
    const closing = runId ?? newId(now);
    if (runId === null) await this.#store.claim(tx, siteId, closing, now);
    await this.#store.change(tx, siteId, closing, { ...endedNow('postponed', now), reason: 'backups.reason.stopped' });
  }

  /** See `Drills.coverage`. */
  async coverage(most: number): Promise<{ open: number; proven: number; uncovered: readonly Uncovered[] }> {
    const since = this.#parts.clock.now() - coveredMilliseconds;
    return { ...(await this.#store.coverage(since)), uncovered: await this.#store.uncovered(since, most) };
  }
}

/** @param proven JSON of versions by server, as of a drill @param now what they are; a server that does not answer has not changed */
function isStale(proven: string, now: ReadonlyMap<string, string>): boolean {
  const versions: Readonly<Record<string, string>> = JSON.parse(proven);
  return Object.entries(versions).some(([server, version]) => (now.get(server) ?? version) !== version);
}
