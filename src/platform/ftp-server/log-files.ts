// The files of a log that is turned over: how far each was read, by what it is and not by its name, since older sessions go on writing into the renamed one.
import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export type LogFile = {
  readonly handle: FileHandle;
  readonly inode: string;
  readonly offset: number;
  readonly isCurrent: boolean;
};

/** The octets without the line feed, and the offset of the next line. */
export type FileLine = { readonly bytes: Buffer; readonly next: number };

type Mark = { readonly offset: number; readonly head: string };

/** How many octets at the beginning of a file tell it from another that was given the same inode. */
const headBytes = 256;
const lineFeed = 0x0a;

/** @returns the files that are there, the current one last, each where it was read to; none when the server has written nothing yet */
export async function openLogs(log: string, position: string | undefined): Promise<LogFile[]> {
  const marks = marksOf(position);
  const files: (LogFile & { readonly at: number })[] = [];
  for (const name of await namesOf(log)) {
    const handle = await open(join(dirname(log), name), 'r').catch(unlessGone);
    if (!handle) continue;
    const { ino, size, mtimeMs } = await handle.stat();
    const inode = String(ino);
    const offset = await offsetOf(handle, size, marks.get(inode));
    files.push({ handle, inode, offset, isCurrent: name === basename(log), at: mtimeMs });
  }
  return files.sort((one, other) => Number(one.isCurrent) - Number(other.isCurrent) || one.at - other.at);
}

async function namesOf(log: string): Promise<string[]> {
  const names = await readdir(dirname(log)).catch(unlessGone);
  const isTurned = (rest: string) => /^[.-]\d[\d.-]*$/.test(rest);
  const own = basename(log);
  return (names ?? []).filter((name) => name === own || (name.startsWith(own) && isTurned(name.slice(own.length))));
}

function unlessGone(fault: NodeJS.ErrnoException): undefined {
  if (fault.code !== 'ENOENT') throw fault;
}

/** A file that is shorter than it was, or begins otherwise, is another one: it is read from its beginning. */
async function offsetOf(handle: FileHandle, size: number, mark: Mark | undefined): Promise<number> {
  if (!mark || size < mark.offset) return 0;
  return (await headOf(handle, mark.offset)) === mark.head ? mark.offset : 0;
}

async function headOf(handle: FileHandle, offset: number): Promise<string> {
  const buffer = Buffer.alloc(Math.min(offset, headBytes));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('base64url').slice(0, 22);
}

/** @throws Error for a position that none of us wrote */
function marksOf(position: string | undefined): Map<string, Mark> {
  if (position === undefined) return new Map();
  const marks: unknown = JSON.parse(position);
  const isMark = (mark: unknown): mark is [string, number, string] =>
    Array.isArray(mark) && typeof mark[0] === 'string' && Number.isSafeInteger(mark[1]) && typeof mark[2] === 'string';
  if (!Array.isArray(marks) || !marks.every(isMark)) throw new Error('Not a position in the log of the FTP server');
  return new Map(marks.map(([inode, offset, head]) => [inode, { offset, head }]));
}

/** @returns what openLogs takes up again; files that are gone are forgotten */
export async function positionOf(files: readonly LogFile[]): Promise<string> {
  const marks = files.map(async ({ handle, inode, offset }) => [inode, offset, await headOf(handle, offset)]);
  return JSON.stringify(await Promise.all(marks));
}

/** Reads whole lines from where the file was read to; a last one without its line feed waits. One longer than `atMost` is passed over. */
export async function readLines({ handle, offset }: LogFile, atMost: number): Promise<{ lines: FileLine[]; hasMore: boolean }> {
  const buffer = Buffer.allocUnsafe(atMost);
  const { bytesRead } = await handle.read(buffer, 0, atMost, offset);
  const lines: FileLine[] = [];
  let at = 0;
  for (let end = 0; at < bytesRead; at = end + 1) {
    end = buffer.subarray(0, bytesRead).indexOf(lineFeed, at);
    if (end < 0) break;
    lines.push({ bytes: buffer.subarray(at, end), next: offset + end + 1 });
  }
  const hasMore = bytesRead === atMost;
  if (hasMore && lines.length === 0) lines.push({ bytes: Buffer.alloc(0), next: offset + bytesRead });
  return { lines, hasMore };
}
