// What the operator decides, and what follows by itself: the server's list, the reminder, the end.
import { type Actor, systemActor } from '../audit/audit.ts';
import { day } from '../platform/clock.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, notFound, unavailable } from '../platform/errors.ts';
import type { Entry, SshLogin } from '../platform/site-host/port.ts';
import { canonicalNetwork } from '../platform/web/networks.ts';
import { isShut, type Site } from '../sites/sites.ts';
import type { Grant } from './grant-store.ts';
import { endAccess, type InnerParts, queueWriting, type Told, tell, toldOf } from './parts.ts';
import type { SshRequest } from './store.ts';

const operator: Actor = { kind: 'operator' };
/** How long before its end the owner is told. */
const reminderDays = 7;

/** A line of `gotgan ssh list`. */
export type ListedRequest = {
  readonly request: SshRequest;
  readonly site: string;
  readonly server: string;
  readonly group: string;
  /** the version that applies now was agreed to */
  readonly isAgreed: boolean;
  readonly grant: Grant | undefined;
};

type Written = {
  readonly siteId: string;
  readonly isShut: boolean;
  readonly all: readonly Grant[];
  readonly open: readonly SshRequest[];
  readonly login: SshLogin;
  readonly told: Told;
};

export class SshGrants {
  readonly #parts: InnerParts;

  constructor(parts: InnerParts) {
    this.#parts = parts;
  }

