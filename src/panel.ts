// The composition root: options → adapters → doors → app and worker. Everything is built here once, in order.
import { availableParallelism, totalmem } from 'node:os';
import type { Express } from 'express';
import { Accounts } from './accounts/accounts.ts';
import { BreachedPasswords } from './accounts/breached.ts';
import { costFrom } from './accounts/hash-parameters.ts';
import { hashingConcurrency, PasswordHashing } from './accounts/hashing.ts';
import { customerPolicy, nistPolicy, PasswordRules } from './accounts/passwords.ts';
import { openPlatform, places, tiersOf } from './adapters.ts';
import { Audit } from './audit/audit.ts';
import { Backups } from './backups/backups.ts';
import { Billing } from './billing/billing.ts';
import { Browse } from './browse/browse.ts';
import { Consent } from './consent/consent.ts';
import { Contracts } from './contracts/contracts.ts';
import { Databases } from './databases/databases.ts';
import { Downloads } from './downloads/downloads.ts';
import { Files } from './files/files.ts';
import { Ftp } from './ftp/ftp.ts';
import { ftpLogWord, listenForFtp } from './ftp-listening.ts';
import { Home } from './home/home.ts';
import { Incoming } from './incoming/incoming.ts';
import { Moves } from './moves/moves.ts';
import { type Choices, chosen, type PanelOptions } from './options.ts';
import { Orders, readRules } from './orders/orders.ts';
import { packageFolder } from './package-folder.ts';
import { People } from './people/people.ts';
import { second } from './platform/clock.ts';
import { Pulls } from './pulls/pulls.ts';
import { recordsOf } from './records.ts';
import { databaseWay, logOf } from './remote-servers.ts';
import { Restores } from './restores/restores.ts';
import { sessions } from './sign-in/sessions.ts';
import { SignIn } from './sign-in/sign-in.ts';
import { ownServer, type Site, Sites } from './sites/sites.ts';
import { Ssh } from './ssh/ssh.ts';
import { telling } from './telling.ts';
import { Termination } from './termination/termination.ts';
import { Tiers } from './tiers/tiers.ts';
import { Usage } from './usage/usage.ts';
import { keepWatch } from './watch.ts';
import { webServersOf } from './web-server-commands.ts';
import { work, workOnce } from './work.ts';

export type Panel = Awaited<ReturnType<typeof createPanel>>;
export type Worker = Awaited<ReturnType<typeof createWorker>>;
export type Doors = Awaited<ReturnType<typeof build>>;

/**
 * Builds a panel; nothing listens and nothing works until asked.
 * @throws OptionsError with every fault of the options at once, before anything is opened
 */
export async function createPanel(options: PanelOptions) {
  const { doors, ...worker } = await createWorker(options);
  const { panelApp } = await import('./app.ts');
  const app: Express = panelApp(doors);
  if (doors.choices.features.includes('home')) await doors.home.announce();
  const stopMeasuring = doors.choices.passwordCost === 'measured' ? doors.accounts.hashingCost.measureSoon(doors.log) : undefined;
  const close = async () => {
    await stopMeasuring?.();
    await worker.close();
  };
  const watch = ({ signal }: { signal: AbortSignal }) => keepWatch(doors, signal);
  return { app, doors, ...worker, close, watch, listenForFtp: () => listenForFtp(doors) };
}

/** The same without pages: a process that only works needs none of what they load, a third of its memory. */
export async function createWorker(options: PanelOptions) {
  const doors = await build(chosen(options), options);
  const { connection, queue, mailer, remotes, notices } = doors;
  return {
    doors,
    /** Works off jobs and the timetable until the signal. One worker a machine is usual; more do no harm. */
    work: ({ signal }: { signal: AbortSignal }) => work(doors, signal),
    /** Keeps every appointment that is due and does every job that is due now. @returns how many jobs ran */
    workOnce: () => workOnce(doors),
    close: async () => {
      await notices.settled();
      await remotes.close();
      await queue.close();
      await mailer.close();
      await connection.close();
    },
  };
}

