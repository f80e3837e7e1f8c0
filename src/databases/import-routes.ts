// The HTTP of imports: the form (multipart, without JavaScript), and how far one has come.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { Invalid, PanelError, tooMany, unsupported } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import type { Guards } from '../sign-in/guards.ts';
import { type DatabasesRouteParts, mayChange } from './entering.ts';
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

const atOnce = 2;

export function databaseImportRoutes(parts: DatabasesRouteParts, guards: Guards): Router {
  const { databases, clock } = parts;
  const { signedIn, site } = guards;
  const router = Router();
  const page = importForm(parts);
  router.get('/sites/:site/databases/:id/imports', signedIn, site, mayChange, page.get);
  router.post('/sites/:site/databases/:id/imports', signedIn, site, receiving(parts, page.post));

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
  const active = new Map<string, number>();
  return async (req: Request, res: Response, next: (error?: unknown) => void): Promise<void> => {
    // A stranger's database is not there, whatever is sent to it.
    await databases.find(req.site, String(req.params.id));
    if (!req.is('multipart/form-data')) throw unsupported();
    const personId = req.visit.person?.personId ?? '';
    const running = active.get(personId) ?? 0;
    if (running >= atOnce) throw tooMany('databases.import.tooMany');
    active.set(personId, running + 1);
    try {
      const receipt = {
        archives: databases.archives,
        siteName: req.site.name,
        now: clock.now(),
        mostBytes: databases.importBytes,
      };
      req.dump = await receiveDump(req, res, receipt).catch(unlessForged);
      await answer(req, res, next);
    } finally {
      if (running === 0 && active.get(personId) === 1) active.delete(personId);
      else active.set(personId, (active.get(personId) ?? 1) - 1);
      if (req.dump && 'discard' in req.dump) await req.dump.discard();
    }
  };
}

/** The form answers that itself, with its own page: nothing was stored. */
function unlessForged(error: unknown): undefined {
  if (error instanceof PanelError && error.key === 'error.token') return undefined;
  throw error;
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
      database: await databases.find(req.site, String(req.params.id)),
      most: databases.importBytes,
    }),
    submit: async ({ req, values, once }) => {
      const database = await databases.find(req.site, String(req.params.id));
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
