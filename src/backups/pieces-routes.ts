// The HTTP of bringing an archive back in pieces (tus 1.0.0): what the page's script sends in place of the form.
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { Invalid, PanelError, unsupported } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { requireToken } from '../platform/web/form.ts';
import { Turns } from '../platform/web/turns.ts';
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
import type { Backups } from './backups.ts';

const top = '/sites/:site/backups/archives/pieces';

/** The fresh sign-in is asked for at the announcement: a piece goes on with what its sender announced, for as long as the line takes. */
export function pieceRoutes({ backups }: { readonly backups: Backups }, guards: Guards): Router {
  const { signedIn, signedInAt, site, mayChange, fresh } = guards;
  const { bringing } = backups;
  const { arrivals } = bringing;
  const entering = [signedInAt((req) => `/sites/${req.params.site}/backups/archives`), site];
  const router = Router();
  // Two, since whoever was cut off is not known to be gone before the next one comes.
  const turns = new Turns({ atOnce: 2, refusal: 'backups.bring.tooMany' });

  router.post(top, entering, fresh, async (req: Request, res: Response) => {
    requireToken(req);
    if (hasPiece(req)) throw unsupported();
    const most = bringing.mostBytes(req.site);
    requireTus(req, res, most);
    const { bytes, metadata } = announcement(req);
    if (bytes > most) throw new PanelError(422, 'backups.bring.big', { most: req.visit.words.bytes(most) });
    const changed = metadata.get('changed');
    const changedAt = changed === undefined ? null : wholeNumber(changed);
    const id = await told(arrivals.announce(req.site, actorOf(req), { bytes, changedAt }));
    res.location(req.visit.url(`/sites/${req.site.name}/backups/archives/pieces/${id}`));
    await tell(backups, req, res, id);
    res.status(201).end();
  });

  // HEAD is asked for how far it is (tus), GET for what became of it as well. Asking cuts off who sends, so it needs their right.
  router.get(`${top}/:id`, signedIn, site, mayChange, async (req: Request, res: Response) => {
    const id = String(req.params.id);
    const found = await arrivals.find(req.site, id);
    if (req.method === 'HEAD' && found.state === 'receiving') await arrivals.settle(id);
    const { backupId, ...coming } = await tell(backups, req, res, id);
    if (req.method === 'HEAD') return void res.end();
    const address = backupId === null ? null : req.visit.url(`/sites/${req.site.name}/backups/${backupId}`);
    res.json({ ...coming, address });
  });

  router.patch(`${top}/:id`, entering, taking(backups, turns));

  router.delete(`${top}/:id`, entering, async (req: Request, res: Response) => {
    requireToken(req);
    if (hasPiece(req)) throw unsupported();
    requireTus(req, res, bringing.mostBytes(req.site));
    await arrivals.discard(req.site, actorOf(req), String(req.params.id));
    res.status(204).end();
  });
  return router;
}

function taking(backups: Backups, turns: Turns): RequestHandler {
  return async (req, res) => {
    requireToken(req);
    if (!hasPiece(req) && req.get('content-type') !== pieceType) throw unsupported();
    requireTus(req, res, backups.bringing.mostBytes(req.site));
    const id = String(req.params.id);
    const offset = wholeNumber(req.get('upload-offset'));
    const piece = { body: req, offset, length: lengthOf(req), checksum: checksumOf(req) };
    await told(turns.during(req, () => backups.bringing.arrivals.take(req.site, actorOf(req), id, piece)));
    await tell(backups, req, res, id);
    res.status(204).end();
  };
}

async function tell({ bringing: { arrivals } }: Backups, req: Request, res: Response, id: string) {
  const coming = await arrivals.find(req.site, id);
  tellProgress(res, coming);
  return coming;
}

/** A script shows one sentence: the reason itself in the place of "please look at the fields". */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const [why] = error instanceof Invalid ? (error.fields.archive ?? []) : [];
    throw why ? new PanelError(422, why.key, why.parameters) : error;
  }
}
