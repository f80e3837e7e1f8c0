// Reads an upload form to its end into quarantine: nothing is stored before the token, nothing beyond the limits, nothing is published here.
import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { Request, Response } from 'express';
import { badRequest, PanelError } from '../platform/errors.ts';
import { newToken } from '../platform/ids.ts';
import { equalText } from '../platform/secrets.ts';
import type { DiskRoom } from '../platform/storage/disk-room.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { storageFault, toDisk } from '../platform/storage/to-disk.ts';
import { requireToken } from '../platform/web/form.ts';
import { readForm, streamedFiles } from '../platform/web/form-files.ts';
import { bytesPassed } from '../platform/young-memory.ts';
import type { RulesAt } from './areas.ts';
import { nameIn } from './arriving-names.ts';
import { ContentJudge } from './contents.ts';
import type { Refusal } from './policy.ts';
import type { Received } from './publishing.ts';

export type ReceivingLimits = {
  readonly fileBytes: number;
  readonly files: number;
  /** what the site's quota still holds; more is not written */
  readonly freeBytes: number;
};

/** after as many bytes of a file the disk's reserve is looked at */
const lookBytes = 64 * 1024 * 1024;

const formLimits = { fields: 20, fieldSize: 4096, fieldNameSize: 100, headerPairs: 20, fieldNestingDepth: 0 };

type Parts = {
  readonly folder: string;
  readonly rules: RulesAt;
  readonly limits: ReceivingLimits;
  /** asked now and then, since nobody knows how long a form in pieces will be */
  readonly disk: DiskRoom;
  target(req: Request): SitePath;
};

/** The files of one upload: counts, names and bytes are judged while they arrive; what is refused is read and forgotten. */
class QuarantinedFiles {
  readonly #parts: Parts;
  readonly #files: (Received | undefined)[] = [];
  /** of every file of the form in its order, when its sender says what all of them make together */
  readonly #sums: (Hash | undefined)[] = [];
  #beyond = 0;
  #free: number;
  /** settled once every earlier file's bytes are counted: room is given in the order of the form, however slow the disk is */
  #counted: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#free = parts.limits.freeBytes;
  }

  /** What arrived, in the order of the form (small files may be written side by side); however many are beyond the limit, one row counts them. */
  get received(): Received[] {
    const { files: limit } = this.#parts.limits;
    const refused: Refusal = { code: 'too_many', parameters: { name: '', limit, rest: this.#beyond } };
    const kept = this.#files.filter((file) => file !== undefined);
    return this.#beyond > 0 ? [...kept, { shown: `+${this.#beyond}`, bytes: 0, refused }] : kept;
  }

  /** @throws PanelError 400 for what is no checksum, or comes behind a file; 460 when what arrived is not what was sent */
  requireChecksum(sent: unknown): void {
    if (sent === undefined) return;
    const sums = this.#sums.map((hash) => hash?.digest() ?? Buffer.alloc(0));
    if (typeof sent !== 'string' || !/^[0-9a-f]{64}$/.test(sent) || sums.some(({ length }) => length === 0)) throw badRequest();
    const whole = createHash('sha256').update(Buffer.concat(sums)).digest('hex');
    if (!equalText(whole, sent)) throw new PanelError(460, 'files.checksum');
  }

  /** Quarantine is emptied as a whole when the upload ends. */
  readonly engine = streamedFiles((req, file) => this.#take(req, file));

  async #take(req: Request, file: Express.Multer.File): Promise<void> {
    requireToken(req);
    const target = this.#parts.target(req);
    const hash = req.body?.sha256 === undefined ? undefined : createHash('sha256');
    this.#sums.push(hash);
    if (this.#files.length >= this.#parts.limits.files) {
      this.#beyond += 1;
      return void (await drained(file, hash));
    }
    const place = this.#files.push(undefined) - 1;
    this.#files[place] = await this.#receive(file, target, hash, nameOf(req, file, place));
  }

  async #receive(file: Express.Multer.File, target: SitePath, hash: Hash | undefined, name: string): Promise<Received> {
    const named = nameIn(target, name, this.#parts.rules);
    if ('path' in named) return this.#write(file, named.path, named.shown, hash);
    return { shown: named.shown, bytes: await drained(file, hash), refused: named.refused };
  }

  async #write(file: Express.Multer.File, path: SitePath, shown: string, hash: Hash | undefined): Promise<Received> {
    const { limits, folder, disk } = this.#parts;
    const from = join(folder, newToken());
    const earlier = this.#counted;
    const counted = Promise.withResolvers<void>();
    this.#counted = counted.promise;
    await earlier;
    const free = this.#free;
    const allowed = Math.min(limits.fileBytes, free);
    let bytes = 0;
    const judge = new ContentJudge(path);
    let isOpen = true;
    let unlooked = 0;
    // What is beyond the limit is counted and dropped, so that the rest of the form can be read.
    const judged = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        bytesPassed(chunk.length);
        hash?.update(chunk);
        if (bytes > allowed) return done();
        if (isOpen) isOpen = judge.push(chunk);
        unlooked += chunk.length;
        if (unlooked < lookBytes) return done(null, chunk);
        unlooked = 0;
        disk.require(0).then(() => done(null, chunk), done);
      },
      flush: (done) => {
        if (bytes <= allowed) this.#free -= bytes;
        counted.resolve();
        done();
      },
    });
    await toDisk(file.stream, judged, from).finally(counted.resolve);
    const refuse = (code: Refusal['code'], parameters: Refusal['parameters']) => ({
      shown,
      bytes,
      refused: { code, parameters: { name: shown, ...parameters } },
    });
    if (bytes > limits.fileBytes) return refuse('too_big', { size: bytes, limit: limits.fileBytes });
    if (bytes > free) return refuse('quota', { free, need: bytes - free });
    return { shown, bytes, path, from, passed: { refusal: await judge.end() } };
  }
}

