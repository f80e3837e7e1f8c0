// The HTTP of the public pages: front page, where the backups are, officers, privacy, the guideline clause by clause. No form, so no cookie.
import { Router } from 'express';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import { chapters, counted } from './guideline.ts';
import { bandDays, type Home } from './home.ts';
import { type KeptDays, keptRows } from './privacy.ts';

export type HomeRouteParts = {
  readonly home: Home;
  readonly consent: Consent;
  readonly choices: Choices;
  readonly keptDays: KeptDays;
};

export function homeRoutes({ home, consent, choices, keptDays }: HomeRouteParts): Router {
  const router = Router();
  const { features, officers } = choices;
  const documentsAreShown = features.includes('consent');

  router.get('/', async (req, res) => {
    const { words } = req.visit;
    await res.page('home/front', {
      sameForGuests: true,
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
      sameForGuests: true,
      title,
      description: words.t('home.locationPage.lead'),
      section: 'backupLocation',
      locations: home.locations(),
      history: await home.history('backup-location', words),
      dutyVersion: version,
      documentsAreShown,
    });
  });

  router.get('/officers', async (req, res) => {
    await res.page('home/officers', {
      sameForGuests: true,
      title: req.visit.words.t('home.officersPage.title'),
      description: req.visit.words.t('home.officersPage.lead'),
      section: 'officers',
      history: await home.history('officers', req.visit.words),
    });
  });

  router.get('/privacy', async (req, res) => {
    const { words } = req.visit;
    const policy = documentsAreShown ? consent.current('privacy', words.language) : undefined;
    await res.page('home/privacy', {
      sameForGuests: true,
      title: words.t('home.privacyPage.title'),
      description: words.t('home.privacyPage.lead'),
      section: 'privacy',
      kept: keptRows(choices, keptDays),
      locations: home.locations(),
      processors: choices.processors,
      policy: policy && { version: policy.version, html: policy.innerHtml },
    });
  });

  router.get('/guideline', async (req, res) => {
    const list = chapters({ features, officers });
    const { t } = req.visit.words;
    const said = { title: t('guideline.title'), description: t('guideline.lead') };
    await res.page('home/guideline', {
      sameForGuests: true,
      ...said,
      section: 'guideline',
      chapters: list,
      count: counted(list),
    });
  });
  return router;
}
