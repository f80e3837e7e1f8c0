// The erasure of a closed account: steps with a journal, so that whoever dies in the middle is gone on from (security.md G.4).
import { systemActor } from '../audit/audit.ts';
import { day, minute, second } from '../platform/clock.ts';
import { emptyLog } from '../platform/database/emptied-log.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import { newToken } from '../platform/ids.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { hashToken } from '../platform/secrets.ts';
import { faultText, type Site } from '../sites/sites.ts';
import { type Certificate, destroyedThings, type KeptFact, signed } from './certificate.ts';
import type { ErasuresList } from './erasures-list.ts';
import { contractYears, type KeptRecords, yearsAfter } from './kept.ts';
import { LeaverStore } from './leaver-store.ts';
import { queueErasure, type TerminationParts } from './parts.ts';
import { erasePeople } from './people-step.ts';
import { eraseCustomerRows } from './rows.ts';
import { type Counts, siteSteps } from './site-steps.ts';
import type { Closure, ClosureStore, DoneStep } from './store.ts';

export type ErasingParts = TerminationParts & {
  readonly store: ClosureStore;
  readonly kept: KeptRecords;
  readonly list: ErasuresList;
  /** told of each step before it begins; a test has it throw there */
  readonly moment?: ((step: string) => Promise<void>) | undefined;
};

/** Work that gave no sign of life for so long is none. */
const aliveMilliseconds = 10 * minute;
/** A mail server that does not answer keeps the address no longer than this: without delay, as the law says. */
const longestLetter = 3 * day;

/** Until what was not to be done yet is looked at again. */
const pauseMilliseconds = 10 * second;

/** What is not to be done yet. */
class Later extends Error {}

type Work = {
  readonly closure: Closure;
  readonly done: Set<string>;
  readonly signal: AbortSignal;
};

export class Erasing {
  readonly #parts: ErasingParts & { readonly leavers: LeaverStore };

  constructor(parts: ErasingParts) {
    this.#parts = { ...parts, leavers: new LeaverStore(parts) };
  }

  /** See `Termination.erase`. */
  async run(closureId: string, { signal }: Pick<JobRun, 'signal'>): Promise<void> {
    const { store, connection } = this.#parts;
    const closure = await store.byId(closureId);
    if (!closure || closure.erasedAt !== null || !(await this.#begin(closure))) return;
    try {
      const steps = await store.steps(closureId);
      const done = new Set(steps.map(({ step, subject }) => `${step}:${subject}`));
      await this.#steps({ closure: (await store.byId(closureId)) ?? closure, done, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = error instanceof Later ? error.message : faultText(error);
      await connection.write(async (tx) => {
        await store.change(tx, closureId, { fault });
        if (error instanceof Later) await queueErasure(this.#parts, tx, closureId, pauseMilliseconds);
      });
      if (!(error instanceof Later)) throw error;
    }
  }

  /** @returns false when it was undone or is held, or its time has not come */
  async #begin({ id, begunAt, customerId }: Closure): Promise<boolean> {
    const { connection, store, clock, audit, list, leavers } = this.#parts;
    const now = clock.now();
    const begins = await connection.write(async (tx) => {
      const isBegun = begunAt !== null || (await store.begin(tx, id, now));
      if (!isBegun) return false;
      // Also again: what was brought back by a restored database begins once more.
      await leavers.terminate(tx, customerId, now);
      if (begunAt === null)
        await audit.record(tx, { action: 'termination.begun', actor: systemActor, customerId, subjectId: id });
      return true;
    });
    if (begins) await list.add({ closureId: id, customerId, begunAt: begunAt ?? now });
    return begins;
  }

  async #steps(work: Work): Promise<void> {
    const { customerId } = work.closure;
    const sites = await this.#sites(customerId);
    for (const site of sites) await this.#refuseBusy(site);
    for (const site of sites)
      for (const { name, act } of siteSteps)
        await this.#step(work, name, site.id, () => this.#patient(() => act(site, this.#parts)));
    await this.#step(work, 'contract', '', () => this.#keepContract(work.closure));
    await this.#step(work, 'rows', '', () => this.#eraseRows(customerId, sites));
    await this.#step(work, 'certificate', '', () => this.#certify(work.closure));
    await this.#step(work, 'letter', '', () => this.#awaitLetter(work.closure.id));
    await this.#step(work, 'people', '', () => erasePeople(customerId, this.#parts));
    await this.#step(work, 'log', '', () => this.#emptyLog());
    await this.#end(work.closure);
  }

  async #sites(customerId: string): Promise<Site[]> {
    const { connection, sites } = this.#parts;
    const rows = await connection.db
      .selectFrom('sites')
      .select('id')
      .where('customer_id', '=', customerId)
      .orderBy('id')
      .execute();
    const found = await Promise.all(rows.map(({ id }) => sites.byId(id).catch(whenMissing)));
    return found.filter((site) => site !== undefined);
  }

