// Restores in every state for the gates: done and undoable, done aside, taken back, and one that runs.
import { day, hour, minute } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { RestoreStore } from '../../src/restores/store.ts';
import type { TestPanel } from '../support/panel.ts';

export type RestoreName = 'done' | 'aside' | 'returned' | 'running';

const none = { files: 0, bytes: 0 };
const plan = {
  counts: {
    new: { files: 12, bytes: 340_000 },
    overwritten: { files: 214, bytes: 48_000_000 },
    unchanged: { files: 11_207, bytes: 1_100_000_000 },
    deleted: none,
    kept: { files: 3, bytes: 9000 },
  },
  staged: { files: 226, bytes: 48_340_000 },
  growth: 340_000,
  scripts: 0,
};

/**
 * @param backups a backup of each site that a restore stands on, and one of the customer's that is there
 * @returns ids of restores by what they are; the running one is of `troubled`
 */
export async function writeRestores(
  { panel, clock }: Pick<TestPanel, 'panel' | 'clock'>,
  sites: Readonly<Record<'customer' | 'troubled', string>>,
  backups: Readonly<Record<'customer' | 'troubled', string>>,
): Promise<Record<RestoreName, string>> {
  const { connection } = panel.doors;
  const store = new RestoreStore(connection);
  const now = clock.now();
  const put = async (owner: 'customer' | 'troubled', at: number, more: object, asked: object = {}): Promise<string> => {
    const row = await connection.db.selectFrom('sites').selectAll().where('name', '=', sites[owner]).executeTakeFirstOrThrow();
    const id = newId(at);
    const whose = { siteId: row.id, customerId: row.customer_id, personId: null, backupId: backups[owner], undoOf: null };
    const what = { scope: 'all', paths: ['www'], dest: 'in_place', mode: 'keep_new', folder: null, ...asked } as const;
    await connection.write(async (tx) => {
      await store.add(tx, { id, ...whose, ...what, planHash: '5e'.repeat(32), plan, step: 'saving', askedAt: at });
      await tx
        .updateTable('restores')
        .set({ moved_at: at, ...more })
        .where('id', '=', id)
        .execute();
    });
    return id;
  };
  const ended = (at: number) => ({ switched_at: at + minute, ended_at: at + 2 * minute });
  const [early, later, latest] = [now - 5 * day, now - 2 * day, now - 3 * hour];
  return {
    returned: await put('customer', early, { step: 'returned', fault: 'full', ...ended(early) }),
    aside: await put(
      'customer',
      later,
      { step: 'done', ...ended(later) },
      { scope: 'paths', paths: ['www/소개.txt'], dest: 'new_folder', folder: 'restored-20261120-0310-0a1b2c3d' },
    ),
    done: await put('customer', latest, { step: 'done', safety_id: backups.customer, ...ended(latest) }),
    running: await put('troubled', now - 4 * minute, { step: 'staging', files_done: 96, bytes_done: 21_000_000 }),
  };
}
