// What two tiers must be before anything is kept in them, with the clause that says so (KHADA 8.5–8.7): by their addresses, and on this machine.
import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { Choices, OptionFault } from './options.ts';
import { systemClock } from './platform/clock.ts';
import { openDatabase } from './platform/database/database.ts';
import { mountedFrom } from './platform/tier/mounts.ts';
import { hostOf as hostIn, isStandby, liesElsewhere, type TierAddress, tierAddress } from './platform/tier/tier-address.ts';

const names = { shortTermUrl: 'SHORT_TERM_URL', longTermUrl: 'LONG_TERM_URL' } as const;
const schemes = 'file:/folder, restic:sftp:user@host:/folder, restic:s3:https://key:secret@host/bucket/folder or pull:host';

type TierChoices = Partial<
  Pick<Choices, 'databaseUrl' | 'shortTermUrl' | 'longTermUrl' | 'shortTermHostKey' | 'longTermHostKey'>
>;

/** @returns what the addresses alone tell; nothing of them is repeated, since they may hold secrets */
export function tierFaults(choices: TierChoices): OptionFault[] {
  const named = (Object.keys(names) as (keyof typeof names)[]).filter((name) => choices[name]);
  const faults = named.flatMap((name) => addressFaults(choices, name));
  if (faults.length > 0) return faults;
  const [first, second] = named;
  if (first === undefined) return [];
  if (second === undefined) {
    const missing = first === 'shortTermUrl' ? names.longTermUrl : names.shortTermUrl;
    const wrong = `is missing: at least two tiers are needed, short-term and long-term (KHADA 8.5)`;
    return [{ setting: missing, wrong, todo: 'name both, or neither' }];
  }
  return together(choices, first, second);
}

function addressFaults(choices: TierChoices, name: keyof typeof names): OptionFault[] {
  const text = String(choices[name]);
  const setting = names[name];
  if (isStandby(text)) {
    const wrong = 'names a standby: a live copy is no backup and does not count as a tier (KHADA 8.6, SL 9-2)';
    return [{ setting, wrong, todo: `name a storage of its own, ${schemes}` }];
  }
  const address = tierAddress(text);
  if (!address) return [{ setting, wrong: 'is no address that is known here', todo: `use ${schemes}` }];
  if (address.kind === 'folder') return [];
  if (address.kind === 'pulled') return pulledFaults(choices, setting);
  const hostKey = choices[name === 'shortTermUrl' ? 'shortTermHostKey' : 'longTermHostKey'];
  const keySetting = setting.replace('URL', 'HOST_KEY');
  if (address.user !== undefined && !hostKey)
    return [
      {
        setting: keySetting,
        wrong: 'is missing',
        todo: 'write down the public host key of the backup server, ssh-ed25519 AAAA…',
      },
    ];
  if (address.s3 && address.repository.startsWith('s3:http:') && liesElsewhere(text))
    return [{ setting, wrong: 'plain http is only for loopback', todo: 'use restic:s3:https://…' }];
  return [];
}

/** A backup host opens every connection itself, to this database too, and is let see no more than its own rows: roles, which SQLite has not. */
function pulledFaults({ databaseUrl }: TierChoices, setting: string): OptionFault[] {
  if (/^postgres(ql)?:/.test(databaseUrl ?? '')) return [];
  const wrong = 'names a backup host that pulls, which needs the database on PostgreSQL (KHADA 8.7)';
  return [{ setting, wrong, todo: 'gotgan migrate --to postgres://…, or name a storage' }];
}

