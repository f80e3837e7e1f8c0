// Servers on other machines: one line of SSH to each, shared by orders, files, databases and FTP, as it is to be reached now.
import { basename } from 'node:path';
import { socketOf } from './platform/database-server/open.ts';
import type { DatabaseAccess } from './platform/database-server/port.ts';
import type { LogPlace } from './platform/ftp-server/port.ts';
import { commandHost } from './platform/site-host/command.ts';
import type { HostedSite, SiteHome, SiteHost } from './platform/site-host/port.ts';
import { SshFault } from './platform/ssh/faults.ts';
import { withRemoteLog } from './platform/ssh/remote-log.ts';
import { remoteRunner } from './platform/ssh/runner.ts';
import { SshServer } from './platform/ssh/server.ts';
import { openTunnel, type Tunnel } from './platform/ssh/tunnel.ts';
import type { SiteStorage } from './platform/storage/port.ts';
import { type RootedLease, sftpStorageBy } from './platform/storage/sftp.ts';
import { isShut, type Reach, type Server } from './sites/sites.ts';

type Known = () => Promise<Pick<Server, 'id' | 'name' | 'reach'>>;
type Line = {
  /** how it was reached when it was opened */
  readonly reach: string;
  readonly server: SshServer;
  /** by host, port and socket */
  readonly tunnels: Map<string, Promise<Tunnel>>;
};

/** Where a server's database is, as that server itself reaches it, and how clients call the socket. */
type Beyond = { readonly host: string; readonly port: number; readonly socket: string };

/** What the server's key for the panel's user lets it run to make sites as Unix users (operations/gotgan-server). */
export const remoteSitesProgram = ['gotgan-sites'];

/** Who reads the files of sites that are suspended or closed: of them alone, since their own users come in no more. */
const filesUser = ({ user }: Reach) => `${user}-files`;

export class RemoteServers {
  readonly #privateKey: () => Promise<string>;
  readonly #lines = new Map<string, Line>();
  #isClosed = false;

  /** @param privateKey the panel's key, asked for anew with every connection */
  constructor(privateKey: () => Promise<string>) {
    this.#privateKey = privateKey;
  }

