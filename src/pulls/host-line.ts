// One connection for one job: opened by the backup host, gone when the job ends, and both times written down (KHADA 8.8).
import { setImmediate } from 'node:timers/promises';
import { newId } from '../platform/ids.ts';
import { SshServer } from '../platform/ssh/server.ts';
import { toldFault } from './host-faults.ts';
import type { RoundParts } from './host-parts.ts';
import type { ListedServer } from './server-list.ts';

export type About = { readonly purpose: 'pull' | 'push'; readonly siteId: string; readonly backupId: string };

/**
 * @param act uses the server's connections; they end with it, whatever came of it
 * @returns what `act` returns; `bytes` of it are written down
 * @throws SshFault when the server does not answer, has another host key, or does not let us in; what `act` throws
 */
export async function throughLine<T extends { readonly bytes: number }>(
  { rows, clock, privateKey, log }: RoundParts,
  { host, port, hostKeys, name }: ListedServer,
  { purpose, siteId, backupId }: About,
  act: (server: SshServer) => Promise<T>,
): Promise<T> {
  const id = newId(clock.now());
  await rows.opened({ id, purpose, site_id: siteId, backup_id: backupId, server: name, opened_at: clock.now() });
  const server = new SshServer({ host, port, hostKeys, privateKey, connections: 1 });
  const end = async (how: { bytes: number | null; error?: unknown }) => {
    server.close();
    // A turn later the socket is closed, not only asked to be.
    await setImmediate();
    const told = how.error === undefined ? undefined : toldFault(how.error);
    const line = { closed_at: clock.now(), bytes: how.bytes, fault: told?.code ?? null, says: told?.says ?? null };
    // That the panel's database has gone meanwhile is no reason to lose what was brought.
    await rows.closed(id, line).catch((err) => log.warn({ err, id }, 'the end of a connection could not be written down'));
  };
  try {
    const done = await act(server);
    await end({ bytes: done.bytes });
    return done;
  } catch (error) {
    await end({ bytes: null, error });
    throw error;
  }
}
