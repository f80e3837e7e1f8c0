// What an operator's Prometheus reads: every figure of every door under its name. The worker is another process; what it knows stands in the database.
import type { Doors } from './panel.ts';
import { type Figure, Metrics, type Sample } from './platform/metrics.ts';
import type { EndedRequest } from './platform/web/request-log.ts';

/** Scrapes within so long share what was read: several Prometheus servers cost no more than one. */
const sharedMilliseconds = 5000;
/** SQLite holds up pages while it counts: 0.2 s of computing with 100,000 sites and a million backups (measured). */
const sharedBackupMilliseconds = 30_000;

export type PanelMetrics = {
  request(ended: EndedRequest): void;
  /** @returns a whole scrape; a database that does not answer leaves its figures out and sets `gotgan_database_up` to 0 */
  text(): Promise<string>;
  readonly contentType: string;
};

type Facts = Awaited<ReturnType<typeof readDatabase>>;

/** @returns `read`, whose answer serves for so long; a failure serves nobody else */
function shared<T>({ clock }: Pick<Doors, 'clock'>, milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly until: number; readonly answer: Promise<T> } | undefined;
  return () => {
    const now = clock.monotonic();
    if (last && now < last.until) return last.answer;
    const answer = read();
    last = { until: now + milliseconds, answer };
    answer.catch(() => {
      last = undefined;
    });
    return answer;
  };
}

async function readDatabase(
  { letters, queue, jobFigures, clock, signIn, sites, tiers }: Doors,
  backups: () => ReturnType<Doors['backups']['counts']>,
  told: () => ReturnType<Doors['alerts']['figures']>,
) {
  // One after the other: a scrape must not take all connections of the pool.
  const states = await backups();
  const jobs = await queue.figures();
  return {
    ...states,
    jobs,
    runs: await jobFigures.read(),
    letters: await letters.counts(),
    servers: await sites.servers.list(),
    tiers: await tiers.figures(),
    alerts: await told(),
    alarm: await signIn.defence.stuffing.isOn(),
    now: clock.now(),
  };
}

const one = (value: number): Sample[] => [{ value }];
const by = (label: string, counts: Iterable<readonly [string, number]>): Sample[] =>
  [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));

