// Programs of customers that are told the same: where to, signed by the standard of webhooks, tried again, and the few that are kept.
import { createHmac, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Actor } from '../audit/audit.ts';
import type { AlertTables } from '../migrations/schema.ts';
import { day, hour, minute } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { AlertsParts } from './parts.ts';

type Row = Selectable<AlertTables['webhook_deliveries']>;

export type Webhook = { readonly id: string; readonly url: string; readonly madeAt: number };

export type Delivery = {
  readonly event: string;
  readonly queuedAt: number;
  readonly attempts: number;
  readonly status: number | null;
  readonly fault: string | null;
  readonly state: 'waiting' | 'delivered' | 'failed';
};

/** Ten tries: 30 s after the first, and twice as long each time, four hours in all. */
const attempts = 10;
const pauseOf = (attempt: number) => 0.5 * minute * 2 ** (attempt - 1);
/** What the page shows, and what is kept of a customer's at the most. */
export const shownDeliveries = 10;
const keptDeliveries = 100;
const keptFor = 30 * day;
const trialsAnHour = 10;
export const longestUrl = 500;
/** Bytes; the standard asks for 24 to 64. */
const secretBytes = 32;

export class Webhooks {
  readonly #parts: AlertsParts;
  readonly #connection: Connection;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
  }

  async of(customerId: string): Promise<Webhook | undefined> {
    const row = await this.#row(customerId);
    return row && { id: row.id, url: this.#open(row.id, 'url_sealed', row.url_sealed), madeAt: Number(row.made_at) };
  }

  /**
   * Puts the address in place of the one that was there, with a secret of its own.
   * @returns the secret, to be shown once
   * @throws Invalid on `url`
   */
  async set(customerId: string, url: string, actor: Actor): Promise<string> {
    const { clock, secrets, audit } = this.#parts;
    refuseBad(url);
    const now = clock.now();
    const id = newId(now);
    const secret = `whsec_${randomBytes(secretBytes).toString('base64')}`;
    const sealed = (column: 'url_sealed' | 'secret_sealed', text: string) => secrets.seal(text, placeOf(id, column));
    await this.#connection.write(async (tx) => {
      await this.#forget(tx, customerId);
      const row = { id, customer_id: customerId, actor_person_id: actor.personId ?? '', made_at: now };
      const values = { url_sealed: sealed('url_sealed', url), secret_sealed: sealed('secret_sealed', secret) };
      await tx
        .insertInto('webhooks')
        .values({ ...row, ...values })
        .execute();
      await audit.record(tx, { action: 'alerts.webhookSet', actor, customerId, subjectId: id });
    });
    return secret;
  }

  async remove(customerId: string, actor: Actor): Promise<void> {
    await this.#connection.write(async (tx) => {
      if (!(await this.#forget(tx, customerId))) return;
      await this.#parts.audit.record(tx, { action: 'alerts.webhookRemoved', actor, customerId });
    });
  }

  async #forget(tx: Tx, customerId: string): Promise<boolean> {
    await tx.deleteFrom('webhook_deliveries').where('customer_id', '=', customerId).execute();
    const { numDeletedRows } = await tx.deleteFrom('webhooks').where('customer_id', '=', customerId).executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** Sends a message that says nothing, to see whether it arrives. @throws PanelError 404 without a webhook, 409 when there were too many */
  async trial(customerId: string): Promise<void> {
    const { clock } = this.#parts;
    if (!(await this.#row(customerId))) throw notFound();
    const row = await this.#connection.db
      .selectFrom('webhook_deliveries')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('customer_id', '=', customerId)
      .where('event', '=', 'trial')
      .where('queued_at', '>', clock.now() - hour)
      .executeTakeFirstOrThrow();
    if (Number(row.count) >= trialsAnHour) throw conflict('alerts.webhook.trials', { most: trialsAnHour });
    await this.#connection.write((tx) => this.queue(tx, customerId, 'trial', {}));
  }

  /** Joins the caller's transaction; a customer without a webhook is told nothing. */
  async queue(tx: Tx, customerId: string, event: string, data: Readonly<Record<string, string | null>>): Promise<void> {
    const hook = await this.#row(customerId, tx);
    if (!hook) return;
    const now = this.#parts.clock.now();
    const id = newId(now);
    const body = JSON.stringify({ type: event, timestamp: new Date(now).toISOString(), data });
    const nothingYet = { attempts: 0, status: null, fault: null, tried_at: null, delivered_at: null, failed_at: null };
    const row = { id, webhook_id: hook.id, customer_id: customerId, event, body, queued_at: now };
    await tx
      .insertInto('webhook_deliveries')
      .values({ ...row, ...nothingYet })
      .execute();
    await this.#keepFew(tx, customerId);
    await this.#addJob(tx, { id, customer_id: customerId }, now);
  }

  async #keepFew(tx: Tx, customerId: string): Promise<void> {
    const last = await tx
      .selectFrom('webhook_deliveries')
      .select('queued_at')
      .where('customer_id', '=', customerId)
      .orderBy('queued_at', 'desc')
      .limit(1)
      .offset(keptDeliveries)
      .executeTakeFirst();
    if (!last) return;
    await tx
      .deleteFrom('webhook_deliveries')
      .where('customer_id', '=', customerId)
      .where('queued_at', '<=', last.queued_at)
      .execute();
  }

  /** One after the other for each customer: who answers slowly makes nobody else wait. */
  async #addJob(tx: Tx, { id, customer_id: customerId }: Pick<Row, 'id' | 'customer_id'>, runAt: number): Promise<void> {
    const options = { key: `alerts.deliver:${id}`, lane: 'medium', group: `webhook:${customerId}`, runAt } as const;
    await this.#parts.queue.add(tx, 'alerts.deliver', { deliveryId: id, customerId }, options);
  }

  /** The job `alerts.deliver`: one try; the next one is a job of its own. May be repeated. */
  async deliver(deliveryId: string): Promise<void> {
    const { clock, post } = this.#parts;
    const row = await this.#connection.db
      .selectFrom('webhook_deliveries')
      .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook_id')
      .selectAll('webhook_deliveries')
      .select(['webhooks.url_sealed', 'webhooks.secret_sealed'])
      .where('webhook_deliveries.id', '=', deliveryId)
      .where('delivered_at', 'is', null)
      .where('failed_at', 'is', null)
      .executeTakeFirst();
    if (!row) return;
    const { webhook_id: id, body } = row;
    const url = this.#open(id, 'url_sealed', row.url_sealed);
    const headers = signed(this.#open(id, 'secret_sealed', row.secret_sealed), { id: row.id, body, at: clock.now() });
    const answer = await post({ url, headers, body });
    const status = 'status' in answer ? answer.status : null;
    await this.#note(row, { status, fault: 'fault' in answer ? answer.fault : null });
  }

  async #note(row: Row, { status, fault }: { status: number | null; fault: string | null }): Promise<void> {
    const now = this.#parts.clock.now();
    const tries = row.attempts + 1;
    const arrived = status !== null && status >= 200 && status < 300;
    // 410: the receiver wants no more of it (the standard's own word for that).
    const isOver = tries >= attempts || status === 410;
    const outcome = { delivered_at: arrived ? now : null, failed_at: !arrived && isOver ? now : null };
    await this.#connection.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('webhook_deliveries')
        .set({ attempts: tries, status, fault, tried_at: now, ...outcome })
        .where('id', '=', row.id)
        .where('attempts', '=', row.attempts)
        .executeTakeFirst();
      if (numUpdatedRows === 1n && !arrived && !isOver) await this.#addJob(tx, row, now + pauseOf(tries));
    });
  }

  /** Newest first. */
  async deliveries(customerId: string): Promise<Delivery[]> {
    const rows = await this.#connection.db
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('customer_id', '=', customerId)
      .orderBy('queued_at', 'desc')
      .orderBy('id', 'desc')
      .limit(shownDeliveries)
      .execute();
    return rows.map((row) => ({
      ...{ event: row.event, queuedAt: Number(row.queued_at), attempts: row.attempts, status: row.status, fault: row.fault },
      state: row.delivered_at !== null ? 'delivered' : row.failed_at !== null ? 'failed' : 'waiting',
    }));
  }

  async counts(): Promise<{ waiting: number; failed: number }> {
    const row = await this.#connection.db
      .selectFrom('webhook_deliveries')
      .select((eb) => [
        eb.fn.countAll<number>().filterWhere('failed_at', 'is', null).as('waiting'),
        eb.fn.countAll<number>().filterWhere('failed_at', 'is not', null).as('failed'),
      ])
      .where('delivered_at', 'is', null)
      .executeTakeFirstOrThrow();
    return { waiting: Number(row.waiting), failed: Number(row.failed) };
  }

  async sweep(tx: Tx): Promise<void> {
    await tx
      .deleteFrom('webhook_deliveries')
      .where('queued_at', '<', this.#parts.clock.now() - keptFor)
      .execute();
  }

  async #row(customerId: string, tx?: Tx) {
    return (tx ?? this.#connection.db)
      .selectFrom('webhooks')
      .selectAll()
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
  }

  #open(id: string, column: 'url_sealed' | 'secret_sealed', sealed: string): string {
    return this.#parts.secrets.open(sealed, placeOf(id, column));
  }
}

const placeOf = (row: string, column: string) => ({ table: 'webhooks', column, row });

/** What can be told of an address by looking at it; where its name leads is judged each time something is sent. */
function refuseBad(url: string): void {
  const at = URL.canParse(url) ? new URL(url) : undefined;
  const isFine = at && /^https?:$/.test(at.protocol) && at.username === '' && at.password === '' && at.hash === '';
  if (!isFine || url.length > longestUrl) throw new Invalid({ url: [{ key: 'alerts.webhook.refused' }] });
}

/** Headers by the specification of Standard Webhooks 1.0: HMAC-SHA-256 over id, time and body, so that none of it can be another's. */
function signed(secret: string, { id, body, at }: { id: string; body: string; at: number }): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const time = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  return {
    ...{ 'Content-Type': 'application/json', 'User-Agent': 'gotgan' },
    ...{ 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` },
  };
}
