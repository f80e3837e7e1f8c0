// The HTTP of folder protection: the page of a site's upload folders, switching one on, and off after a fresh sign-in.
import { type Request, Router } from 'express';
import { z } from 'zod';
import { conflict, Invalid, notFound } from '../platform/errors.ts';
import { parsePath } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act, form } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import { clearingReasons, presets, type Sites, sitePrograms } from '../sites/sites.ts';
import type { Incoming } from './incoming.ts';

export type FolderRouteParts = { readonly incoming: Incoming; readonly sites: Sites };

const path = z
  .string({ error: 'protection.pathMissing' })
  .max(4000, 'error.tooLongField')
  .transform((text, context) => {
    const read = parsePath(text);
    if (read && read.length > 0) return read;
    context.addIssue({ code: 'custom', message: 'protection.pathMissing' });
    return z.NEVER;
  });
const program = z.enum(sitePrograms, 'error.invalid').optional();
/** Programs whose upload folders are known by name. */
const withPreset = sitePrograms.filter((name) => presets[name].folders.length > 0);
const preset = z
  .string({ error: 'protection.presetMissing' })
  .refine((name) => withPreset.some((one) => one === name), 'protection.presetMissing');
const here = (req: Request) => `/sites/${req.site.name}/folders`;

export function folderRoutes(parts: FolderRouteParts, guards: Guards): Router {
  const { incoming } = parts;
  const { signedIn: inside, signedInAt, fresh, site, may } = guards;
  const router = Router();
  const turnOn = async (req: Request, folders: Parameters<Incoming['protection']['turnOn']>[1]) => {
    if (req.site.openedAt === null || req.site.suspendedAt !== null) throw conflict('protection.notOpen');
    const count = await incoming.protection.turnOn(req.site, folders, actorOf(req));
    say(req, count > 0 ? 'protection.turnedOn' : 'protection.wasOn', { count });
    return here(req);
  };

  const page = form({
    view: 'incoming/folders',
    fields: z.object({ path }),
    show: (req) => shown(req, parts),
    submit: async ({ req, values }) => turnOn(req, [{ path: belowWww(values.path) }]),
  });
  router.get('/sites/:site/folders', inside, site, page.get);
  router.post('/sites/:site/folders', inside, site, page.post);

  const onPage = signedInAt((req) => `/sites/${req.params.site}/folders`);
  const accept = act({
    fields: z.object({ path, program }),
    submit: ({ req, values }) => turnOn(req, [{ path: values.path, ...(values.program && { program: values.program }) }]),
  });
  router.post('/sites/:site/folders/accept', onPage, site, accept);

  const decline = act({
    fields: z.object({ path }),
    submit: async ({ req, values }) => {
      await incoming.protection.decline(req.site, values.path, actorOf(req));
      say(req, 'protection.declined');
      return here(req);
    },
  });
  router.post('/sites/:site/folders/decline', onPage, site, decline);

  const ofProgram = form({
    view: 'incoming/folders',
    fields: z.object({ preset }),
    show: (req) => shown(req, parts),
    submit: ({ req, values }) => {
      const name = sitePrograms.find((one) => one === values.preset) ?? 'plain';
      return turnOn(
        req,
        presets[name].folders.map((folder) => ({ path: ['www', ...folder.split('/')], program: name })),
      );
    },
  });
  router.post('/sites/:site/folders/preset', onPage, site, ofProgram.post);

  const off = form({
    view: 'incoming/folder-off',
    fields: z.object({
      reason: z.enum(clearingReasons, 'protection.reasonMissing'),
      sure: z.literal('1', 'protection.sureMissing'),
    }),
    show: async (req) => {
      const folder = folderOf(req).join('/');
      const marked = await parts.sites.folders.list(req.site);
      if (!marked.some((one) => one.path.join('/') === folder)) throw notFound();
      return {
        title: req.visit.words.t('protection.off.title'),
        section: 'files',
        site: req.site,
        folder,
        address: `${here(req)}/off/${folder.split('/').map(encodeURIComponent).join('/')}`,
        reasons: clearingReasons,
      };
    },
    submit: async ({ req, values }) => {
      await incoming.protection.turnOff(req.site, folderOf(req), actorOf(req), values.reason);
      say(req, 'protection.turnedOff', { folder: `/${folderOf(req).join('/')}` });
      return here(req);
    },
  });
  // What was decided for safety only an owner takes back.
  router.get('/sites/:site/folders/off/*path', inside, site, may('people'), fresh, off.get);
  router.post('/sites/:site/folders/off/*path', inside, site, may('people'), fresh, off.post);
  return router;
}

/** @throws PanelError 404 for what is no path */
function folderOf(req: Request): SitePath {
  const folder = parsePath(([req.params.path ?? []] as unknown[]).flat().join('/'));
  if (!folder || folder.length < 2) throw notFound();
  return folder;
}

/** People leave out `www/`, since on the web it is the root. @throws Invalid for `www` itself */
function belowWww(typed: SitePath): SitePath {
  const path = typed[0] === 'www' ? typed : ['www', ...typed];
  if (path.length < 2) throw new Invalid({ path: [{ key: 'incoming.folderOutside' }] });
  return path;
}

async function shown(req: Request, { incoming }: FolderRouteParts) {
  const { site, visit } = req;
  const { folders, proposals, lastLook, told } = await incoming.protection.of(site);
  const state = site.openedAt === null ? 'preparing' : site.suspendedAt === null ? 'open' : 'suspended';
  return {
    title: visit.words.t('protection.title'),
    section: 'files',
    site,
    state,
    folders: folders.map((folder) => ({ ...folder, path: folder.path.join('/') })),
    proposals: proposals.map(({ path: at, program: name }) => ({ path: at.join('/'), program: name })),
    lastLook,
    told,
    found: await incoming.open(site),
    presets: withPreset.map((name) => ({ name, folder: `/www/${presets[name].folders.join(', /www/')}` })),
    mayChange: req.mayChange && state === 'open',
    mayTurnOff: req.mayChange && can(signedIn(req), 'people'),
  };
}
