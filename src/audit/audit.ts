// The door of the audit: who did what, when. Rows are only added, in the transaction of what they tell about.

import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import { AuditStore } from './store.ts';

/** Who acts. Address and agent are personal: they are sealed beside the row and only digested inside it. */
export type Actor = {
  readonly kind: 'person' | 'visitor' | 'operator' | 'system';
  readonly personId?: string;
  readonly address?: string;
  readonly agent?: string;
};

export const systemActor: Actor = { kind: 'system' };

export type AuditEntry = {
  /** `feature.pastTense`, for instance `backups.downloaded` */
  readonly action: string;
  readonly actor: Actor;
  readonly customerId?: string;
  readonly siteId?: string;
  /** id of the thing that was acted on */
  readonly subjectId?: string;
  /** no personal values: ids, counts, reasons */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
};

/** A row as a customer may read it: nothing personal is in it. */
export type AuditRow = {
  readonly id: string;
  /** epoch milliseconds */
  readonly at: number;
  readonly action: string;
  readonly actorKind: Actor['kind'];
  readonly personId: string | null;
  readonly siteId: string | null;
  readonly subjectId: string | null;
  readonly details: NonNullable<AuditEntry['details']>;
};

export class Audit {
  readonly #store: AuditStore;
  readonly #clock: Clock;

  constructor({ connection, secrets, clock }: { connection: Connection; secrets: Secrets; clock: Clock }) {
    this.#store = new AuditStore(connection, secrets);
    this.#clock = clock;
  }

  /** Adds one row on the caller's transaction: it exists if and only if the act does (KHADA 3.8). */
  async record(tx: Tx, entry: AuditEntry): Promise<void> {
    const at = this.#clock.now();
    await this.#store.add(tx, newId(at), at, entry);
  }

  /**
   * What happened lately at a customer, newest first.
   * @param actions only these, so that a page asks for what it has words for
   */
  recent(customerId: string, count: number, actions: readonly string[]): Promise<AuditRow[]> {
    return this.#store.recent(customerId, count, actions);
  }

  /** @returns when the customer last did this at the site, in epoch milliseconds; undefined when not since `since` */
  lastAt(
    customerId: string,
    { siteId, action, since }: { siteId: string; action: string; since: number },
  ): Promise<number | undefined> {
    return this.#store.lastAt(customerId, { siteId, action, since });
  }
}
