// The HTTP of outages: one page a customer, of the sites that the person's place is for.
import { Router } from 'express';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import { type Outages, objectionDays } from './outages.ts';
import { shownMonths } from './page.ts';

export type OutageRouteParts = {
  readonly outages: Outages;
  readonly sites: Sites;
  readonly consent: Consent;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'features'>;
};

export function outageRoutes({ outages, sites, consent, clock, choices }: OutageRouteParts, guards: Guards): Router {
  const router = Router();
  router.get('/account/outages', guards.signedIn, async (req, res) => {
    const { customerId, siteIds } = signedIn(req);
    const { words } = req.visit;
    const [found, names] = await Promise.all([outages.forCustomer(customerId, siteIds), sites.namesOf(customerId)]);
    const newest = found.map(({ contract }) => contract).toSorted((a, b) => (a.sla_version < b.sla_version ? 1 : -1))[0];
    await res.page('outages/outages', {
      title: words.t('outages.title'),
      section: 'account',
      months: shownMonths(words, found, names),
      isOneSite: new Set(found.map(({ siteId }) => siteId)).size < 2,
      slaVersion: newest?.sla_version ?? consent.current('sla', words.language).version,
      agreedAt: newest?.agreed_at ?? undefined,
      documentsAreShown: choices.features.includes('consent'),
      objectionDays,
      zone: words.zoneAt(clock.now()),
    });
  });
  return router;
}