  /** What still writes would bring back what was removed beneath it. */
  async #refuseBusy({ id, name }: Site): Promise<void> {
    const { clock, leavers } = this.#parts;
    const busy = await leavers.underWay(id, clock.now() - aliveMilliseconds);
    if (busy.length > 0) throw new Later(`${busy.join(', ')} still at work on ${name}`);
  }

  async #step(
    { closure, done, signal }: Work,
    step: string,
    subject: string,
    act: () => Promise<Counts | undefined>,
  ): Promise<void> {
    if (done.has(`${step}:${subject}`)) return;
    signal.throwIfAborted();
    const { connection, store, clock, moment } = this.#parts;
    await moment?.(step);
    const row: DoneStep = { step, subject, counts: (await act()) ?? {} };
    await moment?.(`${step} done`);
    await connection.write((tx) => store.done(tx, closure.id, row, clock.now()));
  }

  /** More sites than may be erased within a day wait for the next (ruling 9). */
  async #patient<T>(act: () => Promise<T>): Promise<T> {
    return act().catch((error) => {
      if (error instanceof PanelError && error.status === 429) throw new Later('as many sites were erased today as may be');
      throw error;
    });
  }

  async #keepContract(closure: Closure): Promise<Counts> {
    const { connection, orders, accounts, kept, clock, leavers } = this.#parts;
    const { customerId } = closure;
    const [ownerId] = await leavers.owners(customerId);
    const owner = ownerId === undefined ? undefined : await accounts.person(ownerId).catch(whenMissing);
    const all = await orders.forCustomer(customerId);
    const customer = await connection.db
      .selectFrom('customers')
      .select('external_reference')
      .where('id', '=', customerId)
      .executeTakeFirst();
    const outages = await leavers.outages(customerId);
    const more = {
      outages,
      orders: all,
      owner: owner?.email,
      now: clock.now(),
      externalReference: customer?.external_reference ?? null,
    };
    await connection.write((tx) => kept.keepContract(tx, closure, more));
    return { orders: all.length };
  }

  async #eraseRows(customerId: string, sites: readonly Site[]): Promise<Counts> {
    const counts = await eraseCustomerRows(this.#parts.connection, { customerId, siteIds: sites.map(({ id }) => id) });
    return { rows: Object.values(counts).reduce((sum, count) => sum + count, 0) };
  }

  /** In one transaction with the letter that brings it: its link is known to nobody else, and only its digest is kept. */
  async #certify(closure: Closure): Promise<Counts> {
    const { connection, signing, store, accounts, letters, clock, leavers } = this.#parts;
    const certificate = JSON.stringify(signed(await this.#certificate(closure), signing));
    const token = newToken();
    const [ownerId] = await leavers.owners(closure.customerId);
    const owner = ownerId === undefined ? undefined : await accounts.person(ownerId).catch(whenMissing);
    await connection.write(async (tx) => {
      const parameters = { at: clock.now(), number: closure.id, token };
      const letter = { template: 'account-erased', customerId: closure.customerId, parameters };
      const letter_id = owner ? await letters.queue(tx, { ...letter, to: owner.email, language: owner.language }) : null;
      await store.change(tx, closure.id, { certificate, certificate_hash: hashToken(token), letter_id });
    });
    return {};
  }

  async #certificate({ id, customerId, because, closedAt, begunAt }: Closure): Promise<Certificate> {
    const { connection, store, tiers, clock, choices, leavers } = this.#parts;
    const steps = await store.steps(id);
    const sum = (name: string) => steps.reduce((all, { counts }) => all + (counts[name] ?? 0), 0);
    const now = clock.now();
    const people = await leavers.membersOfNobodyElse(customerId, { now, others: 'any' });
    const { count } = await connection.db
      .selectFrom('letters')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('customer_id', '=', customerId)
      .executeTakeFirstOrThrow();
    const own: Readonly<Record<string, number>> = { people: people.length, letters: Number(count) };
    const destroyed = Object.fromEntries(
      destroyedThings.map((name) => [name, own[name] ?? sum(name)]),
    ) as Certificate['destroyed'];
    const keptFacts: KeptFact[] = [
      { kind: 'contract', until: yearsAfter(closedAt, contractYears) },
      { kind: 'consents', until: null },
    ];
    const keysDestroyed = tiers.named.map(({ name }) => name);
    const about = { number: id, company: choices.brand.name, because, closedAt, begunAt: begunAt ?? now };
    return { ...about, destroyedAt: now, destroyed, keysDestroyed, kept: keptFacts };
  }

  async #awaitLetter(closureId: string): Promise<Counts> {
    const { connection, store, clock } = this.#parts;
    const letterId = (await store.byId(closureId))?.letterId ?? null;
    if (letterId === null) return {};
    const row = await connection.db.selectFrom('letters').selectAll().where('id', '=', letterId).executeTakeFirst();
    const isOver = !row || row.sent_at !== null || row.failed_at !== null || clock.now() - row.created_at > longestLetter;
    if (!isOver) throw new Later('the letter with the certificate waits to be sent');
    return { sent: row?.sent_at != null ? 1 : 0 };
  }

  async #emptyLog(): Promise<Counts> {
    if (!(await emptyLog(this.#parts.connection))) throw new Later("the database's log is being read");
    return {};
  }

  async #end({ id, customerId }: Closure): Promise<void> {
    const { connection, store, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      await store.change(tx, id, { erased_at: clock.now(), fault: null, said_sealed: null });
      await audit.record(tx, { action: 'termination.erased', actor: systemActor, customerId, subjectId: id });
    });
  }
}
