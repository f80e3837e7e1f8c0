// All sentences of both languages. Korean is the source; a missing English sentence does not compile in its own file.

import { accounts as accountsEn } from './en/accounts.ts';
import { address as addressEn } from './en/address.ts';
import { alerts as alertsEn } from './en/alerts.ts';
import { api as apiEn } from './en/api.ts';
import { backups as backupsEn } from './en/backups.ts';
import { browse as browseEn } from './en/browse.ts';
import { consent as consentEn } from './en/consent.ts';
import { contracts as contractsEn } from './en/contracts.ts';
import { dashboard as dashboardEn } from './en/dashboard.ts';
import { databases as databasesEn } from './en/databases.ts';
import { defence as defenceEn } from './en/defence.ts';
import { downloads as downloadsEn } from './en/downloads.ts';
import { error as errorEn } from './en/error.ts';
import { evidence as evidenceEn } from './en/evidence.ts';
import { fileJobs as fileJobsEn } from './en/file-jobs.ts';
import { files as filesEn } from './en/files.ts';
import { ftp as ftpEn } from './en/ftp.ts';
import { guideline as guidelineEn } from './en/guideline.ts';
import { home as homeEn } from './en/home.ts';
import { imports as importsEn } from './en/imports.ts';
import { incoming as incomingEn } from './en/incoming.ts';
import { lostFactor as lostFactorEn } from './en/lost-factor.ts';
import { moves as movesEn } from './en/moves.ts';
import { orders as ordersEn } from './en/orders.ts';
import { outages as outagesEn } from './en/outages.ts';
import { password as passwordEn } from './en/password.ts';
import { people as peopleEn } from './en/people.ts';
import { protection as protectionEn } from './en/protection.ts';
import { receipts as receiptsEn } from './en/receipts.ts';
import { restores as restoresEn } from './en/restores.ts';
import { security as securityEn } from './en/security.ts';
import { servers as serversEn } from './en/servers.ts';
import { shell as shellEn } from './en/shell.ts';
import { signIn as signInEn } from './en/sign-in.ts';
import { ssh as sshEn } from './en/ssh.ts';
import { style as styleEn } from './en/style.ts';
import { termination as terminationEn } from './en/termination.ts';
import { tiers as tiersEn } from './en/tiers.ts';
import { usage as usageEn } from './en/usage.ts';
import { accounts } from './ko/accounts.ts';
import { address } from './ko/address.ts';
import { alerts } from './ko/alerts.ts';
import { api } from './ko/api.ts';
import { backups } from './ko/backups.ts';
import { browse } from './ko/browse.ts';
import { consent } from './ko/consent.ts';
import { contracts } from './ko/contracts.ts';
import { dashboard } from './ko/dashboard.ts';
import { databases } from './ko/databases.ts';
import { defence } from './ko/defence.ts';
import { downloads } from './ko/downloads.ts';
import { error } from './ko/error.ts';
import { evidence } from './ko/evidence.ts';
import { fileJobs } from './ko/file-jobs.ts';
import { files } from './ko/files.ts';
import { ftp } from './ko/ftp.ts';
import { guideline } from './ko/guideline.ts';
import { home } from './ko/home.ts';
import { imports } from './ko/imports.ts';
import { incoming } from './ko/incoming.ts';
import { lostFactor } from './ko/lost-factor.ts';
import { moves } from './ko/moves.ts';
import { orders } from './ko/orders.ts';
import { outages } from './ko/outages.ts';
import { password } from './ko/password.ts';
import { people } from './ko/people.ts';
import { protection } from './ko/protection.ts';
import { receipts } from './ko/receipts.ts';
import { restores } from './ko/restores.ts';
import { security } from './ko/security.ts';
import { servers } from './ko/servers.ts';
import { shell } from './ko/shell.ts';
import { signIn } from './ko/sign-in.ts';
import { ssh } from './ko/ssh.ts';
import { style } from './ko/style.ts';
import { termination } from './ko/termination.ts';
import { tiers } from './ko/tiers.ts';
import { usage } from './ko/usage.ts';
import type { Sentence } from './sentences.ts';

export const catalogues: Readonly<Record<'ko' | 'en', Readonly<Record<string, Sentence>>>> = {
  ko: {
    ...error,
    ...servers,
    ...moves,
    ...restores,
    ...usage,
    ...shell,
    ...home,
    ...orders,
    ...outages,
    ...consent,
    ...receipts,
    ...evidence,
    ...contracts,
    ...contracts,
    ...accounts,
    ...imports,
    ...password,
    ...signIn,
    ...security,
    ...address,
    ...lostFactor,
    ...defence,
    ...people,
    ...dashboard,
    ...databases,
    ...files,
    ...fileJobs,
    ...ftp,
    ...incoming,
    ...protection,
    ...ssh,
    ...backups,
    ...browse,
    ...downloads,
    ...alerts,
    ...api,
    ...tiers,
    ...termination,
    ...guideline,
    ...style,
  },
  en: {
    ...errorEn,
    ...serversEn,
    ...movesEn,
    ...restoresEn,
    ...usageEn,
    ...shellEn,
    ...homeEn,
    ...ordersEn,
    ...outagesEn,
    ...consentEn,
    ...receiptsEn,
    ...evidenceEn,
    ...contractsEn,
    ...contractsEn,
    ...accountsEn,
    ...importsEn,
    ...passwordEn,
    ...signInEn,
    ...securityEn,
    ...addressEn,
    ...lostFactorEn,
    ...defenceEn,
    ...peopleEn,
    ...dashboardEn,
    ...databasesEn,
    ...filesEn,
    ...fileJobsEn,
    ...ftpEn,
    ...incomingEn,
    ...protectionEn,
    ...sshEn,
    ...backupsEn,
    ...browseEn,
    ...downloadsEn,
    ...alertsEn,
    ...apiEn,
    ...tiersEn,
    ...terminationEn,
    ...guidelineEn,
    ...styleEn,
  },
};
