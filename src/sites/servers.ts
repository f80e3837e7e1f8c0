// Servers: which there are, how sites are made there, whether they answer, and which one takes the next site.
import type { Actor, Audit } from '../audit/audit.ts';
import { type Clock, second } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, notFound, PanelError, unavailable } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Letters } from '../platform/mail/letters.ts';
import type { SiteHost } from '../platform/site-host/port.ts';
import { SshFault } from '../platform/ssh/faults.ts';
import { refuseNonsense, refuseReach } from './server-checks.ts';
import { reachColumns, ServerStore } from './server-store.ts';
import type { Site } from './sites.ts';

/** How a server on another machine is reached. */
export type Reach = {
  /** name or address */
  readonly address: string;
  readonly port: number;
  /** the panel's own user there; where the server has users of sites, `<user>-files` reads what is suspended */
  readonly user: string;
  /** fingerprints as `ssh-keygen -l` prints them, at least one; with two a new host key can be prepared */
  readonly hostKeys: readonly string[];
};

export type Server = {
  readonly id: string;
  readonly name: string;
  /** `web` for everybody's sites; users with a shell live on servers of `ssh` alone (KHADA 7.3) */
  readonly group: 'web' | 'ssh';
  /** how the panel comes to it over SSH; null: it is this machine */
  readonly reach: Reach | null;
  /** where its sites lie, of the kind `folders` */
  readonly storage: string;
  /** how sites are made there */
  readonly hostKind: 'folders' | 'unix' | 'command';
  /** program and arguments, of the kinds that have one */
  readonly hostCommand: readonly string[] | null;
  /** what customers' FTP programs are told; null: there is no FTP server */
  readonly ftpHost: string | null;
  readonly ftpPort: number | null;
  /** of another machine: the log that its FTP server writes for the panel; null: nothing is known of what comes in there by FTP */
  readonly ftpLog: string | null;
  /** of another machine: SHA-256 of its FTP server's certificate, in hexadecimal */
  readonly ftpFingerprint: string | null;
  readonly createdAt: number;
  /** since when no new site is put there */
  readonly drainedAt: number | null;
  readonly checkedAt: number | null;
  /** what the last check found, for the operator; null: well */
  readonly checkFault: string | null;
};

export type NewServer = Pick<Server, 'name' | 'group' | 'storage' | 'hostKind' | 'hostCommand' | 'ftpHost' | 'ftpPort'> &
  Partial<Pick<Server, 'reach' | 'ftpLog' | 'ftpFingerprint'>>;

/** `host` and `port` are null where no FTP server runs. */
export type FtpServer = {
  readonly host: string | null;
  readonly port: number | null;
  /** this machine's */
  readonly isHere: boolean;
  /** SHA-256 of the certificate, of another machine's where it is known */
  readonly fingerprint: string | null;
};

export type ServersParts = {
  readonly connection: Connection;
  readonly audit: Audit;
  readonly clock: Clock;
  /** the host of the server that every panel has */
  readonly host: SiteHost;
  /** where the operator is written to; without it, or without letters, nobody is */
  readonly operatorEmail?: string | undefined;
  readonly letters?: Pick<Letters, 'queue'>;
  /** the host of any other; without it `host` serves all */
  readonly hosts?: Hosts | undefined;
};

/** @param known asked at every act: how the server is reached may have changed since, in another process too */
export type Hosts = (server: Server, known: () => Promise<Server>) => SiteHost;

/** The server that every panel has from its first start: this machine, with the host that the options give. */
export const ownServer = 'this-machine';

const checkMilliseconds = 10 * second;
const longestFault = 300;

/** The servers of this company, for the operator and for the door of sites. Every one has a name that never changes. */
export class Servers {
  readonly #parts: ServersParts;
  readonly #store: ServerStore;
  /** by id: how sites are made on a server is never changed */
  readonly #hosts = new Map<string, SiteHost>();

  constructor(parts: ServersParts) {
    this.#parts = parts;
    this.#store = new ServerStore(parts.connection);
  }

