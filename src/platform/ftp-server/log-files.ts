// The files of a log that is turned over: how far each was read, by what it is and not by its name, since older sessions go on writing into the renamed one.
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogPlace, OpenedLog } from './port.ts';

export type LogFile = {
  readonly opened: OpenedLog;
  readonly offset: number;
  readonly isCurrent: boolean;
};

/** The octets without the line feed, and the offset of the next line. */
export type FileLine = { readonly bytes: Buffer; readonly next: number };

type Mark = { readonly id: string; readonly offset: number; readonly head: string };

/** How many octets at the beginning of a file tell it from another that was given the same inode. */
const headBytes = 256;
const lineFeed = 0x0a;

/** @returns the files that are there, the current one last, each where it was read to; none when the server has written nothing yet */
export async function openLogs(log: string, position: string | undefined, place = thisMachine): Promise<LogFile[]> {
  const marks = marksOf(position);
  const files: LogFile[] = [];
  try {
    for (const name of await namesOf(log, place)) {
      const opened = await place.open(join(dirname(log), name));
      if (!opened) continue;
      const file = { opened, offset: 0, isCurrent: name === basename(log) };
      files.push(file);
      file.offset = await offsetOf(opened, marks);
    }
  } catch (error) {
    await Promise.all(files.map(({ opened }) => opened.close()));
    throw error;
  }
  const at = ({ opened }: LogFile) => opened.modifiedAt;
  return files.sort((one, other) => Number(one.isCurrent) - Number(other.isCurrent) || at(one) - at(other));
}

const thisMachine: LogPlace = {
  names: async (folder) => (await readdir(folder).catch(unlessGone)) ?? [],
  open: async (path) => {
    const handle = await open(path, 'r').catch(unlessGone);
    if (!handle) return undefined;
    const { ino, size, mtimeMs } = await handle.stat();
    const read = async (length: number, position: number) => {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    return { id: String(ino), size, modifiedAt: mtimeMs, read, close: () => handle.close() };
  },
};

async function namesOf(log: string, place: LogPlace): Promise<string[]> {
  const names = await place.names(dirname(log));
  const isTurned = (rest: string) => /^[.-]\d[\d.-]*$/.test(rest);
  const own = basename(log);
  return names.filter((name) => name === own || (name.startsWith(own) && isTurned(name.slice(own.length))));
}

function unlessGone(fault: NodeJS.ErrnoException): undefined {
  if (fault.code !== 'ENOENT') throw fault;
}

/** A file that is shorter than it was, or begins otherwise, is another one: it is read from its beginning. */
async function offsetOf(opened: OpenedLog, marks: readonly Mark[]): Promise<number> {
  const offsets = [0];
  for (const { id, offset, head } of marks) {
    // Where files have no ids their beginnings tell them apart: a line begins with a time of milliseconds and a process.
    if (id !== (opened.id ?? '') || opened.size < offset) continue;
    if ((await headOf(opened, offset)) === head) offsets.push(offset);
  }
  return Math.max(...offsets);
}

async function headOf(opened: OpenedLog, offset: number): Promise<string> {
  const bytes = await opened.read(Math.min(offset, headBytes), 0);
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}

/** @throws Error for a position that none of us wrote */
function marksOf(position: string | undefined): Mark[] {
  if (position === undefined) return [];
  const marks: unknown = JSON.parse(position);
  const isMark = (mark: unknown): mark is [string, number, string] =>
    Array.isArray(mark) && typeof mark[0] === 'string' && Number.isSafeInteger(mark[1]) && typeof mark[2] === 'string';
  if (!Array.isArray(marks) || !marks.every(isMark)) throw new Error('Not a position in the log of the FTP server');
  return marks.map(([id, offset, head]) => ({ id, offset, head }));
}

/** @returns what openLogs takes up again; files that are gone are forgotten */
export async function positionOf(files: readonly LogFile[]): Promise<string> {
  const marks = files.map(async ({ opened, offset }) => [opened.id ?? '', offset, await headOf(opened, offset)]);
  return JSON.stringify(await Promise.all(marks));
}

/** Reads whole lines from where the file was read to; a last one without its line feed waits. One longer than `atMost` is passed over. */
export async function readLines({ opened, offset }: LogFile, atMost: number): Promise<{ lines: FileLine[]; hasMore: boolean }> {
  const buffer = await opened.read(atMost, offset);
  const bytesRead = buffer.length;
  const lines: FileLine[] = [];
  let at = 0;
  for (let end = 0; at < bytesRead; at = end + 1) {
    end = buffer.indexOf(lineFeed, at);
    if (end < 0) break;
    lines.push({ bytes: buffer.subarray(at, end), next: offset + end + 1 });
  }
  const hasMore = bytesRead === atMost;
  if (hasMore && lines.length === 0) lines.push({ bytes: Buffer.alloc(0), next: offset + bytesRead });
  return { lines, hasMore };
}
