// What an operator does with servers and with the sites on them: `gotgan server …` and `gotgan sites …`.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { packageFolder } from './package-folder.ts';
import type { Doors, Worker } from './panel.ts';
import { Invalid, PanelError } from './platform/errors.ts';
import { type NewServer, suspensionReasons } from './sites/sites.ts';

type Open = (act: (panel: Worker) => Promise<void>) => Promise<void>;
type Say = (line: string) => void;
type Commands = Readonly<Record<string, (args: string[], withPanel: Open) => Promise<void>>>;

const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const kinds = ['folders', 'unix', 'command'] as const;

/** `gotgan server <act>`, by act. */
export const serverCommands: Commands = {
  add: async (args, withPanel) => {
    const wanted = newServer(args);
    await withPanel(({ doors }) => add(wanted, doors, say));
  },
  list: (_args, withPanel) => withPanel(({ doors }) => list(doors, say)),
  drain: async (args, withPanel) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { back: flag } });
    const [name] = positionals;
    if (!name) throw new CommandRefused('server drain: which one? Give its name, and --back to undo it');
    await withPanel(async ({ doors: { sites } }) => {
      const changed = await sites.servers.drain(name, operator, values.back);
      if (!changed) return say(values.back ? 'It was not drained.' : 'It was drained before.');
      say(
        values.back
          ? 'It takes new sites again.'
          : 'No new site is put there. Those that are there stay, and are served as before.',
      );
    });
  },
};

/** `gotgan sites <act>`, by act. */
export const siteCommands: Commands = {
  suspend: (args, withPanel) => stand('suspend', args, withPanel),
  resume: (args, withPanel) => stand('resume', args, withPanel),
};

const say: Say = (line) => void process.stdout.write(`${line}\n`);

/** @throws CommandRefused with what is missing */
function newServer(args: string[]): NewServer {
  const options = { group: text, host: text, storage: text, command: text, 'ftp-host': text, 'ftp-port': text } as const;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [name] = positionals;
  const group = (['web', 'ssh'] as const).find((one) => one === values.group);
  const hostKind = kinds.find((one) => one === values.host);
  if (!name || !group || !hostKind)
    throw new CommandRefused(`server add: a name, --group web or ssh, and --host ${kinds.join(', ')} are needed`);
  const hostCommand = hostKind === 'folders' ? null : commandOf(values.command, hostKind);
  if (hostKind === 'folders' && values.command !== undefined) throw new CommandRefused('server add: folders need no --command');
  const ftp = { ftpHost: values['ftp-host'] ?? null, ftpPort: values['ftp-host'] ? Number(values['ftp-port'] ?? 21) : null };
  if (values['ftp-port'] && !values['ftp-host']) throw new CommandRefused('server add: --ftp-port needs --ftp-host');
  return { name, group, hostKind, hostCommand, storage: values.storage ?? '', ...ftp };
}

/** Words in quotes would need a shell to be read as one means them, so it is a JSON array. */
function commandOf(given: string | undefined, kind: 'unix' | 'command'): readonly string[] {
  if (given === undefined && kind === 'unix') return ownProgram();
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

async function list({ sites }: Doors, tell: Say): Promise<void> {
  for (const server of await sites.servers.list()) {
    const { name, group, hostKind, ftpHost, ftpPort, drainedAt, checkedAt, checkFault, sites: count } = server;
    const state = checkFault ? `FAULT: ${checkFault}` : checkedAt === null ? 'not checked yet' : 'well';
    const checked = checkedAt === null ? '' : ` (${new Date(checkedAt).toISOString()})`;
    const ftp = ftpHost ? `ftp ${ftpHost}:${ftpPort}` : 'no ftp';
    const parts = [name, group, hostKind, `${count} sites`, ftp, ...(drainedAt ? ['drained'] : []), `${state}${checked}`];
    tell(parts.join('  '));
  }
  for (const { site, server, fault } of await sites.servers.inTrouble()) tell(`site ${site} on ${server}: ${fault}`);
}

async function stand(act: 'suspend' | 'resume', args: string[], withPanel: Open): Promise<void> {
  const { values } = parseArgs({ args, options: { site: text, reason: text } });
  const reason = suspensionReasons.find((one) => one === values.reason);
  const { site: name } = values;
  if (!name) throw new CommandRefused(`sites ${act}: --site <name> is needed`);
  if (act === 'suspend' && !reason) throw new CommandRefused(`sites suspend: --reason is one of ${suspensionReasons.join(', ')}`);
  await withPanel(async ({ doors: { sites } }) => {
    const site = await sites.byName(name);
    const changed =
      reason && act === 'suspend' ? await sites.suspend(site, operator, reason) : await sites.resume(site, operator);
    if (!changed) return say(act === 'suspend' ? 'It was suspended before.' : 'It was not suspended.');
    say(
      act === 'suspend'
        ? 'The worker takes it from the web now. Its files and backups stay.'
        : 'The worker gives it back now, with the files it had.',
    );
  });
}