  /** @returns what waits and what is in force, oldest first */
  async list(): Promise<ListedRequest[]> {
    const { store, grants, sites } = this.#parts;
    const all = await grants.all();
    const listed = (await store.current()).map(async (request) => {
      const [site, server] = await Promise.all([sites.byId(request.siteId), grants.groupOf(request.siteId)]);
      const grant = all.find(({ requestId }) => requestId === request.id);
      return { request, site: site.name, server: server.name, group: server.group, isAgreed: this.#isAgreed(request), grant };
    });
    return Promise.all(listed);
  }

  /** Whether the site's server may let somebody in, or has not said yet that it does not any more: then it cannot go to another one. */
  async hasAny(siteId: string): Promise<boolean> {
    return (await this.#parts.grants.ofSite(siteId)).length > 0;
  }

  #isAgreed({ consentVersion }: SshRequest): boolean {
    return consentVersion === this.#parts.consent.current('ssh', 'ko').version;
  }

  /**
   * Lets the customer in, on a server of the group `ssh` only (KHADA 7.3); what was in force before at the site is replaced.
   * @throws PanelError 404 for no request, 409 with what must be done first
   */
  async approve(id: string): Promise<void> {
    const { connection, clock, store, grants, audit, sites } = this.#parts;
    const request = await this.#find(id);
    const told = await toldOf(this.#parts, request);
    await this.#requireReady(request);
    await connection.write(async (tx) => {
      const now = clock.now();
      if (!this.#isAgreed((await store.byId(id, tx)) ?? request)) throw conflict('ssh.approve.oldConsent');
      const { siteId, customerId, endsAt } = request;
      // Not while it moves: its grant would hold the site to the server that it leaves.
      await sites.takeOpen(tx, siteId);
      const server = await grants.groupOf(siteId, tx);
      if (server.group !== 'ssh') throw conflict('ssh.approve.webServer');
      if (!(await store.settle(tx, id, { approved_at: now }))) throw conflict('ssh.approve.notOpen');
      await this.#replace(tx, siteId, told);
      await grants.add(tx, { requestId: id, siteId, endsAt, now, server });
      await audit.record(tx, { action: 'ssh.approved', actor: operator, customerId, siteId, subjectId: id });
      await queueWriting(this.#parts, tx, request);
    });
  }

  async #find(id: string): Promise<SshRequest> {
    const request = await this.#parts.store.byId(id);
    if (!request) throw notFound();
    return request;
  }

  async #requireReady({ siteId, customerId, endsAt }: SshRequest): Promise<void> {
    const { sites, accounts, clock, hostOf } = this.#parts;
    const site = await sites.byId(siteId);
    if (endsAt <= clock.now()) throw conflict('ssh.approve.late');
    if (site.openedAt === null || isShut(site) || site.terminatedAt !== null) throw conflict('ssh.approve.site');
    if (await accounts.restrictions.of(customerId)) throw conflict('ssh.approve.restricted');
    const { group } = await this.#parts.grants.groupOf(siteId);
    if (group !== 'ssh') throw conflict('ssh.approve.webServer');
    if (!(await hostOf(site)).letIn) throw conflict('ssh.approve.noWay');
  }

  async #replace(tx: Tx, siteId: string, told: Told): Promise<void> {
    for (const { requestId, closedAt } of await this.#parts.grants.ofSite(siteId, tx)) {
      const request = closedAt === null ? await this.#parts.store.byId(requestId, tx) : undefined;
      if (request) await endAccess(this.#parts, tx, { request, because: 'replaced', actor: operator, told });
    }
  }

  /** @param reason in words for the customer. @throws PanelError 404, 409 when it does not wait any more */
  async refuse(id: string, reason: string): Promise<void> {
    const { connection, clock, store, audit } = this.#parts;
    const request = await this.#find(id);
    const told = await toldOf(this.#parts, request);
    await connection.write(async (tx) => {
      if (!(await store.settle(tx, id, { refused_at: clock.now() }, reason))) throw conflict('ssh.approve.notOpen');
      const { siteId, customerId } = request;
      await audit.record(tx, { action: 'ssh.refused', actor: operator, customerId, siteId, subjectId: id });
      await tell(this.#parts, tx, { template: 'ssh-refused', told, request, more: { reason } });
    });
  }

  /** @throws PanelError 404, 409 when it is not in force */
  async endByOperator(id: string): Promise<void> {
    const request = await this.#find(id);
    const told = await toldOf(this.#parts, request);
    await this.#parts.connection.write(async (tx) => {
      if (!(await endAccess(this.#parts, tx, { request, because: 'operator', actor: operator, told })))
        throw conflict('ssh.approve.notInForce');
    });
  }

  /**
   * The job `ssh.write`: tells the site's server who may come in now, the whole list. Nobody may while the site is suspended or the
   * customer restricted. What changed meanwhile, or was told at the same moment by somebody else, is told again, so that the last
   * list is the true one. May be repeated.
   */
  async write(siteId: string): Promise<void> {
    const { connection, sites, grants, store } = this.#parts;
    const all = await connection.write((tx) => grants.beginTelling(tx, siteId));
    // Where somebody once came in the list is written also with no row left: an older job may have been slower than a newer.
    if (all.length === 0 && !(await store.wasGranted(siteId))) return;
    const site = await sites.byId(siteId);
    const isShut = await this.#isShut(site);
    const host = await this.#parts.hostOf(site);
    if (!host.letIn) throw unavailable('ssh.approve.noWay');
    const open = isShut ? [] : await this.#open(all);
    const login = await host.letIn(site, open.map(entryOf));
    const told = await toldOf(this.#parts, { customerId: site.customerId, siteId });
    const isAsItWas = (await this.#isShut(await sites.byId(siteId))) === isShut;
    await connection.write(async (tx) => {
      if (!isAsItWas || stateOf(await grants.ofSite(siteId, tx)) !== stateOf(all)) {
        // The other one, if it is still under way, must not take itself for the last.
        await grants.beginTelling(tx, siteId);
        return queueWriting(this.#parts, tx, { siteId, customerId: site.customerId });
      }
      await this.#noteWritten(tx, { siteId, isShut, all, open, login, told });
    });
  }

  /** What the server was told last, and that it was this. */
  async #noteWritten(tx: Tx, { siteId, isShut, all, open, login, told }: Written): Promise<void> {
    const { grants, clock } = this.#parts;
    await grants.noteTold(tx, siteId);
    for (const request of open) await this.#noteOpened(tx, request, login, told);
    for (const { requestId, closedAt } of all) if (isShut && closedAt === null) await grants.noteShut(tx, requestId, clock.now());
    const closed = all.filter(({ closedAt }) => closedAt !== null);
    await grants.remove(
      tx,
      closed.map(({ requestId }) => requestId),
    );
  }

  #open(all: readonly Grant[]): Promise<SshRequest[]> {
    const now = this.#parts.clock.now();
    const open = all.filter(({ closedAt, endsAt }) => closedAt === null && endsAt > now);
    return Promise.all(open.map(({ requestId }) => this.#find(requestId)));
  }

  async #isShut(site: Site): Promise<boolean> {
    if (isShut(site) || site.terminatedAt !== null) return true;
    return (await this.#parts.accounts.restrictions.of(site.customerId)) !== undefined;
  }

  /** The letter goes out when the customer really can come in, with what their program has to be told. */
  async #noteOpened(tx: Tx, request: SshRequest, login: SshLogin, told: Told): Promise<void> {
    const isFirst = await this.#parts.grants.noteWritten(tx, request.id, this.#parts.clock.now(), login);
    if (!isFirst) return;
    const { user, host, port, hostKeys } = login;
    const more = { user, host, port, hostKeys: hostKeys.join('\n') };
    await tell(this.#parts, tx, { template: 'ssh-approved', told, request, more });
  }

  /**
   * By the clock: ends what is over, tells a week before, gives up requests whose day has passed, and has lists written anew that are
   * not what they should be: not taken yet, or a site was suspended or resumed.
   */
  async endDue(): Promise<void> {
    for (const grant of await this.#parts.grants.all()) await this.#look(grant);
    for (const request of await this.#parts.store.current()) await this.#lapse(request);
  }

  async #look(grant: Grant): Promise<void> {
    const { clock, sites, connection } = this.#parts;
    const site = await sites.byId(grant.siteId);
    const request = await this.#find(grant.requestId);
    const told = await toldOf(this.#parts, request);
    const now = clock.now();
    const isShut = await this.#isShut(site);
    await connection.write(async (tx) => {
      const because = site.terminatedAt !== null ? 'site' : grant.endsAt <= now ? 'due' : undefined;
      if (grant.closedAt === null && because)
        return void (await endAccess(this.#parts, tx, { request, because, actor: systemActor, told }));
      const isAsItShould = isTold(grant) && grant.closedAt === null && isShut === (grant.shutAt !== null);
      if (!isAsItShould) await queueWriting(this.#parts, tx, request);
      if (grant.closedAt === null && isSoon(request, now) && (await this.#parts.store.noteReminder(tx, request.id, now)))
        await tell(this.#parts, tx, { template: 'ssh-ending', told, request });
    });
  }

  async #lapse(request: SshRequest): Promise<void> {
    const { clock, connection, store, audit } = this.#parts;
    if (request.approvedAt !== null || request.endsAt > clock.now()) return;
    const { id: subjectId, customerId, siteId } = request;
    const told = await toldOf(this.#parts, request);
    await connection.write(async (tx) => {
      if (!(await store.settle(tx, subjectId, { withdrawn_at: clock.now() }))) return;
      await audit.record(tx, { action: 'ssh.lapsed', actor: systemActor, customerId, siteId, subjectId });
      await tell(this.#parts, tx, { template: 'ssh-lapsed', told, request });
    });
  }
}

/** A letter about an end in a week helps nobody whose access is shorter than that. */
function isSoon({ approvedAt, endsAt, remindedAt }: SshRequest, now: number): boolean {
  const remindAt = endsAt - reminderDays * day;
  return remindedAt === null && approvedAt !== null && approvedAt < remindAt && now >= remindAt;
}

const entryOf = ({ id, key, networks, endsAt }: SshRequest): Entry => ({
  key: key.line,
  from: networks.map((one) => canonicalNetwork(one).network),
  until: endsAt,
  label: id,
});

/** The server has taken the key, and nobody has begun to tell it anything since. */
const isTold = ({ writtenAt, tellings, told }: Grant) => writtenAt !== null && tellings === told;

const stateOf = (all: readonly Grant[]) =>
  all.map(({ requestId, closedAt, tellings }) => `${requestId} ${closedAt} ${tellings}`).join();
