// Tells a customer that a site is nearly full: at 80, 90 and 100 percent of its quota, each once until the usage has fallen again.
import type { Accounts } from '../accounts/accounts.ts';
import { type Audit, systemActor } from '../audit/audit.ts';
import type { Tx } from '../platform/database/database.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { UsageNow, UsageStore } from './usage-store.ts';

/** Percentages of the quota (KHADA 5.3). */
export const usageLevels = [80, 90, 100] as const;
export type UsageLevel = 0 | (typeof usageLevels)[number];

/** Points below a level that the usage has fallen to before it is told of again: nobody gets a letter a day at the edge. */
const mustFall = 5;

export type LevelsParts = {
  readonly audit: Audit;
  /** without both of them there are no letters */
  readonly letters?: Pick<Letters, 'queue'> | undefined;
  readonly accounts?: Pick<Accounts, 'owner'> | undefined;
};

/** @returns the level that holds after `level` was the last one told of; a site without quota has none */
export function levelAfter(level: number, { usedBytes, quotaBytes }: Pick<UsageNow, 'usedBytes' | 'quotaBytes'>): UsageLevel {
  if (quotaBytes <= 0) return 0;
  const reaches = (percent: number) => usedBytes * 100 >= quotaBytes * percent;
  const risen = usageLevels.findLast(reaches) ?? 0;
  const kept = usageLevels.findLast((one) => one <= level && reaches(one - mustFall)) ?? 0;
  return risen > kept ? risen : kept;
}

export class Levels {
  readonly #parts: LevelsParts;
  readonly #store: UsageStore;

  constructor(parts: LevelsParts, store: UsageStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** In the transaction that changed the usage: a new level is kept, and one that was risen to is in the audit and told by letter. */
  async note(tx: Tx, usage: UsageNow | undefined): Promise<void> {
    if (!usage) return;
    const { siteId, customerId, level } = usage;
    if (levelAfter(level, usage) === level) return;
    // Room that other acts merely hold is no use of it yet: they may be refused.
    const usedBytes = usage.usedBytes - (await this.#store.heldBytes(tx, siteId));
    const now = levelAfter(level, { ...usage, usedBytes });
    if (now === level) return;
    await this.#store.setUsageLevel(tx, siteId, now);
    if (now < level) return;
    const { audit, accounts, letters } = this.#parts;
    await audit.record(tx, { action: 'sites.usageRose', actor: systemActor, customerId, siteId, details: { percent: now } });
    const owner = await accounts?.owner(customerId, tx);
    if (!owner || !letters) return;
    const parameters = { site: usage.name, percent: now, used: usedBytes, quota: usage.quotaBytes };
    await letters.queue(tx, { template: 'usage', language: owner.language, to: owner.email, parameters, customerId });
  }
}
