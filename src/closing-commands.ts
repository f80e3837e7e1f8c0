// `gotgan customers close …`: what an operator does about accounts that end, and what is left of them.
import { parseArgs } from 'node:util';
import type { Restriction } from './accounts/accounts.ts';
import { customersCommand } from './defence-commands.ts';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';
import type { Closure } from './termination/termination.ts';

const text = { type: 'string' } as const;
const operator = { kind: 'operator' } as const;
const reasons = ['expired', 'unpaid', 'operator'] as const;

type Values = {
  readonly site?: string;
  readonly reference?: string;
  readonly because?: string;
  readonly reason?: string;
  readonly days?: string;
};
type Needed = Pick<Doors, 'accounts' | 'sites' | 'termination'>;
type Act = (doors: Needed, values: Values, positionals: readonly string[]) => Promise<string>;

/** For `gotgan help`. */
export const closingUsage = `gotgan customers close --site <name>|--reference <number> --because expired|unpaid|operator --reason <why> [--days <number>]
                                 ends a contract: nobody comes in any more, and after ERASE_AFTER_DAYS everything is erased
gotgan customers reopen|erase-now|hold|release --site <name>|--reference <number>
                                 undoes that, erases at once because the customer asks for it, or not before a dispute or an authority allows it
gotgan customers closed          accounts that are closed and not erased yet
gotgan customers certificate <number>
                                 the certificate of destruction of a closing
gotgan customers kept <address>|<number>
                                 what a law has kept of somebody who is gone`;

const iso = (at: number) => new Date(at).toISOString();

async function customerOf({ accounts, sites }: Needed, { site, reference }: Values): Promise<string> {
  if (Boolean(site) === Boolean(reference)) throw new CommandRefused('customers: --site <name> or --reference <number>');
  if (site) return (await sites.byName(site)).customerId;
  return accounts.restrictions.byReference(reference ?? '');
}

async function close(doors: Needed, values: Values): Promise<string> {
  const because = reasons.find((one) => one === values.because);
  const said = values.reason?.trim() ?? '';
  if (!because || said === '')
    throw new CommandRefused(
      `customers close: --because ${reasons.join('|')} and --reason <why, in words for the record> are needed`,
    );
  const days = values.days === undefined ? undefined : Number(values.days);
  if (days !== undefined && !(Number.isSafeInteger(days) && days >= 0 && days <= 3650))
    throw new CommandRefused('customers close: --days is a whole number of days, at most 3650');
  const { id, eraseAt, heldAt } = await doors.termination.close(
    await customerOf(doors, values),
    { because, said, days },
    operator,
  );
  const held = heldAt === null ? '' : ' It is held, since an authority has restricted this customer.';
  return `Closed, and the owner was written to. Number ${id}. It is erased after ${iso(eraseAt)}; until then: gotgan customers reopen.${held}`;
}

const told = ({ id, because, closedAt, eraseAt, heldAt, begunAt, fault }: Closure) => {
  const state = heldAt !== null ? 'held' : begunAt !== null ? `being erased${fault ? ` (${fault})` : ''}` : 'can be undone';
  return `${id}  closed ${iso(closedAt)}  erased after ${iso(eraseAt)}  ${because}  ${state}`;
};

const schedule =
  (what: 'held' | 'released', sentence: string): Act =>
  async (doors, values) => {
    await doors.termination.schedule(await customerOf(doors, values), what, operator);
    return sentence;
  };

/** @throws CommandRefused for an account on hold: neither an authority nor a dispute is passed over by this word */
async function eraseNow(doors: Needed, values: Values): Promise<string> {
  const customerId = await customerOf(doors, values);
  const heldAt = (await doors.termination.of(customerId))?.heldAt ?? null;
  if (heldAt !== null) throw new CommandRefused(heldWords(heldAt, await doors.accounts.restrictions.of(customerId)));
  await doors.termination.schedule(customerId, 'now', operator);
  return 'The erasure begins within a minute, and nothing can be undone any more.';
}

function heldWords(heldAt: number, restriction: Restriction | undefined): string {
  const why =
    restriction?.because === 'authority'
      ? 'since an authority has restricted this customer'
      : 'by gotgan customers hold, for a dispute or an authority';
  return (
    `customers erase-now: nothing is erased. This account has been on hold since ${iso(heldAt)}, ${why}. ` +
    'Once that is over: gotgan customers release, then erase-now again.'
  );
}

/** `gotgan customers <act>`, by act. */
const acts: Readonly<Record<string, Act>> = {
  close,
  reopen: async (doors, values) => {
    await doors.termination.reopen(await customerOf(doors, values), operator);
    return 'Undone: places and sites are as they were, and the owner was written to.';
  },
  'erase-now': eraseNow,
  hold: schedule('held', 'Held: nothing is erased until gotgan customers release.'),
  release: schedule('released', 'Released: it is erased when its day has come.'),
  closed: async ({ termination }) =>
    (await termination.open()).map(told).join('\n') || 'No account is closed and not erased yet.',
  certificate: async ({ termination }, _values, [number]) => {
    if (!number) throw new CommandRefused('customers certificate: the number of the closing is needed');
    return JSON.stringify(await termination.certificateOf(number), null, 2);
  },
  kept: async ({ termination }, _values, [what]) => {
    if (!what) throw new CommandRefused('customers kept: an e-mail address that somebody names, or the number of a closing');
    const found = await termination.kept.find(what.includes('@') ? { address: what } : { closureId: what });
    return found.length === 0 ? 'Nothing is kept under that.' : JSON.stringify(found, null, 2);
  },
};

/** `gotgan customers …`, whatever it is. */
export function allCustomersCommand(args: string[], doors: Needed): Promise<string> {
  return Object.hasOwn(acts, args[0] ?? '') ? closingCommand(args, doors) : customersCommand(args, doors);
}

/** @returns what came of it. @throws CommandRefused, PanelError 404, 409, 410 */
export async function closingCommand(args: string[], doors: Needed): Promise<string> {
  const options = { site: text, reference: text, because: text, reason: text, days: text };
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [act = '', ...rest] = positionals;
  const given = Object.hasOwn(acts, act) ? acts[act] : undefined;
  if (!given) throw new CommandRefused(`customers: one of restrict, lift, ${Object.keys(acts).join(', ')} is needed`);
  return given(doors, values, rest);
}
