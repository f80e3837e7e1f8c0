// The composition root: options → adapters → doors → app and worker. Everything is built here once, in order.
import { availableParallelism } from 'node:os';
import type { Express } from 'express';
import { Accounts } from './accounts/accounts.ts';
import { hashingConcurrency, PasswordHashing } from './accounts/hashing.ts';
import { adaptersFor, places } from './adapters.ts';
import { panelApp } from './app.ts';
import { Audit } from './audit/audit.ts';
import { Backups } from './backups/backups.ts';
import { Consent } from './consent/consent.ts';
import { Files } from './files/files.ts';
import { hands, timetable } from './jobs.ts';
import { letterRenderer } from './letters.ts';
import { catalogues } from './messages/catalogue.ts';
import { migrate } from './migrations/migrate.ts';
import { type Choices, chosen, type PanelOptions } from './options.ts';
import { Orders } from './orders/orders.ts';
import { packageFolder } from './package-folder.ts';
import { databaseCounters } from './platform/counters/database-counters.ts';
import { openDatabase } from './platform/database/database.ts';
import { installGraphile } from './platform/jobs/graphile-queue.ts';
import { newQueue } from './platform/jobs/queue.ts';
import { Letters } from './platform/mail/letters.ts';
import { Secrets } from './platform/secrets.ts';
import { Addresses } from './platform/web/addresses.ts';
import { Idempotency } from './platform/web/idempotency.ts';
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
  const { clock, log, mailer, scanner, archives, host, captcha } = adaptersFor(choices, given);
  const place = places(choices);
  const addresses = new Addresses(choices.publicUrl);
  const secrets = new Secrets(choices.secret);
  const connection = await openDatabase(place.databaseUrl, clock);
  await migrate(connection);
  if (connection.engine === 'postgresql') await installGraphile(place.databaseUrl);
  const queue = await newQueue(connection, { clock, url: place.databaseUrl });
  const counters = databaseCounters(connection, clock);
  const words = { catalogues, zone: choices.timeZone, now: () => clock.now() };
  const letters = new Letters({
    connection,
    queue,
    mailer,
    secrets,
    clock,
    render: letterRenderer({ words, addresses, brand: choices.brand }),
  });
  const idempotency = new Idempotency(connection, clock);
  const { middleware: sessionMiddleware, store: sessionStore } = sessions({
    connection,
    secrets,
    clock,
    addresses,
    idleMinutes: choices.sessionIdleMinutes,
    hours: choices.sessionHours,
  });
  const platform = {
    choices,
    clock,
    log,
    connection,
    secrets,
    addresses,
    words,
    queue,
    counters,
    letters,
    mailer,
    idempotency,
    scanner,
    captcha,
  };

  const audit = new Audit({ connection, secrets, clock });
  const consent = new Consent({ connection, secrets, clock, documentsFolder: packageFolder('views/documents'), timeZone: choices.timeZone });
  const orders = new Orders({ connection, consent, audit, clock });
  const hashing = new PasswordHashing({
    concurrency: hashingConcurrency(availableParallelism(), Number(process.env.UV_THREADPOOL_SIZE ?? 4)),
  });
  const accounts = new Accounts({ connection, secrets, clock, orders, consent, audit, letters, counters, hashing, choices });
  const sites = new Sites({ connection, queue, audit, clock, host });
  const signIn = new SignIn({ ...platform, accounts, sites, audit });
  const files = new Files({
    connection,
    clock,
    sites,
    audit,
    scanner,
    quarantineFolder: place.quarantine,
    limits: choices.limits,
  });
  const backups = new Backups({ connection, clock, queue, audit, letters, accounts, orders, sites, archives, choices, log });

  await consent.rememberDocuments();
  await orders.seedPlans();
  await sites.prepareServer('this-machine', place.sites);
  return {
    ...platform,
    sessionMiddleware,
    sessions: sessionStore,
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
