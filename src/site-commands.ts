// `gotgan site …`: what an operator does with one site: taking it from the web, which folders are upload folders, and what is kept in quarantine.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors, Worker } from './panel.ts';
import { parsePath } from './platform/storage/path.ts';
import type { SitePath } from './platform/storage/port.ts';
import { moveCommand, movesCommand } from './site-move-commands.ts';
import { sitePrograms, suspensionReasons } from './sites/sites.ts';

type WithPanel = (act: (panel: Worker) => Promise<void>) => Promise<void>;
const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;

/** `gotgan site <act>`, by act. */
export const siteCommands: Readonly<Record<string, (args: string[], withPanel: WithPanel) => Promise<void>>> = {
  suspend: (args, withPanel) => withPanel(async ({ doors }) => console.log(await suspendCommand(args, doors))),
  resume: (args, withPanel) => withPanel(async ({ doors }) => console.log(await resumeCommand(args, doors))),
  move: (args, withPanel) => withPanel(({ doors }) => moveCommand(args, doors, (line) => console.log(line))),
  moves: (args, withPanel) => withPanel(async ({ doors }) => console.log(await movesCommand(args, doors))),
  folders: (args, withPanel) => withPanel(async ({ doors }) => console.log(await foldersCommand(args, doors))),
  quarantine: (args, withPanel) => withPanel(async ({ doors }) => console.log(await quarantineCommand(args, doors))),
};

/** `gotgan site suspend <site> --reason <why>`. @throws CommandRefused, PanelError 404 for a site that is not there */
export async function suspendCommand(args: string[], { sites }: Pick<Doors, 'sites'>): Promise<string> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { reason: text } });
  const reason = suspensionReasons.find((one) => one === values.reason);
  const name = named(positionals, 'suspend');
  if (!reason) throw new CommandRefused(`site suspend: --reason is one of ${suspensionReasons.join(', ')}`);
  const changed = await sites.suspend(await sites.byName(name), operator, reason);
  return changed ? 'The worker shuts its doors now. Its files and backups stay.' : 'It was suspended before.';
}

/** `gotgan site resume <site>`. @throws CommandRefused, PanelError 404 for a site that is not there */
export async function resumeCommand(args: string[], { sites }: Pick<Doors, 'sites'>): Promise<string> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const changed = await sites.resume(await sites.byName(named(positionals, 'resume')), operator);
  return changed ? 'The worker opens its doors now, with the files it had.' : 'It was not suspended.';
}

/**
 * `gotgan site folders <site> [--upload <path> [--as <program>]] [--program <path>]`.
 * @returns the upload folders as they are afterwards, a line each
 * @throws CommandRefused, PanelError 404 for a site that is not there, Invalid for a path that cannot be one
 */
export async function foldersCommand(args: string[], { sites }: Pick<Doors, 'sites'>): Promise<string> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { upload: text, as: text, program: text } });
  const kind = sitePrograms.find((one) => one === values.as);
  if (values.as !== undefined && !kind) throw new CommandRefused(`site folders: --as must be one of ${sitePrograms.join(', ')}`);
  const program = kind ? { program: kind } : {};
  const site = await sites.byName(named(positionals, 'folders'));
  if (values.upload !== undefined) await sites.folders.mark(site, pathOf(values.upload), { actor: operator, ...program });
  if (values.program !== undefined) await sites.folders.clear(site, pathOf(values.program), operator);
  const marked = await sites.folders.list(site);
  return marked.length === 0
    ? 'Everything below www/ is program area.'
    : ['Upload folders, with all that is in them:', ...marked.map(({ path }) => `  ${path.join('/')}`)].join('\n');
}

/**
 * `gotgan site quarantine <site> [--restore <id> --reason <why>]`.
 * @returns what is kept, a line each, or what became of the one
 * @throws CommandRefused, PanelError 404 for what is not there, 409 when something else stands in its place
 */
export async function quarantineCommand(args: string[], { sites, incoming }: Pick<Doors, 'sites' | 'incoming'>): Promise<string> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { restore: text, reason: text } });
  const site = await sites.byName(named(positionals, 'quarantine'));
  const { kept } = incoming;
  if (values.restore !== undefined) {
    const reason = values.reason?.trim() ?? '';
    if (reason === '' || reason.length > 200)
      throw new CommandRefused('site quarantine: --restore needs --reason, why this file may go back, in at most 200 characters');
    await kept.restore(site, values.restore, operator, reason);
    return 'The file is back in its place.';
  }
  const rows = await kept.list(site);
  if (rows.length === 0) return 'Nothing is kept in quarantine.';
  return rows
    .map(({ id, foundAt, code, parameters, bytes, path }) =>
      [id, new Date(foundAt).toISOString(), code, parameters.sig ?? parameters.found ?? '-', bytes, path].join('  '),
    )
    .join('\n');
}

function named(positionals: readonly string[], act: string): string {
  const [name] = positionals;
  if (!name) throw new CommandRefused(`site ${act}: a site is needed`);
  return name;
}

function pathOf(typed: string): SitePath {
  const path = parsePath(typed);
  if (!path) throw new CommandRefused(`${JSON.stringify(typed)} is no path inside a site`);
  return path;
}