  /** Makes sure that there is the server that every panel has; at start, without harm when repeated. */
  async prepare(name: string, storage: string): Promise<void> {
    const wanted = { name, storage, group: 'web', hostKind: 'folders', hostCommand: null, ftpHost: null, ftpPort: null } as const;
    const { connection, clock } = this.#parts;
    await connection.write((tx) => this.#store.add(tx, rowOf(wanted, clock.now())));
  }

  /**
   * Adds a server after it has answered once: what cannot make a site takes none.
   * @throws Invalid 422 with the option, PanelError 409 for a name that is taken, 503 with what the host said as `code`
   */
  async add(wanted: NewServer, actor: Actor): Promise<Server> {
    const { connection, audit, clock } = this.#parts;
    refuseNonsense(wanted);
    if (await this.#store.byName(wanted.name)) throw conflict();
    const row = rowOf(wanted, clock.now());
    const { reach = null, ftpLog = null, ftpFingerprint = null } = wanted;
    const more = { id: row.id, createdAt: row.created_at, reach, ftpLog, ftpFingerprint };
    const server: Server = { ...wanted, ...more, ...unchecked };
    await this.#tried(server);
    await connection.write(async (tx) => {
      if (!(await this.#store.add(tx, { ...row, checked_at: row.created_at }))) throw conflict();
      const details = { group: wanted.group, host: wanted.hostKind };
      await audit.record(tx, { action: 'sites.serverAdded', actor, subjectId: row.id, details });
    });
    return { ...server, checkedAt: row.created_at };
  }

  /**
   * From now on the server is reached so: another address, another host key. It has to answer so once, before it counts.
   * @throws PanelError 404, 409 for a server that is this machine, 503 with what is wrong; Invalid 422 with the option
   */
  async setReach(name: string, change: Partial<Reach>, actor: Actor): Promise<Reach> {
    const { connection, audit } = this.#parts;
    const server = await this.byName(name);
    if (!server.reach) throw conflict();
    const reach = { ...server.reach, ...change };
    refuseReach(reach);
    await this.#tried({ ...server, reach });
    await connection.write(async (tx) => {
      await this.#store.setReach(tx, server.id, reach);
      const details = { changed: Object.keys(change).join(',') };
      await audit.record(tx, { action: 'sites.serverReachChanged', actor, subjectId: server.id, details });
    });
    return reach;
  }

  /** @throws PanelError 503 with what is missing */
  #tried(server: Server): Promise<void> {
    return this.#newHost(server, async () => server).check(AbortSignal.timeout(checkMilliseconds));
  }

  /** @returns every server, oldest first, with the number of its sites and of those at which its host failed */
  async list(): Promise<(Server & { readonly sites: number; readonly inTrouble: number })[]> {
    const counts = await this.#store.siteCounts();
    return (await this.#store.all()).map((server) => ({ sites: 0, inTrouble: 0, ...server, ...counts.get(server.id) }));
  }

  /** @returns names of sites that are not terminated on a server, in their order */
  sitesOn(serverId: string, count: number): Promise<string[]> {
    return this.#store.sitesOn(serverId, count);
  }

  /** @returns a page of the sites whose last place is this server, terminated ones as well, in the order of ids */
  everOn(serverId: string, afterId: string, count: number): Promise<Site[]> {
    return this.#store.everOn(serverId, afterId, count);
  }

  /** @returns sites at which their host failed last time, with its words: the customer is told "being prepared", the operator why */
  inTrouble(count = 100): Promise<{ readonly site: string; readonly server: string; readonly fault: string }[]> {
    return this.#store.inTrouble(count);
  }

  /** @throws PanelError 404 */
  async byName(name: string): Promise<Server> {
    const server = await this.#store.byName(name);
    if (!server) throw notFound();
    return server;
  }

  /** By id, for what belongs to a site's server. @throws PanelError 404 */
  async byId(id: string): Promise<Server> {
    const server = await this.#store.byId(id);
    if (!server) throw notFound();
    return server;
  }

  /** From now on no new site is put there, or again; what is there stays. @returns false when it was so before. @throws PanelError 404 */
  async drain(name: string, actor: Actor, back = false): Promise<boolean> {
    const { connection, audit, clock } = this.#parts;
    const { id } = await this.byName(name);
    return connection.write(async (tx) => {
      const changed = await this.#store.setDrained(tx, id, back ? null : clock.now());
      const action = back ? 'sites.serverTakenBack' : 'sites.serverDrained';
      if (changed) await audit.record(tx, { action, actor, subjectId: id });
      return changed;
    });
  }

  /**
   * Asks every server's host whether sites can be made there, all at the same time and each for at most 10 s, and keeps the answers.
   * The operator is written to once when a server fails twice in a row, and not again before it was well.
   */
  async check(): Promise<void> {
    const { connection, clock } = this.#parts;
    const servers = await this.#store.all();
    const faults = await Promise.all(servers.map((server) => this.#faultOf(server)));
    await connection.write(async (tx) => {
      for (const [index, server] of servers.entries()) {
        const fault = faults[index] ?? null;
        await this.#store.setChecked(tx, server.id, clock.now(), fault);
        // The second time in a row: one that is being started again needs nobody.
        if (fault !== null && server.checkFault !== null) await this.#tell(tx, server, fault);
      }
    });
  }

  async #tell(tx: Tx, { id, name }: Server, fault: string): Promise<void> {
    const { letters, operatorEmail, clock } = this.#parts;
    if (!letters || !operatorEmail || !(await this.#store.markTold(tx, id, clock.now()))) return;
    const parameters = { server: name, at: clock.now(), fault };
    await letters.queue(tx, { template: 'server', language: 'ko', to: operatorEmail, parameters });
  }

  async #faultOf(server: Server): Promise<string | null> {
    try {
      await this.#hostOf(server).check(AbortSignal.timeout(checkMilliseconds));
      return null;
    } catch (error) {
      return faultText(error);
    }
  }

  /** In the caller's transaction. @returns the server for the next site. @throws PanelError 503 when every server is drained */
  async forNewSite(tx: Tx): Promise<string> {
    const id = await this.#store.forNewSite(tx);
    if (id === undefined) throw unavailable();
    return id;
  }

  /** @returns what makes and removes the sites of this server. @throws PanelError 404 */
  async host(serverId: string): Promise<SiteHost> {
    return this.#hosts.get(serverId) ?? this.#hostOf(await this.byId(serverId));
  }

  #hostOf(server: Server): SiteHost {
    const host = this.#hosts.get(server.id) ?? this.#newHost(server, () => this.byId(server.id));
    this.#hosts.set(server.id, host);
    return host;
  }

  #newHost(server: Server, known: () => Promise<Server>): SiteHost {
    const { host, hosts } = this.#parts;
    return server.name === ownServer || !hosts ? host : hosts(server, known);
  }
}

const unchecked = { drainedAt: null, checkedAt: null, checkFault: null } as const;

const rowOf = (server: NewServer, now: number) => ({
  ...{ id: newId(now), name: server.name, server_group: server.group, storage: server.storage, created_at: now },
  ...reachColumns(server.reach ?? null),
  ...{ drained_at: null, host_kind: server.hostKind, checked_at: null, check_fault: null, fault_told_at: null },
  host_command: server.hostCommand === null ? null : JSON.stringify(server.hostCommand),
  ...{ ftp_host: server.ftpHost, ftp_port: server.ftpPort },
  ...{ ftp_log: server.ftpLog ?? null, ftp_fingerprint: server.ftpFingerprint ?? null },
});

/** A line for the operator: what the host said, else what went wrong on the way to it. */
export function faultText(error: unknown): string {
  const code = error instanceof PanelError && !(error instanceof SshFault) ? error.parameters.code : undefined;
  const text = typeof code === 'string' ? code : error instanceof Error ? error.message : 'thrown';
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, longestFault);
}
