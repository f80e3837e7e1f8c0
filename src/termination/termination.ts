// The door of termination: closing an account, undoing it, and erasing everything of it (KHADA 7.2).
import type { Actor } from '../audit/audit.ts';
import { notFound } from '../platform/errors.ts';
import type { JobRun } from '../platform/jobs/port.ts';
import { hashToken } from '../platform/secrets.ts';
import { isGenuine, type SignedCertificate } from './certificate.ts';
import { type Closed, Closing, type ClosingWish, type Finish } from './closing.ts';
import { Erasing, type ErasingParts } from './erasing.ts';
import { ErasuresList } from './erasures-list.ts';
import { type ClosingEvent, closingEvents } from './events.ts';
import { KeptRecords } from './kept.ts';
import { LeaverStore } from './leaver-store.ts';
import { queueErasure, type TerminationParts } from './parts.ts';
import { type Closure, ClosureStore } from './store.ts';
import { Wishes } from './wishes.ts';

export { destroyedThings, type SignedCertificate } from './certificate.ts';
export type { Closed, ClosingWish } from './closing.ts';
export type { ClosingEvent } from './events.ts';
export { contractYears, type KeptRecord, yearsAfter } from './kept.ts';
export type { TerminationParts } from './parts.ts';
export type { Closure } from './store.ts';
export type { Wish } from './wishes.ts';

const dueAtOnce = 100;

/**
 * From the moment of closing nobody comes in through any door, and the sites are off; until the erasure date a letter's link undoes it.
 * Then everything goes but what a law keeps, which lies apart and under a pseudonym. Times are epoch milliseconds.
 */
export class Termination {
  readonly #parts: TerminationParts;
  readonly #store: ClosureStore;
  readonly #leavers: LeaverStore;
  readonly #closing: Closing;
  readonly #erasing: Erasing;
  readonly #list: ErasuresList;
  /** records that a law keeps */
  readonly kept: KeptRecords;
  /** closings that are asked for at the end of what is paid */
  readonly wishes: Wishes;

  constructor(parts: TerminationParts & Pick<ErasingParts, 'moment'>) {
    this.#parts = parts;
    this.#store = new ClosureStore(parts);
    this.#leavers = new LeaverStore(parts);
    this.kept = new KeptRecords(parts);
    this.wishes = new Wishes(parts);
    this.#closing = new Closing(parts, this.#store, this.wishes);
    this.#list = new ErasuresList(parts.erasuresFile, parts.signing);
    this.#erasing = new Erasing({ ...parts, store: this.#store, kept: this.kept, list: this.#list });
  }

  /**
   * Closes a customer's account at once: sessions, mailed links, invitations and grants end in this transaction, and a job shuts sites,
   * FTP, databases and SSH. The owners get a letter with the link that undoes it.
   * @throws PanelError 404 for nobody, 409 when it is closed already, Invalid on `reason`
   */
  close(customerId: string, wish: ClosingWish, actor: Actor, finish?: Finish): Promise<Closed> {
    return this.#closing.close(customerId, wish, actor, finish);
  }

  /** Changes nothing. @returns the closing that this link undoes. @throws PanelError 410 when it cannot any more */
  ofToken(token: string): Promise<Closure> {
    return this.#closing.ofToken(token);
  }

  /** By a letter's link: places and sites are as they were; nobody is signed in. @throws PanelError 410 as `ofToken` */
  reopenByToken(token: string, from: Pick<Actor, 'address' | 'agent'>): Promise<void> {
    return this.#closing.reopenByToken(token, from);
  }

  /** By the operator. @throws PanelError 404 when the account is not closed, 410 when the erasure has begun */
  reopen(customerId: string, actor: Actor): Promise<void> {
    return this.#closing.reopen(customerId, actor);
  }

  /** @returns the closing of a customer that was not undone */
  of(customerId: string): Promise<Closure | undefined> {
    return this.#store.ofCustomer(customerId);
  }

