// Resumable uploads over HTTP (tus 1.0.0: core, creation, creation-with-upload, expiration, checksum, termination).
import { Readable } from 'node:stream';
import { type Request, type Response, Router } from 'express';
import { badRequest, PanelError, unsupported } from '../platform/errors.ts';
import { requireToken } from '../platform/web/form.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { RulesAt } from './areas.ts';
import type { Checksum } from './arriving.ts';
import type { Files } from './files.ts';
import { doerOf } from './forms.ts';
import { canonicalPath, judgeName, type Refusal } from './policy.ts';
import { judgeSize } from './preflight.ts';
import { uploadConflicts } from './publishing.ts';
import { inWords, resultRows } from './results.ts';
import type { Announced, UnfinishedUpload } from './unfinished.ts';

const version = '1.0.0';
const extensions = 'creation,creation-with-upload,expiration,checksum,termination';
const pieceType = 'application/offset+octet-stream';
const mostMetadata = 8 * 1024;
/** bytes of a digest, by the names of tus: SHA-1 is what its specification asks of every server */
const digestBytes: Readonly<Record<Checksum['algorithm'], number>> = { sha1: 20, sha256: 32 };

export function tusRoutes({ files }: { readonly files: Files }, { signedInAt, signedIn, site, mayChange }: Guards): Router {
  const router = Router();
  const entering = [signedInAt((req) => `/sites/${req.params.site}/files/upload`), site];

  router.post('/sites/:site/files/uploads', entering, async (req: Request, res: Response) => {
    requireToken(req);
    const isPiece = hasPiece(req);
    requireTus(req, res, files);
    const announced = announcedOf(req);
    const doer = doerOf(req);
    const judged = judgeAnnounced(announced, files.limits.uploadFileBytes, await files.rulesOf(req.site));
    if (!judged) await files.requireReady();
    const made = judged ? { refused: judged } : await files.unfinished.announce(req.site, doer, announced);
    if ('refused' in made) return refuse(files, req, announced, made.refused);
    const { id } = made;
    res.location(req.visit.url(`/sites/${req.site.name}/files/uploads/${id}`));
    if (isPiece || announced.bytes === 0) {
      const piece = { body: isPiece ? req : Readable.from([]), offset: 0, length: lengthOf(req), checksum: checksumOf(req) };
      await files.unfinished.turns.during(req, () => files.unfinished.take(req.site, doer, id, piece));
    }
    await tell(files, req, res, id);
    res.status(201).end();
  });

  // HEAD is asked for how far it is (tus), GET for what became of it as well. Asking cuts off who sends, so it needs their right.
  router.get('/sites/:site/files/uploads/:id', signedIn, site, mayChange, async (req: Request, res: Response) => {
    const id = String(req.params.id);
    const found = await files.unfinished.find(req.site, id);
    if (req.method === 'HEAD' && found.state === 'receiving') await files.unfinished.settle(id);
    const upload = await tell(files, req, res, id);
    if (req.method === 'HEAD') return void res.end();
    const result = await files.unfinished.result(req.site, upload);
    res.json({ ...upload, result: result ? resultRows([result], req.visit.words)[0] : null });
  });

  router.patch('/sites/:site/files/uploads/:id', entering, async (req: Request, res: Response) => {
    requireToken(req);
    if (!hasPiece(req) && req.get('content-type') !== pieceType) throw unsupported();
    requireTus(req, res, files);
    const doer = doerOf(req);
    const id = String(req.params.id);
    const offset = wholeNumber(req.get('upload-offset'));
    const piece = { body: req, offset, length: lengthOf(req), checksum: checksumOf(req) };
    await files.unfinished.turns.during(req, () => files.unfinished.take(req.site, doer, id, piece));
    await tell(files, req, res, id);
    res.status(204).end();
  });

  router.delete('/sites/:site/files/uploads/:id', entering, async (req: Request, res: Response) => {
    requireToken(req);
    if (hasPiece(req)) throw unsupported();
    requireTus(req, res, files);
    await files.unfinished.discard(req.site, String(req.params.id));
    res.status(204).end();
  });
  return router;
}

