// What a backup host reads and writes in the panel's database: the views of its own tier, and nothing else is there for its role (pulls/role.ts).
import type { Selectable, Updateable } from 'kysely';
import type { PullTables, PullViews, TierName, TierTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';

export type Work = Selectable<PullViews['pulled_work']>;
export type Staging = Selectable<PullViews['pulled_stagings']>;
type Line = Selectable<PullTables['pull_connections']>;
type States = Updateable<PullViews['pulled_states']>;

export class HostRows {
  readonly #connection: Connection;
  readonly #tier: TierName;

  constructor(connection: Connection, tier: TierName) {
    this.#connection = connection;
    this.#tier = tier;
  }

  /** @returns what waits to be pulled, longest ago first */
  work(most: number): Promise<Work[]> {
    return this.#connection.db.selectFrom('pulled_work').selectAll().orderBy('queued_at').limit(most).execute();
  }

  /** Before a connection is tried. */
  async opened(line: Omit<Line, 'tier' | 'closed_at' | 'bytes' | 'fault' | 'says'>): Promise<void> {
    const row = { ...line, tier: this.#tier, closed_at: null, bytes: null, fault: null, says: null };
    await this.#connection.write((tx) => tx.insertInto('pulled_connections').values(row).execute());
  }

  /** After it is gone. */
  async closed(id: string, how: Pick<Line, 'closed_at' | 'bytes' | 'fault' | 'says'>): Promise<void> {
    await this.#connection.write((tx) => tx.updateTable('pulled_connections').set(how).where('id', '=', id).execute());
  }

  async kept(work: Work, { bytes, at }: { bytes: number; at: number }): Promise<void> {
    await this.#connection.write(async (tx) => {
      const kept = { state: 'kept', kept_at: at, bytes, fault: null, failed_at: null } as const;
      await tx.updateTable('pulled_snapshots').set(kept).where('id', '=', work.id).where('state', '=', 'waiting').execute();
      const newest = await newestOf(tx, work.site_id);
      await setStates(tx, work.site_id, { data_at: newest ?? work.data_at, kept_at: at, failed_at: null, fault: null });
    });
  }

  /** The panel has it tried again within two hours; where a newer one lies here already, nothing is missing and nothing is tried. */
  async failed(work: Work, fault: string, at: number): Promise<void> {
    await this.#connection.write(async (tx) => {
      const isPast = ((await newestOf(tx, work.site_id)) ?? Number.NEGATIVE_INFINITY) >= work.data_at;
      const failed = { state: 'failed', fault: isPast ? 'EXPIRED' : fault, failed_at: at } as const;
      await tx.updateTable('pulled_snapshots').set(failed).where('id', '=', work.id).where('state', '=', 'waiting').execute();
      if (isPast) return;
      const before = await tx
        .selectFrom('pulled_states')
        .select('failed_at')
        .where('site_id', '=', work.site_id)
        .executeTakeFirst();
      await setStates(tx, work.site_id, { failed_at: before?.failed_at ?? at, fault });
    });
  }

  /** @returns ids of backups of the site that could not be read back */
  async damaged(siteId: string): Promise<Set<string>> {
    const rows = await this.#connection.db
      .selectFrom('pulled_snapshots')
      .select('backup_id')
      .where('site_id', '=', siteId)
      .where('state', '=', 'damaged')
      .execute();
    return new Set(rows.map((row) => row.backup_id));
  }

  /** Rows follow what lies here: why each is kept, and what is gone. @param reasons backup → keys of sentences */
  async retained(siteId: string, reasons: ReadonlyMap<string, readonly string[]>, at: number): Promise<void> {
    await this.#connection.write(async (tx) => {
      const rows = await tx
        .selectFrom('pulled_snapshots')
        .select(['id', 'backup_id', 'kept_because'])
        .where('site_id', '=', siteId)
        .where('state', 'in', ['kept', 'damaged'])
        .execute();
      for (const { id, backup_id, kept_because } of rows) {
        const because = reasons.get(backup_id);
        const text = because && JSON.stringify(because);
        const gone = { state: 'forgotten', forgotten_at: at, kept_because: null } as const;
        if (text === kept_because) continue;
        const change = text === undefined ? gone : { kept_because: text };
        await tx.updateTable('pulled_snapshots').set(change).where('id', '=', id).execute();
      }
    });
  }

  async checked(siteId: string, { damaged, complaint, bytes, checks, at }: Checked): Promise<void> {
    await this.#connection.write(async (tx) => {
      await setStates(tx, siteId, { checked_at: at, check_fault: complaint ?? null, checks, bytes });
      for (const backupId of damaged)
        await tx
          .updateTable('pulled_snapshots')
          .set({ state: 'damaged', fault: 'DAMAGED' })
          .where('site_id', '=', siteId)
          .where('backup_id', '=', backupId)
          .where('state', '=', 'kept')
          .execute();
      if (damaged.length > 0) await setStates(tx, siteId, { data_at: await newestOf(tx, siteId) });
    });
  }

  /** @returns ids of sites that the panel wants erased */
  async erasures(): Promise<Set<string>> {
    const rows = await this.#connection.db.selectFrom('pulled_erasures').select('site_id').execute();
    return new Set(rows.map((row) => row.site_id));
  }

  /** @returns renderings that were asked for and are not there yet */
  stagings(most: number): Promise<Staging[]> {
    const open = this.#connection.db.selectFrom('pulled_stagings').selectAll().where('staged_at', 'is', null);
    return open.where('failed_at', 'is', null).orderBy('asked_at').limit(most).execute();
  }

  async answered(id: string, answer: { staged_at: number } | { failed_at: number; fault: string }): Promise<void> {
    await this.#connection.write((tx) => tx.updateTable('pulled_stagings').set(answer).where('id', '=', id).execute());
  }

  async seen(now: Updateable<Omit<PullTables['pull_hosts'], 'tier'>>): Promise<void> {
    await this.#connection.write((tx) => tx.updateTable('pulled_host').set(now).execute());
  }
}

type Checked = {
  readonly damaged: readonly string[];
  readonly complaint: string | undefined;
  readonly bytes: number;
  readonly checks: number;
  readonly at: number;
};

async function newestOf(tx: Tx, siteId: string): Promise<TierTables['tier_states']['data_at']> {
  const row = await tx
    .selectFrom('pulled_snapshots')
    .select(({ fn }) => fn.max('data_at').as('at'))
    .where('site_id', '=', siteId)
    .where('state', '=', 'kept')
    .executeTakeFirst();
  return row?.at ?? null;
}

async function setStates(tx: Tx, siteId: string, change: States): Promise<void> {
  await tx.updateTable('pulled_states').set(change).where('site_id', '=', siteId).execute();
}
