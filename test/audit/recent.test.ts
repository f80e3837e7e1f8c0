// What the dashboard reads from the audit: only the customer's own rows, newest first.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Audit, systemActor } from '../../src/audit/audit.ts';
import { day, StoppedClock } from '../../src/platform/clock.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { openTestDatabase } from '../support/databases.ts';

describe('the history of a customer', () => {
  const clock = new StoppedClock();
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let audit: Audit;

  beforeEach(async () => {
    database = await openTestDatabase();
    audit = new Audit({ connection: database, secrets: new Secrets('x'.repeat(32)), clock });
  });
  afterEach(() => database.remove());

  const happen = (customerId: string, action: string, more: { siteId?: string; details?: Record<string, number> } = {}) => {
    clock.advance(1000);
    return database.write((tx) => audit.record(tx, { action, actor: systemActor, customerId, ...more }));
  };

  it('holds nothing of another customer, nothing that was not asked for, and the newest first', async () => {
    await happen('one', 'files.moved', { details: { count: 2 } });
    await happen('two', 'files.moved');
    await happen('one', 'sites.prepared');
    await happen('one', 'sites.opened');
    const rows = await audit.recent('one', 5, ['files.moved', 'sites.opened']);
    expect(rows.map(({ action, details }) => ({ action, details }))).toEqual([
      { action: 'sites.opened', details: {} },
      { action: 'files.moved', details: { count: 2 } },
    ]);
    expect(await audit.recent('one', 1, ['files.moved', 'sites.opened'])).toHaveLength(1);
    expect(await audit.recent('one', 5, [])).toEqual([]);
  });

  it('knows when something was last done at a site, as far back as it was asked', async () => {
    await happen('one', 'backups.downloaded', { siteId: 'a' });
    const at = clock.now();
    const since = at - day;
    await happen('one', 'backups.downloaded', { siteId: 'b' });
    await happen('two', 'backups.downloaded', { siteId: 'a' });
    expect(await audit.lastAt('one', { siteId: 'a', action: 'backups.downloaded', since })).toBe(at);
    expect(await audit.lastAt('one', { siteId: 'a', action: 'backups.downloaded', since: at + 1 })).toBeUndefined();
    expect(await audit.lastAt('one', { siteId: 'a', action: 'backups.verified', since })).toBeUndefined();
  });
});
