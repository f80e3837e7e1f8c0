// Hands a part of a backup out: a few at a time for each customer, written down, and by the web server itself where it can.
import type { Request, RequestHandler, Response } from 'express';
import type { Backup, Backups, Downloader } from '../backups/backups.ts';
import { minute, second } from '../platform/clock.ts';
import { PanelError } from '../platform/errors.ts';
import { hashToken } from '../platform/secrets.ts';
import { answering } from '../platform/storage/faults.ts';
import { actorOf } from '../platform/web/actor.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { wantedRange } from '../platform/web/ranges.ts';
import { sendResumable } from '../platform/web/resumable.ts';
import { Turns } from '../platform/web/turns.ts';
import type { Site } from '../sites/sites.ts';
import type { Downloads, Taken } from './downloads.ts';

/** A customer's downloads at the same time: as many as a browser opens, and no more, so that others have the rest of the line. */
const atOnce = 4;
const retryAfter = String(minute / second);

export type HandingOutParts = {
  readonly downloads: Downloads;
  readonly backups: Backups;
  /** where the web server in front keeps archives under an internal address; undefined: there is none */
  readonly accelArchives: string | undefined;
};

type Handed = { readonly site: Site; readonly backup: Backup; readonly taken: Taken; readonly begin: () => Promise<string> };

export class HandingOut {
  readonly #parts: HandingOutParts;
  readonly #turns = new Turns({ atOnce, refusal: 'downloads.tooMany' });

  constructor(parts: HandingOutParts) {
    this.#parts = parts;
  }

  /**
   * @param begin writes the download down right before the first byte, and tells its id
   * @throws PanelError 429 when the customer has as many as they may have at once
   */
  async send(req: Request, res: Response, handed: Handed): Promise<void> {
    if (handed.taken.part === 'whole' && this.#parts.accelArchives !== undefined) return this.#byWebServer(req, res, handed);
    try {
      await this.#turns.of(handed.site.customerId, () => this.#send(req, res, handed));
    } catch (error) {
      if (error instanceof PanelError && error.status === 429) res.set('Retry-After', retryAfter);
      throw error;
    }
  }

  async #send(req: Request, res: Response, { taken, begin }: Handed): Promise<void> {
    let id = '';
    const sent = await answering(() =>
      sendResumable(taken, req, res, async () => {
        id = await begin();
      }),
    );
    await this.#sent(id, sent);
  }

  /** Ranges and conditions are the web server's own, by the tag that it gives the file. */
  async #byWebServer(req: Request, res: Response, { site, backup, taken, begin }: Handed): Promise<void> {
    const { backups, accelArchives } = this.#parts;
    // A web server that does not find it would say so in its own words.
    const place = `${accelArchives}/${await backups.keyOf(site, backup)}`;
    asAttachment(res, taken.fileName);
    // The web server keeps both to itself; the second is what it counts a customer's connections by.
    res.set({ 'Content-Type': taken.type, 'X-Accel-Redirect': place, 'X-Accel-Customer': site.customerId });
    const id = req.method === 'GET' ? await begin() : '';
    res.end();
    const wanted = wantedRange(req.get('range'), taken.bytes);
    const bytes = wanted === 'whole' ? taken.bytes : wanted === 'unsatisfiable' ? 0 : wanted.end - wanted.start + 1;
    if (id !== '') await this.#sent(id, bytes);
  }

  /** It went out already: a count that cannot be written down costs nothing. */
  async #sent(id: string, bytes: number): Promise<void> {
    await this.#parts.downloads.sent(id, bytes).catch(() => {});
  }
}

export function downloaderOf(req: Request): Downloader {
  return { sessionHash: hashToken(req.sessionID), personId: req.visit.person?.personId ?? '', actor: actorOf(req) };
}

declare global {
  namespace Express {
    interface Request {
      /** behind `freshOrGranted`: what it looked up, and whether this session had its grant already */
      wanted: { readonly backup: Backup; readonly isGranted: boolean };
    }
  }
}

/** Asks for a fresh sign-in, unless this session has its grant for this backup. */
export function freshOrGranted(backups: Backups, fresh: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    const backup = backups.downloadable(await backups.byId(req.site, String(req.params.id)));
    const isGranted = await backups.isGranted(req.site, backup.id, downloaderOf(req));
    req.wanted = { backup, isGranted };
    return isGranted ? next() : fresh(req, res, next);
  };
}
