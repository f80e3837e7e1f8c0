// What happens without a click: the timetable, and who does the work.
import { consentAppointments } from './consent-commands.ts';
import type { Doors } from './panel.ts';
import { day, hour, localDay, minute, second } from './platform/clock.ts';
import type { Hands, JobRun } from './platform/jobs/port.ts';
import { recordAppointments } from './records.ts';
import { enforce, enforceCustomer } from './suspension.ts';
import type { TierName } from './tiers/tiers.ts';
import { lastDaily } from './timetable.ts';

const id = (run: JobRun, name: string) => String(run.payload[name]);

/** Who does which job. Every body may run twice without harm. */
export function hands(doors: Doors): Hands {
  const { letters, sites, files, databases, incoming, ftp, ssh, backups, browse, tiers, pulls, restores, moves, usage } = doors;
  const { termination } = doors;
  return {
    'letters.send': (run) => letters.send(id(run, 'letterId'), run.lastAttempt),
    ...doors.alerts.hands(),
    'sites.open': (run) => sites.open(id(run, 'siteId')),
    'sites.enforce': (run) => enforce(id(run, 'siteId'), doors),
    'customers.enforce': (run) => enforceCustomer(id(run, 'customerId'), doors),
    'sites.count': async (run) => void (await usage.count(id(run, 'siteId'))),
    'usage.measure': (run) => usage.measure(id(run, 'siteId'), id(run, 'day')),
    'files.work': (run) => files.jobs.run(id(run, 'jobId'), run),
    'databases.import': (run) => databases.runImport(id(run, 'importId'), run),
    'databases.remove': (run) => databases.runRemoval(id(run, 'databaseId'), run),
    'moves.run': (run) => moves.run(id(run, 'moveId'), run, (siteId) => enforce(siteId, doors)),
    'moves.clean': (run) => moves.clean(id(run, 'moveId')),
    'ssh.write': (run) => ssh.grants.write(id(run, 'siteId')),
    'ftp.endSessions': async (run) => void (await ftp.sessions.end({ accountId: id(run, 'accountId') })),
    ...incoming.hands(),
    'backups.make': (run) => backups.make(id(run, 'backupId'), run),
    'backups.verify': (run) => backups.verify(id(run, 'backupId'), run),
    'backups.recheck': (run) => backups.rechecking.run(id(run, 'backupId'), run),
    'browse.compare': (run) => browse.compare(id(run, 'backupId'), id(run, 'siteId'), run),
    'tiers.keep': (run) => tiers.keep(id(run, 'backupId')),
    'tiers.store': (run) => tiers.store(id(run, 'snapshotId'), run),
    'tiers.check': (run) => tiers.check(id(run, 'siteId'), id(run, 'tier') as TierName, run),
    'pulls.take': (run) => pulls.take(id(run, 'stagingId')),
    'restores.run': (run) => restores.run(id(run, 'restoreId'), run, (siteId) => enforce(siteId, doors)),
    'termination.erase': (run) => termination.erase(id(run, 'closureId'), run),
    'backups.prove': (run) => backups.drills.prove(id(run, 'siteId'), run),
  };
}

export type Appointment = {
  readonly name: string;
  readonly everyMilliseconds: number;
  readonly keep: (now: number) => Promise<void>;
};

