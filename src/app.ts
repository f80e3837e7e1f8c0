// The map: which address belongs to which feature, and who may enter.
import express, { type Express, type RequestHandler } from 'express';
import { accountRoutes } from './accounts/routes.ts';
import { alertRoutes } from './alerts/routes.ts';
import { apiRoutes } from './api/routes.ts';
import { tokenRoutes } from './api/token-routes.ts';
import { broughtRoutes, isBrought } from './backups/bringing-routes.ts';
import type { PageParts } from './backups/page.ts';
import { pieceRoutes } from './backups/pieces-routes.ts';
import { backupRoutes } from './backups/routes.ts';
import { billingRoutes } from './billing/routes.ts';
import { accentStyle, tokensFile } from './brand.ts';
import { browseRoutes } from './browse/routes.ts';
import { consentRoutes, freshDocuments } from './consent/routes.ts';
import { contractRoutes } from './contracts/routes.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { databaseDownloadRoutes } from './databases/download-routes.ts';
import { databaseImportRoutes } from './databases/import-routes.ts';
import { isDump } from './databases/receiving.ts';
import { databaseRoutes } from './databases/routes.ts';
import { databaseTrashRoutes } from './databases/trash-routes.ts';
import { HandingOut } from './downloads/downloads.ts';
import { downloadRoutes } from './downloads/routes.ts';
import { fileJobRoutes } from './files/job-routes.ts';
import { fileRoutes } from './files/routes.ts';
import { fileTextRoutes, isText } from './files/text-routes.ts';
import { fileTrashRoutes } from './files/trash-routes.ts';
import { tusRoutes } from './files/tus-routes.ts';
import { isUpload, uploadRoutes } from './files/upload-routes.ts';
import { frameFor } from './frame.ts';
import { ftpRoutes } from './ftp/routes.ts';
import { blockRoutes } from './home/block-routes.ts';
import { homeRoutes } from './home/routes.ts';
import { folderRoutes } from './incoming/folder-routes.ts';
import { keptDays as heldDays } from './incoming/incoming.ts';
import { incomingRoutes } from './incoming/routes.ts';
import { panelMetrics } from './metrics.ts';
import { orderRoutes } from './orders/routes.ts';
import { outageRoutes } from './outages/routes.ts';
import { packageFolder, scriptsOfOthers } from './package-folder.ts';
import type { Doors } from './panel.ts';
import { historyDays } from './people/history.ts';
import { historyRoutes } from './people/history-routes.ts';
import { invitationRoutes } from './people/invitation-routes.ts';
import { peopleRoutes } from './people/routes.ts';
import { notFound } from './platform/errors.ts';
import { answerErrors } from './platform/web/answers.ts';
import { Assets } from './platform/web/assets.ts';
import { bodies } from './platform/web/bodies.ts';
import { headers } from './platform/web/headers.ts';
import { comesFrom } from './platform/web/networks.ts';
import { fromOurPages } from './platform/web/origin.ts';
import { pages } from './platform/web/page.ts';
import { requestLog } from './platform/web/request-log.ts';
import { endSlowBodies } from './platform/web/slow-bodies.ts';
import { stylePage } from './platform/web/style-page.ts';
import { themeRoutes } from './platform/web/theme-page.ts';
import { Views } from './platform/web/views.ts';
import { readableAddress, welcome } from './platform/web/visit.ts';
import { receiptRoutes } from './receipts/routes.ts';
import { restoreRoutes } from './restores/routes.ts';
import { addressRoutes } from './sign-in/address-routes.ts';
import { agreementRoutes } from './sign-in/agreement-routes.ts';
import { factorFirst } from './sign-in/demanded-factor.ts';
import { factorRoutes } from './sign-in/factor-routes.ts';
import { can, newGuards } from './sign-in/guards.ts';
import { lostFactorRoutes } from './sign-in/lost-factor-routes.ts';
import { networkRoutes } from './sign-in/network-routes.ts';
import { passkeyRoutes } from './sign-in/passkey-routes.ts';
import { recoveryRoutes } from './sign-in/recovery-routes.ts';
import { restrictionRoutes } from './sign-in/restriction-routes.ts';
import { newIdWithNewRights } from './sign-in/rights.ts';
import { signInRoutes } from './sign-in/routes.ts';
import { securityRoutes } from './sign-in/security-routes.ts';
import { hasNoSession } from './sign-in/sessions.ts';
import { sshRoutes } from './ssh/routes.ts';
import { terminationRoutes } from './termination/routes.ts';
import { tierLines } from './tiers/tiers.ts';
import { usageRoutes } from './usage/routes.ts';
import { keptDays as usageDays } from './usage/usage.ts';

