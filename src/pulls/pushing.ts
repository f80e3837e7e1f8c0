// Lays archives that the panel asked for into its folder of staging: the host goes there, nobody comes here (KHADA 8.9).
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PanelError } from '../platform/errors.ts';
import type { SftpSession } from '../platform/ssh/port.ts';
import type { SshServer } from '../platform/ssh/server.ts';
import { PullFault, toldFault } from './host-faults.ts';
import { throughLine } from './host-line.ts';
import type { RoundParts } from './host-parts.ts';
import type { Staging } from './host-rows.ts';
import { type ListedServer, stagingName } from './server-list.ts';

/** Writes that are under way at the same time. */
const ahead = 16;

/** @returns whether it lies in staging now; why not stands in its row */
export async function push(parts: RoundParts, asked: Staging): Promise<boolean> {
  const { rows, clock, log, servers } = parts;
  try {
    const server = servers.get(stagingName);
    if (!server) throw new PullFault('UNKNOWN_SERVER', `no line "${stagingName}" stands in the list of servers of this host`);
    const path = await archiveOf(parts, asked);
    const about = { purpose: 'push', siteId: asked.site_id, backupId: asked.backup_id } as const;
    await throughLine(parts, server, about, (ssh) => lay(ssh, server, asked.id, path));
    await rows.answered(asked.id, { staged_at: clock.now() });
    return true;
  } catch (error) {
    if (parts.signal.aborted) throw error;
    const { code, says } = toldFault(error);
    log.warn({ site: asked.site_id, backup: asked.backup_id, code, says }, 'not staged');
    // A server that is away is tried again with the next round.
    if (code !== 'UNREACHABLE') await rows.answered(asked.id, { failed_at: clock.now(), fault: code });
    return false;
  }
}

async function archiveOf({ archiveOf: placeOf, tier, signal }: RoundParts, { site_id, backup_id }: Staging): Promise<string> {
  const held = await tier.list(site_id, signal);
  if (!held.some(({ backupId }) => backupId === backup_id)) throw new PullFault('NOT_THERE', 'that backup does not lie here');
  const path = placeOf(site_id, backup_id);
  if (path === undefined)
    throw new PullFault(
      'NO_ARCHIVE',
      'this host keeps contents (restic:), so it has no archive to give; restore with restic itself',
    );
  return path;
}

async function lay(ssh: SshServer, { user, folder }: ListedServer, id: string, path: string): Promise<{ bytes: number }> {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new PullFault('BAD_ROW', 'the row asks for what is no rendering');
  const { session, release } = await ssh.lease(user);
  const at = (ending: string) => Buffer.from(`${folder}/${id}.${ending}`);
  try {
    // Of a run that was cut off.
    await session.remove(at('part')).catch(unlessMissing);
    const bytes = await write(session, at('part'), path);
    await session.rename(at('part'), at('zip'));
    return { bytes };
  } finally {
    release();
  }
}

async function write(session: SftpSession, to: Buffer, path: string): Promise<number> {
  const handle = await session.open(to, 'exclusive');
  try {
    // Its group is the panel's.
    await session.setModeOf(handle, 0o640);
    let position = 0;
    const underWay: Promise<void>[] = [];
    for await (const chunk of createReadStream(path, { highWaterMark: session.maximumWrite })) {
      const written = session.write(handle, position, chunk);
      written.catch(() => {}); // it is awaited below, perhaps after the next chunk was read
      underWay.push(written);
      position += chunk.length;
      if (underWay.length >= ahead) await Promise.all(underWay.splice(0));
    }
    await Promise.all(underWay);
    await session.sync(handle);
    const { size } = await stat(path);
    if (position !== size) throw new PullFault('DIFFERENT', 'the archive changed while it was read');
    return position;
  } finally {
    await session.close(handle).catch(() => {});
  }
}

function unlessMissing(error: unknown): void {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  if (!isMissing && !(error instanceof PanelError && error.status === 404)) throw error;
}
