// The HTTP of plans: the comparison, and a page for each with what an outage is worth (KHADA 8.1, 8.2).
import { Router } from 'express';
import type { Consent } from '../consent/consent.ts';
import type { Choices } from '../options.ts';
import { compensation, documentOf, type Orders, type Plan } from './orders.ts';

export type OrderRouteParts = {
  readonly orders: Orders;
  readonly consent: Consent;
  readonly choices: Pick<Choices, 'backupAt' | 'keepDaily' | 'keepWeekly' | 'features'>;
  /** whether two tiers lie elsewhere (KHADA 8.5), and the long-term one in another place than the other */
  readonly tiers: { readonly tiersReady: boolean; readonly longTermIsFar: boolean };
};

export function orderRoutes({ orders, consent, choices, tiers }: OrderRouteParts): Router {
  const router = Router();
  const { backupAt, keepDaily, keepWeekly, features } = choices;
  const always = {
    backupAt,
    keepDaily,
    keepWeekly,
    ...tiers,
    signUpIsOpen: features.includes('signUp'),
    documentsAreShown: features.includes('consent'),
    locationIsShown: features.includes('home'),
  };

  // A version may come into force while the panel runs.
  const promised = () => {
    const rule = orders.compensation();
    const exampleOf = ({ priceWon }: Pick<Plan, 'priceWon'>) => compensation(priceWon, rule.exampleHours, rule);
    return { promise: { ...rule, ...always }, exampleOf };
  };

  router.get('/plans', async (req, res) => {
    const plans = await orders.plans();
    const { t } = req.visit.words;
    const description = t('orders.plans.lead');
    await res.page('orders/plans', { title: t('orders.plans.title'), description, section: 'plans', plans, ...promised() });
  });

  router.get('/plans/:slug', async (req, res) => {
    const plan = await orders.plan(String(req.params.slug));
    const { words } = req.visit;
    const { promise, exampleOf } = promised();
    const duty = documentOf('agree_backup', plan.backupVariant) ?? 'backup';
    await res.page('orders/plan', {
      title: words.t('orders.plan.title', { plan: plan.name[words.language] }),
      description: plan.summary[words.language],
      section: 'plans',
      plan,
      plans: await orders.plans(),
      promise,
      exampleWon: exampleOf(plan),
      duty: { document: duty, version: consent.current(duty, words.language).version },
      slaVersion: consent.current('sla', words.language).version,
    });
  });
  return router;
}
