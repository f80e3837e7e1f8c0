// Reads a form with one large file to its end: nothing is stored before the token, nothing beyond what is allowed, nothing begins here.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { badRequest, type FieldFault, PanelError, unavailable } from '../errors.ts';
import type { ArchiveStorage } from '../storage/port.ts';
import { bytesPassed } from '../young-memory.ts';
import { requireToken } from './form.ts';
import { readForm, streamedFiles } from './form-files.ts';

/** A file that came whole and lies in staging: `commit` makes it an archive, and `discard` must be called in any case. */
export type ReceivedFile =
  | {
      readonly key: string;
      readonly bytes: number;
      /** of all bytes, where it was asked for; else empty */
      readonly sha256: string;
      /** where it lies until `commit` */
      readonly path: string;
      commit(): Promise<void>;
      discard(): Promise<void>;
    }
  | { readonly refused: FieldFault };

export type ReceivingParts = {
  readonly archives: Pick<ArchiveStorage, 'stage'>;
  /** where it is to lie in the storage of archives */
  readonly key: string;
  /** name of the form's field */
  readonly field: string;
  /** bytes of the beginning that `judge` wants to see */
  readonly headBytes: number;
  /** @returns why nothing more is wanted of a file that begins so and has so many bytes by now */
  readonly judge: (head: Buffer, bytes: number) => FieldFault | undefined;
  /** said of a file without a byte, and of one whose form was cut off */
  readonly missing: FieldFault;
  readonly cut: FieldFault;
  readonly digests?: boolean;
};

const formLimits = { fields: 20, fieldSize: 4096, fieldNameSize: 100, headerPairs: 20, fieldNestingDepth: 0, files: 1 };

class OneFile {
  readonly #parts: ReceivingParts;
  received: ReceivedFile | undefined;

  constructor(parts: ReceivingParts) {
    this.#parts = parts;
  }

  /** Staging is emptied by whoever asked for the file. */
  readonly engine = streamedFiles((req, file) => this.#take(req, file));

  async #take(req: Request, file: Express.Multer.File): Promise<void> {
    requireToken(req);
    const { archives, key, cut } = this.#parts;
    const staged = await archives.stage(key);
    const { sieve, result } = sieved(this.#parts);
    this.received = { refused: cut };
    try {
      await pipeline(file.stream, sieve, createWriteStream(staged.path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      await staged.discard();
      throw error;
    }
    const { refused, ...known } = result();
    if (refused === undefined) {
      this.received = { key, ...known, path: staged.path, commit: () => staged.commit(), discard: () => staged.discard() };
      return;
    }
    await staged.discard();
    this.received = { refused };
  }
}

/** Counts, looks at the first bytes, and lets nothing more through once it is refused: the rest is read and forgotten. */
function sieved({ judge, headBytes, missing, digests }: ReceivingParts) {
  let bytes = 0;
  let head = Buffer.alloc(0);
  let refused: FieldFault | undefined;
  const hash = digests ? createHash('sha256') : undefined;
  const sieve = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      bytesPassed(piece.length);
      if (head.length < headBytes) head = Buffer.concat([head, piece.subarray(0, headBytes - head.length)]);
      refused = judge(head, bytes) ?? refused;
      if (refused) return done();
      hash?.update(piece);
      done(null, piece);
    },
  });
  const result = (): { bytes: number; sha256: string; refused?: FieldFault } => {
    const why = refused ?? (bytes === 0 ? missing : undefined);
    return { bytes, sha256: hash?.digest('hex') ?? '', ...(why && { refused: why }) };
  };
  return { sieve, result };
}

/**
 * @returns what arrived once the whole form was read; undefined when the form had no file
 * @throws PanelError 403 when the file comes before a valid token, 413 for too long fields, 400 for a broken or cut form, 503
 */
export async function receiveFile(req: Request, res: Response, parts: ReceivingParts): Promise<ReceivedFile | undefined> {
  const file = new OneFile(parts);
  const { default: multer } = await import('multer');
  const read = multer({ storage: file.engine, limits: formLimits, defParamCharset: 'utf8' }).single(parts.field);
  try {
    await readForm({ req, res }, read, inWords);
  } catch (error) {
    // The file came whole, and what came after it did not.
    if (file.received && 'discard' in file.received) await file.received.discard();
    throw error;
  }
  return file.received;
}

/** The form answers a forged one itself, with its own page: nothing was stored. */
export function unlessForged(error: unknown): undefined {
  if (error instanceof PanelError && error.key === 'error.token') return undefined;
  throw error;
}

function inWords(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // A full disk and the like; what is cut off comes from the connection, and says so with plain errors.
  if (error instanceof Error && 'syscall' in error && code !== 'ECONNRESET') return unavailable('error.storage', { code });
  return error instanceof Error ? badRequest() : error;
}
