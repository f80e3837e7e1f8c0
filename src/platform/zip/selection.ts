// A part of one of our archives as an archive of its own: the same members, byte for byte, under a directory made anew. Nothing is compressed, and any range can be made.
import { Readable } from 'node:stream';
import { readFully } from './damage.ts';
import { moveBack, readEntry } from './directory.ts';
import type { RawEntry, ZipLookup } from './lookup.ts';
import { above32, endOfDirectory, lengths } from './records.ts';

const chunkBytes = 1024 * 1024;

/** Members that follow one another in the archive; `end` is the first byte that is not theirs. */
type Run = { readonly start: number; end: number };

/** Which bytes it consists of: computed from the directory alone, and the same every time. */
export type Selection = {
  readonly runs: readonly Run[];
  readonly members: number;
  /** of members alone, and of the directory */
  readonly contentBytes: number;
  readonly directoryBytes: number;
  /** of the whole */
  readonly bytes: number;
  readonly takes: Takes;
};

/** Whether a member belongs to it, by its name as it is stored. */
export type Takes = (name: Buffer) => boolean;

/** Those whose path begins so. */
export const below = (folder: string): Takes => {
  const prefix = Buffer.from(`${folder}/`);
  return (name) => prefix.compare(name, 0, Math.min(prefix.length, name.length)) === 0;
};

const nameIn = ({ bytes, at, nameEnd }: RawEntry) => bytes.subarray(at + lengths.entry, nameEnd);

/** @throws DamagedArchive */
export async function select(archive: ZipLookup, takes: Takes): Promise<Selection> {
  const runs: Run[] = [];
  let [members, directoryBytes, wasTaken] = [0, 0, false];
  await archive.scan((entry) => {
    const taken = takes(nameIn(entry));
    if (taken !== wasTaken) {
      const offset = offsetOf(entry);
      const last = runs.at(-1);
      if (taken) runs.push({ start: offset, end: archive.place.offset });
      else if (last) last.end = offset;
      wasTaken = taken;
    }
    if (taken) {
      members++;
      directoryBytes += entry.end - entry.at;
    }
    return true;
  });
  const contentBytes = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  const tail = endOfDirectory({ entries: members, bytes: directoryBytes, offset: contentBytes });
  return { runs, members, contentBytes, directoryBytes, bytes: contentBytes + directoryBytes + tail.length, takes };
}

/**
 * @param range bytes, both inclusive, within the selection; without it all
 * @returns exactly these bytes; the archive must stay open until the stream is closed
 */
export function selected(archive: ZipLookup, selection: Selection, range?: { start: number; end: number }): Readable {
  const wanted = range ?? { start: 0, end: selection.bytes - 1 };
  return Readable.from(pieces(archive, selection, wanted), { objectMode: false });
}

async function* pieces(archive: ZipLookup, selection: Selection, { start, end }: { start: number; end: number }) {
  let at = 0;
  for (const run of selection.runs) {
    const length = run.end - run.start;
    const [from, to] = [Math.max(start, at), Math.min(end + 1, at + length)];
    for (let next = from; next < to; next += chunkBytes)
      yield await readFully(archive.file, run.start + next - at, Math.min(chunkBytes, to - next));
    at += length;
  }
  if (end < at) return;
  for await (const part of directory(archive, selection)) {
    const piece = part.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    at += part.length;
    if (piece.length > 0) yield piece;
    if (at > end) return;
  }
}

/** The entries as they are, but for the place of each, and what closes the archive. */
async function* directory(archive: ZipLookup, { takes, runs, members, contentBytes, directoryBytes }: Selection) {
  let parts: Buffer[] = [];
  let [length, from] = [0, 0];
  // A scan cannot be held up, so each portion of it is asked for anew from where the last one ended.
  for (let done = 0; done < members; ) {
    const first = done;
    await archive.scan((entry) => {
      from = entry.position + entry.end - entry.at;
      if (!takes(nameIn(entry))) return true;
      const copy = Buffer.from(entry.bytes.subarray(entry.at, entry.end));
      moveBack(copy, movedBy(runs, offsetOf(entry)));
      parts.push(copy);
      length += copy.length;
      done++;
      return length < chunkBytes && done < members;
    }, from);
    if (done === first) throw new RangeError('the selection is of another archive');
    yield Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  yield endOfDirectory({ entries: members, bytes: directoryBytes, offset: contentBytes });
}

function offsetOf({ bytes, at }: RawEntry): number {
  const narrow = bytes.readUInt32LE(at + 42);
  return narrow === above32 ? readEntry(bytes, at).entry.offset : narrow;
}

/** @returns how much nearer to the beginning a member lies here than in the archive */
function movedBy(runs: readonly Run[], offset: number): number {
  let before = 0;
  for (const { start, end } of runs) {
    if (offset >= start && offset < end) return start - before;
    before += end - start;
  }
  throw new RangeError('the selection is of another archive');
}
