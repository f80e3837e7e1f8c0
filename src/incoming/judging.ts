// Judges a batch of files that came into a site, and writes down what became of each: the rows, the record, the letter.
import { systemActor } from '../audit/audit.ts';
import { minute } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { PanelError } from '../platform/errors.ts';
import type { Site } from '../sites/sites.ts';
import { ArrivalBatch, type Outcome } from './arrival-judging.ts';
import type { Arrival, ArrivalStore, NewArrival } from './arrival-store.ts';
import type { FindingRow, FindingStore, NewFinding } from './finding-store.ts';
import type { IncomingParts } from './incoming.ts';
import type { KeptFiles } from './kept-files.ts';
import type { IncomingLetters } from './letters.ts';
import type { WatchStore } from './watch-store.ts';

export type IncomingStores = {
  readonly arrivals: ArrivalStore;
  readonly findings: FindingStore;
  readonly watched: WatchStore;
};

/** Rows of the table, or files that a scan comes to, which are in none. */
type From = 'table' | 'scan';

export class Judging {
  readonly #parts: IncomingParts;
  readonly #stores: IncomingStores;
  readonly #after: { readonly kept: KeptFiles; readonly letters: IncomingLetters };

  constructor(
    parts: IncomingParts,
    stores: IncomingStores,
    after: { readonly kept: KeptFiles; readonly letters: IncomingLetters },
  ) {
    this.#parts = parts;
    this.#stores = stores;
    this.#after = after;
  }

  /**
   * As an act on the site's files, so that a move neither begins nor ends while they are judged.
   * @param from where `due` came from
   * @returns how many findings there were
   * @throws PanelError 409 `moves.refused` when the site is closed by now because it moves
   */
  async judge(site: Site, due: readonly Arrival[], signal: AbortSignal, from: From = 'table'): Promise<number> {
    const act = this.#parts.sites.act(site, 'judge', systemActor);
    const count = await act.during((now) => this.#judgeHere(now, due, signal, from));
    if (count === 0) return 0;
    await this.#after.kept.keepWithinQuota(site);
    await this.#after.letters.tell(site);
    return count;
  }

  async #judgeHere(site: Site, due: readonly Arrival[], signal: AbortSignal, from: From): Promise<number> {
    const { connection, clock, sites, files, log } = this.#parts;
    const marked = await sites.folders.list(site);
    const isKnown = (path: readonly string[], stamp: string) => this.#stores.watched.isKnown(site.id, path, stamp);
    const batch = new ArrivalBatch({ site, storage: sites.storageFor(site), marked, files, isKnown, clock, log });
    const outcome = await batch.judge(due, signal);
    return connection.write(async (tx) => {
      // Watch and scan may come to the same file at once: the second sees what the first has written, and tells of nothing.
      await sites.take(tx, site.id);
      const findings = await this.#unknown(tx, site, outcome.findings);
      await this.#stores.findings.find(tx, site, findings);
      await this.#settle(tx, site, outcome, from);
      await this.#stores.watched.know(tx, site.id, batch.scripts);
      await this.#record(tx, site, findings);
      // What came by FTP is in no count yet; one count waits at a time, and a minute gathers what else comes.
      if (from === 'table') await sites.queueCount(tx, site, clock.now() + minute);
      return findings.length;
    });
  }

  async #unknown(tx: Tx, site: Site, findings: readonly NewFinding[]): Promise<NewFinding[]> {
    const unknown: NewFinding[] = [];
    for (const finding of findings) {
      const { kind, path, stamp } = finding;
      const isKnown = kind === 'found' && (await this.#stores.watched.isKnown(site.id, path.split('/'), stamp ?? '', tx));
      if (!isKnown) unknown.push(finding);
    }
    return unknown;
  }

  async #settle(tx: Tx, site: Site, { judged, again, inside, taken }: Outcome, from: From): Promise<void> {
    const { arrivals } = this.#stores;
    const now = this.#parts.clock.now();
    if (from === 'table') {
      await arrivals.close(tx, judged, now);
      await arrivals.renew(tx, taken, now);
      await arrivals.retry(tx, again, now);
    } else await arrivals.arrive(tx, site.id, again.map(asNew), now);
    await arrivals.arrive(tx, site.id, inside, now);
  }

  async #record(tx: Tx, { id: siteId, customerId }: Site, findings: readonly NewFinding[]): Promise<void> {
    const { audit } = this.#parts;
    const about = { actor: systemActor, customerId, siteId };
    const count = (kind: FindingRow['kind']) =>
      findings.filter((finding) => finding.kind === kind && finding.told_at === null).length;
    const [refused, found] = [count('refused'), count('found')];
    if (refused > 0) await audit.record(tx, { action: 'ftp.filesRefused', ...about, details: { count: refused } });
    if (found > 0) await audit.record(tx, { action: 'ftp.scriptsFound', ...about, details: { count: found } });
  }
}

/** @returns whether nothing may be done in the site now because it moves: what is left is judged where it lies then */
export const isMoving = (error: unknown): boolean => error instanceof PanelError && error.key === 'moves.refused';

const asNew = ({ path, due_at: dueAt, stamp }: Arrival): NewArrival => ({
  ...{ path: path.split('/'), origin: 'found', userName: null, isRespelled: false, dueAt },
  ...(stamp !== null && { stamp }),
});
