// The page where a visitor chooses light or dark.
import { type Request, Router } from 'express';
import { z } from 'zod';
import { day } from '../clock.ts';
import type { Addresses } from './addresses.ts';
import { cookieFor } from './cookies.ts';
import { form } from './form.ts';
import { themeOf, themes } from './theme.ts';

/** A page of its own, so that no other page needs a form, and with it a session, for this. */
export function themeRoutes(addresses: Addresses): Router {
  const router = Router();
  const wanted = (req: Request) => addresses.localPath(req.query.next ?? (req.body as { next?: unknown } | undefined)?.next);
  const choose = form({
    view: 'theme',
    fields: z.object({
      theme: z.enum(themes, { error: 'theme.missing' }),
      next: z.string().max(2000).optional().catch(undefined),
    }),
    show: (req) => ({
      title: req.visit.words.t('theme.title'),
      description: req.visit.words.t('theme.lead'),
      section: 'theme',
      themes,
      values: { theme: themeOf(req, addresses) || 'system' },
      next: wanted(req) ?? '',
    }),
    submit: async ({ req, res, values }) => {
      const { name, options } = cookieFor(addresses, 'theme');
      if (values.theme === 'system') res.clearCookie(name, { ...options, sameSite: 'lax' });
      else res.cookie(name, values.theme, { ...options, sameSite: 'lax', maxAge: 365 * day });
      return wanted(req) ?? '/';
    },
  });
  router.get('/theme', choose.get);
  router.post('/theme', choose.post);
  return router;
}
