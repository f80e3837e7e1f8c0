// The map: which address belongs to which feature, and who may enter.
import express, { type Express, type RequestHandler } from 'express';
import { accountRoutes } from './accounts/routes.ts';
import { backupRoutes } from './backups/routes.ts';
import { consentRoutes } from './consent/routes.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { fileRoutes, isUpload } from './files/routes.ts';
import { frameFor } from './frame.ts';
import { homeRoutes } from './home/routes.ts';
import { orderRoutes } from './orders/routes.ts';
import { packageFolder } from './package-folder.ts';
import type { Doors } from './panel.ts';
import { notFound } from './platform/errors.ts';
import { answerErrors } from './platform/web/answers.ts';
import { Assets } from './platform/web/assets.ts';
import { bodies } from './platform/web/bodies.ts';
import { headers } from './platform/web/headers.ts';
import { fromOurPages } from './platform/web/origin.ts';
import { pages } from './platform/web/page.ts';
import { endSlowBodies } from './platform/web/slow-bodies.ts';
import { readableAddress, welcome } from './platform/web/visit.ts';
import { newGuards } from './sign-in/guards.ts';
import { signInRoutes } from './sign-in/routes.ts';

export function panelApp(doors: Doors): Express {
  const { choices, addresses, words, clock, log, connection, sites } = doors;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  // A list: only then a view includes parts by their path below `views/`.
  app.set('views', [packageFolder('views')]);
  app.set('view engine', 'ejs');
  app.set('view cache', true);
  app.set('trust proxy', choices.trustProxy === '' ? false : choices.trustProxy.split(',').map((part) => part.trim()));

  const assets = new Assets(packageFolder('public'), packageFolder('views/icons'));
  const guards = newGuards({ sites, clock, confirmMinutes: choices.confirmMinutes });
  const has = (feature: (typeof choices.features)[number]) => choices.features.includes(feature);

  app.use(headers(addresses), welcome({ addresses, words, clock }), pages(app, { addresses, assets, frame: frameFor(doors) }));
  app.use(readableAddress, endSlowBodies(isUpload));
  app.use('/assets', withoutLanguage, assets.serve());
  app.get('/healthz', withoutLanguage, (_req, res) => void res.json({ alive: true }));
  app.get('/readyz', withoutLanguage, async (_req, res) => {
    await connection.check();
    res.json({ ready: true });
  });
  app.use(fromOurPages(addresses), doors.sessionMiddleware, doors.signIn.recognise(), bodies(isUpload));

  app.use(signInRoutes(doors, guards));
  if (has('home')) app.use(homeRoutes(doors));
  app.use(orderRoutes(doors));
  if (has('consent')) app.use(consentRoutes(doors));
  if (has('signUp')) app.use(accountRoutes(doors));
  app.use(dashboardRoutes(doors, guards));
  if (has('files')) app.use(fileRoutes(doors, guards));
  if (has('backups')) app.use(backupRoutes(doors, guards));

  app.use((_req, _res, next) => next(notFound()));
  app.use(answerErrors(log));
  return app;
}

/** Health, assets and pictures have one address, not one a language. */
const withoutLanguage: RequestHandler = (req, _res, next) => next(req.visit.language === 'ko' ? undefined : notFound());
