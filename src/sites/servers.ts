// Servers: which there are, how sites are made there, whether they answer, and which one takes the next site.
import type { Actor, Audit } from '../audit/audit.ts';
import { type Clock, second } from '../platform/clock.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import { conflict, Invalid, notFound, PanelError, unavailable } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { SiteHost } from '../platform/site-host/port.ts';
import { ServerStore } from './server-store.ts';

export type Server = {
  readonly id: string;
  readonly name: string;
  /** `web` for everybody's sites; users with a shell live on servers of `ssh` alone (KHADA 7.3) */
  readonly group: 'web' | 'ssh';
  /** as the panel reaches it; '': this machine */
  readonly address: string;
  /** where its sites lie, of the kind `folders` */
  readonly storage: string;
  /** how sites are made there */
  readonly hostKind: 'folders' | 'unix' | 'command';
  /** program and arguments, of the kinds that have one */
  readonly hostCommand: readonly string[] | null;
  /** what customers' FTP programs are told; null: there is no FTP server */
  readonly ftpHost: string | null;
  readonly ftpPort: number | null;
  readonly createdAt: number;
  /** since when no new site is put there */
  readonly drainedAt: number | null;
  readonly checkedAt: number | null;
  /** what the last check found, for the operator; null: well */
  readonly checkFault: string | null;
};

export type NewServer = Pick<Server, 'name' | 'group' | 'storage' | 'hostKind' | 'hostCommand' | 'ftpHost' | 'ftpPort'>;

export type ServersParts = {
  readonly connection: Connection;
  readonly audit: Audit;
  readonly clock: Clock;
  /** the host of the server that every panel has */
  readonly host: SiteHost;
  /** the host of any other; without it `host` serves all */
  readonly hosts?: ((server: Server) => SiteHost) | undefined;
};

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
    const server: Server = { ...wanted, ...{ id: row.id, address: '', createdAt: row.created_at }, ...unchecked };
    await this.#newHost(server).check(AbortSignal.timeout(checkMilliseconds));
    await connection.write(async (tx) => {
      if (!(await this.#store.add(tx, { ...row, checked_at: row.created_at }))) throw conflict();
      const details = { group: wanted.group, host: wanted.hostKind };
      await audit.record(tx, { action: 'sites.serverAdded', actor, subjectId: row.id, details });
    });
    return { ...server, checkedAt: row.created_at };
  }

  /** @returns every server, oldest first, with the number of its sites and of those at which its host failed */
  async list(): Promise<(Server & { readonly sites: number; readonly inTrouble: number })[]> {
    const counts = await this.#store.siteCounts();
    return (await this.#store.all()).map((server) => ({ sites: 0, inTrouble: 0, ...server, ...counts.get(server.id) }));
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

  /** Asks every server's host whether sites can be made there, all at the same time and each for at most 10 s, and keeps the answers. */
  async check(): Promise<void> {
    const { connection, clock } = this.#parts;
    const servers = await this.#store.all();
    const faults = await Promise.all(servers.map((server) => this.#faultOf(server)));
    await connection.write(async (tx) => {
      for (const [index, { id }] of servers.entries()) await this.#store.setChecked(tx, id, clock.now(), faults[index] ?? null);
    });
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
    const host = this.#hosts.get(server.id) ?? this.#newHost(server);
    this.#hosts.set(server.id, host);
    return host;
  }

  #newHost(server: Server): SiteHost {
    const { host, hosts } = this.#parts;
    return server.name === ownServer || !hosts ? host : hosts(server);
  }
}

const unchecked = { drainedAt: null, checkedAt: null, checkFault: null } as const;

const rowOf = (server: NewServer, now: number) => ({
  ...{ id: newId(now), name: server.name, server_group: server.group, address: '', storage: server.storage, created_at: now },
  ...{ drained_at: null, host_kind: server.hostKind, checked_at: null, check_fault: null },
  host_command: server.hostCommand === null ? null : JSON.stringify(server.hostCommand),
  ...{ ftp_host: server.ftpHost, ftp_port: server.ftpPort },
});

/** A line for the operator: what the host said, else what went wrong on the way to it. */
export function faultText(error: unknown): string {
  const code = error instanceof PanelError ? error.parameters.code : undefined;
  const text = typeof code === 'string' ? code : error instanceof Error ? error.message : 'thrown';
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, longestFault);
}

function refuseNonsense({ name, hostKind, hostCommand, storage, ftpHost, ftpPort }: NewServer): void {
  const wrong = {
    name: !/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name),
    command: (hostKind === 'folders') !== (hostCommand === null) || (hostCommand !== null && !isCommand(hostCommand)),
    storage: hostKind === 'folders' && !/^\/[^\0]+$/.test(storage),
    'ftp-host': ftpHost !== null && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(ftpHost),
    'ftp-port': ftpPort !== null && !(ftpHost !== null && Number.isInteger(ftpPort) && ftpPort > 0 && ftpPort < 65_536),
  };
  const fields = Object.entries(wrong).filter(([, isWrong]) => isWrong);
  if (fields.length > 0) throw new Invalid(Object.fromEntries(fields.map(([field]) => [field, [{ key: 'error.invalid' }]])));
}

/** Where the program stands must not depend on the folder that a worker was started in. */
function isCommand(command: readonly unknown[]): boolean {
  const texts = command.every((part) => typeof part === 'string' && part.length <= 4000 && !part.includes('\0'));
  return texts && command.length >= 1 && command.length <= 50 && /^(\/.+|[A-Za-z0-9._-]+)$/.test(String(command[0]));
}
