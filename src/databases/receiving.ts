// Reads the form of an import to its end: nothing is stored before the token, nothing beyond the limit, nothing begins here.
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { MulterError, StorageEngine } from 'multer';
import { badRequest, type FieldFault, PanelError, tooLarge, unavailable } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { faultCode } from '../platform/storage/faults.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import { requireToken } from '../platform/web/form.ts';
import { bytesPassed } from '../platform/young-memory.ts';
import { markBytes, otherKind } from './source.ts';

/** The routes that read their own body (multipart). @param path without mount and language */
export const isDump = (path: string): boolean => /^\/sites\/[^/]+\/databases\/[^/]+\/imports\/?$/.test(path);

/** A dump that came whole and lies in staging: `commit` makes it an archive, and `discard` must be called in any case. */
export type ReceivedDump =
  | { readonly key: string; readonly bytes: number; commit(): Promise<void>; discard(): Promise<void> }
  | { readonly refused: FieldFault };

export type ReceivingParts = {
  readonly archives: ArchiveStorage;
  readonly siteName: string;
  readonly now: number;
  /** bytes of the file as it comes */
  readonly mostBytes: number;
};

const formLimits = { fields: 20, fieldSize: 4096, fieldNameSize: 100, headerPairs: 20, fieldNestingDepth: 0, files: 1 };

class DumpEngine implements StorageEngine {
  readonly #parts: ReceivingParts;
  received: ReceivedDump | undefined;

  constructor(parts: ReceivingParts) {
    this.#parts = parts;
  }

  _handleFile(req: Request, file: Express.Multer.File, done: (error?: unknown, info?: object) => void): void {
    this.#take(req, file).then(
      () => done(null, {}),
      (error) => {
        file.stream.resume();
        done(error);
      },
    );
  }

  // Staging is emptied by whoever asked for the dump.
  _removeFile(_req: Request, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    done(null);
  }

  async #take(req: Request, file: Express.Multer.File): Promise<void> {
    requireToken(req);
    const { archives, siteName, now, mostBytes } = this.#parts;
    const key = `${siteName}/import-${newId(now)}`;
    const staged = await archives.stage(key);
    const { sieve, result } = sieved(mostBytes);
    this.received = { refused: { key: 'databases.fault.dumpCut' } };
    try {
      await pipeline(file.stream, sieve, createWriteStream(staged.path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      await staged.discard();
      throw error;
    }
    const { bytes, refused } = result();
    if (refused === undefined) {
      this.received = { key, bytes, commit: () => staged.commit(), discard: () => staged.discard() };
      return;
    }
    await staged.discard();
    this.received = { refused };
  }
}

/** Counts, looks at the first bytes, and lets nothing more through once it is refused: the rest is read and forgotten. */
function sieved(mostBytes: number): { sieve: Transform; result: () => { bytes: number; refused?: FieldFault } } {
  let bytes = 0;
  let head = Buffer.alloc(0);
  let refused: FieldFault | undefined;
  const sieve = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      bytesPassed(piece.length);
      if (head.length < markBytes) head = Buffer.concat([head, piece.subarray(0, markBytes - head.length)]);
      const kind = otherKind(head);
      if (kind !== undefined) refused = { key: 'databases.fault.dumpKind', parameters: { kind } };
      if (bytes > mostBytes) refused = { key: 'databases.fault.dumpBig', parameters: { most: mostBytes } };
      if (refused) return done();
      done(null, piece);
    },
  });
  const nothing = { key: 'databases.fault.dumpMissing' };
  return {
    sieve,
    result: () => {
      const why = refused ?? (bytes === 0 ? nothing : undefined);
      return { bytes, ...(why && { refused: why }) };
    },
  };
}

/**
 * @returns what arrived once the whole form was read; undefined when the form had no file
 * @throws PanelError 403 when the file comes before a valid token, 413 for too long fields, 400 for a broken or cut form, 503
 */
export async function receiveDump(req: Request, res: Response, parts: ReceivingParts): Promise<ReceivedDump | undefined> {
  const engine = new DumpEngine(parts);
  const { default: multer } = await import('multer');
  const read = multer({ storage: engine, limits: formLimits, defParamCharset: 'utf8' }).single('dump');
  // Who is gone already is waited for by multer for ever: it listens for what has been said.
  if (req.destroyed) throw badRequest();
  try {
    await new Promise<void>((resolve, reject) =>
      read(req, res, (error: unknown) => (error ? reject(inWords(error)) : resolve())),
    );
  } catch (error) {
    // The file came whole, and what came after it did not.
    if (engine.received && 'discard' in engine.received) await engine.received.discard();
    throw error;
  }
  return engine.received;
}

const isOfMulter = (error: unknown): error is MulterError => error instanceof Error && error.name === 'MulterError';

function inWords(error: unknown): unknown {
  if (error instanceof PanelError) return error;
  if (isOfMulter(error)) return error.code === 'LIMIT_UNEXPECTED_FILE' ? badRequest() : tooLarge();
  const code = faultCode(error);
  // A full disk and the like; what is cut off comes from the connection, and says so with plain errors.
  if (error instanceof Error && 'syscall' in error && code !== 'ECONNRESET') return unavailable('error.storage', { code });
  return error instanceof Error ? badRequest() : error;
}
