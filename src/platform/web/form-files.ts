// Files of a form as multer hands them over: each as a stream that somebody takes, until the form has been read.
import type { Request, RequestHandler, Response } from 'express';
import type { MulterError, StorageEngine } from 'multer';
import { badRequest, PanelError, tooLarge } from '../errors.ts';

/**
 * @param take reads the stream of one file. What it throws ends the form, once the rest of that file was read and forgotten
 * @returns an engine for multer that removes nothing: whoever takes the files empties the place they lie in
 */
export function streamedFiles(take: (req: Request, file: Express.Multer.File) => Promise<void>): StorageEngine {
  return {
    _handleFile(req, file, done) {
      take(req, file).then(
        () => done(null, {}),
        (error) => {
          file.stream.resume();
          done(error);
        },
      );
    },
    _removeFile: (_req, _file, done) => done(null),
  };
}

/**
 * @param read multer, for one form
 * @param inWords what to throw for what neither a file's taker nor multer says
 * @throws PanelError as the taker throws it, 400 for a file that was not asked for, 413 for too much of anything; what `inWords` returns
 */
export async function readForm(
  { req, res }: { req: Request; res: Response },
  read: RequestHandler,
  inWords: (error: unknown) => unknown,
): Promise<void> {
  // Who is gone already is waited for by multer for ever: it listens for what has been said.
  if (req.destroyed) throw badRequest();
  try {
    await new Promise<void>((resolve, reject) => read(req, res, (error: unknown) => (error ? reject(error) : resolve())));
  } catch (error) {
    if (error instanceof PanelError) throw error;
    if (isOfMulter(error)) throw error.code === 'LIMIT_UNEXPECTED_FILE' ? badRequest() : tooLarge();
    throw inWords(error);
  }
}

const isOfMulter = (error: unknown): error is MulterError => error instanceof Error && error.name === 'MulterError';
