// `gotgan billing token …`: tokens of the company's own programs, which place orders and report payments; docs/billing.md.
import { parseArgs } from 'node:util';
import { longestTokenDays, type OperatorToken, scopes } from './billing/billing.ts';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';
import { canonicalNetwork, isNetwork } from './platform/web/networks.ts';

type Needs = Pick<Doors, 'billing' | 'clock'>;

/** For `gotgan help`. */
export const billingUsage = `gotgan billing token make --name <program> --scope orders:read|orders:write [--from <network>]… [--days 365]
                                 a token for the company's own billing, shown once; docs/billing.md
gotgan billing token list        tokens in use, and those that are over
gotgan billing token end <id>    ends one at once`;

const text = { type: 'string' } as const;
const longestName = 100;

/** @returns what came of it. @throws CommandRefused */
export async function billingCommand(args: string[], doors: Needs): Promise<string> {
  const [what, act = '', ...rest] = args;
  const run = what === 'token' && Object.hasOwn(acts, act) ? acts[act] : undefined;
  if (!run) throw new CommandRefused('billing: token make, token list or token end is needed');
  return run(rest, doors);
}

const acts: Readonly<Record<string, (args: string[], doors: Needs) => Promise<string>>> = {
  make: async (args, { billing }) => {
    const options = { name: text, scope: text, days: text, from: { type: 'string', multiple: true } } as const;
    const { values } = parseArgs({ args, options });
    const scope = scopes.find((one) => one === values.scope);
    const name = values.name?.normalize('NFC').trim() ?? '';
    const days = Number(values.days ?? 365);
    const from = values.from ?? [];
    if (name === '' || name.length > longestName || /\p{Cc}/u.test(name))
      throw new CommandRefused(`billing token make: --name is one line of at most ${longestName} signs`);
    if (!scope) throw new CommandRefused(`billing token make: --scope is one of ${scopes.join(', ')}`);
    if (!Number.isSafeInteger(days) || days < 1 || days > longestTokenDays)
      throw new CommandRefused(`billing token make: --days is a whole number, at most ${longestTokenDays}`);
    const wrong = from.find((one) => !isNetwork(one));
    if (wrong !== undefined) throw new CommandRefused(`billing token make: --from ${wrong} is no address or network`);
    const networks = from.map((one) => canonicalNetwork(one).network);
    const { text: token, token: made } = await billing.tokens.make({ name, scope, networks, days });
    return `${token}\nShown now and never again. Number ${made.id}, until ${iso(made.expiresAt)}.`;
  },
  list: async (_args, { billing, clock }) => {
    const all = await billing.tokens.list();
    return all.map((one) => lineOf(one, clock.now())).join('\n') || 'There is no token.';
  },
  end: async ([id = ''], { billing }) => {
    if (!(await billing.tokens.end(id))) throw new CommandRefused('billing token end: no such token, or it is over already');
    return 'It has ended.';
  },
};

const iso = (at: number) => new Date(at).toISOString();

function lineOf({ id, name, scope, networks, expiresAt, usedAt, endedAt }: OperatorToken, now: number): string {
  const state = endedAt !== null ? `ended ${iso(endedAt)}` : expiresAt <= now ? 'expired' : `until ${iso(expiresAt)}`;
  const used = usedAt === null ? 'never used' : `used ${iso(usedAt)}`;
  return [id, scope, networks.join(',') || 'from everywhere', used, state, name].join('  ');
}
