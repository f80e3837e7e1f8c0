// Backups of many days in every state, written as rows: what nights of a month and a half leave, without waiting for them.

import type { BackupState } from '../../src/migrations/schema.ts';
import { day, hour, localDay, localStamp, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import type { TestPanel } from '../support/panel.ts';

const zone = 'Asia/Seoul';
const nights = 45;

/** Backups that pages show by themselves: the customer's by state (`real` was made by the panel itself), and what runs elsewhere. */
export type BackupName = 'real' | Exclude<BackupState, 'queued' | 'running'> | 'queued' | 'running';

/** How old the customer's backup of each state is, in nights; every other night is verified. */
const special: Readonly<Partial<Record<number, BackupState>>> = {
  1: 'made',
  2: 'warned',
  3: 'failed',
  4: 'damaged',
  5: 'shrunken',
  6: 'missing',
  8: 'proven',
};

const leftOut = JSON.stringify([
  { path: 'databases/haneul-shop-2026_order_history.sql', reason: 'unavailable' },
  ...['gone', 'changed', 'unreadable', 'special'].map((reason, at) => ({
    path: `www/${'아주 긴 폴더 이름/'.repeat(at + 1)}기록-${at}.txt`,
    reason,
  })),
]);
const databases = JSON.stringify([
  { name: 'haneul-shop-2026_blog', engine: 'mariadb', tables: 12, rows: 48_213, bytes: 21_400_000 },
  { name: 'haneul-shop-2026_members', engine: 'postgresql', tables: 7, rows: 3204, bytes: 1_900_000 },
]);
const shrunk = JSON.stringify([
  { what: 'files', before: 12_345, after: 4100 },
  { what: 'rows', before: 48_213, after: 902 },
]);

const failure: Readonly<Partial<Record<BackupState, string>>> = {
  failed: 'backups.reason.full',
  missing: 'backups.reason.notStarted',
  damaged: 'backups.reason.damaged',
};

type Owned = { readonly siteId: string; readonly customerId: string; readonly name: string };

/** @returns a row as the panel itself would have written it, `age` nights before today */
function rowOf({ siteId, customerId, name }: Owned, state: BackupState, at: number) {
  const done = !['queued', 'running', 'failed', 'missing'].includes(state);
  const good = ['verified', 'proven', 'warned', 'shrunken', 'expired'].includes(state);
  return {
    ...{ id: newId(at), site_id: siteId, customer_id: customerId, actor_person_id: null, kind: 'nightly' as const },
    ...{ day: localDay(at, zone), state, queued_at: at, started_at: at, step: null, files_done: 0, files_total: 0 },
    moved_at: null,
    reason: failure[state] ?? null,
    left_out: state === 'warned' ? leftOut : '[]',
    kept_because: JSON.stringify(state === 'verified' ? ['backups.keptDaily', 'backups.keptWeekly'] : []),
    file_name: done ? `${name}-${localStamp(at, zone)}.zip` : null,
    bytes: done ? 1_240_000_000 : null,
    original_bytes: done ? 1_910_000_000 : null,
    sha256: done ? '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' : null,
    files: done ? 12_345 : null,
    folders: done ? 678 : null,
    databases: done ? 2 : null,
    database_list: done ? databases : null,
    shrunk: state === 'shrunken' ? shrunk : null,
    data_at: done ? at : null,
    made_at: done ? at + 4 * minute : null,
    verified_at: good ? at + 6 * minute : null,
    proven_at: state === 'proven' ? at + hour : null,
    failed_at: state in failure ? at + minute : null,
    expired_at: state === 'expired' ? at + 8 * day : null,
  };
}

/** @returns ids of backups by what they are */
export async function writeBackups(
  house: TestPanel,
  sites: Readonly<Record<'customer' | 'troubled' | 'broken' | 'several', string>>,
): Promise<Record<BackupName, string>> {
  const { connection } = house.panel.doors;
  const now = house.clock.now();
  /** three in the morning of a Korean day; the clock stands at noon */
  const night = (age: number) => now - 9 * hour - age * day;
  const owned = async (name: string): Promise<Owned> => {
    const row = await connection.db.selectFrom('sites').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
    return { siteId: row.id, customerId: row.customer_id, name };
  };
  const [customer, troubled, broken, several] = await Promise.all([
    owned(sites.customer),
    owned(sites.troubled),
    owned(sites.broken),
    owned(sites.several),
  ]);

  const rows = Array.from({ length: nights }, (_, index) => {
    const age = index + 1;
    return rowOf(customer, special[age] ?? (age > 14 ? 'expired' : 'verified'), night(age));
  });
  const failed = [2, 1].map((age) => rowOf(troubled, 'failed', night(age)));
  const progress = { step: 'files', files_done: 340, files_total: 1200, moved_at: now - 7 * minute, kind: 'manual' as const };
  const running = { ...rowOf(troubled, 'running', now - 20 * minute), ...progress };
  const queued = { ...rowOf(several, 'queued', now - minute), kind: 'manual' as const };
  // A row that was written by something else: nothing can read it.
  const unreadable = { ...rowOf(broken, 'verified', night(1)), left_out: '{not JSON' };
  await connection.write(async (tx) => {
    await tx
      .insertInto('backups')
      .values([...rows, ...failed, running, queued, unreadable])
      .execute();
    const opened_at = now - (nights + 1) * day;
    await tx.updateTable('sites').set({ opened_at }).where('name', 'in', [customer.name, troubled.name, broken.name]).execute();
  });
  const made = await connection.db
    .selectFrom('backups')
    .select('id')
    .where('site_id', '=', customer.siteId)
    .where('kind', '=', 'manual')
    .executeTakeFirstOrThrow();
  const byState = new Map(rows.map(({ state, id }) => [state, id]));
  const of = (state: BackupState) => byState.get(state) ?? '';
  return {
    real: made.id,
    ...{ made: of('made'), verified: of('verified'), proven: of('proven'), warned: of('warned'), failed: of('failed') },
    ...{ missing: of('missing'), shrunken: of('shrunken'), damaged: of('damaged'), expired: of('expired') },
    queued: queued.id,
    running: running.id,
  };
}
