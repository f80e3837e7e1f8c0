// A log of another server, read over SFTP.
import { basename } from 'node:path';
import type { LogPlace, OpenedLog } from '../ftp-server/port.ts';
import type { SftpServer, SftpSession } from './port.ts';

const missing = (error: unknown): undefined => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
};

/** @param use gets the files as long as it runs. @throws PanelError 503 when the server does not answer */
export async function withRemoteLog<T>(server: SftpServer, user: string, use: (place: LogPlace) => Promise<T>): Promise<T> {
  const { session, release } = await server.lease(user, true);
  try {
    return await use({ names: (folder) => namesIn(session, folder), open: (path) => openLog(session, path) });
  } finally {
    release();
  }
}

async function namesIn(session: SftpSession, folder: string): Promise<string[]> {
  const handle = await session.openFolder(Buffer.from(folder)).catch(missing);
  if (!handle) return [];
  const names: string[] = [];
  try {
    for (let more = await session.readFolder(handle); more; more = await session.readFolder(handle))
      names.push(...more.map(({ name }) => basename(name.toString('latin1'))));
    return names;
  } finally {
    void session.close(handle).catch(() => {});
  }
}

async function openLog(session: SftpSession, path: string): Promise<OpenedLog | undefined> {
  const place = Buffer.from(path);
  const found = await session.lstat(place).catch(missing);
  // Opening a pipe would never end.
  if (!found || (found.mode & 0o170_000) !== 0o100_000) return undefined;
  const handle = await session.open(place, 'read').catch(missing);
  if (!handle) return undefined;
  const close = () => session.close(handle).catch(() => {});
  try {
    const { size, modifiedSeconds } = await session.fstat(handle);
    const read = (length: number, position: number) => readAt(session, handle, { length, position });
    return { id: undefined, size, modifiedAt: modifiedSeconds * 1000, read, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readAt(
  session: SftpSession,
  handle: Buffer,
  { length, position }: { length: number; position: number },
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let taken = 0; taken < length; ) {
    const bytes = await session.read(handle, position + taken, Math.min(session.maximumRead, length - taken));
    if (bytes.length === 0) break;
    pieces.push(bytes);
    taken += bytes.length;
  }
  return Buffer.concat(pieces);
}