const ofDatabase: readonly Figure<Facts>[] = [
  {
    kind: 'gauge',
    name: 'gotgan_backups_recent',
    help: 'Backups of today and yesterday (configured zone) by state.',
    labels: ['state'],
    read: ({ recent }) => recent.map(({ state, count }) => ({ labels: { state }, value: count })),
  },
  { kind: 'gauge', name: 'gotgan_sites', help: 'Open sites.', read: ({ sites }) => one(sites.open) },
  {
    kind: 'gauge',
    name: 'gotgan_sites_backup_overdue',
    help: 'Open sites without a good backup of data younger than so many hours.',
    labels: ['hours'],
    read: ({ sites }) =>
      by('hours', [
        ['26', sites.olderThan26Hours],
        ['50', sites.olderThan50Hours],
      ]),
  },
  {
    kind: 'gauge',
    name: 'gotgan_backup_night_sites',
    help: 'Sites of the last night of backups: waiting for their turn, or left over when its window was over.',
    labels: ['state'],
    read: ({ night: { waiting, leftOver } }) => by('state', Object.entries({ waiting, left_over: leftOver })),
  },
  {
    kind: 'gauge',
    name: 'gotgan_sites_restore_proven',
    help: 'Open sites of which a backup was restored in a drill within 35 days.',
    read: ({ provenSites }) => one(provenSites),
  },
  {
    kind: 'gauge',
    name: 'gotgan_jobs',
    help: 'Jobs by state: due and not begun, later, running, failed for good.',
    labels: ['state'],
    read: ({ jobs: { due, later, running, failed } }) => by('state', Object.entries({ due, later, running, failed })),
  },
  {
    kind: 'gauge',
    name: 'gotgan_jobs_in_lane',
    help: 'Jobs by lane (short, medium, long) and state: due and not begun, running.',
    labels: ['lane', 'state'],
    read: ({ jobs: { lanes } }) =>
      Object.entries(lanes).flatMap(([lane, counts]) =>
        Object.entries(counts).map(([state, value]) => ({ labels: { lane, state }, value })),
      ),
  },
  {
    kind: 'gauge',
    name: 'gotgan_jobs_oldest_due_seconds',
    help: 'How long the oldest job that is due has waited; 0 when none is.',
    read: ({ jobs: { oldestDueAt }, now }) => one(oldestDueAt === null ? 0 : Math.max(0, now - oldestDueAt) / 1000),
  },
  {
    kind: 'counter',
    name: 'gotgan_job_runs_total',
    help: 'Runs of jobs over all workers since the database was made, by outcome: done, failed (tried again), gave_up, stopped.',
    labels: ['job', 'outcome'],
    read: ({ runs }) => runs.map(({ job, outcome, runs: value }) => ({ labels: { job, outcome }, value })),
  },
  {
    kind: 'counter',
    name: 'gotgan_job_run_seconds_total',
    help: 'Time that these runs took.',
    labels: ['job', 'outcome'],
    read: ({ runs }) => runs.map(({ job, outcome, milliseconds }) => ({ labels: { job, outcome }, value: milliseconds / 1000 })),
  },
  {
    kind: 'gauge',
    name: 'gotgan_letters',
    help: 'Letters that are not sent: waiting, or failed for good.',
    labels: ['state'],
    read: ({ letters }) => by('state', Object.entries(letters)),
  },
  {
    kind: 'gauge',
    name: 'gotgan_server_up',
    help: 'Whether sites could be made on the server when it was asked last, within the last minutes.',
    labels: ['server'],
    read: ({ servers }) =>
      servers.map(({ name, checkFault }) => ({ labels: { server: name }, value: Number(checkFault === null) })),
  },
  {
    kind: 'gauge',
    name: 'gotgan_server_sites',
    help: 'Sites by server: well, or in trouble when their host failed at them (gotgan server list tells why).',
    labels: ['server', 'state'],
    read: ({ servers }) =>
      servers.flatMap(({ name, sites: all, inTrouble }) => [
        { labels: { server: name, state: 'well' }, value: all - inTrouble },
        { labels: { server: name, state: 'trouble' }, value: inTrouble },
      ]),
  },
  {
    kind: 'gauge',
    name: 'gotgan_tier_sites',
    help: 'Sites in a backup tier: kept, failing (the newest could not be brought there), damaged (the last check complained).',
    labels: ['tier', 'state'],
    read: ({ tiers }) =>
      tiers.flatMap(({ tier, sites, failing, damaged }) => [
        { labels: { tier, state: 'kept' }, value: sites },
        { labels: { tier, state: 'failing' }, value: failing },
        { labels: { tier, state: 'damaged' }, value: damaged },
      ]),
  },
  {
    kind: 'gauge',
    name: 'gotgan_tier_oldest_data_seconds',
    help: 'Age of the data of the site whose newest snapshot in the tier is the oldest.',
    labels: ['tier'],
    read: ({ tiers, now }) =>
      tiers.flatMap(({ tier, oldest }) =>
        oldest === null ? [] : [{ labels: { tier }, value: Math.max(0, now - oldest) / 1000 }],
      ),
  },
  {
    kind: 'gauge',
    name: 'gotgan_tier_bytes',
    help: 'What a tier stores, as the last checks of its sites found it.',
    labels: ['tier'],
    read: ({ tiers }) =>
      by(
        'tier',
        tiers.map(({ tier, bytes }) => [tier, bytes] as const),
      ),
  },
  {
    kind: 'gauge',
    name: 'gotgan_backup_newest_good_age_seconds',
    help: 'By server, age of the data of the oldest of the newest good backups of its open sites; of a site without one, since its opening.',
    labels: ['server'],
    read: ({ alerts: { oldest }, now }) =>
      by(
        'server',
        oldest.map(({ server, dataAt }) => [server, Math.max(0, now - dataAt) / 1000] as const),
      ),
  },
  {
    kind: 'gauge',
    name: 'gotgan_alerts_open',
    help: 'What customers were told of their backups and what still holds, by cause.',
    labels: ['cause'],
    read: ({ alerts: { open } }) =>
      by(
        'cause',
        open.map(({ cause, count }) => [cause, count] as const),
      ),
  },
  {
    kind: 'gauge',
    name: 'gotgan_webhook_messages',
    help: 'Messages to webhooks of customers that did not arrive: waiting for the next try, or failed for good within 30 days.',
    labels: ['state'],
    read: ({ alerts: { deliveries } }) => by('state', Object.entries(deliveries)),
  },
  {
    kind: 'gauge',
    name: 'gotgan_worker_seen_seconds',
    help: 'Since when no worker has given a sign of life; missing while none ever did.',
    read: ({ alerts: { seenAt }, now }) => (seenAt === undefined ? [] : one(Math.max(0, now - seenAt) / 1000)),
  },
  {
    kind: 'gauge',
    name: 'gotgan_sign_in_alarm',
    help: 'Whether somebody seems to try passwords of many: every stranger is asked for a CAPTCHA.',
    read: ({ alarm }) => one(Number(alarm)),
  },
];

