// The SQL of the audit.
import type { Connection, Tx } from '../platform/database/database.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { AuditEntry, AuditRow } from './audit.ts';

export class AuditStore {
  readonly #connection: Connection;
  readonly #secrets: Secrets;

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
    const rows = await this.#connection.db
      .selectFrom('audit')
      .select(['id', 'at', 'action', 'actor_kind', 'actor_person_id', 'site_id', 'subject_id', 'details'])
      .where('customer_id', '=', customerId)
      .where('action', 'in', actions)
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(count)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      action: row.action,
      actorKind: row.actor_kind,
      personId: row.actor_person_id,
      siteId: row.site_id,
      subjectId: row.subject_id,
      details: JSON.parse(row.details),
    }));
  }

  async lastAt(
    customerId: string,
    { siteId, action, since }: { siteId: string; action: string; since: number },
  ): Promise<number | undefined> {
    const row = await this.#connection.db
      .selectFrom('audit')
      .select('at')
      .where('customer_id', '=', customerId)
      .where('at', '>=', since)
      .where('site_id', '=', siteId)
      .where('action', '=', action)
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.at;
  }
}
