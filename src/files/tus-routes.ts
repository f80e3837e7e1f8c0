// Resumable uploads over HTTP (tus 1.0.0: core, creation, creation-with-upload, expiration, checksum, termination).
import { Readable } from 'node:stream';
import { type Request, type Response, Router } from 'express';
import { badRequest, PanelError, unsupported } from '../platform/errors.ts';
import { requireToken } from '../platform/web/form.ts';
import {
  announcement,
  checksumOf,
  hasPiece,
  lengthOf,
  pieceType,
  requireTus,
  tellProgress,
  wholeNumber,
} from '../platform/web/tus.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { RulesAt } from './areas.ts';
import type { Files } from './files.ts';
import { doerOf } from './forms.ts';
import { canonicalPath, judgeName, type Refusal } from './policy.ts';
import { judgeSize } from './preflight.ts';
import { uploadConflicts } from './publishing.ts';
import { inWords, resultRows } from './results.ts';
import type { Announced, UnfinishedUpload } from './unfinished.ts';

export function tusRoutes({ files }: { readonly files: Files }, { signedInAt, signedIn, site, mayChange }: Guards): Router {
  const router = Router();
  const entering = [signedInAt((req) => `/sites/${req.params.site}/files/upload`), site];

  router.post('/sites/:site/files/uploads', entering, async (req: Request, res: Response) => {
    requireToken(req);
    const isPiece = hasPiece(req);
    requireTus(req, res, files.limits.uploadFileBytes);
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
    requireTus(req, res, files.limits.uploadFileBytes);
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
    requireTus(req, res, files.limits.uploadFileBytes);
    await files.unfinished.discard(req.site, String(req.params.id));
    res.status(204).end();
  });
  return router;
}

async function tell(files: Files, req: Request, res: Response, id: string): Promise<UnfinishedUpload> {
  const upload = await files.unfinished.find(req.site, id);
  tellProgress(res, upload);
  return upload;
}

function announcedOf(req: Request): Announced & { unreadable?: Refusal } {
  const { bytes, metadata } = announcement(req);
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