/** What is due by the clock. An appointment that fell into a pause of the worker is kept as soon as it is back. */
export function timetable({ choices, ...doors }: Doors): readonly Appointment[] {
  const { backups, downloads, accounts, people, databases, sessions, idempotency, letters, termination } = doors;
  const { sites, signIn, files, incoming, ftp, archives, ssh, tiers, pulls, restores, moves, usage } = doors;
  const { timeZone, backupAt, scanAt, countAt, leaseSeconds, sessionHours } = choices;
  const endedBy = (now: number) => now - sessionHours * hour;
  const nightly = (dueAt: number) => backups.nights.keep(localDay(dueAt, timeZone), dueAt);
  return [
    { name: 'backups.startNightly', everyMilliseconds: minute, keep: (now) => nightly(lastDaily(now, backupAt, timeZone)) },
    ...[doors.alerts, doors.tokens, doors.billing, backups.bringing.arrivals].flatMap((door) => door.appointments()),
    { name: 'backups.retain', everyMilliseconds: hour, keep: () => backups.retainAll() },
    { name: 'tiers.tidy', everyMilliseconds: hour, keep: () => tiers.tidy() },
    { name: 'pulls.keep', everyMilliseconds: minute, keep: () => pulls.keep() },
    { name: 'pulls.sweep', everyMilliseconds: day, keep: () => pulls.sweep() },
    { name: 'backups.planDrills', everyMilliseconds: hour, keep: () => backups.drills.plan() },
    { name: 'backups.sweepGrants', everyMilliseconds: hour, keep: (now) => backups.sweepGrants(endedBy(now)) },
    { name: 'downloads.sweep', everyMilliseconds: hour, keep: () => downloads.sweep() },
    { name: 'databases.tidy', everyMilliseconds: hour, keep: () => databases.tidy() },
    { name: 'databases.sweepArchives', everyMilliseconds: day, keep: () => databases.sweepArchives() },
    { name: 'databases.measure', everyMilliseconds: hour, keep: (now) => databases.measure(now - hour) },
    { name: 'databases.sweepGrants', everyMilliseconds: hour, keep: (now) => databases.sweepGrants(endedBy(now)) },
    { name: 'accounts.eraseUnverified', everyMilliseconds: hour, keep: () => accounts.eraseUnverified() },
    { name: 'accounts.sweepTokens', everyMilliseconds: hour, keep: () => accounts.sweepTokens() },
    { name: 'people.tidy', everyMilliseconds: minute, keep: () => people.tidy() },
    { name: 'ssh.endDue', everyMilliseconds: minute, keep: () => ssh.grants.endDue() },
    ...consentAppointments(doors),
    { name: 'letters.emptyFailed', everyMilliseconds: hour, keep: (now) => letters.emptyFailed(now - 30 * day) },
    { name: 'archives.sweep', everyMilliseconds: hour, keep: async () => void (await archives.sweep()) },
    { name: 'files.sweep', everyMilliseconds: leaseSeconds * second, keep: () => files.sweep() },
    { name: 'files.tidyJobs', everyMilliseconds: hour, keep: () => files.jobs.tidy() },
    { name: 'files.emptyTrash', everyMilliseconds: 10 * minute, keep: () => files.trash.sweep() },
    { name: 'ftp.readLog', everyMilliseconds: 5 * second, keep: () => ftp.log.read() },
    { name: 'ftp.tidy', everyMilliseconds: minute, keep: () => ftp.tidy() },
    ...incoming.appointments((now) => lastDaily(now, scanAt, timeZone)),
    { name: 'ftp.planSweeps', everyMilliseconds: hour, keep: () => ftp.sessions.planSweeps() },
    { name: 'sites.recoverActs', everyMilliseconds: leaseSeconds * second, keep: () => sites.recoverActs() },
    { name: 'sites.servers.check', everyMilliseconds: minute, keep: () => sites.servers.check() },
    { name: 'restores.keep', everyMilliseconds: minute, keep: () => restores.keep() },
    ...recordAppointments(doors),
    { name: 'moves.keep', everyMilliseconds: minute, keep: () => moves.keep() },
    {
      name: 'usage.startNightly',
      everyMilliseconds: minute,
      keep: (now) => usage.startNightly(lastDaily(now, countAt, timeZone)),
    },
    { name: 'termination.keep', everyMilliseconds: minute, keep: () => termination.keep() },
    { name: 'usage.sweep', everyMilliseconds: day, keep: () => usage.sweep() },
    { name: 'sites.tryAgain', everyMilliseconds: hour, keep: () => sites.tryAgain() },
    { name: 'signIn.sweepAddressChanges', everyMilliseconds: hour, keep: () => signIn.addressChanges.sweep() },
    { name: 'signIn.keepLostFactors', everyMilliseconds: minute, keep: () => signIn.lostFactors.keep() },
    { name: 'sessions.sweep', everyMilliseconds: hour, keep: () => sessions.sweep() },
    { name: 'signIn.sweepWaits', everyMilliseconds: hour, keep: () => signIn.defence.waits.sweep() },
    { name: 'idempotency.sweep', everyMilliseconds: hour, keep: () => idempotency.sweep() },
  ];
}
