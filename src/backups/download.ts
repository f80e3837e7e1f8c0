// The download of an archive: whole or in part, resumable, granted once a session (architecture §9, RFC 9110 §13–14).
import type { Request, RequestHandler, Response } from 'express';
import { hashToken } from '../platform/secrets.ts';
import { answering } from '../platform/storage/faults.ts';
import { actorOf } from '../platform/web/actor.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { send } from '../platform/web/sending.ts';
import type { Backups, Downloader } from './backups.ts';
import { type Conditions, decided, rangeHolds, type Validators, type Wanted, wantedRange } from './ranges.ts';

function downloaderOf(req: Request): Downloader {
  return { sessionHash: hashToken(req.sessionID), personId: req.visit.person?.personId ?? '', actor: actorOf(req) };
}

/** Asks for a fresh sign-in, unless this session has its grant for this backup. */
export function freshOrGranted(backups: Backups, fresh: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    const backup = backups.downloadable(await backups.byId(req.site, String(req.params.id)));
    if (await backups.isGranted(req.site, backup.id, downloaderOf(req))) return next();
    return fresh(req, res, next);
  };
}

/**
 * GET and HEAD. The grant, with its audit row and letter, is made when the first bytes go out: HEAD, 304, 412 and 416 hand out
 * nothing and make none.
 */
export function download(backups: Backups): RequestHandler {
  return async (req, res) => {
    const backup = backups.downloadable(await backups.byId(req.site, String(req.params.id)));
    const validators = { etag: `"sha256-${backup.sha256}"`, modifiedAt: backup.madeAt };
    describe(res, backup.fileName, validators);
    const conditions = conditionsOf(req);
    const outcome = decided(conditions, validators);
    if (outcome) return void res.status(outcome).end();

    // RFC 9110 §14.2: ranges are defined for GET alone.
    const isGet = req.method === 'GET';
    const wanted = isGet && rangeHolds(conditions, validators) ? wantedRange(req.get('range'), backup.bytes) : 'whole';
    measure(res, wanted, backup.bytes);
    if (wanted === 'unsatisfiable' || !isGet) return void res.end();

    const stream = await backups.openArchive(req.site, backup, wanted === 'whole' ? undefined : wanted);
    try {
      await backups.grant(req.site, backup, downloaderOf(req));
    } catch (error) {
      stream.destroy();
      throw error;
    }
    await answering(() => send(stream, res));
  };
}

function conditionsOf(req: Request): Conditions {
  return {
    ifMatch: req.get('if-match'),
    ifUnmodifiedSince: req.get('if-unmodified-since'),
    ifNoneMatch: req.get('if-none-match'),
    ifModifiedSince: req.get('if-modified-since'),
    ifRange: req.get('if-range'),
  };
}

/**
 * `no-store` stays: the archive holds passwords, and a browser's downloads resume from their own partial file, by ETag and
 * If-Range, not from its cache.
 */
function describe(res: Response, fileName: string, { etag, modifiedAt }: Validators): void {
  asAttachment(res, fileName);
  res.set({
    'Content-Type': 'application/zip',
    ETag: etag,
    'Last-Modified': new Date(modifiedAt).toUTCString(),
    'Accept-Ranges': 'bytes',
  });
}

/** Status and lengths of what is sent. */
function measure(res: Response, wanted: Wanted, size: number): void {
  if (wanted === 'unsatisfiable') {
    res.status(416).set('Content-Range', `bytes */${size}`).set('Content-Length', '0');
  } else if (wanted === 'whole') {
    res.status(200).set('Content-Length', String(size));
  } else {
    const { start, end } = wanted;
    res.status(206).set({ 'Content-Length': String(end - start + 1), 'Content-Range': `bytes ${start}-${end}/${size}` });
  }
}
