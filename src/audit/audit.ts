// The door of the audit: who did what, when. Rows are only added, in the transaction of what they tell about.

import type { Clock } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { newId } from '../platform/ids.ts';
import type { Secrets } from '../platform/secrets.ts';
import { AuditStore } from './store.ts';

export { everybody } from './store.ts';

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
  /** no personal values and nothing that a customer named: ids, counts, reasons. Rows stay when everything else is erased */
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

/** A row with the personal values beside it, as far as they were not erased. */
export type HistoryRow = AuditRow & { readonly address?: string; readonly agent?: string };

/** Which rows: of a customer, of what a person did or what was done about them, or of what was done about them alone. */
export type AuditFilter = {
  readonly customerId?: string;
  /** acted, or was acted on, also together with everybody */
  readonly personId?: string;
  /** was acted on */
  readonly subjectId?: string;
  /** only these, so that a page asks for what it has words for */
  readonly actions: readonly string[];
  /** epoch milliseconds */
  readonly since: number;
};

/**
 * Rows are only added, never changed or removed; personal values lie beside them and can be deleted (architecture §7).
 * What records takes the transaction of what it tells about, so that neither exists without the other.
 */
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

  /** @returns rows newest first, with where they came from: for the eyes of those whom they are about */
  rows(filter: AuditFilter, part: { readonly count: number; readonly skip?: number }): Promise<HistoryRow[]> {
    return this.#store.rows(filter, part);
  }

  /** @returns the same oldest first, those that follow `after`, so that everything can be read in portions */
  rowsAfter(filter: AuditFilter, after: Pick<AuditRow, 'at' | 'id'> | undefined, count: number): Promise<HistoryRow[]> {
    return this.#store.rowsAfter(filter, after, count);
  }

  /** @returns how many rows there are */
  count(filter: AuditFilter): Promise<number> {
    return this.#store.count(filter);
  }

  /** @returns when the person last did something for the customer, in epoch milliseconds */
  lastActAt(personId: string, customerId: string): Promise<number | undefined> {
    return this.#store.lastActAt(personId, customerId);
  }

  /**
   * Deletes the network addresses and agents beside rows older than `before`, in epoch milliseconds, in short transactions; operators'
   * are kept twice as long. The rows themselves stay, and tell nothing personal (architecture §7; ruling 13.11).
   */
  async forgetPersonal(before: { readonly customers: number; readonly operators: number }): Promise<void> {
    await this.#store.forgetPersonal(before);
  }

  /** Joins the caller's transaction. @returns whether this was ever done to, or by, the subject */
  hasHappened(tx: Tx, subjectId: string, action: string): Promise<boolean> {
    return this.#store.hasHappened(tx, subjectId, action);
  }

  /** @returns when the customer last did this at the site, in epoch milliseconds; undefined when not since `since` */
  lastAt(
    customerId: string,
    { siteId, action, since }: { siteId: string; action: string; since: number },
  ): Promise<number | undefined> {
    return this.#store.lastAt(customerId, { siteId, action, since });
  }
}
