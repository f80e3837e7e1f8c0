// The HTTP of the trash: what lies there, putting it back, and removing it for good.
import { type Request, Router } from 'express';
import { z } from 'zod';
import { notFound } from '../platform/errors.ts';
import { act, form } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { type PageData, say } from '../platform/web/page.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Files } from './files.ts';
import { doerOf, pathsField, requireChange } from './forms.ts';
import { fileAddress } from './listing.ts';
import type { Trashed } from './trash.ts';

const perPage = 200;
const idField = z.string().regex(/^[0-9a-f-]{36}$/, 'files.nothingChosen');
const idsField = z.union([z.array(idField).min(1), idField.transform((id) => [id])], { error: 'files.nothingChosen' });

const trashAddress = (req: Request) => `/sites/${String(req.params.site)}/files/trash`;

/** To be asked before the other routes: `trash` is no folder that is shown. */
export function fileTrashRoutes({ files, idempotency }: { files: Files; idempotency: Idempotency }, guards: Guards): Router {
  const router = Router();
  const inSite = [guards.signedIn, guards.site];
  const changing = [guards.signedInAt(trashAddress), guards.site];

  const restoration = restorationForm(files, idempotency);
  router.get('/sites/:site/files/trash', inSite, restoration.get);
  router.post('/sites/:site/files/trash', changing, putting(files));
  router.post('/sites/:site/files/trash/restoration', changing, restoration.post);
  const deletion = deletionForm(files, idempotency);
  router.get('/sites/:site/files/trash/deletion', inSite, deletion.get);
  router.post('/sites/:site/files/trash/deletion', changing, deletion.post);
  return router;
}

/** A button in the list of a folder: no question, since it is undone in one step. */
function putting(files: Files) {
  return act({
    fields: z.object({ path: pathsField }),
    submit: async ({ req, values }) => {
      const folder = values.path[0]?.slice(0, -1) ?? ['www'];
      const { actId, count } = await files.throwAway(req.site, doerOf(req), values.path);
      const back = fileAddress(req.site.name, folder[0] === 'www' ? folder : ['www']);
      if (count === 0) say(req, 'files.trash.nothing', undefined, 'bad');
      return count > 0 ? `${back}?undo=${actId}` : back;
    },
  });
}

function restorationForm(files: Files, idempotency: Idempotency) {
  return form({
    view: 'files/trash',
    idempotency,
    fields: z.object({ id: idsField.optional(), act: idField.optional() }).refine(({ id, act }) => id || act, {
      message: 'files.nothingChosen',
      path: ['id'],
    }),
    show: (req) => trashPage(files, req),
    submit: async ({ req, values }) => {
      const chosen = values.act
        ? await files.trash.ofAct(req.site, values.act)
        : await files.trash.find(req.site, values.id ?? []);
      if (chosen.length === 0) throw notFound();
      const { count, folder } = await files.trash.restore(req.site, doerOf(req), chosen);
      say(req, count > 0 ? 'files.trash.restored' : 'files.trash.nothing', { count }, count > 0 ? 'ok' : 'bad');
      return fileAddress(req.site.name, folder);
    },
  });
}

function deletionForm(files: Files, idempotency: Idempotency) {
  const chosenOf = async (req: Request): Promise<readonly Trashed[]> => {
    const { id, all, until } = (req.method === 'GET' ? req.query : (req.body ?? {})) as Chosen;
    if (all === '1') {
      const { entries } = await files.trash.page(req.site, 1, mostAtOnce);
      // What was deleted after the question was asked is not part of the answer.
      return req.method === 'GET' ? entries : entries.filter(({ trashedAt }) => trashedAt <= Number(until));
    }
    const ids = [id ?? []].flat().filter((one) => idField.safeParse(one).success);
    return files.trash.find(req.site, ids);
  };
  return form({
    view: 'files/trash-deletion',
    idempotency,
    fields: z.object({}),
    show: async (req) => {
      requireChange(req);
      const chosen = await chosenOf(req);
      const { query } = req;
      const rows = rowsOf(chosen.slice(0, perPage));
      return {
        ...{ title: req.visit.words.t('files.trash.deletionTitle'), section: 'files', site: req.site, values: {}, rows },
        ...{
          count: chosen.length,
          isAll: query.all === '1',
          until: chosen[0]?.trashedAt,
          back: req.visit.url(trashAddress(req)),
        },
      };
    },
    submit: async ({ req }) => {
      const chosen = await chosenOf(req);
      const count = chosen.length === 0 ? 0 : await files.trash.empty(req.site, doerOf(req), chosen);
      say(req, count > 0 ? 'files.trash.removed' : 'files.trash.nothing', { count }, count > 0 ? 'ok' : 'bad');
      return trashAddress(req);
    },
  });
}

/** `until`: epoch milliseconds of the newest entry that the question named. */
type Chosen = { readonly id?: string | string[]; readonly all?: string; readonly until?: string };

/** What is more is removed with the next click. */
const mostAtOnce = 10_000;

const rowsOf = (entries: readonly Trashed[]) =>
  entries.map((entry) => {
    const parts = entry.path.split('/');
    return { ...entry, name: parts.at(-1) ?? '', folder: parts.slice(0, -1).join('/') };
  });

async function trashPage(files: Files, req: Request): Promise<PageData> {
  const { words, url } = req.visit;
  const pageNumber = Math.max(1, Number.parseInt(String(req.query.page ?? '1'), 10) || 1);
  const { entries, total } = await files.trash.page(req.site, pageNumber, perPage);
  return {
    title: words.t('files.trash.title'),
    section: 'files',
    form: true,
    site: req.site,
    rows: rowsOf(entries),
    ...{ total, pageNumber, pages: Math.max(1, Math.ceil(total / perPage)) },
    here: url(trashAddress(req)),
    back: url(fileAddress(req.site.name, ['www'])),
    isWritable: req.mayChange,
  };
}
