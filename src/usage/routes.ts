// The HTTP of usage: one page a site.
import { type Request, type Response, Router } from 'express';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Guards } from '../sign-in/guards.ts';
import { usagePage } from './page.ts';
import type { Usage } from './usage.ts';

export type UsageRouteParts = {
  readonly usage: Usage;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'timeZone' | 'features'>;
};

export function usageRoutes({ usage, clock, choices }: UsageRouteParts, { signedIn, site }: Guards): Router {
  const router = Router();
  const { timeZone, features } = choices;
  const parts = { usage, clock, timeZone, hasFiles: features.includes('files') };
  router.get('/sites/:site/usage', signedIn, site, async (req: Request, res: Response) => {
    await res.page('usage/usage', await usagePage(req, parts));
  });
  return router;
}
