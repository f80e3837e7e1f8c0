// The HTTP of the public pages: front page, where the backups are, officers, the guideline clause by clause. No form, so no cookie.
import { Router } from 'express';
import type { Consent } from '../consent/consent.ts';
import { chapters, counted } from './guideline.ts';
import { bandDays, Home, type HomeParts } from './home.ts';

export function homeRoutes({ consent, ...parts }: HomeParts & { consent: Consent }): Router {
  const router = Router();
  const home = new Home(parts);
  const { features, officers } = parts.choices;
  const documentsAreShown = features.includes('consent');

  router.get('/', async (req, res) => {
    const { words } = req.visit;
    await res.page('home/front', {
      title: words.t('home.title'),
      description: words.t(features.includes('backups') ? 'home.description' : 'home.withoutBackups'),
      ...(await home.front()),
      bandDays,
      locations: home.locations(),
      dutyVersion: consent.current('backup', words.language).version,
      documentsAreShown,
    });
  });

  router.get('/backup-location', async (req, res) => {
    const { words } = req.visit;
    const title = words.t('home.locationPage.title');
    const version = consent.current('backup', words.language).version;
    await res.page('home/backup-location', {
      title,
      description: words.t('home.locationPage.lead'),
      section: 'backupLocation',
      locations: home.locations(),
      dutyVersion: version,
      documentsAreShown,
    });
  });

  router.get('/officers', async (req, res) => {
    await res.page('home/officers', {
      title: req.visit.words.t('home.officersPage.title'),
      description: req.visit.words.t('home.officersPage.lead'),
      section: 'officers',
      documentsAreShown,
    });
  });

  router.get('/guideline', async (req, res) => {
    const list = chapters({ features, officers });
    const { t } = req.visit.words;
    const said = { title: t('guideline.title'), description: t('guideline.lead') };
    await res.page('home/guideline', { ...said, section: 'guideline', chapters: list, count: counted(list) });
  });
  return router;
}