const ofProcess: readonly Figure<Doors>[] = [
  {
    kind: 'gauge',
    name: 'gotgan_password_hashing',
    help: 'Passwords that are being hashed, and that wait for it.',
    labels: ['state'],
    read: ({ accounts }) => by('state', Object.entries(accounts.counts().hashing)),
  },
  {
    kind: 'counter',
    name: 'gotgan_sign_ins_total',
    help: 'Sign-ins by outcome: password, link, verification, passkey, or failed, captcha, wait, busy.',
    labels: ['outcome'],
    read: ({ signIn }) => by('outcome', signIn.counts()),
  },
  {
    kind: 'counter',
    name: 'gotgan_upload_files_total',
    help: 'Uploaded files: stored, or the reason code that kept them out.',
    labels: ['outcome'],
    read: ({ files }) => by('outcome', files.counts().files),
  },
  {
    kind: 'counter',
    name: 'gotgan_upload_stored_bytes_total',
    help: 'Bytes of uploaded files that were stored.',
    read: ({ files }) => one(files.counts().storedBytes),
  },
  {
    kind: 'counter',
    name: 'gotgan_database_errors_total',
    help: 'Statements and connections of this process that failed: busy (tried again), unavailable, refused.',
    labels: ['kind'],
    read: ({ connection }) => by('kind', connection.errors.counts),
  },
];

export function panelMetrics(doors: Doors): PanelMetrics {
  const metrics = new Metrics();
  const setDatabase = metrics.figures(ofDatabase);
  const setProcess = metrics.figures(ofProcess);
  const setUp = metrics.figures<boolean>([
    {
      kind: 'gauge',
      name: 'gotgan_database_up',
      help: 'Whether the database answered this scrape.',
      read: (up) => one(Number(up)),
    },
  ]);
  const backups = shared(doors, sharedBackupMilliseconds, () => doors.backups.counts());
  const told = shared(doors, sharedBackupMilliseconds, () => doors.alerts.figures());
  const scrape = shared(doors, sharedMilliseconds, async () => {
    const facts = await readDatabase(doors, backups, told).catch((error) => {
      doors.log.warn({ err: error }, 'the figures of the database could not be read');
      return undefined;
    });
    setDatabase(facts);
    setUp(facts !== undefined);
    setProcess(doors);
    return metrics.text();
  });
  return {
    request: (ended) => metrics.request(ended),
    text: scrape,
    contentType: metrics.contentType,
  };
}
