// The composition root: options → adapters → doors → app and worker. Everything is built here once, in order.
import { availableParallelism } from 'node:os';
import type { Express } from 'express';
import { Accounts } from './accounts/accounts.ts';
import { hashingConcurrency, PasswordHashing } from './accounts/hashing.ts';
import { openPlatform, places } from './adapters.ts';
import { panelApp } from './app.ts';
import { Audit } from './audit/audit.ts';
import { Backups } from './backups/backups.ts';
import { Consent } from './consent/consent.ts';
import { Files } from './files/files.ts';
import { hands, timetable } from './jobs.ts';
import { type Choices, chosen, type PanelOptions } from './options.ts';
import { Orders } from './orders/orders.ts';
import { packageFolder } from './package-folder.ts';
import { sessions } from './sign-in/sessions.ts';
import { SignIn } from './sign-in/sign-in.ts';
import { Sites } from './sites/sites.ts';
import { keepTimetable } from './timetable.ts';

export type Panel = Awaited<ReturnType<typeof createPanel>>;
export type Doors = Awaited<ReturnType<typeof build>>;

/**
 * Builds a panel; nothing listens and nothing works until asked.
 * @throws OptionsError with every fault of the options at once, before anything is opened
 */
export async function createPanel(options: PanelOptions) {
  const doors = await build(chosen(options), options);
  const app: Express = panelApp(doors);
  const { connection, queue, mailer, log } = doors;
  return {
    app,
    doors,
    /** Works off jobs and the timetable until the signal. One worker a machine is usual; more do no harm. */
    work: async ({ signal }: { signal: AbortSignal }) => {
      const failed = (name: string, error: unknown, last: boolean) => log.warn({ job: name, last, err: error }, 'a job failed');
      await Promise.all([queue.work({ hands: hands(doors), signal, failed }), keepTimetable(timetable(doors), doors, signal)]);
    },
    /** Keeps every appointment that is due and does every job that is due now. @returns how many jobs ran */
    workOnce: async () => {
      for (const appointment of timetable(doors)) await appointment.keep(doors.clock.now());
      return queue.drain(hands(doors));
    },
    close: async () => {
      await queue.close();
      await mailer.close();
      await connection.close();
    },
  };
}

async function build(choices: Choices, given: PanelOptions) {
  const platform = await openPlatform(choices, given);
  const { connection, secrets, clock, letters, counters, queue, scanner, archives, host, log } = platform;

  const audit = new Audit({ connection, secrets, clock });
  const consent = new Consent({
    connection,
    secrets,
    clock,
    documentsFolder: packageFolder('views/documents'),
    timeZone: choices.timeZone,
  });
  const orders = new Orders({ connection, consent, audit, clock });
  const hashing = new PasswordHashing({
    concurrency: hashingConcurrency(availableParallelism(), Number(process.env.UV_THREADPOOL_SIZE ?? 4)),
  });
  const accounts = new Accounts({ connection, secrets, clock, orders, consent, audit, letters, counters, hashing, choices });
  const sites = new Sites({ connection, queue, audit, clock, host });
  const signIn = new SignIn({ ...platform, accounts, sites, audit });
  const { quarantine: quarantineFolder, sites: siteFolder } = places(choices);
  const files = new Files({ connection, clock, sites, audit, scanner, quarantineFolder, limits: choices.limits });
  const backups = new Backups({ connection, clock, queue, audit, letters, accounts, orders, sites, archives, choices, log });

  await consent.rememberDocuments();
  await orders.seedPlans();
  await sites.prepareServer('this-machine', siteFolder);
  const session = sessions({ ...platform, idleMinutes: choices.sessionIdleMinutes, hours: choices.sessionHours });
  return {
    ...platform,
    sessionMiddleware: session.middleware,
    sessions: session.store,
    audit,
    consent,
    orders,
    accounts,
    sites,
    signIn,
    files,
    backups,
  };
}
