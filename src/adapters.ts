// From the addresses of the configuration to the adapters that reach the outside world, and the platform that stands on them.
import { join, resolve } from 'node:path';
import { holdKeys, signingOf } from './keys.ts';
import { letterRenderer } from './letters.ts';
import { catalogues } from './messages/catalogue.ts';
import { migrate } from './migrations/migrate.ts';
import type { Adapters, Choices } from './options.ts';
import { packageFolder } from './package-folder.ts';
import { pictureCaptcha } from './platform/captcha/picture.ts';
import { minute, second, systemClock } from './platform/clock.ts';
import { databaseCounters } from './platform/counters/database-counters.ts';
import { openDatabase } from './platform/database/database.ts';
import { databaseServer } from './platform/database-server/open.ts';
import { installGraphile } from './platform/jobs/graphile-queue.ts';
import { JobFigures } from './platform/jobs/outcomes.ts';
import { newQueue } from './platform/jobs/queue.ts';
import { discreet, newLog } from './platform/log.ts';
import { Letters } from './platform/mail/letters.ts';
import { newMailer } from './platform/mail/mailer.ts';
import { newScanner } from './platform/scanner/scanner.ts';
import { Secrets } from './platform/secrets.ts';
import { Settings } from './platform/settings.ts';
import { commandHost } from './platform/site-host/command.ts';
import { folderHost } from './platform/site-host/folders.ts';
import { localRunner } from './platform/site-host/runner.ts';
import { keyFile } from './platform/ssh/key-file.ts';
import { diskArchives } from './platform/storage/archives.ts';
import { folderTier } from './platform/tier/folder.ts';
import type { SiteKeys } from './platform/tier/port.ts';
import { pulledTier } from './platform/tier/pulled.ts';
import { resticTier } from './platform/tier/restic.ts';
import { liesElsewhere, tierAddress } from './platform/tier/tier-address.ts';
import { Addresses } from './platform/web/addresses.ts';
import { Idempotency } from './platform/web/idempotency.ts';
import { inNetworks } from './platform/web/networks.ts';
import { httpsPost } from './platform/webhook/https.ts';
import { RemoteServers } from './remote-servers.ts';
import type { Hosts } from './sites/sites.ts';
import type { TierName, TierSetup } from './tiers/tiers.ts';

/** restic tries for a quarter of an hour by itself when a storage goes away in the middle. */
const tierPatience = 20 * minute;

/** How sites are made on a server that the operator added. */
export function hostsOf({ sitesGroup }: Pick<Choices, 'sitesGroup'>, remotes: RemoteServers): Hosts {
  return (server, known) => {
    const { hostKind, hostCommand, storage, reach } = server;
    if (reach) return remotes.host(server, known);
    if (hostKind === 'folders')
      return folderHost({ root: storage, closedRoot: `${storage}.closed`, ...(sitesGroup && { group: sitesGroup }) });
    return commandHost({ run: localRunner(hostCommand ?? []) });
  };
}

/** Where each part lies, with DATA_DIR moving all defaults. */
export function places(choices: Choices) {
  const inData = (name: string) => join(choices.dataFolder, name);
  return {
    databaseUrl: choices.databaseUrl ?? `sqlite:${inData('panel.db')}`,
    mailUrl: choices.mailUrl ?? `file:${inData('outbox')}`,
    archives: folderOf(choices.archivesUrl) ?? inData('archives'),
    sites: folderOf(choices.sitesUrl) ?? inData('sites'),
    closed: inData('closed'),
    files: {
      quarantineFolder: inData('quarantine'),
      unfinishedFolder: inData('unfinished'),
      heldFolder: inData('held'),
      shellsFile: packageFolder('lists/web-shells.tsv'),
    },
    breached: inData('breached-passwords.sha1'),
    moving: inData('moving'),
    restoring: inData('restoring'),
    tiers: inData('tiers'),
    drills: inData('drills'),
    arriving: inData('arriving'),
    staging: choices.stagingFolder ?? inData('staging'),
    sshKey: inData('ssh-panel.key'),
    erasures: inData('erasures.list'),
    outbox: outboxOf(choices.mailUrl) ?? (choices.mailUrl === undefined ? inData('outbox') : undefined),
  };
}

