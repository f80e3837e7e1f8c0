// Reads files over SFTP: pieces are asked for ahead, so that a line with a long way is filled.

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { notFound } from '../errors.ts';
import type { Attributes, RemoteHandle, SftpLease, SftpSession } from '../ssh/port.ts';
import { answering } from './faults.ts';
import { checked } from './path.ts';
import type { ByteRange, Entry, OpenFile, ReadFile, SitePath, SiteReader, WholeFile } from './port.ts';
import {
  at,
  describe,
  enter,
  kindOf,
  type Names,
  openAt,
  type Remote,
  type RemoteName,
  readShown,
  readWhole,
  walk,
} from './sftp-paths.ts';
import { wholeBy } from './whole.ts';

/** Bytes asked for ahead of who reads one after another. */
const ahead = 2 * 1024 * 1024;
/** Version 3 tells whole seconds: what was written in this second or in the one before may be written again unseen. */
const unsettled = 1250;

type Piece = { readonly position: number; readonly length: number; readonly bytes: Promise<Buffer> };

/** An opened file, read at any place; reads in a row, from the beginning or from the second one on, are asked for ahead. */
class Pieces {
  readonly #session: SftpSession;
  readonly #handle: RemoteHandle;
  readonly #size: number;
  #asked: Piece[] = [];
  /** where the next read begins if they come in a row */
  #following = 0;
  /** where the file ended when that was last seen */
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(session: SftpSession, handle: RemoteHandle, size: number) {
    this.#session = session;
    this.#handle = handle;
    this.#size = size;
  }

  /** Asks for the first bytes, so that they come together with other answers. */
  begin(): void {
    this.#ask(0, Math.min(this.#session.maximumRead, this.#size + 1));
  }

