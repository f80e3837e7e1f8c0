// The HTTP of the trash: what is there, and taking it out again.
import { Router } from 'express';
import { z } from 'zod';
import { actorOf } from '../platform/web/actor.ts';
import { form } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import { isShut } from '../sites/sites.ts';
import { afterDrawing, type DatabasesRouteParts } from './entering.ts';
import { importAddress } from './imports.ts';
import { trashRow } from './page.ts';

/** To be asked before the other routes: `trash` is no id of a database. */
export function databaseTrashRoutes(parts: DatabasesRouteParts, { signedIn, site, mayChange, fresh }: Guards): Router {
  const { databases } = parts;
  const router = Router();

  router.get('/sites/:site/databases/trash', signedIn, site, async (req, res) => {
    const dumps = await databases.trash.list(req.site);
    await res.page('databases/trash', {
      title: req.visit.words.t('databases.trash.title'),
      section: 'databases',
      site: req.site,
      rows: dumps.map((dump) => trashRow(req.visit, req.site, dump)),
      mayRestore: req.mayChange && !isShut(req.site),
    });
  });

  const restoration = restorationForm(parts);
  router.get('/sites/:site/databases/trash/:id/restoration', signedIn, site, mayChange, fresh, restoration.get);
  router.post('/sites/:site/databases/trash/:id/restoration', signedIn, site, fresh, restoration.post);
  return router;
}

function restorationForm({ databases, idempotency }: DatabasesRouteParts) {
  return form({
    view: 'databases/restoration',
    fields: z.object({}),
    idempotency,
    show: async (req) => {
      const dump = await databases.trash.find(req.site, String(req.params.id));
      const row = trashRow(req.visit, req.site, dump);
      const title = req.visit.words.t('databases.restoration.title');
      return { title, section: 'databases', site: req.site, dump: row, isThere: dump.isThere };
    },
    submit: async ({ req, once }) => {
      const dump = await databases.trash.find(req.site, String(req.params.id));
      const { databaseId, importId, drawnPassword } = await databases.restore(req.site, dump, actorOf(req), once);
      say(req, 'databases.restoration.begun', { name: dump.name });
      if (drawnPassword === undefined) return importAddress(req.site, databaseId, importId);
      return afterDrawing(req, { id: databaseId, name: dump.name, drawnPassword });
    },
  });
}
