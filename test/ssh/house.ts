// A panel with a server of the group ssh whose sites are real Unix users and whose sshd is real: what is granted opens a real door.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoppedClock } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';
import { moveTo } from './asking.ts';
import { type SshServer, startSshServer } from './server.ts';

export type SshHouse = TestPanel & {
  readonly ssh: SshServer;
  /** Adds the server, as `gotgan server add` does. @returns its id */
  addServer(): Promise<string>;
  /** Has the site made on that server, as an operator does who moves it there. */
  moveIn(site: string): Promise<void>;
  /** Whether its program answers. */
  setReachable(isReachable: boolean): Promise<void>;
};

/** The clock begins now, since sshd looks at the clock of the machine. */
export async function startSshHouse(): Promise<SshHouse> {
  const ssh = await startSshServer();
  const options = { clock: new StoppedClock(Date.now()), limitsScale: 1000, operatorEmail: 'staff@example.com' };
  const house = await startPanel({ ...options, trustProxy: 'loopback' });
  const flag = join(house.folder, 'unreachable');
  const { servers } = house.panel.doors.sites;
  const before = ['/bin/sh', '-c', 'test ! -e "$0" || exit 75; exec "$@"', flag];
  const wanted = { name: 'ssh-1', group: 'ssh', storage: '', hostKind: 'unix', ftpHost: null, ftpPort: null } as const;
  const addServer = async () => {
    const known = (await servers.list()).find(({ group }) => group === 'ssh');
    const added = known ?? (await servers.add({ ...wanted, hostCommand: [...before, ...ssh.command] }, { kind: 'operator' }));
    return added.id;
  };
  const moveIn = async (site: string) => {
    const id = await addServer();
    const { id: siteId, name } = await house.panel.doors.sites.byName(site);
    await (await servers.host(id)).open({ id: siteId, name });
    await moveTo(house, site, id);
  };
  const close = async () => {
    await house.close();
    await ssh.close();
  };
  const setReachable = (isReachable: boolean) => (isReachable ? rm(flag, { force: true }) : writeFile(flag, ''));
  return { ...house, ssh, addServer, moveIn, setReachable, close };
}
