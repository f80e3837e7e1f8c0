// `gotgan site move` and `gotgan site moves`: a site goes to another server, and the operator sees how far it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { type ListedMove, type Move, MoveNotBegun } from './moves/moves.ts';
import type { Doors } from './panel.ts';

type Say = (line: string) => void;

const operator = { kind: 'operator' } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const usualDays = 7;
const longestDays = 90;
const lookMilliseconds = 500;

/**
 * `gotgan site move <site> --to <server> | --back [--keep-days <n>] [--even-drained] [--no-wait]`: begins it, and unless told otherwise
 * waits and tells each step. Who stops waiting stops nothing.
 * @throws CommandRefused with what is in the way, or with why it failed
 */
export async function moveCommand(args: string[], doors: Pick<Doors, 'sites' | 'moves'>, say: Say): Promise<void> {
  const options = { to: text, back: flag, 'keep-days': text, 'even-drained': flag, 'no-wait': flag } as const;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [name] = positionals;
  if (!name || (values.to === undefined) === !values.back)
    throw new CommandRefused('site move: a site, and --to <server> or --back are needed');
  const keepDays = daysOf(values['keep-days']);
  const site = await doors.sites.byName(name);
  const wish = { to: values.back ? undefined : values.to, keepDays, evenDrained: values['even-drained'] ?? false };
  const id = await doors.moves.begin(site, wish, operator).catch((error) => {
    if (error instanceof MoveNotBegun) throw new CommandRefused(`site move: ${error.message}`);
    throw error;
  });
  say('The worker moves it; gotgan site moves tells how far it is. The customer was written to.');
  if (!values['no-wait']) await untilEnded(id, doors, say);
}

function daysOf(given: string | undefined): number {
  const days = given === undefined ? usualDays : Number(given);
  if (!Number.isInteger(days) || days < 0 || days > longestDays)
    throw new CommandRefused(`site move: --keep-days is a whole number from 0 to ${longestDays}`);
  return days;
}

async function untilEnded(id: string, { moves }: Pick<Doors, 'moves'>, say: Say): Promise<void> {
  for (let told = ''; ; await sleep(lookMilliseconds)) {
    const move = await moves.byId(id);
    if (!move) throw new CommandRefused('site move: it is not known any more');
    const line = stateOf(move);
    if (line !== told) say(line);
    told = line;
    if (move.step === 'failed') throw new CommandRefused(`site move: the site is where it was. ${move.fault ?? ''}`.trim());
    if (move.endedAt !== null) return;
  }
}

const steps: Readonly<Record<Move['step'], string>> = {
  checking: 'asking the new server',
  saving: 'waiting for a backup',
  copying: 'copying while the site runs',
  waiting: 'waiting for what is under way in the site',
  closed: 'closed: last changes, comparison, databases',
  opening: 'on the new server: opening',
  done: 'done',
  undoing: 'failed: opening where it was',
  failed: 'failed',
};

function stateOf(move: Move): string {
  const carried = ['copying', 'closed'].includes(move.step)
    ? `  pass ${move.pass}, ${move.files} files, ${move.bytes} bytes`
    : '';
  const compared = move.step === 'done' ? `  ${move.files} files, ${move.bytes} bytes, sha256 ${move.sha256}` : '';
  return `${steps[move.step]}${carried}${compared}`;
}

/** `gotgan site moves [--all]`. @returns those under way and those whose old place is kept, a line each; with --all every one */
export async function movesCommand(args: string[], { moves }: Pick<Doors, 'moves'>): Promise<string> {
  const { values } = parseArgs({ args, options: { all: flag } });
  const listed = await moves.list(values.all);
  return listed.length === 0 ? 'No site is being moved, and no old place is kept.' : listed.map(lineOf).join('\n');
}

function lineOf(move: ListedMove): string {
  const { site, from, to, askedAt, fault, leftUntil, removedAt, switchedAt, overMoveId } = move;
  const isLeft = leftUntil !== null && removedAt === null;
  const failed = overMoveId === null ? 'what it left is being removed' : 'the old place is being closed again';
  const kept = switchedAt === null ? failed : `old place kept until ${iso(leftUntil)}`;
  const parts = [site, `${from} -> ${to}`, iso(askedAt), stateOf(move), ...(isLeft ? [kept] : []), ...(fault ? [fault] : [])];
  return parts.join('  ');
}

const iso = (time: number | null) => (time === null ? '-' : new Date(time).toISOString());
