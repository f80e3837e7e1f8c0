// The HTTP of imports: the form (multipart, without JavaScript), and how far one has come.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { Invalid, unsupported } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import { unlessForged } from '../platform/web/one-file.ts';
import { Turns } from '../platform/web/turns.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { DatabasesRouteParts } from './entering.ts';
import { importAddress } from './imports.ts';
import { importPage, importState } from './page.ts';
import { type ReceivedDump, receiveDump } from './receiving.ts';
import { importModes } from './states.ts';

declare global {
  namespace Express {
    interface Request {
      /** what an import's form brought, while it is answered */
      dump?: ReceivedDump | undefined;
    }
  }
}

/** dumps that one person sends at the same time */
const atOnce = 2;

export function databaseImportRoutes(parts: DatabasesRouteParts, guards: Guards): Router {
  const { databases, clock } = parts;
  const { signedIn, site, mayChange, fresh } = guards;
  const router = Router();
  const page = importForm(parts);
  router.get('/sites/:site/databases/:id/imports', signedIn, site, mayChange, fresh, page.get);
  router.post('/sites/:site/databases/:id/imports', signedIn, site, fresh, receiving(parts, page.post));

  router.get('/sites/:site/databases/:id/imports/:import', signedIn, site, async (req, res) => {
    await res.page('databases/import-one', await importPage(req, databases, clock));
  });
  router.get('/sites/:site/databases/:id/imports/:import/state', signedIn, site, async (req, res) => {
    const one = await databases.imports.find(req.site, String(req.params.id), String(req.params.import));
    res.json(importState(req.visit, one, clock));
  });
  return router;
}

/** Reads the whole form, hands over, and leaves nothing in staging. */
function receiving({ databases, clock }: DatabasesRouteParts, answer: ReturnType<typeof form>['post']) {
  const turns = new Turns({ atOnce, refusal: 'databases.import.tooMany' });
  return async (req: Request, res: Response, next: (error?: unknown) => void): Promise<void> => {
    // A stranger's database is not there, whatever is sent to it.
    await databases.named(req.site, String(req.params.id));
    if (!req.is('multipart/form-data')) throw unsupported();
    const { archives, importBytes: mostBytes } = databases;
    await turns.during(req, async () => {
      try {
        const receipt = { archives, siteName: req.site.name, now: clock.now(), mostBytes };
        req.dump = await receiveDump(req, res, receipt).catch(unlessForged);
        await answer(req, res, next);
      } finally {
        if (req.dump && 'discard' in req.dump) await req.dump.discard();
      }
    });
  };
}

function importForm({ databases, idempotency }: DatabasesRouteParts) {
  return form({
    view: 'databases/import',
    fields: z.object({ mode: z.enum(importModes).catch('empty') }),
    idempotency,
    show: async (req) => ({
      title: req.visit.words.t('databases.import.title'),
      section: 'databases',
      site: req.site,
      database: await databases.named(req.site, String(req.params.id)),
      most: databases.importBytes,
    }),
    submit: async ({ req, values, once }) => {
      const database = await databases.named(req.site, String(req.params.id));
      const { dump } = req;
      if (!dump) throw new Invalid({ dump: [{ key: 'databases.fault.dumpMissing' }] });
      if ('refused' in dump) throw new Invalid({ dump: [inWords(req, dump.refused)] });
      await databases.imports.refuse(database, values.mode);
      await dump.commit();
      const beginning = { mode: values.mode, source: dump.key, sourceBytes: dump.bytes, isFromTrash: false };
      try {
        const id = await databases.imports.begin(req.site, database, beginning, actorOf(req), once);
        return importAddress(req.site, database.id, id);
      } catch (error) {
        await databases.archives.remove(dump.key);
        throw error;
      }
    },
  });
}

function inWords(
  req: Request,
  { key, parameters = {} }: { key: string; parameters?: Readonly<Record<string, string | number>> },
) {
  const { most } = parameters;
  return { key, parameters: { ...parameters, ...(most !== undefined && { most: req.visit.words.bytes(Number(most)) }) } };
}
