// The SQL of the audit.
import { type Selectable, sql } from 'kysely';
import type { AuditTables } from '../migrations/schema.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { prepared } from '../platform/database/prepared.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { AuditEntry, AuditFilter, AuditRow, HistoryRow } from './audit.ts';

/** `subjectId` of what was done about all persons at once. */
export const everybody = 'everybody';

/** A transaction is short (architecture §7). */
const forgottenAtOnce = 200;

/**
 * A list in SQL would be a table of its own to SQLite, filled at every asking; and so would an order that no index has.
 * @param actions names of ours, which stand in the text
 */
const recentOf = (actions: readonly string[], count: number) =>
  prepared((db, { customerId }: { customerId: string }) =>
    db
      .selectFrom('audit')
      .select(['id', 'at', 'action', 'actor_kind', 'actor_person_id', 'site_id', 'subject_id', 'details'])
      .where('customer_id', '=', customerId)
      .where((eb) => eb.or(actions.map((action) => eb('action', '=', sql.lit(action)))))
      .orderBy('at', 'desc')
      .limit(count),
  );

type Wanted = { customerId: string; siteId: string; action: string; since: number };
const last = prepared((db, { customerId, siteId, action, since }: Wanted) =>
  db
    .selectFrom('audit')
    .select('at')
    .where('customer_id', '=', customerId)
    .where('at', '>=', since)
    .where('site_id', '=', siteId)
    .where('action', '=', action)
    .orderBy('at', 'desc')
    .limit(1),
);

