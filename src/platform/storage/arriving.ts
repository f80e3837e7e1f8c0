// Bytes that arrive in pieces: one file each, appended piece by piece, one sender at a time, judged while they arrive.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { badRequest, PanelError, tooLarge } from '../errors.ts';
import { equalText } from '../secrets.ts';
import { bytesPassed } from '../young-memory.ts';
import { faultCode } from './faults.ts';
import type { Checksum } from './port.ts';
import { storageFault, toDisk } from './to-disk.ts';

export type Piece = {
  readonly body: Readable;
  /** where it begins; as much must have arrived */
  readonly offset: number;
  /** bytes of the whole file */
  readonly whole: number;
  /** of the file in the site */
  readonly path: readonly string[];
  /** of its bytes: what does not fit is thrown away */
  readonly checksum?: Checksum | undefined;
};

/** Looks at the content while it arrives. `push`: whether it wants to see more. */
export type Judge<R> = { push(chunk: Buffer): boolean; end(): Promise<R | undefined> };
type Judged<R> = { readonly judge: Judge<R>; at: number; isOpen: boolean };
type Sender = { readonly cancel: () => void; readonly done: Promise<void> };

/** As many contents are judged while they arrive; what else is finished is read once more. */
const mostJudges = 64;
const flushBytes = 32 * 1024 * 1024;

export class Arriving<R = never> {
  readonly #folder: string;
  readonly #senders = new Map<string, Sender>();
  readonly #judged = new Map<string, Judged<R>>();
  readonly #flushes = new Map<string, Promise<unknown>>();

  readonly #newJudge: ((path: readonly string[]) => Judge<R>) | undefined;

  /** @param newJudge left out: nobody asks for the content before it is whole */
  constructor(folder: string, newJudge?: (path: readonly string[]) => Judge<R>) {
    this.#folder = folder;
    this.#newJudge = newJudge;
  }

  pathOf(id: string): string {
    return join(this.#folder, id);
  }

  /** @returns how many bytes are there: the file's length, which on the file systems of Linux never runs ahead of its bytes. @throws PanelError 503 */
  async received(id: string): Promise<number> {
    const found = await stat(this.pathOf(id)).catch((error) => {
      if (faultCode(error) === 'ENOENT') return { size: 0 };
      throw storageFault(error);
    });
    return found.size;
  }

  /** Waits until nobody sends; who still does is cut off, since their successor is here. */
  async alone<T>(id: string, work: () => Promise<T>, cancel: () => void = () => {}): Promise<T> {
    for (let other = this.#senders.get(id); other; other = this.#senders.get(id)) {
      other.cancel();
      await other.done;
    }
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#senders.set(id, { cancel, done });
    try {
      return await work();
    } finally {
      this.#senders.delete(id);
      resolve();
    }
  }

  /**
   * Appends, inside of `alone`. What arrives before a request is cut is kept, unless it has a checksum, which then nobody can compare.
   * @returns how many bytes are there now
   * @throws PanelError 413 for more than is expected, 460 for a wrong checksum, 400 for a cut request, 503
   */
  async append(id: string, piece: Piece): Promise<number> {
    const { body, offset, whole, path, checksum } = piece;
    const hash = checksum === undefined ? undefined : createHash(checksum.algorithm);
    const judged = this.#judgeOf(id, path, offset);
    let bytes = 0;
    const through = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        bytesPassed(chunk.length);
        if (offset + bytes > whole) return done(tooLarge());
        hash?.update(chunk);
        if (judged?.isOpen) judged.isOpen = judged.judge.push(chunk);
        done(null, chunk);
      },
    });
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await toDisk(body, through, this.pathOf(id), offset);
      if (checksum && !equalText(hash?.digest('base64') ?? '', checksum.digest)) throw new PanelError(460, 'files.checksum');
    } catch (error) {
      this.#judged.delete(id);
      const isCut = !(error instanceof PanelError);
      if (!isCut || checksum) await truncate(this.pathOf(id), offset).catch(() => {});
      throw isCut ? badRequest() : error;
    }
    if (judged) judged.at += bytes;
    this.#flush(id, offset, offset + bytes);
    return offset + bytes;
  }

  /** Brings a large file to the disk while the rest of it arrives. What that fails at fails again when it is published. */
  #flush(id: string, before: number, now: number): void {
    if (Math.floor(before / flushBytes) === Math.floor(now / flushBytes) || this.#flushes.has(id)) return;
    const flush = (async () => {
      const file = await open(this.pathOf(id), 'r+');
      await file.datasync().finally(() => file.close());
    })();
    this.#flushes.set(
      id,
      flush.then(
        () => this.#flushes.delete(id),
        () => {},
      ),
    );
    // A fault is told once by the system: the file it concerns is not believed any more.
    flush.catch(() => rm(this.pathOf(id), { force: true }).catch(() => {}));
  }

  #judgeOf(id: string, path: readonly string[], offset: number): Judged<R> | undefined {
    const known = this.#judged.get(id);
    if (known && known.at === offset) return known;
    this.#judged.delete(id);
    if (!this.#newJudge || offset > 0 || this.#judged.size >= mostJudges) return undefined;
    const judged = { judge: this.#newJudge(path), at: 0, isOpen: true };
    this.#judged.set(id, judged);
    return judged;
  }

  /** @returns what the content was judged to be while it arrived, if all of it passed by here. Errors: PanelError 503 */
  async passed(id: string, bytes: number): Promise<{ refusal: R | undefined } | undefined> {
    await this.#flushes.get(id);
    const judged = this.#judged.get(id);
    this.#judged.delete(id);
    return judged?.at === bytes ? { refusal: await judged.judge.end() } : undefined;
  }

  async remove(id: string): Promise<void> {
    this.#judged.delete(id);
    this.#flushes.delete(id);
    await rm(this.pathOf(id), { force: true });
  }

  /** @returns ids of files that nobody wrote to for so long */
  async untouched(milliseconds: number): Promise<string[]> {
    const now = Date.now();
    const names = await readdir(this.#folder).catch(() => []);
    const old = await Promise.all(
      names.map(async (name) => now - ((await stat(this.pathOf(name)).catch(() => undefined))?.mtimeMs ?? now) > milliseconds),
    );
    return names.filter((_, at) => old[at]);
  }
}