async function build(choices: Choices, given: PanelOptions) {
  const platform = await openPlatform(choices, given);
  const { connection, secrets, clock } = platform;

  const audit = new Audit({ connection, secrets, clock });
  const { timeZone } = choices;
  const consent = new Consent({ ...platform, documentsFolder: packageFolder('views/documents'), timeZone });
  const ruleOf = readRules(packageFolder('views/documents/sla-rules.json'));
  const orders = new Orders({ connection, consent, audit, clock, ruleOf, timeZone });
  const threadPoolSize = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const parameters = costFrom(choices.passwordCost);
  const hashesAtOnce = hashingConcurrency({ cores: availableParallelism(), threadPoolSize, memoryBytes });
  const hashing = new PasswordHashing({ concurrency: hashesAtOnce, ...(parameters && { parameters }) });
  const place = places(choices);
  const breachedPasswords = new BreachedPasswords(place.breached);
  const passwords = new PasswordRules({
    wordsFile: packageFolder('lists/korean-words.tsv'),
    breached: breachedPasswords,
    policy: choices.passwordRule === 'nist' ? nistPolicy : customerPolicy,
  });
  const accounts = new Accounts({ ...platform, orders, consent, audit, hashing, memoryBytes, passwords });
  if (!parameters) await accounts.hashingCost.recall();
  const leaseMilliseconds = choices.leaseSeconds * second;
  const sites = new Sites({ ...platform, audit, accounts, leaseMilliseconds, operatorEmail: choices.operatorEmail });
  const signIn = new SignIn({ ...platform, accounts, sites, audit, hashesAtOnce });
  const { limits } = choices;
  const reached = databaseWay(platform.remotes, (serverId) => sites.servers.byId(serverId));
  const databases = new Databases({ ...platform, audit, accounts, orders, sites, passwords, reached, limits });
  const databaseNames = (customerId: string) => databases.namesOf(customerId);
  const people = new People({ ...platform, accounts, sites, signIn, audit, databaseNames });
  const files = new Files({ ...platform, accounts, sites, audit, ...place.files, choices, leaseMilliseconds });
  const incoming = new Incoming({ ...platform, accounts, sites, files, audit, webServers: webServersOf(choices) });
  const logWord = ftpLogWord(choices);
  const farLog = logOf(platform.remotes, (serverId) => sites.servers.byId(serverId));
  const ftp = new Ftp({ ...platform, accounts, orders, sites, incoming, signIn, audit, hashesAtOnce, logWord, farLog });
  const hostOf = ({ serverId }: Site) => sites.servers.host(serverId);
  const ssh = new Ssh({ ...platform, accounts, consent, sites, audit, hostOf });
  const keepsTiers = choices.shortTermUrl !== undefined || given.tiers !== undefined;
  const { unfinishedHours: keptHours, diskReserveBytes: reserveBytes } = limits;
  const arriving = { folder: place.arriving, leaseMilliseconds, keptHours, reserveBytes };
  const forBackups = { databases, keepsTiers, drillsFolder: place.drills, arriving };
  const backups = new Backups({ ...platform, audit, accounts, orders, sites, ...forBackups });
  const browse = new Browse({ connection, clock, sites, backups, files });
  const downloads = new Downloads({ ...platform, audit, accounts, sites, signIn, backups });
  const tiers = new Tiers({ ...platform, audit, sites, backups, setUp: given.tiers ?? tiersOf(choices) });
  const pulls = new Pulls({ ...platform, audit, sites, backups, tiers, staging: place.staging });

  const toRestore = { databases, backups, tiers, choices, staging: place.restoring };
  const restores = new Restores({ ...platform, audit, accounts, sites, ...toRestore });

  const makesBackups = choices.features.includes('backups');
  const staging = place.moving;
  const moves = new Moves({ ...platform, audit, accounts, sites, databases, incoming, ssh, backups, staging, makesBackups });

  const outbox = given.mailer ? undefined : place.outbox;
  const folders = { drills: place.drills, restoring: place.restoring, moving: place.moving, outbox };
  const doorsOfSites = { accounts, orders, consent, sites, databases, files, incoming, ftp, ssh, backups, tiers, moves };
  const termination = new Termination({ ...platform, audit, ...doorsOfSites, folders, erasuresFile: place.erasures, choices });

  const usage = new Usage({ ...platform, sites, databases, backups, timeZone });

  const home = new Home({ ...platform, consent, orders, backups, tiers });
  const contracts = new Contracts({ ...platform, audit, orders, accounts, sites, databases, ftp });
  const billing = new Billing({ ...platform, audit, orders, accounts, sites, contracts, termination, timeZone });
  const records = recordsOf({ ...platform, audit, consent, orders, ruleOf, accounts, sites, databases, moves }, choices);
  const told = telling({ ...platform, audit, accounts, sites, signIn, backups, downloads, tiers });

  await consent.rememberDocuments();
  await orders.seedPlans();
  await sites.servers.prepare(ownServer, place.sites);
  // Before anybody is served: a database that is older than an erasure brings nobody back.
  await termination.replay();
  const session = sessions({ ...platform, idleMinutes: choices.sessionIdleMinutes, hours: choices.sessionHours });
  return {
    ...platform,
    sessionMiddleware: session.middleware,
    sessions: session.store,
    audit,
    consent,
    orders,
    breachedPasswords,
    accounts,
    sites,
    signIn,
    people,
    databases,
    files,
    incoming,
    ftp,
    ssh,
    backups,
    browse,
    downloads,
    tiers,
    pulls,
    restores,
    moves,
    usage,
    home,
    ...records,
    contracts,
    billing,
    termination,
    ...told,
  };
}