export class AuditStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;
  readonly #recents = new WeakMap<readonly string[], Map<number, ReturnType<typeof recentOf>>>();

  constructor(connection: Connection, secrets: Secrets) {
    this.#connection = connection;
    this.#secrets = secrets;
  }

  async add(
    tx: Tx,
    id: string,
    at: number,
    { action, actor, customerId, siteId, subjectId, details = {} }: AuditEntry,
  ): Promise<void> {
    const digest = (field: string, value: string | undefined) => (value ? this.#secrets.digest(`audit.${field}`, value) : null);
    const seal = (column: string, value: string | undefined) =>
      value ? this.#secrets.seal(value, { table: 'audit_personal', column, row: id }) : null;
    await tx
      .insertInto('audit')
      .values({
        id,
        at,
        action,
        actor_kind: actor.kind,
        actor_person_id: actor.personId ?? null,
        customer_id: customerId ?? null,
        site_id: siteId ?? null,
        subject_id: subjectId ?? null,
        details: JSON.stringify(details),
        address_digest: digest('address', actor.address),
        agent_digest: digest('agent', actor.agent),
      })
      .execute();
    if (!actor.address && !actor.agent) return;
    const personal = {
      id,
      address_sealed: seal('address_sealed', actor.address),
      agent_sealed: seal('agent_sealed', actor.agent),
    };
    await tx.insertInto('audit_personal').values(personal).execute();
  }

  async recent(customerId: string, count: number, actions: readonly string[]): Promise<AuditRow[]> {
    if (actions.length === 0) return [];
    const rows = await this.#recent(actions, count)(this.#connection, { customerId });
    return rows.map(rowOf).sort(newestFirst);
  }

  /** One statement a list of actions and a count; there are as many as pages. */
  #recent(actions: readonly string[], count: number) {
    const known = this.#recents.get(actions) ?? new Map<number, ReturnType<typeof recentOf>>();
    this.#recents.set(actions, known);
    const statement = known.get(count) ?? recentOf(actions, count);
    known.set(count, statement);
    return statement;
  }

  #filtered({ customerId, personId, subjectId, actions, since }: AuditFilter) {
    return this.#connection.db
      .selectFrom('audit')
      .where('at', '>=', since)
      .where('action', 'in', actions)
      .$if(customerId !== undefined, (query) => query.where('customer_id', '=', customerId ?? ''))
      .$if(subjectId !== undefined, (query) => query.where('subject_id', '=', subjectId ?? ''))
      .$if(personId !== undefined, (query) =>
        query.where((eb) =>
          eb.or([eb('actor_person_id', '=', personId ?? ''), eb('subject_id', 'in', [personId ?? '', everybody])]),
        ),
      );
  }

  #withPersonal(filter: AuditFilter) {
    return this.#filtered(filter)
      .leftJoin('audit_personal', 'audit_personal.id', 'audit.id')
      .select(['audit.id', 'at', 'action', 'actor_kind', 'actor_person_id', 'site_id', 'subject_id', 'details'])
      .select(['address_sealed', 'agent_sealed']);
  }

  async rows(filter: AuditFilter, { count, skip = 0 }: { count: number; skip?: number }): Promise<HistoryRow[]> {
    if (filter.actions.length === 0) return [];
    const query = this.#withPersonal(filter).orderBy('at', 'desc').orderBy('audit.id', 'desc');
    return (await query.limit(count).offset(skip).execute()).map((row) => this.#opened(row));
  }

  async rowsAfter(filter: AuditFilter, after: Pick<AuditRow, 'at' | 'id'> | undefined, count: number): Promise<HistoryRow[]> {
    if (filter.actions.length === 0) return [];
    const query = this.#withPersonal(filter)
      .$if(after !== undefined, (from) =>
        from.where((eb) =>
          eb.or([eb('at', '>', after?.at ?? 0), eb.and([eb('at', '=', after?.at ?? 0), eb('audit.id', '>', after?.id ?? '')])]),
        ),
      )
      .orderBy('at')
      .orderBy('audit.id');
    return (await query.limit(count).execute()).map((row) => this.#opened(row));
  }

  async count(filter: AuditFilter): Promise<number> {
    if (filter.actions.length === 0) return 0;
    const { count } = await this.#filtered(filter)
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async lastActAt(personId: string, customerId: string): Promise<number | undefined> {
    const row = await this.#connection.db
      .selectFrom('audit')
      .select('at')
      .where('actor_person_id', '=', personId)
      .where('customer_id', '=', customerId)
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.at;
  }

  async forgetPersonal(before: { customers: number; operators: number }): Promise<void> {
    for (;;) {
      const due = await this.#connection.db
        .selectFrom('audit_personal')
        .innerJoin('audit', 'audit.id', 'audit_personal.id')
        .select('audit.id')
        // Ids begin with their time, so that only rows that are old enough are read.
        .where('audit_personal.id', '<', firstIdAt(before.customers))
        .where((eb) => eb.or([eb('actor_kind', '!=', 'operator'), eb('at', '<', before.operators)]))
        .orderBy('audit_personal.id')
        .limit(forgottenAtOnce)
        .execute();
      if (due.length === 0) return;
      const ids = due.map(({ id }) => id);
      await this.#connection.write((tx) => tx.deleteFrom('audit_personal').where('id', 'in', ids).execute());
    }
  }

  #opened({ address_sealed, agent_sealed, ...row }: Row & Sealed): HistoryRow {
    const open = (column: string, sealed: string | null) =>
      sealed === null ? undefined : this.#secrets.open(sealed, { table: 'audit_personal', column, row: row.id });
    const address = open('address_sealed', address_sealed);
    const agent = open('agent_sealed', agent_sealed);
    return { ...rowOf(row), ...(address && { address }), ...(agent && { agent }) };
  }

  async hasHappened(tx: Tx, subjectId: string, action: string): Promise<boolean> {
    const row = await tx
      .selectFrom('audit')
      .select('id')
      .where('subject_id', '=', subjectId)
      .where('action', '=', action)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async lastAt(
    customerId: string,
    { siteId, action, since }: { siteId: string; action: string; since: number },
  ): Promise<number | undefined> {
    const [row] = await last(this.#connection, { customerId, siteId, action, since });
    return row?.at;
  }
}

const newestFirst = (one: AuditRow, other: AuditRow) => other.at - one.at || (one.id < other.id ? 1 : -1);

type Sealed = { address_sealed: string | null; agent_sealed: string | null };
type Row = Pick<
  Selectable<AuditTables['audit']>,
  'id' | 'at' | 'action' | 'actor_kind' | 'actor_person_id' | 'site_id' | 'subject_id' | 'details'
>;

function rowOf(row: Row): AuditRow {
  return {
    id: row.id,
    at: row.at,
    action: row.action,
    actorKind: row.actor_kind,
    personId: row.actor_person_id,
    siteId: row.site_id,
    subjectId: row.subject_id,
    details: JSON.parse(row.details),
  };
}

/** @returns the smallest id of that moment (UUIDv7, RFC 9562 5.7) */
function firstIdAt(at: number): string {
  const hex = Math.max(0, at).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
