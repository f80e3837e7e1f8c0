// What a customer does: asks for access with a consent of its own, agrees again, takes the request back, ends the access.
import type { Request } from 'express';
import type { Document } from '../consent/consent.ts';
import { day } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, notFound, tooMany } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { actorOf } from '../platform/web/actor.ts';
import type { Once } from '../platform/web/idempotency.ts';
import type { SignedIn } from '../platform/web/visit.ts';
import type { Language, Words } from '../platform/web/words.ts';
import type { Site } from '../sites/sites.ts';
import type { Wanted } from './fields.ts';
import type { Grant } from './grant-store.ts';
import { endAccess, type InnerParts, tell, toldOf } from './parts.ts';
import type { SshRequest } from './store.ts';

/** What the page of a site tells. */
export type SshOverview = {
  /** the company has servers for users of SSH */
  readonly isOffered: boolean;
  /** waits for the operator */
  readonly waiting: SshRequest | undefined;
  readonly inForce: { readonly request: SshRequest; readonly grant: Grant } | undefined;
  /** the newest one, when it is over */
  readonly over: SshRequest | undefined;
  /** what waits or is in force was agreed to in another version than the one that applies now */
  readonly asksAgain: boolean;
};

/** Requests of one customer in a day: each writes letters. */
const mostInADay = 10;

/** The words beside the box, as they are recorded with the answer. */
export const wordingOf = ({ t }: Pick<Words, 't'>): string => t('ssh.consent.label');

export class SshRequests {
  readonly #parts: InnerParts;

  constructor(parts: InnerParts) {
    this.#parts = parts;
  }

  /** The document in the version that applies now. */
  document(language: Language): Document {
    return this.#parts.consent.current('ssh', language);
  }

  async of({ customerId, id }: Site): Promise<SshOverview> {
    const { store, grants } = this.#parts;
    const [requests, granted, isOffered] = await Promise.all([
      store.ofSite(customerId, id, 20),
      grants.ofSite(id),
      grants.isThereAServer(),
    ]);
    const waiting = requests.find((one) => one.approvedAt === null && one.refusedAt === null && one.withdrawnAt === null);
    const grant = granted.find(({ closedAt }) => closedAt === null);
    const request = grant && requests.find((one) => one.id === grant.requestId);
    const inForce = grant && request && { request, grant };
    const [newest] = requests;
    const { version } = this.document('ko');
    const asksAgain = [waiting, inForce?.request].some((one) => one !== undefined && one.consentVersion !== version);
    return { isOffered, waiting, inForce, over: waiting || inForce ? undefined : newest, asksAgain };
  }

