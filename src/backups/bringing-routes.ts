// The HTTP of bringing an archive back: one form (multipart), which a script sends in pieces where there is one.
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import { Invalid, unsupported } from '../platform/errors.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type ReceivedFile, receiveFile, unlessForged } from '../platform/web/one-file.ts';
import { Turns } from '../platform/web/turns.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Backups } from './backups.ts';
import { isZipHead, markBytes } from './whole-archive.ts';

declare global {
  namespace Express {
    interface Request {
      /** the archive that a form brought, while it is answered */
      brought?: ReceivedFile | undefined;
    }
  }
}

export type BroughtRouteParts = {
  readonly backups: Backups;
  readonly archives: ArchiveStorage;
  readonly idempotency: Idempotency;
  readonly choices: Choices;
};

/** The routes that read their own body, multipart or pieces. @param path without mount and language */
export const isBrought = (path: string): boolean => /^\/sites\/[^/]+\/backups\/archives(?:\/pieces(?:\/[^/]+)?)?\/?$/.test(path);

/** Sentences of `public/behaviours/bring.js`. */
const scriptWords = ['sending', 'retry', 'judging', 'broken', 'failed', 'unreadable'] as const;

/** To be asked before the routes of backups, where `archives` would be an id. */
export function broughtRoutes(parts: BroughtRouteParts, guards: Guards): Router {
  const { backups, idempotency, choices } = parts;
  const { signedIn, site, mayChange, fresh } = guards;
  const router = Router();
  const page = form({
    view: 'backups/archives',
    fields: z.object({}),
    idempotency,
    show: async (req) => ({
      title: req.visit.words.t('backups.bring.title'),
      section: 'backups',
      site: req.site,
      most: backups.bringing.mostBytes(req.site),
      coming: await backups.bringing.arrivals.ofSite(req.site, actorOf(req)),
      scripts: ['behaviours/bring.js'],
      scriptWords: {
        missing: req.visit.words.t('backups.bring.missing'),
        ...Object.fromEntries(scriptWords.map((name) => [name, req.visit.words.t(`backups.bring.script.${name}`)])),
      },
      filesAreShown: choices.features.includes('files'),
    }),
    submit: async ({ req, once }) => {
      const { brought } = req;
      if (!brought) throw new Invalid({ archive: [{ key: 'backups.bring.missing' }] });
      if ('refused' in brought) throw new Invalid({ archive: [brought.refused] });
      const id = await backups.bringing.take(req.site, brought, actorOf(req), once);
      return `/sites/${req.site.name}/backups/${id}`;
    },
  });
  router.get('/sites/:site/backups/archives', signedIn, site, mayChange, fresh, page.get);
  router.post('/sites/:site/backups/archives', signedIn, site, fresh, receiving(parts, page.post));
  return router;
}

/** Reads the whole form, hands over, and leaves nothing in staging. */
function receiving({ backups, archives }: BroughtRouteParts, answer: RequestHandler): RequestHandler {
  const turns = new Turns({ atOnce: 1, refusal: 'backups.bring.tooMany' });
  return async (req, res, next) => {
    if (!req.is('multipart/form-data')) throw unsupported();
    const key = await backups.bringing.next(req.site);
    try {
      await turns.during(req, async () => {
        req.brought = await receiveFile(req, res, { archives, key, ...taken(req, backups) }).catch(unlessForged);
        await answer(req, res, next);
      });
    } finally {
      // Whoever was answered may send the next one at once: what is removed now takes nobody's turn.
      if (req.brought && 'discard' in req.brought) await req.brought.discard();
    }
  };
}

function taken({ site, visit }: Request, { bringing }: Backups) {
  const most = bringing.mostBytes(site);
  const big = { key: 'backups.bring.big', parameters: { most: visit.words.bytes(most) } };
  return {
    field: 'archive',
    headBytes: markBytes,
    digests: true,
    judge: (head: Buffer, bytes: number) => {
      if (bytes > most) return big;
      return isZipHead(head) ? undefined : { key: 'backups.bring.noZip' };
    },
    missing: { key: 'backups.bring.missing' },
    cut: { key: 'backups.bring.cut' },
  };
}