/** Two tiers on this machine are kept, told honestly and not counted; one here and one elsewhere is one tier. */
function together(choices: TierChoices, first: keyof typeof names, second: keyof typeof names): OptionFault[] {
  const elsewhere = [first, second].filter((name) => liesElsewhere(choices[name]));
  const [one, other] = [first, second].map((name) => tierAddress(String(choices[name])));
  if (elsewhere.length === 1) {
    const setting = names[elsewhere[0] === first ? second : first];
    const wrong = 'lies on this machine, so there is only one tier (KHADA 8.5, 8.6)';
    return [{ setting, wrong, todo: 'name a storage on another host' }];
  }
  if (elsewhere.length === 2 && hostOf(one) === hostOf(other)) {
    const wrong = 'is the host of the other tier: each tier needs a server and a storage of its own (KHADA 8.5)';
    return [{ setting: names[second], wrong, todo: 'name another host' }];
  }
  if (elsewhere.length === 0 && pathOf(one) === pathOf(other)) {
    const wrong = 'is the place of the other tier (KHADA 8.5)';
    return [{ setting: names[second], wrong, todo: 'name another folder' }];
  }
  return [];
}

const hostOf = (address: TierAddress | undefined) => (address === undefined ? undefined : hostIn(address));
const pathOf = (address: TierAddress | undefined) => address?.path.replace(/\/+$/, '');

/**
 * What only this machine can tell: a storage that is mounted, as a source or as a tier (KHADA 8.7), and a tier on a server that has
 * sites (KHADA 8.6).
 * @param sources folders that backups are made from
 * @param mounts as `/proc/self/mountinfo` has them, for tests
 */
export async function tierFaultsHere(
  choices: Choices,
  sources: readonly string[],
  databaseUrl: string,
  mounts?: string,
): Promise<OptionFault[]> {
  const named = (Object.keys(names) as (keyof typeof names)[]).filter((name) => choices[name]);
  if (named.length === 0) return [];
  const faults: OptionFault[] = [];
  for (const source of sources) faults.push(...(await mountFaults('SITES_URL', source, 'what is backed up', mounts)));
  const servers = await hostsOfSites(databaseUrl);
  for (const name of named) {
    const address = tierAddress(String(choices[name]));
    const host = hostOf(address);
    if (address && host === undefined) faults.push(...(await mountFaults(names[name], address.path, 'the tier', mounts)));
    if (host === undefined || !liesElsewhere(choices[name])) continue;
    if (servers.has(host) || (await isThisMachine(host))) {
      const wrong = 'is a server that has sites, or this machine: the backup server is another one (KHADA 8.6)';
      faults.push({ setting: names[name], wrong, todo: 'name a host of its own' });
    }
  }
  return faults;
}

async function mountFaults(setting: string, path: string, what: string, mounts?: string): Promise<OptionFault[]> {
  try {
    const kind = await mountedFrom(path, mounts);
    if (kind === undefined) return [];
    const wrong = `${what} lies on a mounted storage (${kind}), which is no backup (KHADA 8.7)`;
    return [{ setting, wrong, todo: 'use a disk of this machine, or restic:sftp: and restic:s3: for another one' }];
  } catch {
    return [
      { setting, wrong: `it cannot be told whether ${what} is mounted (KHADA 8.7)`, todo: 'make /proc/self/mountinfo readable' },
    ];
  }
}

/** Who does not answer a name lookup is not this machine. */
async function isThisMachine(host: string): Promise<boolean> {
  if (host === hostname().toLowerCase()) return true;
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.some(({ address }) => own.has(address));
}

/** A database that is not there yet has no servers; one that does not answer is told of elsewhere. */
async function hostsOfSites(url: string): Promise<Set<string>> {
  const connection = await openDatabase(url, systemClock).catch(() => undefined);
  try {
    const rows = await connection?.db.selectFrom('servers').selectAll().execute();
    return new Set((rows ?? []).flatMap((row) => hostsIn(row)));
  } catch {
    return new Set();
  } finally {
    await connection?.close();
  }
}

function hostsIn(row: Readonly<Record<string, unknown>>): string[] {
  return ['address', 'ftp_host']
    .map((column) => row[column])
    .flatMap((host) => (typeof host === 'string' ? [host.toLowerCase()] : []));
}
