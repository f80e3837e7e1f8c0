// The HTTP of databases: the list, making one, how to connect, a new password, deleting. Imports, downloads and the trash have files of their own.
import { Router } from 'express';
import { z } from 'zod';
import { conflict, Invalid } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { checkbox, form, optionalText } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import { afterDrawing, type DatabasesRouteParts } from './entering.ts';
import { databasesAddress, listPage, onePage } from './page.ts';
import { stateOf } from './states.ts';

const text = optionalText(1000);

export function databaseRoutes(parts: DatabasesRouteParts, guards: Guards): Router {
  const { databases, sites, clock } = parts;
  const { signedIn, site, mayChange, fresh } = guards;
  const router = Router();

  router.get('/databases', signedIn, async (req, res) => {
    const all = req.visit.person ? await sites.forMember(req.visit.person) : [];
    const last = all.find(({ name }) => name === req.session.siteName) ?? all[0];
    goTo(req, res, last ? databasesAddress(last) : '/dashboard');
  });

  const list = makingForm(parts);
  router.get('/sites/:site/databases', signedIn, site, list.get);
  router.post('/sites/:site/databases', signedIn, site, fresh, list.post);

  router.get('/sites/:site/databases/:id', signedIn, site, async (req, res) => {
    await res.page('databases/one', await onePage(req, databases, clock));
  });

  const password = passwordForm(parts);
  router.get('/sites/:site/databases/:id/password', signedIn, site, mayChange, fresh, password.get);
  router.post('/sites/:site/databases/:id/password', signedIn, site, fresh, password.post);
  router.get('/sites/:site/databases/:id/password/once', signedIn, site, async (req, res) => {
    const database = await databases.named(req.site, String(req.params.id));
    const drawn = req.session.drawnPassword;
    delete req.session.drawnPassword;
    const here = databasesAddress(req.site, `/${database.id}`);
    if (drawn?.databaseId !== database.id) return goTo(req, res, here);
    const title = req.visit.words.t('databases.once.title');
    const shown = { database, password: drawn.password, back: req.visit.url(here) };
    await res.page('databases/once', { title, section: 'databases', scripts: ['behaviours/copy.js'], site: req.site, ...shown });
  });

  const deletion = deletionForm(parts);
  router.get('/sites/:site/databases/:id/deletion', signedIn, site, mayChange, fresh, deletion.get);
  router.post('/sites/:site/databases/:id/deletion', signedIn, site, fresh, deletion.post);
  return router;
}

function makingForm({ databases, idempotency }: DatabasesRouteParts) {
  return form({
    view: 'databases/index',
    fields: z.object({ db_name: text, engine: text, charset: text, db_password: text }),
    idempotency,
    show: (req) => listPage(req, databases),
    submit: async ({ req, values, once }) => {
      const [usual] = await databases.serversFor(req.site);
      const wish = {
        name: values.db_name,
        engine: values.engine || (usual?.engine ?? ''),
        charset: values.charset,
        password: values.db_password,
      };
      const made = await databases.create(req.site, wish, actorOf(req), (tx, id) =>
        once.finish(tx, databasesAddress(req.site, `/${id}`)),
      );
      say(req, 'databases.made', { name: made.name });
      return afterDrawing(req, made);
    },
  });
}

function passwordForm({ databases, idempotency }: DatabasesRouteParts) {
  return form({
    view: 'databases/password',
    fields: z.object({ db_password: text }),
    idempotency,
    show: async (req) => {
      const database = await databases.named(req.site, String(req.params.id));
      return { title: req.visit.words.t('databases.password.title'), section: 'databases', site: req.site, database };
    },
    submit: async ({ req, values, once }) => {
      const database = await databases.named(req.site, String(req.params.id));
      const finish = (tx: Parameters<typeof once.finish>[0]) => once.finish(tx, databasesAddress(req.site, `/${database.id}`));
      const made = await databases.setPassword(req.site, database, values.db_password, actorOf(req), finish);
      say(req, 'databases.password.changed');
      return afterDrawing(req, made);
    },
  });
}

function deletionForm({ databases }: DatabasesRouteParts) {
  return form({
    view: 'databases/deletion',
    fields: z.object({ confirm: checkbox }),
    show: async (req) => {
      const database = await databases.find(req.site, String(req.params.id));
      const state = stateOf(database);
      if (state === 'making' || state === 'removing') throw conflict(`databases.refused.${state}`);
      return { title: req.visit.words.t('databases.deletion.title'), section: 'databases', site: req.site, database };
    },
    submit: async ({ req, values }) => {
      const database = await databases.named(req.site, String(req.params.id));
      if (!values.confirm) throw new Invalid({ confirm: [{ key: 'databases.fault.confirm' }] });
      await databases.remove(req.site, database, actorOf(req));
      say(req, 'databases.deletion.asked', { name: database.name });
      return databasesAddress(req.site);
    },
  });
}
