// `gotgan backup pulls | fetch | host-role`: what an operator does about backup hosts on the panel's machine.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors, Worker } from './panel.ts';
import { scramVerifier } from './platform/database-server/postgresql-session.ts';
import { hostRoleSql, isRoleName, type LineRow } from './pulls/pulls.ts';
import type { TierName } from './tiers/tiers.ts';

type Say = (line: string) => void;
type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;

const tierNames = ['short-term', 'long-term'] as const satisfies readonly TierName[];
const usualLines = 50;

/** By the word after `gotgan backup`. */
export const pullCommands: Readonly<Record<string, (args: string[], withPanel: WithPanel, say: Say) => Promise<void>>> = {
  pulls: async (args, withPanel, say) => {
    const { values } = parseArgs({ args, options: { last: { type: 'string' } } });
    const most = Number(values.last ?? usualLines);
    if (!Number.isInteger(most) || most < 1) throw new CommandRefused('backup pulls: --last is a number of connections');
    await withPanel(({ doors }) => pulls(doors, most, say));
  },
  fetch: async (args, withPanel, say) => {
    const { values } = parseArgs({ args, options: { site: { type: 'string' }, day: { type: 'string' } } });
    const { site, day } = values;
    if (!site || !day || !/^\d{4}-\d{2}-\d{2}$/.test(day))
      throw new CommandRefused('backup fetch: --site <name> and --day <YYYY-MM-DD> are needed');
    await withPanel(({ doors }) => fetch(doors, { name: site, day }, say));
  },
  'host-role': (args, _withPanel, say) => hostRole(args, say),
};

const isoOf = (at: number) => new Date(at).toISOString().slice(0, 19);

async function pulls({ pulls: door }: Pick<Doors, 'pulls'>, most: number, say: Say): Promise<void> {
  for (const { tier, seen_at, copies, erasures_waiting } of await door.hosts()) {
    const seen = seen_at === 0 ? 'was never here' : `last here ${isoOf(seen_at)}`;
    say(`host of the ${tier} tier: ${seen}, ${copies} copies, ${erasures_waiting} erasures wait for its floor`);
  }
  for (const line of await door.lines(most)) say(lineOf(line));
}

function lineOf({ tier, purpose, server, backup_id, opened_at, closed_at, bytes, fault, says }: LineRow): string {
  const until = closed_at === null ? 'open still, or its host died' : `closed ${isoOf(closed_at)}`;
  const outcome = fault === null ? `${bytes ?? 0} bytes` : `${fault}: ${says ?? ''}`;
  return `${tier}  ${purpose}  ${server}  ${backup_id}  opened ${isoOf(opened_at)}  ${until}  ${outcome}`;
}

/** @throws CommandRefused when there is no such backup to be brought */
async function fetch({ pulls: door, sites, backups }: Doors, { name, day }: { name: string; day: string }, say: Say) {
  const site = await sites.byName(name);
  const gone = (await backups.ofDay(site, day)).filter((backup) => backups.takingBack.isDue(backup));
  if (gone.length === 0) throw new CommandRefused(`${name} has no backup of ${day} whose archive has gone`);
  for (const backup of gone) {
    const tier = await door.ask(site, backup.id, { kind: 'operator' }).catch((error) => {
      if (error.status === 404) throw new CommandRefused(`no host that pulls holds the backup ${backup.fileName}`);
      throw error;
    });
    say(`${backup.fileName}: the host of the ${tier} tier brings it within minutes; it can be downloaded once it was read back`);
  }
}

/** Nothing but SQL on standard output, so that it can be piped into psql. */
async function hostRole(args: string[], say: Say): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { tier: text, role: text, 'password-file': text } });
  const tier = tierNames.find((name) => name === values.tier);
  const role = values.role ?? `gotgan_${(tier ?? '').replaceAll('-', '_')}`;
  const file = values['password-file'];
  if (!tier || !isRoleName(role) || file === undefined)
    throw new CommandRefused(
      'backup host-role: --tier short-term or long-term and --password-file <file> are needed; --role is lower-case letters, digits and _',
    );
  say(hostRoleSql({ tier, role, verifier: await scramVerifier(await passwordIn(file)) }));
}

async function passwordIn(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CommandRefused(`backup host-role: ${file} cannot be read (${error.code})`);
  });
  if (known === undefined) {
    const made = randomBytes(24).toString('base64url');
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  }
  const password = known.trim();
  if (!/^[\x21-\x7e]{16,200}$/.test(password))
    throw new CommandRefused(`backup host-role: ${file} must hold one password of 16 or more printable ASCII signs`);
  return password;
}
