// What an operator does with servers: `gotgan server …`.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { places } from './adapters.ts';
import { prepareDatabaseCommand } from './database-commands.ts';
import { CommandRefused } from './import-commands.ts';
import { packageFolder } from './package-folder.ts';
import type { Doors, Worker } from './panel.ts';
import { Invalid, PanelError } from './platform/errors.ts';
import { publicKeyOf } from './platform/ssh/key-file.ts';
import { newReach, reachCommand, reachOf, reachOptions } from './reach-command.ts';
import { remoteSitesProgram } from './remote-servers.ts';
import type { NewServer } from './sites/sites.ts';
import { sshdCommand } from './sshd-command.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;
type Say = (line: string) => void;
type Commands = Readonly<Record<string, (args: string[], withPanel: Open, say: Say) => Promise<void>>>;

const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
/** Where the FTP server of another machine writes, as `gotgan ftp-server config` has it. */
const usualFtpLog = '/var/log/gotgan-ftp/panel.log';
const kinds = ['folders', 'unix', 'command'] as const;

/** `gotgan server <act>`, by act: each is told its arguments, how to open the panel, and where to say what came of it. */
export const serverCommands: Commands = {
  add: async (args, withPanel, say) => {
    const wanted = newServer(args);
    await withPanel(({ doors }) => add(wanted, doors, say));
  },
  'prepare-database': (args, withPanel, say) => withPanel(({ doors }) => prepareDatabaseCommand(args, doors, say)),
  'sshd-config': (args, _withPanel, say) => sshdCommand(args, say),
  key: (args, withPanel, say) => {
    parseArgs({ args });
    return withPanel(async ({ doors }) => say(await publicKeyOf(resolve(places(doors.choices).sshKey))));
  },
  reach: async (args, withPanel, say) => {
    const { name, change } = reachOf(args);
    await withPanel(({ doors }) => reachCommand(name, change, doors, say));
  },
  list: (_args, withPanel, say) => withPanel(({ doors }) => list(doors, say)),
  drain: async (args, withPanel, say) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { back: flag } });
    const [name] = positionals;
    if (!name) throw new CommandRefused('server drain: which one? Give its name, and --back to undo it');
    await withPanel(async ({ doors: { sites } }) => {
      const changed = await sites.servers.drain(name, operator, values.back);
      if (values.back) return say(changed ? 'It takes new sites again.' : 'It was not drained.');
      say(changed ? 'No new site is put there. Those that are there are served as before.' : 'It was drained before.');
      for (const line of await remaining(name, sites)) say(line);
    });
  },
};

const mostNamed = 20;

/** What is still there, and how it goes elsewhere: a server that is switched off has to be empty. */
async function remaining(name: string, sites: Doors['sites']): Promise<string[]> {
  const server = (await sites.servers.list()).find((one) => one.name === name);
  if (!server || server.sites === 0) return ['No site is left there.'];
  const names = await sites.servers.sitesOn(server.id, mostNamed);
  const more = server.sites > names.length ? ` and ${server.sites - names.length} more` : '';
  return [
    `${server.sites} sites are left there: ${names.join(', ')}${more}`,
    'gotgan site move <site> --to <server> moves one of them.',
  ];
}

const newOptions = {
  ...{ group: text, host: text, storage: text, command: text, ...reachOptions },
  ...{ 'ftp-host': text, 'ftp-port': text, 'ftp-log': text, 'ftp-fingerprint': text },
} as const;