/** The form for one file that is chosen again says what it shall be called. @throws PanelError 400 where several would be called the same */
function nameOf(req: Request, file: Express.Multer.File, place: number): string {
  const { name } = (req.body ?? {}) as { name?: unknown };
  if (typeof name !== 'string' || name === '') return file.originalname;
  if (place > 0) throw badRequest();
  return name;
}

/** Reads a refused file to its end and forgets it. @returns its bytes */
async function drained(file: Express.Multer.File, hash: Hash | undefined): Promise<number> {
  let bytes = 0;
  for await (const chunk of file.stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    bytesPassed(chunk.length);
    hash?.update(chunk);
  }
  return bytes;
}

/**
 * @returns what arrived, in order, once the whole form was read
 * A field `sha256` before the files may say what they are: SHA-256, in hexadecimal, over the SHA-256 of each in the order of the form.
 * @throws PanelError 403 when a file comes before a valid token, 413 for too many or too long fields, 400 for a broken or cut form,
 * 460 when the files are not what `sha256` says
 */
export async function receive(req: Request, res: Response, parts: Parts): Promise<Received[]> {
  const files = new QuarantinedFiles(parts);
  // The folder comes from a field of its own, paths inside it from the names; both are judged as paths.
  const { default: multer } = await import('multer');
  const given = { limits: formLimits, defParamCharset: 'utf8', preservePath: true } as const;
  await readForm({ req, res }, multer({ storage: files.engine, ...given }).array('files'), inWords);
  files.requireChecksum(req.body?.sha256);
  return files.received;
}

function inWords(error: unknown): unknown {
  // Control characters in a file's name end the form in its parser; which file it was is not known any more.
  if (error instanceof Error && error.message === 'Malformed part header') return badRequest('files.partUnreadable');
  // busboy and multer say "Unexpected end of form", "Request aborted" … with plain errors.
  const ofTheSystem = error instanceof Error && ('syscall' in error || ('code' in error && String(error.code).startsWith('E')));
  return error instanceof Error && !ofTheSystem ? badRequest() : storageFault(error);
}
