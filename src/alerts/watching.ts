// The look at all sites' backups: what is new is told once, by letter and to programs, and once more when it is good again.
import type { Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import { endIsTold, isOver, needsLetter, newsFor } from './causes.ts';
import type { AlertsParts } from './parts.ts';
import type { AlertStore, Found, OpenAlert } from './store.ts';
import type { Webhooks } from './webhooks.ts';

/** Lines of one letter; the pages have the rest. */
export const mostTold = 20;

export class Watching {
  readonly #parts: AlertsParts;
  readonly #store: AlertStore;
  readonly #webhooks: Webhooks;

  constructor(parts: AlertsParts, { store, webhooks }: { store: AlertStore; webhooks: Webhooks }) {
    this.#parts = parts;
    this.#store = store;
    this.#webhooks = webhooks;
  }

  /** @returns how many alerts were told, and how many are over */
  async look(): Promise<{ told: number; ended: number }> {
    const { clock } = this.#parts;
    const now = clock.now();
    const found = [
      ...(await this.#store.ofBackups(now - newsFor)),
      ...(await this.#store.unverified(now)),
      ...(await this.#store.overdue('overdue', now)),
      ...(await this.#store.overdue('late', now)),
    ];
    let told = 0;
    for (const some of byCustomer(found)) told += await this.#each(some, (of) => this.#tell(of));
    let ended = 0;
    const over = (await this.#store.open()).filter((one) => one.isClosed || isOver(one, one.newest, now));
    for (const some of byCustomer(over)) ended += await this.#each(some, (of) => this.#end(of));
    return { told, ended };
  }

  /** A customer whose alerts cannot be told now keeps nobody else's back. */
  async #each<One extends { customerId: string }>(some: readonly One[], act: (some: readonly One[]) => Promise<number>) {
    return act(some).catch((error) => {
      this.#parts.log.warn({ customer: some[0]?.customerId, err: error }, 'alerts of a customer could not be told');
      return 0;
    });
  }

  async #tell(found: readonly Found[]): Promise<number> {
    const { connection, clock } = this.#parts;
    const customerId = found[0]?.customerId ?? '';
    const now = clock.now();
    return connection.write(async (tx) => {
      const fresh: Found[] = [];
      for (const one of found) if (await this.#store.add(tx, newId(now), one, now)) fresh.push(one);
      await this.#letter(tx, 'backup-alert', customerId, fresh.filter(({ cause }) => needsLetter(cause)).map(lineOf));
      for (const one of fresh) await this.#webhooks.queue(tx, customerId, `backup.${one.cause}`, dataOf(one));
      return fresh.length;
    });
  }

  async #end(over: readonly OpenAlert[]): Promise<number> {
    const { connection, clock } = this.#parts;
    const customerId = over[0]?.customerId ?? '';
    const now = clock.now();
    return connection.write(async (tx) => {
      const ended: OpenAlert[] = [];
      for (const one of over) if (await this.#store.end(tx, one.id, now)) ended.push(one);
      // One line a site, whatever all went wrong there.
      const good = new Map(
        ended
          .filter(({ isClosed, cause }) => !isClosed && endIsTold(cause))
          .map(({ site, newest }) => [site, { site, dataAt: newest?.dataAt ?? 0 }]),
      );
      await this.#letter(tx, 'backup-good-again', customerId, [...good.values()]);
      for (const { site, dataAt } of good.values())
        await this.#webhooks.queue(tx, customerId, 'backup.good', { site, last_good_at: new Date(dataAt).toISOString() });
      return ended.length;
    });
  }

  /** To the customer's owner; without lines, or without an owner, there is none. */
  async #letter(
    tx: Tx,
    template: string,
    customerId: string,
    lines: readonly (object & { readonly site: string })[],
  ): Promise<void> {
    const { accounts, letters } = this.#parts;
    const owner = lines.length > 0 ? await accounts.owner(customerId, tx) : undefined;
    if (!owner) return;
    const count = new Set(lines.map(({ site }) => site)).size;
    const more = Math.max(0, lines.length - mostTold);
    const parameters = { site: lines[0]?.site ?? '', count, lines: JSON.stringify(lines.slice(0, mostTold)), more };
    await letters.queue(tx, { template, language: owner.language, to: owner.email, parameters, customerId });
  }
}

function lineOf({ site, cause, at, lastGoodAt, backupId, shrunk }: Found) {
  return { site, cause, at, lastGoodAt, backupId, shrunk: shrunk === null ? [] : JSON.parse(shrunk) };
}

const dataOf = ({ site, backupId, at, lastGoodAt, reason }: Found) => ({
  ...{ site, backup: backupId, at: new Date(at).toISOString() },
  ...{ last_good_at: lastGoodAt === null ? null : new Date(lastGoodAt).toISOString(), reason },
});

function byCustomer<One extends { customerId: string }>(all: readonly One[]): readonly (readonly One[])[] {
  const groups = new Map<string, One[]>();
  for (const one of all) groups.set(one.customerId, [...(groups.get(one.customerId) ?? []), one]);
  return [...groups.values()];
}
