// `gotgan work --role backup`: the program of a backup host, composed without a panel: it knows no secret of the panel's, and listens nowhere (KHADA 8.7–8.9).
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OptionFault, OptionsError } from './options.ts';
import { minute, systemClock } from './platform/clock.ts';
import { openDatabase } from './platform/database/database.ts';
import { discreet, newLog } from './platform/log.ts';
import { keyFile } from './platform/ssh/key-file.ts';
import { archiveIn, folderTier } from './platform/tier/folder.ts';
import { mountedFrom } from './platform/tier/mounts.ts';
import { resticTier } from './platform/tier/restic.ts';
import { tierAddress } from './platform/tier/tier-address.ts';
import { type HostParts, Ledger, localKeys, type Round, round, serverList } from './pulls/host.ts';
import type { TierName } from './tiers/tiers.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export type HostChoices = {
  readonly databaseUrl: string;
  readonly tier: TierName;
  readonly url: string;
  readonly dataFolder: string;
  readonly keep: number;
  readonly floor: { readonly copies: number; readonly days: number };
  readonly erasuresADay: number;
  readonly timeZone: string;
  readonly logLevel: string;
};

const everyMilliseconds = minute;
const tierPatience = 20 * minute;
const tierSettings = { 'short-term': 'SHORT_TERM_URL', 'long-term': 'LONG_TERM_URL' } as const;

/**
 * @returns what the environment of a backup host names
 * @throws OptionsError with every fault at once
 */
export function hostChoices(env: Environment): HostChoices {
  const faults: OptionFault[] = [];
  const { DATABASE_URL: databaseUrl = '' } = env;
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    const wrong = /^sqlite:/.test(databaseUrl) || databaseUrl === '' ? 'is no PostgreSQL' : 'is not known here';
    const todo =
      "a backup host takes its work from the panel's PostgreSQL, as a role of its own (gotgan backup host-role); with SQLite there are no roles";
    faults.push({ setting: 'DATABASE_URL', wrong, todo });
  }
  const tier = tierOf(env, faults);
  const number = (setting: string, usual: number, least: number) => {
    const value = Number(env[setting] || usual);
    if (!Number.isInteger(value) || value < least)
      faults.push({ setting, wrong: 'is no number that is possible here', todo: `use ${least} or more` });
    return value;
  };
  const choices = {
    databaseUrl,
    tier,
    url: env[tierSettings[tier]] ?? '',
    dataFolder: resolve(env.DATA_DIR || 'data'),
    keep: tier === 'short-term' ? number('KEEP_DAILY', 7, 1) : number('KEEP_WEEKLY', 5, 1),
    floor: { copies: number('FLOOR_COPIES', 3, 1), days: number('FLOOR_DAYS', 14, 2) },
    erasuresADay: number('ERASURES_A_DAY', 10, 0),
    timeZone: env.TIME_ZONE || 'Asia/Seoul',
    logLevel: env.LOG_LEVEL || 'info',
  };
  if (faults.length > 0) throw new OptionsError(faults);
  return choices;
}

/** One tier a host: two on one are one (KHADA 8.5). */
function tierOf(env: Environment, faults: OptionFault[]): TierName {
  const named = (Object.keys(tierSettings) as TierName[]).filter((name) => env[tierSettings[name]]);
  const [tier = 'short-term'] = named;
  const setting = tierSettings[tier];
  if (named.length !== 1) {
    const wrong = named.length === 0 ? 'is missing' : 'and LONG_TERM_URL name both tiers, and a host keeps one (KHADA 8.5)';
    faults.push({
      setting,
      wrong,
      todo: 'name SHORT_TERM_URL or LONG_TERM_URL: a folder of this host, file:/folder or restic:/folder',
    });
    return tier;
  }
  const address = tierAddress(env[setting] ?? '');
  const isHere = address?.kind === 'folder' || (address?.kind === 'restic' && address.host === undefined);
  if (!isHere) faults.push({ setting, wrong: 'is no folder of this host', todo: 'use file:/folder or restic:/folder' });
  return tier;
}

/** Where the parts of a backup host lie, all below its own folder. */
export const hostPlaces = (dataFolder: string) => ({
  key: join(dataFolder, 'ssh-backup-host.key'),
  servers: join(dataFolder, 'servers.txt'),
  ledger: join(dataFolder, 'ledger'),
  keys: join(dataFolder, 'keys'),
  working: join(dataFolder, 'working'),
});

/** @throws OptionsError for a list of servers that cannot be read, and for a storage that is mounted (KHADA 8.7) */
export async function openHost(choices: HostChoices): Promise<HostParts> {
  const { dataFolder, tier: name, url, floor, keep, erasuresADay, timeZone } = choices;
  const place = hostPlaces(dataFolder);
  for (const folder of [dataFolder, place.working]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const address = tierAddress(url);
  const text = await readFile(place.servers, 'utf8').catch(() => undefined);
  const { servers, faults } = serverList(text ?? '');
  const wrong = text === undefined ? ['cannot be read'] : faults;
  const mounted = address === undefined ? undefined : await mountedFrom(address.path);
  const all: OptionFault[] = wrong.map((one) => ({ setting: place.servers, wrong: one, todo: 'see docs/backup-host.md' }));
  if (mounted !== undefined) {
    const onMount = `lies on a mounted storage (${mounted}), which is no backup (KHADA 8.7)`;
    all.push({ setting: tierSettings[name], wrong: onMount, todo: 'use a disk of this host' });
  }
  if (all.length > 0) throw new OptionsError(all);
  const keys = localKeys(place.keys);
  const isFolder = address?.kind === 'folder';
  const far = { hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: tierPatience };
  const tier =
    address?.kind === 'restic'
      ? resticTier({ ...far, address, keys, working: join(place.working, 'restic') })
      : folderTier(address?.path ?? '');
  return {
    ...{ name, tier, keys, servers, floor, keep, erasuresADay, timeZone },
    archiveOf: (site, backupId) => (isFolder ? archiveIn(address.path, site, backupId) : undefined),
    privateKey: keyFile(place.key),
    ledger: await Ledger.open(place.ledger, systemClock),
    working: place.working,
    clock: systemClock,
    log: discreet(newLog(choices.logLevel)),
  };
}

/** One round. @returns what came of it, in a line */
export async function hostRound(choices: HostChoices, signal: AbortSignal, host?: HostParts): Promise<Round> {
  const parts = host ?? (await openHost(choices));
  return round(parts, () => openDatabase(choices.databaseUrl, parts.clock), signal);
}

/** A round a minute until the signal; between rounds there is no connection of this host to anything. */
export async function workAsHost(choices: HostChoices, signal: AbortSignal): Promise<void> {
  const host = await openHost(choices);
  await host.tier.probe(signal);
  while (!signal.aborted) {
    await hostRound(choices, signal, host).catch((err) => signal.aborted || host.log.warn({ err }, 'a round failed'));
    await sleep(everyMilliseconds, undefined, { signal }).catch(() => {});
  }
}