const outboxOf = (url: string | undefined) => (url?.startsWith('file:') ? folderOf(url) : undefined);
const folderOf = (url: string | undefined) => url?.slice('file:'.length);

/** The tiers that the configuration names; `keys` are those of all sites in one of them. */
export function tiersOf(choices: Choices): (keys: (tier: TierName) => SiteKeys) => readonly TierSetup[] {
  const place = places(choices);
  const named = [
    { name: 'short-term', url: choices.shortTermUrl, hostKey: choices.shortTermHostKey, place: choices.shortTermPlace },
    { name: 'long-term', url: choices.longTermUrl, hostKey: choices.longTermHostKey, place: choices.longTermPlace },
  ] as const;
  return (keys) =>
    named.flatMap(({ name, url, hostKey, place: told }) => {
      const address = url ? tierAddress(url) : undefined;
      if (!address) return [];
      if (address.kind === 'pulled')
        return [{ name, tier: pulledTier(), isElsewhere: liesElsewhere(url), isPulled: true, place: told }];
      const reach = {
        hostKey,
        privateKey: resolve(place.sshKey),
        kilobytesPerSecond: choices.tierBandwidth,
        patience: tierPatience,
      };
      const working = resolve(place.tiers, name);
      const tier =
        address.kind === 'folder' ? folderTier(address.path) : resticTier({ ...reach, address, keys: keys(name), working });
      return [{ name, tier, isElsewhere: liesElsewhere(url), place: told }];
    });
}

/** Adapters that were given as values stay; the rest is made from the addresses. */
function adaptersFor(choices: Choices, given: Adapters) {
  const place = places(choices);
  const log = discreet(given.log ?? newLog(choices.logLevel));
  const remotes = new RemoteServers(keyFile(place.sshKey));
  return {
    remotes,
    log,
    clock: given.clock ?? systemClock,
    mailer: given.mailer ?? newMailer(place.mailUrl, { from: choices.brand.sender, logLine: (line) => log.info(line) }),
    scanner: given.scanner ?? newScanner(choices.scannerUrl),
    archives: given.archives ?? diskArchives(place.archives),
    host:
      given.siteHost ??
      folderHost({ root: place.sites, closedRoot: place.closed, ...(choices.sitesGroup && { group: choices.sitesGroup }) }),
    hosts: hostsOf(choices, remotes),
    databaseServer: given.databaseServer ?? databaseServer,
    captcha: given.captcha ?? pictureCaptcha(),
  };
}

/** Opens the database, brings it up to date, and builds what every feature stands on. */
export async function openPlatform(choices: Choices, given: Adapters) {
  const adapters = adaptersFor(choices, given);
  const { clock, mailer } = adapters;
  const { databaseUrl: url } = places(choices);
  const addresses = new Addresses(choices.publicUrl);
  const secrets = new Secrets(choices.secret, choices.oldSecrets);
  const connection = await openDatabase(url, clock);
  await migrate(connection);
  if (connection.engine === 'postgresql') await installGraphile(url);
  const settings = new Settings(connection, clock);
  await holdKeys(settings, secrets);
  const signing = await signingOf(settings, secrets);
  const queue = await newQueue(connection, { clock, url, leaseMilliseconds: choices.leaseSeconds * second });
  const jobFigures = new JobFigures(connection);
  const counters = databaseCounters(connection, clock);
  const words = { catalogues, zone: choices.timeZone, now: () => clock.now() };
  const render = letterRenderer({ words, addresses, brand: choices.brand });
  const letters = new Letters({ connection, queue, mailer, secrets, clock, render });
  const idempotency = new Idempotency(connection, clock);
  return {
    ...adapters,
    choices,
    addresses,
    secrets,
    signing,
    settings,
    connection,
    queue,
    jobFigures,
    counters,
    post: httpsPost(inNetworks(choices.webhookAllow)),
    words,
    letters,
    idempotency,
  };
}