/** The headers of every answer, and the version that every change must name. */
function requireTus(req: Request, res: Response, files: Files): void {
  res.set({ 'Tus-Resumable': version, 'Tus-Version': version, 'Tus-Extension': extensions });
  res.set({ 'Tus-Max-Size': String(files.limits.uploadFileBytes), 'Tus-Checksum-Algorithm': Object.keys(digestBytes).join() });
  if (req.get('tus-resumable') !== version) throw new PanelError(412, 'files.tusVersion');
}

async function tell(files: Files, req: Request, res: Response, id: string): Promise<UnfinishedUpload> {
  const upload = await files.unfinished.find(req.site, id);
  res.set({ 'Tus-Resumable': version, 'Upload-Offset': String(upload.offset), 'Upload-Length': String(upload.bytes) });
  if (upload.state !== 'finished') res.set('Upload-Expires', new Date(upload.expiresAt).toUTCString());
  return upload;
}

const wholeNumber = (text: string | undefined): number => {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw badRequest('files.tusHeader');
  return Number(text);
};

/** undefined for a body in pieces of unknown number, which is counted as it comes */
const lengthOf = (req: Request): number | undefined =>
  req.get('content-length') === undefined ? undefined : Number(req.get('content-length'));

/** A creation may bring bytes with it; a body of any other kind is no part of tus. */
function hasPiece(req: Request): boolean {
  if (req.is(pieceType)) return true;
  if (req.get('transfer-encoding') !== undefined || Number(req.get('content-length') ?? 0) > 0) throw unsupported();
  return false;
}

/** @throws PanelError 400 for an algorithm that is not named in `Tus-Checksum-Algorithm`, or a digest that is none of it */
function checksumOf(req: Request): Checksum | undefined {
  const header = req.get('upload-checksum');
  if (header === undefined) return undefined;
  const [, name = '', digest = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? [];
  const algorithm = name === 'sha1' || name === 'sha256' ? name : undefined;
  if (!algorithm || Buffer.from(digest, 'base64').length !== digestBytes[algorithm]) throw badRequest('files.tusHeader');
  return { algorithm, digest };
}

function announcedOf(req: Request): Announced & { unreadable?: Refusal } {
  if (req.get('upload-defer-length') !== undefined || req.get('upload-concat') !== undefined) throw badRequest('files.tusHeader');
  const bytes = wholeNumber(req.get('upload-length'));
  const metadata = metadataOf(req.get('upload-metadata') ?? '');
  const raw = metadata.get('path') ?? '';
  const canonical = canonicalPath(raw);
  const wanted = metadata.get('conflict') ?? 'skip';
  const changed = metadata.get('changed');
  // Where no path can be made of it, the rules say why.
  const path = 'path' in canonical ? canonical.path : [];
  if ('path' in canonical && path[0] !== 'www') throw new PanelError(422, 'files.onlyWww');
  const how = uploadConflicts.find((one) => one === wanted);
  if (!how) throw badRequest('files.tusHeader');
  const changedAt = changed === undefined ? null : wholeNumber(changed);
  return { path, bytes, conflict: how, changedAt, ...('refusal' in canonical && { unreadable: canonical.refusal }) };
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

function judgeAnnounced(
  { path, bytes, unreadable }: Announced & { unreadable?: Refusal },
  most: number,
  rules: RulesAt,
): Refusal | undefined {
  // A name that would do is told by the preflight, which knows the folder; here the path is the site's.
  if (unreadable) return { ...unreadable, parameters: { ...unreadable.parameters, safe: '' } };
  return judgeName(path, rules(path)) ?? judgeSize(path, bytes, most);
}

/** A refusal is a result as any other: it stands in the list and in the audit. */
async function refuse(files: Files, req: Request, announced: Announced, refused: Refusal): Promise<void> {
  const shown = String(refused.parameters.name);
  const { path, bytes, conflict: how } = announced;
  const folder = path.length > 1 ? path.slice(0, -1) : ['www'];
  const once = { finish: async () => {} };
  await files.receive(req.site, doerOf(req), { folder, conflict: how, received: [{ shown, bytes, refused }], once });
  throw new PanelError(422, `files.refused.${refused.code}`, inWords(refused.parameters, req.visit.words));
}