  /** @returns what became of closings since then, the oldest first: at most 200 */
  events(since: number): Promise<ClosingEvent[]> {
    return closingEvents(this.#parts.connection, since, 200);
  }

  /** @returns closings that are not over, the one that is due first before */
  open(): Promise<Closure[]> {
    return this.#store.open(1000);
  }

  /**
   * For the operator. `now`: the customer wants it sooner, so that nothing can be undone any more · `held`: an authority or a dispute
   * forbids it · `released`: it does not any more.
   * @throws PanelError 404 when the account is not closed, or the erasure has begun
   */
  async schedule(customerId: string, what: 'now' | 'held' | 'released', actor: Actor): Promise<void> {
    const { connection, clock, audit } = this.#parts;
    await connection.write(async (tx) => {
      const closure = await this.#store.ofCustomer(customerId, tx);
      if (!closure || closure.begunAt !== null) throw notFound();
      const now = clock.now();
      const change = what === 'now' ? { erase_at: now } : { held_at: what === 'held' ? now : null };
      await this.#store.change(tx, closure.id, change);
      if (what === 'now') await queueErasure(this.#parts, tx, closure.id);
      await audit.record(tx, { action: 'termination.scheduled', actor, customerId, subjectId: closure.id, details: { what } });
    });
  }

  /** The job `termination.erase`. May run twice, and goes on where the one before was cut off. */
  erase(closureId: string, run: Pick<JobRun, 'signal'>): Promise<void> {
    return this.#erasing.run(closureId, run);
  }

  /**
   * By the clock: what was asked for at the end of the paid time is closed, erasures that are due or were cut off get their job, and
   * records that no law keeps any longer go.
   */
  async keep(): Promise<void> {
    const { connection, clock, log } = this.#parts;
    for (const { wish, said } of await this.wishes.due(dueAtOnce))
      await this.close(
        wish.customerId,
        { because: 'customer', said },
        { kind: 'person', personId: wish.personId ?? undefined },
      ).catch((err) => log.warn({ customer: wish.customerId, err }, 'an account that was to be closed could not be closed yet'));
    for (const { id } of await this.#store.due(clock.now(), dueAtOnce))
      await connection.write((tx) => queueErasure(this.#parts, tx, id));
    await this.kept.sweep(clock.now());
  }

  /**
   * At the start, before anybody is served: whoever was erased and is here again came with a database that is older, is shut out at once
   * and erased anew. @returns how many
   * @throws what the system says when the list of erasures is there and cannot be read
   */
  async replay(): Promise<number> {
    const { log } = this.#parts;
    const { erasures, foreign } = await this.#list.all();
    if (foreign > 0) log.warn({ lines: foreign }, 'lines of the list of erasures are not ours and were left out');
    const here = await this.#leavers.existing(erasures.map(({ customerId }) => customerId));
    const again = erasures.filter(({ customerId }) => here.has(customerId));
    for (const erasure of again) await this.#closing.shutAgain(erasure);
    const customers = again.length;
    if (customers > 0) log.warn({ customers }, 'customers whose erasure had begun are in this database and are erased');
    return customers;
  }

  /** @returns the certificate that a letter's link shows. @throws PanelError 404, also once it is not kept any more */
  async certificate(token: string): Promise<SignedCertificate> {
    const closure = await this.#store.byCertificate(hashToken(token));
    return this.#genuine(closure);
  }

  /** For the operator, by the number of the closing. @throws PanelError 404 */
  async certificateOf(closureId: string): Promise<SignedCertificate> {
    return this.#genuine(await this.#store.byId(closureId));
  }

  #genuine(closure: Closure | undefined): SignedCertificate {
    if (!closure?.certificate) throw notFound();
    const certificate: SignedCertificate = JSON.parse(closure.certificate);
    // Whoever writes to the database alone cannot make one.
    if (!isGenuine(certificate, this.#parts.signing)) throw notFound();
    return certificate;
  }
}
