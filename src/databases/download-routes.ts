// The HTTP of downloads: a database dumped while it is sent, and dumps of the trash.
import type { Readable } from 'node:stream';
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { localStamp } from '../platform/clock.ts';
import { conflict } from '../platform/errors.ts';
import { hashToken } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { overWith, send } from '../platform/web/sending.ts';
import { Turns } from '../platform/web/turns.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Databases } from './databases.ts';
import type { Downloader, Subject } from './downloads.ts';
import type { DatabasesRouteParts } from './entering.ts';

function downloaderOf(req: Request): Downloader {
  return { sessionHash: hashToken(req.sessionID), personId: req.visit.person?.personId ?? '', actor: actorOf(req) };
}

/** Looks it up once; asks for a fresh sign-in unless this session has its grant for it; and hands it out. */
function handingOut<T extends Subject>(
  { databases, fresh }: { databases: Databases; fresh: RequestHandler },
  find: (req: Request) => Promise<T>,
  handOut: (found: T, req: Request, res: Response) => Promise<void>,
): RequestHandler {
  return async (req, res, next) => {
    const found = await find(req);
    if (await databases.isGranted(req.site, found.id, downloaderOf(req))) return handOut(found, req, res);
    const then = (error?: unknown) => (error === undefined ? handOut(found, req, res).catch(next) : next(error));
    return fresh(req, res, then as NextFunction);
  };
}

export function databaseDownloadRoutes(
  { databases, clock, choices }: DatabasesRouteParts,
  { signedIn, site, fresh }: Guards,
): Router {
  const router = Router();
  const turns = new Turns({ atOnce, refusal: 'databases.download.tooMany' });
  const stamp = (at: number) => localStamp(at, choices.timeZone);
  /** Written down when the first bytes are there; what cannot be written down is not handed out. */
  const hand = async (stream: Readable, subject: Subject, req: Request, res: Response) => {
    try {
      await databases.grantDownload(req.site, subject, downloaderOf(req));
    } catch (error) {
      stream.destroy();
      throw error;
    }
    await send(stream, res);
  };

  const database = async (req: Request) => {
    const found = await databases.named(req.site, String(req.params.id));
    if (found.madeAt === null) throw conflict('databases.refused.making');
    return { ...found, databaseId: found.id };
  };
  const live = handingOut({ databases, fresh }, database, async (found, req, res) => {
    describe(res, `${found.name}-${stamp(clock.now())}.sql.gz`);
    if (req.method === 'HEAD') return void res.end();
    const over = overWith(res);
    await turns.during(req, async () => {
      const stream = await databases.openDump(found, over).catch(unlessOver(over));
      if (stream) await hand(stream, found, req, res);
    });
  });
  router.get('/sites/:site/databases/:id/download', signedIn, site, live);

  const dump = (req: Request) => databases.trash.find(req.site, String(req.params.id));
  const thrown = handingOut({ databases, fresh }, dump, async (found, req, res) => {
    const { size, stream } = await databases.trash.open(found);
    describe(res, `${found.name}-${stamp(found.madeAt)}.sql.gz`);
    res.set('Content-Length', String(size));
    if (req.method === 'HEAD') {
      stream.destroy();
      return void res.end();
    }
    await hand(stream, found, req, res);
  });
  router.get('/sites/:site/databases/trash/:id/download', signedIn, site, thrown);
  return router;
}

/** A dump takes its server's and this machine's time: each person has few at a time. */
const atOnce = 2;

/** Nobody is there to be told of what stopped with them. */
function unlessOver(over: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!over.aborted) throw error;
  };
}

/** The text of a database is for nobody's cache; a live dump cannot be continued, so no ranges are offered. */
function describe(res: Response, fileName: string): void {
  asAttachment(res, fileName);
  res.set({ 'Content-Type': 'application/gzip', 'Accept-Ranges': 'none' });
}