  /**
   * A line to the server as it is reached now; one that was opened to another address or host key is closed.
   * @throws PanelError 503 for a server that is this machine, or when the panel is closing
   */
  async line(known: Known): Promise<{ readonly ssh: SshServer; readonly reach: Reach }> {
    const { id, name, reach } = await known();
    if (!reach || this.#isClosed) throw new SshFault('ECONNECTION', `${name} is not reached by SSH`);
    return { ssh: this.#lineOf(id, reach).server, reach };
  }

  #lineOf(id: string, reach: Reach): Line {
    const { address: host, port, hostKeys } = reach;
    const text = JSON.stringify(reach);
    const before = this.#lines.get(id);
    if (before?.reach === text) return before;
    if (before) void closed(before);
    const server = new SshServer({ host, port, hostKeys, privateKey: this.#privateKey });
    const line: Line = { reach: text, server, tunnels: new Map() };
    this.#lines.set(id, line);
    return line;
  }

  /** @returns how sites are made on the server: by its program, with files by SFTP as each site's own user */
  host(server: Server, known: Known): SiteHost {
    const command = server.hostCommand ?? remoteSitesProgram;
    const shut = new ShutSites();
    const reached = async () => {
      const { ssh, reach } = await this.line(known);
      const { session, release } = await ssh.lease(filesUser(reach));
      await session.lstat(Buffer.from('/')).finally(release);
    };
    return commandHost({
      run: async (input, options) => {
        const { ssh, reach } = await this.line(known);
        return remoteRunner(ssh, { user: reach.user, command })(input, options);
      },
      storage: (site, home) => this.#storage(site, { home, known, shut }),
      ...(server.hostKind === 'unix' && { reached }),
    });
  }

  #storage(site: HostedSite, { home, known, shut }: Where): SiteStorage {
    return sftpStorageBy(async () => {
      const [{ ssh, reach }, { user, folder }] = [await this.line(known), await home()];
      if (user === undefined) throw new SshFault('EPROTOCOL', 'the server named no user of the site, whose files it holds');
      const asFiles = async (): Promise<RootedLease> => ({
        ...(await ssh.lease(filesUser(reach))),
        root: `/${basename(folder)}`,
      });
      if (shut.has(site)) return asFiles();
      try {
        return { ...(await ssh.lease(user)), root: '' };
      } catch (error) {
        // Only the server knows that the site's programs have ended: who reaches more than one site comes in after that, not before.
        if (!(error instanceof SshFault) || !isRefusal(error, site)) throw error;
        const lease = await asFiles().catch(() => Promise.reject(error));
        shut.add(site);
        return lease;
      }
    });
  }

  /**
   * @returns a folder with a socket that leads to a database of the server
   * @throws PanelError 503 when the server does not answer or must not be trusted: known before a client waits at the socket
   */
  async tunnel(known: Known, { socket, ...to }: Beyond): Promise<string> {
    const { id, name, reach } = await known();
    if (!reach || this.#isClosed) throw new SshFault('ECONNECTION', `${name} is not reached by SSH`);
    const { server, tunnels } = this.#lineOf(id, reach);
    const { user } = reach;
    (await server.hold(user)).release();
    const key = `${to.host} ${to.port} ${socket}`;
    const opened = tunnels.get(key) ?? openTunnel({ server, user, to, socket });
    tunnels.set(key, opened);
    opened.catch(() => tunnels.delete(key));
    return (await opened).folder;
  }

  /** Everything under way on other machines fails with 503; nothing is opened any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#lines.values()].map(closed));
  }
}

/** How the panel comes to databases: those of another machine through its line, so that no port of theirs is open to a network (KHADA 3.7). */
export function databaseWay(remotes: RemoteServers, byId: (serverId: string) => Promise<Server>) {
  return async (serverId: string, access: DatabaseAccess): Promise<DatabaseAccess> => {
    const known = () => byId(serverId);
    if ((await known()).reach === null) return access;
    const { host, port } = access;
    return { ...access, host: await remotes.tunnel(known, { host, port, socket: socketOf(access) }) };
  };
}

/** How a log of another machine is read: as the panel's own user there, which may read and change nothing (operations/gotgan-server). */
export function logOf(remotes: RemoteServers, byId: (serverId: string) => Promise<Server>) {
  return async <T>({ id }: Server, use: (place: LogPlace) => Promise<T>): Promise<T> => {
    const { ssh, reach } = await remotes.line(() => byId(id));
    return withRemoteLog(ssh, reach.user, use);
  };
}

type Where = { readonly home: () => Promise<SiteHome>; readonly known: Known; readonly shut: ShutSites };

async function closed({ server, tunnels }: Line): Promise<void> {
  await Promise.all([...tunnels.values()].map((tunnel) => tunnel.then(({ close }) => close()).catch(() => {})));
  server.close();
}

/** How long the own user of a site that is shut is not tried again: a server may shut out who fails too often. */
const triedAgainMilliseconds = 600_000;

/** Of a site that is open a line that was cut is none. */
const isRefusal = ({ why }: SshFault, site: HostedSite) => why === 'EAUTH' || (why === 'EHUNGUP' && isKeptOut(site));

const isKeptOut = ({ suspendedAt = null, frozenAt = null }: HostedSite) => isShut({ suspendedAt, frozenAt });

/** Sites that are suspended, or closed while they move, whose own user the server did not let in. */
class ShutSites {
  readonly #since = new Map<string, number>();

  has(site: HostedSite): boolean {
    const since = this.#since.get(site.id);
    const isKnown = isKeptOut(site) && since !== undefined && performance.now() - since < triedAgainMilliseconds;
    if (!isKnown) this.#since.delete(site.id);
    return isKnown;
  }

  add(site: HostedSite): void {
    if (isKeptOut(site)) this.#since.set(site.id, performance.now());
  }
}
