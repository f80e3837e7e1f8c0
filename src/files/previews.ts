// Small pictures of pictures, decoded in a program of its own: a decoder is where a picture attacks, and this one has nothing to give.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { notFound, tooMany } from '../platform/errors.ts';
import type { Entry } from '../platform/storage/port.ts';
import { isPictureName } from './pictures.ts';

/** Larger files are downloaded. */
const mostBytes = 32 * 1024 ** 2;
/** What it says is a small picture, or it is not read on. */
const mostAnswer = 1024 ** 2;
const atOnce = 2;
const atOnceOfCustomer = 1;
/** More are refused at once: a page shows one. */
const mostWaiting = 4;
/** Changes when previews look different, so that browsers ask again. */
const edition = 1;

export type PreviewLimits = {
  readonly milliseconds: number;
  /** resident memory of the program, in bytes */
  readonly memoryBytes: number;
};

const usualLimits: PreviewLimits = { milliseconds: 10_000, memoryBytes: 400 * 1024 ** 2 };
const usualProgram = fileURLToPath(new URL(`./preview-program${extname(import.meta.url)}`, import.meta.url));

/** @returns whether the page of a file offers its preview; whether one can be made shows when it is asked for */
export const mayHavePreview = ({ kind, name, size }: Pick<Entry, 'kind' | 'name' | 'size'>): boolean =>
  kind === 'file' && size > 0 && size <= mostBytes && isPictureName(name);

/** @returns the entity tag of what would be shown of a file as it stands now */
export const previewTag = ({ stamp }: Pick<Entry, 'stamp'>): string =>
  `"${createHash('sha256').update(`${edition} ${stamp}`).digest('base64url').slice(0, 27)}"`;

/** Of one process: two pictures at a time, one of each customer; the others wait. */
export class Previews {
  readonly #limits: PreviewLimits;
  readonly #program: string;
  readonly #running = new Map<string, number>();
  readonly #waiting: { readonly customerId: string; readonly begin: () => void }[] = [];

  /** @param program a file that Node.js runs: bytes on its stdin, a WebP on its stdout */
  constructor(limits: Partial<PreviewLimits> = {}, program: string = usualProgram) {
    this.#limits = { ...usualLimits, ...limits };
    this.#program = program;
  }

  /**
   * @param stream the file; closed in any case
   * @returns a WebP of at most 320 pixels a side, without what its camera wrote into it
   * @throws PanelError 404 when none can be made, whatever the reason; 429 when several of the customer wait already
   */
  async make(customerId: string, stream: Readable, gone: AbortSignal): Promise<Buffer> {
    try {
      await this.#turn(customerId, gone);
    } catch (error) {
      stream.destroy();
      throw error;
    }
    try {
      return await this.#run(stream, gone);
    } finally {
      stream.destroy();
      this.#leave(customerId);
    }
  }

  async #turn(customerId: string, gone: AbortSignal): Promise<void> {
    if (gone.aborted) throw notFound();
    if (this.#isFree(customerId)) return this.#enter(customerId);
    if (this.#waiting.filter((one) => one.customerId === customerId).length >= mostWaiting) throw tooMany();
    const turn = Promise.withResolvers<void>();
    const waiting = { customerId, begin: turn.resolve };
    const leave = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
      if (at >= 0) turn.reject(notFound());
    };
    this.#waiting.push(waiting);
    gone.addEventListener('abort', leave, { once: true });
    const timer = setTimeout(leave, this.#limits.milliseconds);
    await turn.promise.finally(() => {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
    });
  }

  #isFree(customerId: string): boolean {
    const all = [...this.#running.values()].reduce((sum, count) => sum + count, 0);
    return all < atOnce && (this.#running.get(customerId) ?? 0) < atOnceOfCustomer;
  }

  #enter(customerId: string): void {
    this.#running.set(customerId, (this.#running.get(customerId) ?? 0) + 1);
  }

  #leave(customerId: string): void {
    const left = (this.#running.get(customerId) ?? 1) - 1;
    if (left > 0) this.#running.set(customerId, left);
    else this.#running.delete(customerId);
    const at = this.#waiting.findIndex((one) => this.#isFree(one.customerId));
    const [next] = at >= 0 ? this.#waiting.splice(at, 1) : [];
    if (!next) return;
    this.#enter(next.customerId);
    next.begin();
  }

  async #run(stream: Readable, gone: AbortSignal): Promise<Buffer> {
    // Nothing of the panel is in its environment, and no folder of the panel's is where it stands.
    const child = spawn(process.execPath, ['--max-old-space-size=96', this.#program], {
      ...{ env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] },
    });
    const kill = () => void child.kill('SIGKILL');
    const timer = setTimeout(kill, this.#limits.milliseconds);
    gone.addEventListener('abort', kill, { once: true });
    if (gone.aborted) kill();
    const stopWatching = watchMemory(child, this.#limits.memoryBytes, kill);
    try {
      const [made] = await Promise.all([answerOf(child), feed(child, stream)]);
      return made;
    } catch {
      // Refused, crashed, too slow, too large: there is no preview, and that is all anybody is told.
      throw notFound();
    } finally {
      clearTimeout(timer);
      stopWatching();
      gone.removeEventListener('abort', kill);
      kill();
    }
  }
}

async function feed({ stdin }: ChildProcess, stream: Readable): Promise<void> {
  if (!stdin) throw new Error('the program has no input');
  await pipeline(
    stream,
    async function* (source: AsyncIterable<Buffer>) {
      let bytes = 0;
      for await (const piece of source) {
        bytes += piece.length;
        if (bytes > mostBytes) throw new Error('the file grew too large meanwhile');
        yield piece;
      }
    },
    stdin,
  );
}

/** @throws Error unless it ended by itself, well, and with a picture */
function answerOf(child: ChildProcess): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > mostAnswer) child.kill('SIGKILL');
    else pieces.push(piece);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const made = Buffer.concat(pieces);
      const isWebp = made.toString('latin1', 0, 4) === 'RIFF' && made.toString('latin1', 8, 12) === 'WEBP';
      if (code === 0 && isWebp) resolve(made);
      else reject(new Error(`the program of previews ended with ${code ?? 'a signal'}`));
    });
  });
}

const pageBytes = 4096;
const lookMilliseconds = 25;

/** Linux tells how much memory a program really has; where nobody tells, the bounds of pixels and heap are left. @returns how to stop */
function watchMemory({ pid }: ChildProcess, most: number, kill: () => void): () => void {
  const look = async () => {
    const told = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '');
    if (Number(told.split(' ')[1] ?? 0) * pageBytes > most) kill();
  };
  const timer = setInterval(() => void look(), lookMilliseconds);
  return () => clearInterval(timer);
}