  /**
   * Asks for access; consent, request, audit and letters exist together or not at all (KHADA 7.3, 8.3).
   * @throws PanelError 409 when one waits already, the site is not open or there is no server for it; 429 for too many in a day
   */
  async ask(req: Request, by: SignedIn, site: Site, wanted: Wanted, once: Once): Promise<void> {
    const { connection, clock, store, audit, grants, counters } = this.#parts;
    const { customerId, personId } = by;
    if (site.openedAt === null || site.suspendedAt !== null) throw conflict('ssh.fault.site');
    if (site.frozenAt !== null) throw conflict('moves.refused');
    if (!(await grants.isThereAServer())) throw conflict('ssh.fault.noServer');
    const { count, resetAt } = await counters.hit(`ssh.requests:${customerId}`, day);
    if (count > mostInADay) throw tooMany('ssh.fault.wait', { until: req.visit.words.time(resetAt) });
    const told = await toldOf(this.#parts, { customerId, siteId: site.id });
    const server = await grants.groupOf(site.id);
    const now = clock.now();
    const id = newId(now);
    await connection.write(async (tx) => {
      await once.finish(tx, `/sites/${site.name}/ssh`);
      const { consentId, document } = await this.#agree(tx, req, by);
      const asked = { ...wanted, id, customerId, siteId: site.id, personId, requestedAt: now };
      if (!(await store.add(tx, { ...asked, consentId, consentVersion: document.version }))) throw conflict('ssh.fault.open');
      const details = { key: wanted.key.kind, networks: wanted.networks.length, version: document.version };
      const about = { actor: actorOf(req), customerId, siteId: site.id, subjectId: id };
      await audit.record(tx, { action: 'ssh.requested', ...about, details });
      const request = await store.byId(id, tx);
      if (!request) throw notFound();
      const { title, version, sha256, markdown } = document;
      const copy = { networks: wanted.networks.join('\n'), wording: wordingOf(req.visit.words), title, version, sha256 };
      await tell(this.#parts, tx, { template: 'ssh-requested', told, request, more: { ...copy, text: markdown.trim() } });
      await this.#tellOperator(tx, request, site, server);
    });
  }

  /** A consent of its own: version, digest of the text, words beside the box, time, and the address sealed beside it. */
  async #agree(tx: Tx, req: Request, { customerId, role }: SignedIn): Promise<{ consentId: string; document: Document }> {
    const { words, language } = req.visit;
    const document = this.document(language);
    const item = {
      item: 'agree_ssh',
      required: true,
      agreed: true,
      document: 'ssh',
      version: document.version,
      wording: wordingOf(words),
    };
    const by = { customerId, role, actor: actorOf(req), page: 'ssh' };
    const recording = { ...by, language, method: 'checkbox', items: [item] } as const;
    const [consentId = ''] = await this.#parts.consent.record(tx, recording);
    return { consentId, document };
  }

  async #tellOperator(tx: Tx, { id }: SshRequest, site: Site, server: { name: string; group: string }): Promise<void> {
    const { letters, choices } = this.#parts;
    const to = choices.operatorEmail ?? choices.officers?.security.email;
    if (to === undefined) return;
    const parameters = { id, site: site.name, server: server.name, group: server.group };
    await letters.queue(tx, { template: 'ssh-for-operator', language: 'ko', to, parameters });
  }

  /** The document has a newer version: agreed to once more, for the request that waits. @throws PanelError 404 when none does */
  async agreeAgain(req: Request, by: SignedIn, site: Site): Promise<void> {
    const { connection, store, audit } = this.#parts;
    const { waiting } = await this.of(site);
    if (!waiting) throw notFound();
    await connection.write(async (tx) => {
      const { consentId, document } = await this.#agree(tx, req, by);
      if (!(await store.agreeAgain(tx, waiting.id, { id: consentId, version: document.version }))) throw notFound();
      const about = { actor: actorOf(req), customerId: by.customerId, siteId: site.id, subjectId: waiting.id };
      await audit.record(tx, { action: 'ssh.agreedAgain', ...about, details: { version: document.version } });
    });
  }

  /** @throws PanelError 404 when none waits */
  async withdraw(req: Request, by: SignedIn, site: Site): Promise<void> {
    const { connection, clock, store, audit } = this.#parts;
    const { waiting } = await this.of(site);
    if (!waiting) throw notFound();
    await connection.write(async (tx) => {
      if (!(await store.settle(tx, waiting.id, { withdrawn_at: clock.now() }))) throw notFound();
      const about = { actor: actorOf(req), customerId: by.customerId, siteId: site.id, subjectId: waiting.id };
      await audit.record(tx, { action: 'ssh.withdrawn', ...about });
    });
  }

  /** Ends the access at once; the server's list follows within seconds. @throws PanelError 404 when none is in force */
  async end(req: Request, site: Site): Promise<void> {
    const { inForce } = await this.of(site);
    if (!inForce) throw notFound();
    const { request } = inForce;
    const told = await toldOf(this.#parts, request);
    await this.#parts.connection.write(async (tx) => {
      if (!(await endAccess(this.#parts, tx, { request, because: 'customer', actor: actorOf(req), told }))) throw notFound();
    });
  }
}
