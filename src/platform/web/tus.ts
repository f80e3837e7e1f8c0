// The headers of tus 1.0.0 (core, creation, creation-with-upload, expiration, checksum, termination), for every router that speaks it.
import type { Request, Response } from 'express';
import { badRequest, PanelError, unsupported } from '../errors.ts';
import type { Checksum } from '../storage/port.ts';

const version = '1.0.0';
const extensions = 'creation,creation-with-upload,expiration,checksum,termination';
export const pieceType = 'application/offset+octet-stream';
const mostMetadata = 8 * 1024;
/** bytes of a digest, by the names of tus: SHA-1 is what its specification asks of every server */
const digestBytes: Readonly<Record<Checksum['algorithm'], number>> = { sha1: 20, sha256: 32 };

/** The headers of every answer to a change. @param mostBytes of one file. @throws PanelError 412 when the change names no version, or another */
export function requireTus(req: Request, res: Response, mostBytes: number): void {
  res.set({ 'Tus-Resumable': version, 'Tus-Version': version, 'Tus-Extension': extensions });
  res.set({ 'Tus-Max-Size': String(mostBytes), 'Tus-Checksum-Algorithm': Object.keys(digestBytes).join() });
  if (req.get('tus-resumable') !== version) throw new PanelError(412, 'files.tusVersion');
}

/** How far an upload is, in headers. `expiresAt`: epoch milliseconds */
export function tellProgress(
  res: Response,
  { offset, bytes, expiresAt, state }: { offset: number; bytes: number; expiresAt: number; state: string },
): void {
  res.set({ 'Tus-Resumable': version, 'Upload-Offset': String(offset), 'Upload-Length': String(bytes) });
  if (state !== 'finished') res.set('Upload-Expires', new Date(expiresAt).toUTCString());
}

/** What a creation announces. @throws PanelError 400 */
export function announcement(req: Request): { bytes: number; metadata: Map<string, string> } {
  if (req.get('upload-defer-length') !== undefined || req.get('upload-concat') !== undefined) throw badRequest('files.tusHeader');
  return { bytes: wholeNumber(req.get('upload-length')), metadata: metadataOf(req.get('upload-metadata') ?? '') };
}

/** @throws PanelError 400 for anything else than digits */
export const wholeNumber = (text: string | undefined): number => {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw badRequest('files.tusHeader');
  return Number(text);
};

/** undefined for a body in pieces of unknown number, which is counted as it comes */
export const lengthOf = (req: Request): number | undefined =>
  req.get('content-length') === undefined ? undefined : Number(req.get('content-length'));

/** A creation may bring bytes with it; a body of any other kind is no part of tus. */
export function hasPiece(req: Request): boolean {
  if (req.is(pieceType)) return true;
  if (req.get('transfer-encoding') !== undefined || Number(req.get('content-length') ?? 0) > 0) throw unsupported();
  return false;
}

/** @throws PanelError 400 for an algorithm that is not named in `Tus-Checksum-Algorithm`, or a digest that is none of it */
export function checksumOf(req: Request): Checksum | undefined {
  const header = req.get('upload-checksum');
  if (header === undefined) return undefined;
  const [, name = '', digest = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? [];
  const algorithm = name === 'sha1' || name === 'sha256' ? name : undefined;
  if (!algorithm || Buffer.from(digest, 'base64').length !== digestBytes[algorithm]) throw badRequest('files.tusHeader');
  return { algorithm, digest };
}

/** @returns names and values. @throws PanelError 400 for what is not base64 of UTF-8, or a name given twice */
function metadataOf(header: string): Map<string, string> {
  if (header.length > mostMetadata) throw badRequest('files.tusHeader');
  const found = new Map<string, string>();
  for (const pair of header.split(',').filter((one) => one.trim() !== '')) {
    const [, name, value = ''] = /^\s*([\x21-\x2b\x2d-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?\s*$/.exec(pair) ?? [];
    if (name === undefined || found.has(name)) throw badRequest('files.tusHeader');
    found.set(name, utf8(Buffer.from(value, 'base64')));
  }
  return found;
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badRequest('files.tusHeader');
  }
}
