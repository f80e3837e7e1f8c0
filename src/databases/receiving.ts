// The form of an import: which file is no dump, and how large one may be.
import type { Request, Response } from 'express';
import type { FieldFault } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import { type ReceivedFile, receiveFile } from '../platform/web/one-file.ts';
import { markBytes, otherKind } from './source.ts';

/** The routes that read their own body (multipart). @param path without mount and language */
export const isDump = (path: string): boolean => /^\/sites\/[^/]+\/databases\/[^/]+\/imports\/?$/.test(path);

/** A dump that came whole and lies in staging. */
export type ReceivedDump = ReceivedFile;

export type ReceivingParts = {
  readonly archives: ArchiveStorage;
  readonly siteName: string;
  readonly now: number;
  /** bytes of the file as it comes */
  readonly mostBytes: number;
};

/**
 * @returns what arrived once the whole form was read; undefined when the form had no file
 * @throws PanelError as `receiveFile`
 */
export function receiveDump(
  req: Request,
  res: Response,
  { archives, siteName, now, mostBytes }: ReceivingParts,
): Promise<ReceivedDump | undefined> {
  return receiveFile(req, res, {
    archives,
    key: `${siteName}/import-${newId(now)}`,
    field: 'dump',
    headBytes: markBytes,
    judge: (head, bytes): FieldFault | undefined => {
      if (bytes > mostBytes) return { key: 'databases.fault.dumpBig', parameters: { most: mostBytes } };
      const kind = otherKind(head);
      return kind === undefined ? undefined : { key: 'databases.fault.dumpKind', parameters: { kind } };
    },
    missing: { key: 'databases.fault.dumpMissing' },
    cut: { key: 'databases.fault.dumpCut' },
  });
}
