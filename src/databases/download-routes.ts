// The HTTP of downloads: a database dumped while it is sent, and dumps of the trash.
import type { Readable } from 'node:stream';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { localStamp } from '../platform/clock.ts';
import { conflict, tooMany } from '../platform/errors.ts';
import { hashToken } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { send } from '../platform/web/sending.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Databases } from './databases.ts';
import type { Downloader, Subject } from './downloads.ts';
import type { DatabasesRouteParts } from './entering.ts';

function downloaderOf(req: Request): Downloader {
  return { sessionHash: hashToken(req.sessionID), personId: req.visit.person?.personId ?? '', actor: actorOf(req) };
}

/** Asks for a fresh sign-in, unless this session has its grant for this. */
function freshOrGranted(
  databases: Databases,
  fresh: RequestHandler,
  subjectOf: (req: Request) => Promise<Subject>,
): RequestHandler {
  return async (req, res, next) => {
    const { id } = await subjectOf(req);
    if (await databases.isGranted(req.site, id, downloaderOf(req))) return next();
    return fresh(req, res, next);
  };
}

export function databaseDownloadRoutes(
  { databases, clock, choices }: DatabasesRouteParts,
  { signedIn, site, fresh }: Guards,
): Router {
  const router = Router();

  const database = async (req: Request) => {
    const found = await databases.find(req.site, String(req.params.id));
    if (found.madeAt === null) throw conflict('databases.refused.making');
    return found;
  };
  const turns = dumpsAtOnce();
  /** Written down when the first bytes are there; what cannot be written down is not handed out. */
  const hand = async (stream: Readable, { req, res, subject }: { req: Request; res: Response; subject: Subject }) => {
    try {
      await databases.grantDownload(req.site, subject, downloaderOf(req));
    } catch (error) {
      stream.destroy();
      throw error;
    }
    await send(stream, res);
  };
  const subjectOfDatabase = async (req: Request): Promise<Subject> => {
    const { id, name } = await database(req);
    return { id, databaseId: id, name };
  };
  const one = freshOrGranted(databases, fresh, subjectOfDatabase);
  router.get('/sites/:site/databases/:id/download', signedIn, site, one, async (req: Request, res: Response) => {
    const found = await database(req);
    const stamp = localStamp(clock.now(), choices.timeZone);
    describe(res, `${found.name}-${stamp}.sql.gz`);
    if (req.method === 'HEAD') return void res.end();
    const end = turns.begin(req);
    try {
      await hand(await databases.openDump(found), { req, res, subject: await subjectOfDatabase(req) });
    } finally {
      end();
    }
  });

  const subjectOfDump = async (req: Request): Promise<Subject> => {
    const { id, databaseId, name } = await databases.trash.find(req.site, String(req.params.id));
    return { id, databaseId, name };
  };
  const thrown = freshOrGranted(databases, fresh, subjectOfDump);
  router.get('/sites/:site/databases/trash/:id/download', signedIn, site, thrown, async (req: Request, res: Response) => {
    const dump = await databases.trash.find(req.site, String(req.params.id));
    const { size, stream } = await databases.trash.open(dump);
    describe(res, `${dump.name}-${localStamp(dump.madeAt, choices.timeZone)}.sql.gz`);
    res.set('Content-Length', String(size));
    if (req.method === 'HEAD') {
      stream.destroy();
      return void res.end();
    }
    await hand(stream, { req, res, subject: await subjectOfDump(req) });
  });
  return router;
}

const atOnce = 2;

/** A dump takes its server's and this machine's time: each person has few at a time. */
function dumpsAtOnce() {
  const active = new Map<string, number>();
  return {
    begin(req: Request): () => void {
      const personId = req.visit.person?.personId ?? '';
      const running = active.get(personId) ?? 0;
      if (running >= atOnce) throw tooMany('databases.download.tooMany');
      active.set(personId, running + 1);
      return () => {
        const left = (active.get(personId) ?? 1) - 1;
        if (left > 0) active.set(personId, left);
        else active.delete(personId);
      };
    },
  };
}

/** The text of a database is for nobody's cache; a live dump cannot be continued, so no ranges are offered. */
function describe(res: Response, fileName: string): void {
  asAttachment(res, fileName);
  res.set({ 'Content-Type': 'application/gzip', 'Accept-Ranges': 'none' });
}