/** @throws CommandRefused with what is missing */
function newServer(args: string[]): NewServer {
  const options = newOptions;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [name] = positionals;
  const group = (['web', 'ssh'] as const).find((one) => one === values.group);
  const hostKind = kinds.find((one) => one === values.host);
  if (!name || !group || !hostKind)
    throw new CommandRefused(`server add: a name, --group web or ssh, and --host ${kinds.join(', ')} are needed`);
  const reach = newReach(values);
  const hostCommand = hostKind === 'folders' ? null : commandOf(values.command, hostKind, reach !== null);
  if (hostKind === 'folders' && values.command !== undefined) throw new CommandRefused('server add: folders need no --command');
  const ftp = { ftpHost: values['ftp-host'] ?? null, ftpPort: values['ftp-host'] ? Number(values['ftp-port'] ?? 21) : null };
  if (values['ftp-port'] && !values['ftp-host']) throw new CommandRefused('server add: --ftp-port needs --ftp-host');
  const ftpLog = values['ftp-log'] ?? (reach && ftp.ftpHost ? usualFtpLog : null);
  const ftpFingerprint = values['ftp-fingerprint']?.replaceAll(':', '').toLowerCase() ?? null;
  return { name, group, hostKind, hostCommand, storage: values.storage ?? '', reach, ...ftp, ftpLog, ftpFingerprint };
}

/** Words in quotes would need a shell to be read as one means them, so it is a JSON array. */
function commandOf(given: string | undefined, kind: 'unix' | 'command', isElsewhere: boolean): readonly string[] {
  if (given === undefined && kind === 'unix') return isElsewhere ? remoteSitesProgram : ownProgram();
  const wrong = new CommandRefused(`server add: --command is a JSON array such as '["/usr/local/sbin/provision","--live"]'`);
  try {
    const parsed: unknown = JSON.parse(given ?? '');
    if (Array.isArray(parsed) && parsed.length > 0 && parsed.every((part) => typeof part === 'string')) return parsed;
  } catch {
    throw wrong;
  }
  throw wrong;
}

/** The service that runs it as root (docs/servers.md); a panel whose worker is root needs none. */
function ownProgram(): readonly string[] {
  const program = [process.execPath, packageFolder('bin/gotgan-sites.mjs')];
  return process.getuid?.() === 0 ? program : [...program, '--ask', '/run/gotgan-sites.sock'];
}

async function add(wanted: NewServer, { sites }: Doors, tell: Say): Promise<void> {
  try {
    await sites.servers.add(wanted, operator);
  } catch (error) {
    throw inWords(error);
  }
  tell(`${wanted.name} was added: sites can be made there.${wanted.group === 'web' ? ' It takes new sites from now on.' : ''}`);
}

function inWords(error: unknown): unknown {
  if (error instanceof Invalid)
    return new CommandRefused(`server add: not as it must be: ${Object.keys(error.fields).join(', ')} (docs/servers.md)`);
  if (!(error instanceof PanelError)) return error;
  if (error.status === 409) return new CommandRefused('server add: there is a server of this name');
  return new CommandRefused(`server add: no site can be made there, so it was not added. ${error.parameters.code ?? error.key}`);
}

async function list({ sites, databases }: Doors, tell: Say): Promise<void> {
  for (const server of await sites.servers.list()) {
    const {
      id,
      name,
      group,
      hostKind,
      reach,
      storage,
      ftpHost,
      ftpPort,
      drainedAt,
      checkedAt,
      checkFault,
      sites: count,
    } = server;
    const state = checkFault ? `FAULT: ${checkFault}` : checkedAt === null ? 'not checked yet' : 'well';
    const checked = checkedAt === null ? '' : ` (${new Date(checkedAt).toISOString()})`;
    const ftp = ftpHost ? `ftp ${ftpHost}:${ftpPort}` : 'no ftp';
    const place = reach ? `sftp ${reach.user}@${reach.address}:${reach.port} ${reach.hostKeys.join(' ')}` : storage;
    const engines = (await databases.serversFor({ serverId: id })).map(({ engine }) => engine).join(' ') || 'no databases';
    const parts = [
      name,
      group,
      hostKind,
      `${count} sites`,
      ...(place === '' ? [] : [place]),
      engines,
      ftp,
      ...(drainedAt ? ['drained'] : []),
      `${state}${checked}`,
    ];
    tell(parts.join('  '));
  }
  for (const { site, server, fault } of await sites.servers.inTrouble()) tell(`site ${site} on ${server}: ${fault}`);
}
