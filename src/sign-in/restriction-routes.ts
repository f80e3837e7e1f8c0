// The page that tells a restricted customer why, what is left, and how it ends (architecture §6, ruling 8).
import { Router } from 'express';
import type { Choices } from '../options.ts';
import { notSignedIn } from '../platform/errors.ts';
import { goTo } from '../platform/web/page.ts';
import type { Guards } from './guards.ts';

export function restrictionRoutes({ choices }: { choices: Pick<Choices, 'features'> }, guards: Guards): Router {
  const router = Router();
  const { features } = choices;
  const may = [
    ...(features.includes('backups') ? ['backups'] : []),
    ...(features.includes('files') ? ['files'] : []),
    'account',
    ...(features.includes('consent') ? ['documents'] : []),
    'ask',
  ];
  router.get('/account/restriction', guards.signedIn, async (req, res) => {
    const { person, words } = req.visit;
    if (!person) throw notSignedIn();
    if (!person.restriction) return goTo(req, res, '/dashboard');
    await res.page('sign-in/restriction', {
      title: words.t('restriction.title'),
      section: 'account',
      ...person.restriction,
      may,
      backups: features.includes('backups'),
    });
  });
  return router;
}
