// Pulls the archive of one backup out of the web server that shows it, compares it, and keeps it in the host's own storage (KHADA 8.7).
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenBackup } from '../backups/backups.ts';
import { PanelError } from '../platform/errors.ts';
import type { SshServer } from '../platform/ssh/server.ts';
import { sftpStorageBy } from '../platform/storage/sftp.ts';
import { sourceOf } from '../tiers/tiers.ts';
import { PullFault, toldFault } from './host-faults.ts';
import { throughLine } from './host-line.ts';
import type { RoundParts } from './host-parts.ts';
import type { Work } from './host-rows.ts';
import type { ListedServer } from './server-list.ts';

/** Of what rows may name: nothing that leads out of the folder of a site. */
const isFolderName = (text: string) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(text);
const isArchiveName = (text: string) => /^[a-z0-9-]{1,64}-\d{8}-\d{4}(-\d{1,4})?\.zip$/.test(text);
const isDigest = (text: string) => /^[0-9a-f]{64}$/.test(text);

/** @returns whether it lies here now; why not stands in its row */
export async function pull(parts: RoundParts, work: Work): Promise<boolean> {
  const { rows, clock, log, working } = parts;
  const path = join(working, `pulled-${work.id.replace(/[^0-9a-f-]/gi, '')}.zip`);
  try {
    const server = serverOf(parts, work);
    await mkdir(working, { recursive: true, mode: 0o700 });
    await throughLine(parts, server, { purpose: 'pull', siteId: work.site_id, backupId: work.backup_id }, (ssh) =>
      fetch(ssh, server, work, path),
    );
    const bytes = await keep(parts, work, path);
    await rows.kept(work, { bytes, at: clock.now() });
    log.info({ site: work.site_id, backup: work.backup_id, server: work.server, bytes: work.bytes }, 'pulled');
    return true;
  } catch (error) {
    if (parts.signal.aborted) throw error;
    const { code, says } = toldFault(error);
    log.warn({ site: work.site_id, backup: work.backup_id, server: work.server, code, says }, 'not pulled');
    await rows.failed(work, code, clock.now());
    return false;
  } finally {
    await rm(path, { force: true });
  }
}

function serverOf({ servers }: RoundParts, work: Work): ListedServer {
  if (!isFolderName(basename(work.folder)) || !isArchiveName(work.file_name) || !isDigest(work.sha256))
    throw new PullFault('BAD_ROW', 'the row of this backup names what is no folder of a site, archive or SHA-256');
  const server = servers.get(work.server);
  if (!server) throw new PullFault('UNKNOWN_SERVER', `${work.server} does not stand in the list of servers of this host`);
  return server;
}

async function fetch(ssh: SshServer, { user, folder }: ListedServer, work: Work, path: string): Promise<{ bytes: number }> {
  const root = `${folder}/${basename(work.folder)}`;
  const storage = sftpStorageBy(async () => ({ ...(await ssh.lease(user, true)), root }));
  const opened = await storage.open(['backup', work.file_name]).catch((error) => {
    if (!(error instanceof PanelError) || error.status !== 404) throw error;
    throw new PullFault(
      'NOT_THERE',
      `${work.server} shows no ${work.file_name}: a newer one has taken its place, or it was never shown`,
    );
  });
  const found = await arrived(opened.stream, work.bytes, path);
  if (found.bytes === work.bytes && found.sha256 === work.sha256) return found;
  throw new PullFault('DIFFERENT', `${work.file_name} on ${work.server} is not the one that the panel read back`);
}

/** @param most more is no archive of that row, and does not fill the disk */
async function arrived(stream: Readable, most: number, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(
        bytes > most ? new PullFault('DIFFERENT', 'the archive is larger than the one that the panel read back') : null,
        chunk,
      );
    },
  });
  await pipeline(stream, counted, createWriteStream(path, { mode: 0o600, flush: true }));
  return { bytes, sha256: hash.digest('hex') };
}

/** @returns bytes that it added to what is stored */
async function keep({ tier, ledger, signal }: RoundParts, work: Work, path: string): Promise<number> {
  const local = async () => ({ path, release: async () => {} });
  const opened = await OpenBackup.of({ local }, { key: work.file_name, size: work.bytes });
  const about = { id: work.backup_id, dataAt: work.data_at, queuedAt: work.queued_at, sha256: work.sha256 };
  const kept = await tier.keep(sourceOf(work.site_id, about, opened), signal).finally(() => opened.close());
  const notes = await ledger.notes(work.site_id);
  const copies = { ...notes.copies, [work.backup_id]: notes.copies[work.backup_id] ?? ledger.now() };
  await ledger.write(work.site_id, { ...notes, copies });
  return kept.bytes;
}