  /** @returns bytes from `position` on, at most `wanted`, none at the end; `until`: reading ahead ends there */
  async next(position: number, wanted: number, until = Number.POSITIVE_INFINITY): Promise<Buffer> {
    if (position >= this.#endsAt) return Buffer.alloc(0);
    while (this.#asked[0] && !covers(this.#asked[0], position)) this.#asked.shift();
    const isInRow = position === this.#following;
    // one byte more than there should be: a short answer then tells the end without being asked once more
    const end = Math.min(Math.max(this.#size + 1, position + 1), until, position + (isInRow ? Math.max(ahead, wanted) : wanted));
    for (let from = this.#end() ?? position; from < end; from = this.#end() ?? end)
      this.#ask(from, Math.min(this.#session.maximumRead, end - from));
    const [piece] = this.#asked;
    if (!piece) return Buffer.alloc(0);
    const bytes = await piece.bytes;
    if (bytes.length < piece.length) this.#endsAt = piece.position + bytes.length;
    const part = bytes.subarray(position - piece.position, position - piece.position + wanted);
    this.#following = position + part.length;
    return part;
  }

  #end(): number | undefined {
    const last = this.#asked.at(-1);
    return last && last.position + last.length;
  }

  #ask(position: number, length: number): void {
    const bytes = this.#session.read(this.#handle, position, length);
    bytes.catch(() => {}); // who comes to it gets the error; nobody may
    this.#asked.push({ position, length, bytes });
  }
}

const covers = ({ position, length }: Piece, place: number) => position <= place && place < position + length;

/**
 * Opens a regular file as a stream. @param lease is released when the stream closes, or here when there is none
 * @throws RangeError when the range is none
 */
export async function openStream(lease: SftpLease & Remote, path: SitePath, range?: ByteRange): Promise<OpenFile> {
  const remote = { session: lease.session, root: lease.root };
  try {
    if (range && !isRange(range)) throw new RangeError('A byte range must have 0 ≤ start ≤ end');
    const { names, found } = await walk(remote, path);
    const last = found.length === path.length ? found.at(-1) : undefined;
    if (!last || kindOf(last) !== 'file') throw notFound();
    const { handle } = await openAt(remote, names, ['file']);
    const free = () => {
      void lease.session
        .close(handle)
        .catch(() => {})
        .finally(lease.release);
    };
    const attributes = await lease.session.fstat(handle).catch((error) => {
      void lease.session.close(handle).catch(() => {});
      throw error;
    });
    const pieces = new Pieces(lease.session, handle, attributes.size);
    return { entry: describe(path.at(-1) ?? '', attributes), stream: streamOf(pieces, lease.session.maximumRead, range, free) };
  } catch (error) {
    lease.release();
    throw error;
  }
}

const isRange = ({ start, end }: ByteRange) =>
  Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end;

function streamOf(pieces: Pieces, most: number, range: ByteRange | undefined, free: () => void): Readable {
  let position = range?.start ?? 0;
  const end = range ? range.end + 1 : Number.POSITIVE_INFINITY;
  return new Readable({
    highWaterMark: most,
    read() {
      const wanted = Math.min(most, end - position);
      answering(() => (wanted > 0 ? pieces.next(position, wanted, end) : Promise.resolve(Buffer.alloc(0)))).then(
        (bytes) => {
          position += bytes.length;
          this.push(bytes.length > 0 ? bytes : null);
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      free();
      done(error);
    },
  });
}

type Place = { lease(): Promise<SftpLease & Remote>; stat(path: SitePath): Promise<Entry> };
type Folder = { readonly key: string; readonly names: Names; readonly shown: ReadonlyMap<string, RemoteName> };

/** The folder of the last file is listed once; a file costs two round trips, and several may be under way. */
export class SftpReader implements SiteReader {
  readonly #place: Place;
  #folder: { readonly key: string; readonly read: Promise<Folder> } | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** As the port says. A file written in this second is opened when the next one has come, so that its stamp will tell. */
  open(path: SitePath): Promise<ReadFile> {
    const name = checked(path).at(-1);
    if (name === undefined) throw new RangeError("The site's own folder is no file");
    return answering(async () => {
      const lease = await this.#place.lease();
      const remote = { session: lease.session, root: lease.root };
      try {
        const folder = await this.#folderOf(remote, path.slice(0, -1));
        const listed = await fileIn(remote, folder, name);
        const { handle } = await openAt(remote, [...folder.names, listed.name], ['file']);
        const atPath = () => this.#place.stat(path);
        return await SftpFile.of(lease, handle, { name, size: listed.attributes.size, atPath });
      } catch (error) {
        lease.release();
        throw error;
      }
    });
  }

  whole(path: SitePath, into: Uint8Array): Promise<WholeFile> {
    return wholeBy(this, path, into);
  }

  #folderOf(remote: Remote, parents: SitePath): Promise<Folder> {
    const key = parents.join('/');
    if (this.#folder?.key === key) return this.#folder.read;
    const read = (async () => {
      const names = await enter(remote, parents);
      return { key, names, shown: readShown(await readWhole(remote, names)) };
    })();
    this.#folder = { key, read };
    // asked again by the next one: the line may be back by then
    read.catch(() => {
      if (this.#folder?.read === read) this.#folder = undefined;
    });
    return read;
  }

  async close(): Promise<void> {
    this.#folder = undefined;
  }
}

/** @returns the file as it was listed, looked for anew when it was not; 404 for anything else: opening a pipe would never end */
async function fileIn(remote: Remote, { names, shown }: Folder, name: string): Promise<RemoteName> {
  const found = shown.get(name) ?? { name, attributes: await remote.session.lstat(at(remote, [...names, name])) };
  if (kindOf(found.attributes) !== 'file') throw notFound();
  return found;
}

type Expected = { readonly name: string; readonly size: number; readonly atPath: () => Promise<Entry> };

/** @returns the attributes, taken anew after the second in which it was written is over; a clock that is ahead by more is not waited for */
async function settled(attributes: Attributes, again: () => Promise<Attributes>): Promise<Attributes> {
  const wait = attributes.modifiedSeconds * 1000 + unsettled - Date.now();
  if (wait <= 0 || wait > 2 * unsettled) return attributes;
  await sleep(wait);
  return again();
}

class SftpFile implements ReadFile {
  readonly entry: Entry;
  readonly #pieces: Pieces;
  readonly #atPath: () => Promise<Entry>;
  readonly #free: () => void;

  private constructor(entry: Entry, parts: { pieces: Pieces; atPath: () => Promise<Entry>; free: () => void }) {
    this.entry = entry;
    this.#pieces = parts.pieces;
    this.#atPath = parts.atPath;
    this.#free = parts.free;
  }

  /** @param expected its size by the list: the first bytes are asked for at once, after what its stamp is made of */
  static async of(lease: SftpLease, handle: RemoteHandle, expected: Expected): Promise<SftpFile> {
    const { session } = lease;
    const { name, atPath } = expected;
    const free = () =>
      void session
        .close(handle)
        .catch(() => {})
        .finally(lease.release);
    const begun = (size: number) => {
      const pieces = new Pieces(session, handle, size);
      pieces.begin();
      return pieces;
    };
    try {
      const [first, early] = [session.fstat(handle), begun(expected.size)];
      const attributes = await settled(await first, () => session.fstat(handle));
      const isEarly = attributes === (await first) && attributes.size === expected.size;
      const pieces = isEarly ? early : begun(attributes.size);
      return new SftpFile(describe(name, attributes), { pieces, atPath, free });
    } catch (error) {
      void session.close(handle).catch(() => {});
      throw error;
    }
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return answering(async () => {
      let filled = 0;
      while (filled < into.length) {
        const bytes = await this.#pieces.next(position + filled, into.length - filled);
        if (bytes.length === 0) break;
        into.set(bytes, filled);
        filled += bytes.length;
      }
      return filled;
    });
  }

  /** Asks the path: the opened file could not tell that another one has taken its name. */
  again(): Promise<Entry> {
    return this.#atPath();
  }

  /** Not waited for: it would cost a round trip for each file, and what a server that is gone holds open is gone with it. */
  async close(): Promise<void> {
    this.#free();
  }
}