export function panelApp(doors: Doors): Express {
  const { choices, addresses, words, clock, log, secrets, connection, sites } = doors;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', choices.trustProxy === '' ? false : choices.trustProxy.split(',').map((part) => part.trim()));

  const assets = new Assets(
    packageFolder('public'),
    packageFolder('views/icons'),
    accentStyle(choices.brand.accent),
    scriptsOfOthers,
  );
  const guards = newGuards({ sites, clock, confirmMinutes: choices.confirmMinutes });
  const has = (feature: (typeof choices.features)[number]) => choices.features.includes(feature);

  const metrics = panelMetrics(doors);
  app.use(
    headers(addresses),
    welcome({ addresses, words, clock }),
    requestLog({ log, secrets, clock, ended: metrics.request }),
    pages(new Views(packageFolder('views')), {
      ...{ addresses, assets, frame: frameFor(doors, (person, what) => can(person, what)) },
      shown: ({ person, language, path }, notices) => person && doors.notices.shown({ person, language, path }, notices),
    }),
  );
  app.use(readableAddress, endSlowBodies(readsOwnBody));
  app.use('/assets', withoutLanguage, assets.serve());
  app.get('/healthz', withoutLanguage, (_req, res) => void res.json({ alive: true }));
  app.get('/readyz', withoutLanguage, async (_req, res) => {
    await connection.check();
    res.json({ ready: true });
  });
  // Before the session: pages of others ask for them, and no cookie is read or set.
  if (has('home')) app.use(blockRoutes(doors.home));
  const publicPages =
    has('home') && homeRoutes({ ...doors, keptDays: { history: historyDays, held: heldDays, usage: usageDays } });
  // Half of what a public page costs is finding out that nobody is signed in: who brings no session needs none of that.
  if (publicPages) app.use((req, res, next) => (hasNoSession(req, addresses) ? publicPages(req, res, next) : next()));
  const mayReadFigures = comesFrom(choices.metricsAllow);
  app.get('/metrics', withoutLanguage, async (req, res) => {
    if (!mayReadFigures(req)) throw notFound();
    res.type(metrics.contentType).send(await metrics.text());
  });
  app.get('/watchz', withoutLanguage, async (req, res) => {
    if (!mayReadFigures(req)) throw notFound();
    const { workerSeenAt, isSilent, overdueSites } = await doors.alerts.watch();
    const seen = workerSeenAt === undefined ? null : new Date(workerSeenAt).toISOString();
    res.status(isSilent ? 503 : 200).json({ worker: { seen, silent: isSilent }, overdue_sites: overdueSites });
  });
  const handingOut = new HandingOut({ ...doors, accelArchives: choices.accelArchives });
  // Before sessions: programs have none.
  if (has('backups')) app.use(apiRoutes({ ...doors, handingOut, limits: choices.limits }));
  app.use(billingRoutes({ ...doors, limits: choices.limits }));
  app.use(
    fromOurPages(addresses),
    doors.sessionMiddleware,
    doors.signIn.recognise(),
    newIdWithNewRights,
    freshDocuments(doors),
    doors.signIn.agreement.first,
    factorFirst(choices, doors.signIn.factors),
    bodies(readsOwnBody, isText),
  );

  app.use(themeRoutes(addresses), stylePage(addresses, assets, tokensFile()));
  app.use(signInRoutes(doors, guards));
  app.use(agreementRoutes(doors, guards));
  app.use(recoveryRoutes(doors));
  app.use(factorRoutes(doors, guards));
  app.use(passkeyRoutes(doors, guards));
  app.use(lostFactorRoutes(doors, guards));
  app.use(securityRoutes(doors, guards));
  app.use(addressRoutes(doors, guards));
  app.use(networkRoutes(doors, guards));
  app.use(restrictionRoutes(doors, guards));
  app.use(contractRoutes(doors, guards));
  app.use(peopleRoutes(doors, guards), invitationRoutes(doors), historyRoutes(doors, guards));
  if (has('termination')) app.use(terminationRoutes(doors, guards));
  if (publicPages) app.use(publicPages);
  const { areReady: tiersReady, longTermIsFar } = doors.tiers;
  app.use(orderRoutes({ ...doors, tiers: { tiersReady, longTermIsFar } }));
  if (has('consent')) app.use(consentRoutes(doors));
  if (has('signUp')) app.use(accountRoutes(doors));
  app.use(dashboardRoutes(doors, guards), usageRoutes(doors, guards), outageRoutes(doors, guards));
  app.use(receiptRoutes(doors, guards));
  if (has('files')) {
    app.use(uploadRoutes(doors, guards), tusRoutes(doors, guards));
    app.use(fileTrashRoutes(doors, guards), fileJobRoutes(doors, guards), fileTextRoutes(doors, guards));
    app.use(fileRoutes(doors, guards));
  }
  if (has('databases')) {
    app.use(databaseTrashRoutes(doors, guards), databaseRoutes(doors, guards));
    app.use(databaseImportRoutes(doors, guards), databaseDownloadRoutes(doors, guards));
  }
  if (has('files') || has('ftp')) app.use(folderRoutes(doors, guards), incomingRoutes(doors, guards));
  if (has('ftp')) app.use(ftpRoutes(doors, guards));
  if (has('ssh')) app.use(sshRoutes(doors, guards));
  // Restores first: `restorations` is no id of a backup.
  if (has('backups')) {
    app.use(alertRoutes(doors, guards), tokenRoutes(doors, guards), restoreRoutes(doors, guards));
    app.use(downloadRoutes({ ...doors, handingOut }, guards), browseRoutes(doors, guards));
  }
  const tierWords: PageParts['tierLines'] = async (visit, site) => tierLines(visit, await doors.tiers.of(site));
  const isRestorable: PageParts['isRestorable'] = (site, backup) => doors.restores.isRestorable(site, backup);
  if (has('backups')) app.use(broughtRoutes(doors, guards), pieceRoutes(doors, guards));
  if (has('backups')) app.use(backupRoutes({ ...doors, tierLines: tierWords, isRestorable }, guards));

  app.use((_req, _res, next) => next(notFound()));
  app.use(answerErrors(log));
  return app;
}

/** Files and dumps are read by their own routes, as they come. */
const readsOwnBody = (path: string) => isUpload(path) || isDump(path) || isBrought(path);

/** Health, assets and pictures have one address, not one a language. */
const withoutLanguage: RequestHandler = (req, _res, next) => next(req.visit.language === 'ko' ? undefined : notFound());
