// The door of alerts: what goes wrong with backups is told in time, once, to whom it concerns; and who tells it is looked after itself.
import type { Actor } from '../audit/audit.ts';
import { day, minute } from '../platform/clock.ts';
import type { Hands } from '../platform/jobs/port.ts';
import { isSilent } from './causes.ts';
import { type AlertChoices, ChoiceStore } from './choices.ts';
import { Heartbeats } from './heartbeat.ts';
import type { AlertsParts } from './parts.ts';
import { Rounds } from './rounds.ts';
import { AlertStore } from './store.ts';
import { Watching } from './watching.ts';
import { type Delivery, type Webhook, Webhooks } from './webhooks.ts';

export { type AlertCause, overdueAfter, silentAfter } from './causes.ts';
export type { AlertChoices } from './choices.ts';
export type { AlertsParts } from './parts.ts';
export { reminderDays } from './rounds.ts';
export type { Delivery, Webhook } from './webhooks.ts';

/** How it is with whoever works, and with what should have been done. */
export type Watch = {
  /** when a worker was last seen, epoch milliseconds; undefined: never */
  readonly workerSeenAt: number | undefined;
  /** it was not for ten minutes: nothing is made, sent or told but by who else looks */
  readonly isSilent: boolean;
  /** open sites without a good copy of data younger than 26 hours */
  readonly overdueSites: number;
};

/** Over for so long, an alert is forgotten. */
const keptFor = 90 * day;

/**
 * Each trouble of a site's backups is a row, and is told once whoever looks: worker, web process or `gotgan backup watch`. By letter to the
 * customer's owner in their language, and to the customer's webhook; that it is good again is told as well (KHADA 7.6, 8.8).
 */
export class Alerts {
  readonly webhooks: Webhooks;
  readonly #parts: AlertsParts;
  readonly #store: AlertStore;
  readonly #choices: ChoiceStore;
  readonly #heartbeats: Heartbeats;
  readonly #watching: Watching;
  readonly #rounds: Rounds;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
    this.#store = new AlertStore(parts.connection);
    this.#choices = new ChoiceStore(parts.connection);
    this.#heartbeats = new Heartbeats(parts.connection);
    this.webhooks = new Webhooks(parts);
    this.#watching = new Watching(parts, { store: this.#store, webhooks: this.webhooks });
    this.#rounds = new Rounds(parts, this.#choices);
  }

  /** By the clock of a worker, every minute: it lives, and looks. */
  async keep(): Promise<void> {
    await this.#heartbeats.beat(this.#parts.clock.now());
    await this.#back();
    if (this.#parts.choices.features.includes('backups')) await this.#watching.look();
  }

  /** By the clock: the weekly letter and the reminder, where they are due. */
  async keepRounds(): Promise<void> {
    if (!this.#parts.choices.features.includes('backups')) return;
    await this.#rounds.keep('digest');
    await this.#rounds.keep('reminder');
  }

  /** By the clock: forgets what is long over. */
  async sweep(): Promise<void> {
    await this.#parts.connection.write(async (tx) => {
      await this.#store.sweep(tx, this.#parts.clock.now() - keptFor);
      await this.webhooks.sweep(tx);
    });
  }

  /**
   * The dead-man's clock, for who is no worker: while a worker is seen it only looks at that. When none is, it looks at all backups itself,
   * and the operator gets a letter, once. What it queued is sent by `send`, which the caller brings, since no worker will.
   */
  async standIn(send: () => Promise<unknown>): Promise<Watch> {
    const watch = await this.watch();
    if (!watch.isSilent) return watch;
    if (this.#parts.choices.features.includes('backups')) await this.#watching.look();
    await this.#tellOperator('worker-silent', watch);
    await send();
    return watch;
  }

  /** @returns how it is now; nothing is told. @throws PanelError 503 when the database does not answer */
  async watch(): Promise<Watch> {
    const now = this.#parts.clock.now();
    const seen = await this.#heartbeats.read();
    const overdueSites = await this.#store.countOverdue(now);
    return { workerSeenAt: seen?.at, isSilent: isSilent(seen?.at, now), overdueSites };
  }

  /** One letter for each silence, and none while no worker ever worked: a panel that is being set up has its own messages. */
  async #tellOperator(template: 'worker-silent' | 'worker-back', { workerSeenAt, overdueSites }: Watch): Promise<void> {
    const { connection, clock, letters, choices } = this.#parts;
    if (workerSeenAt === undefined) return;
    const now = clock.now();
    await connection.write(async (tx) => {
      const isFirst = await (template === 'worker-silent' ? this.#heartbeats.tell(tx, now) : this.#heartbeats.forgive(tx));
      if (!isFirst || choices.operatorEmail === undefined) return;
      const parameters = { at: now, seenAt: workerSeenAt, overdue: overdueSites };
      await letters.queue(tx, { template, language: 'ko', to: choices.operatorEmail, parameters });
    });
  }

  async #back(): Promise<void> {
    const seen = await this.#heartbeats.read();
    if (seen && seen.toldAt !== null) await this.#tellOperator('worker-back', await this.watch());
  }

  /** Who does the jobs of alerts. May be repeated. */
  hands(): Hands {
    const own: Hands = { deliver: (run) => this.webhooks.deliver(String(run.payload.deliveryId)) };
    return Object.fromEntries(Object.entries(own).map(([name, hand]) => [`alerts.${name}`, hand]));
  }

  /** What is due by the clock of a worker. */
  appointments() {
    const own = [
      { name: 'keep', everyMilliseconds: minute, keep: () => this.keep() },
      { name: 'keepRounds', everyMilliseconds: 10 * minute, keep: () => this.keepRounds() },
      { name: 'sweep', everyMilliseconds: day, keep: () => this.sweep() },
    ];
    return own.map((one) => ({ ...one, name: `alerts.${one.name}` }));
  }

  /** @returns which letters by the calendar the customer wants; all of them until they chose */
  choicesOf(customerId: string): Promise<AlertChoices> {
    return this.#choices.of(customerId);
  }

  /** Writes down what the customer chose, with an audit row; the same once more is nothing. */
  async choose(customerId: string, chosen: AlertChoices, actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    const before = await this.choicesOf(customerId);
    if (before.digest === chosen.digest && before.reminder === chosen.reminder) return;
    await connection.write(async (tx) => {
      await this.#choices.set(tx, customerId, chosen, clock.now());
      await audit.record(tx, { action: 'alerts.chosen', actor, customerId, details: { ...chosen } });
    });
  }

  /** What the page of a customer's alerts shows. */
  async page(
    customerId: string,
  ): Promise<{ choices: AlertChoices; webhook: Webhook | undefined; deliveries: readonly Delivery[] }> {
    const [choices, webhook, deliveries] = await Promise.all([
      this.choicesOf(customerId),
      this.webhooks.of(customerId),
      this.webhooks.deliveries(customerId),
    ]);
    return { choices, webhook, deliveries };
  }

  /** For the operator: what holds by cause, the oldest newest good copy of each server, messages to webhooks, the worker's last sign. */
  async figures() {
    return {
      open: await this.#store.counts(),
      oldest: await this.#store.oldestByServer(),
      deliveries: await this.webhooks.counts(),
      seenAt: (await this.#heartbeats.read())?.at,
    };
  }
}
