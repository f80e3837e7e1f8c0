// A panel whose servers of the group ssh are a real sshd: what it grants opens a real door.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppedClock } from '../../src/platform/clock.ts';
import { folderHost } from '../../src/platform/site-host/folders.ts';
import type { Entry, HostedSite, SiteHost } from '../../src/platform/site-host/port.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';
import { type SshServer, startSshServer } from './server.ts';

export type SshHouse = TestPanel & {
  readonly ssh: SshServer;
  /** while it is true, the server does not answer */
  unreachable: boolean;
};

/** The clock begins now, since sshd looks at the clock of the machine; the site that uses the server has its one system user. */
export async function startSshHouse(): Promise<SshHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-ssh-'));
  const ssh = await startSshServer();
  const state = { unreachable: false };
  const folders = folderHost({ root: join(folder, 'sites'), closedRoot: join(folder, 'closed') });
  const letIn = async (_site: HostedSite, entries: readonly Entry[]) => {
    if (state.unreachable) throw new Error('the server does not answer');
    return ssh.letIn(entries);
  };
  const siteHost: SiteHost = Object.assign(folders, { letIn });
  const options = { siteHost, clock: new StoppedClock(Date.now()), limitsScale: 1000, operatorEmail: 'staff@example.com' };
  const house = await startPanel({ ...options, trustProxy: 'loopback' });
  const close = async () => {
    await house.close();
    await ssh.close();
    await rm(folder, { recursive: true, force: true });
  };
  return Object.assign(state, { ...house, ssh, close });
}
