// How a server on another machine is reached: the options of `gotgan server add` for it, and `gotgan server reach`, which changes it.
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';
import { Invalid, PanelError } from './platform/errors.ts';
import { faultText, type Reach } from './sites/sites.ts';

const text = { type: 'string' } as const;
export const reachOptions = {
  address: text,
  'ssh-port': text,
  'ssh-user': text,
  'host-key': { type: 'string', multiple: true },
} as const;

export type ReachValues = {
  readonly address?: string;
  readonly 'ssh-port'?: string;
  readonly 'ssh-user'?: string;
  readonly 'host-key'?: string[];
};

const usual = { port: 22, user: 'gotgan' };

/** @returns null for this machine. @throws CommandRefused without a host key: whoever answers at the address would be believed */
export function newReach(values: ReachValues): Reach | null {
  const { address, 'host-key': hostKeys = [] } = values;
  if (address === undefined) {
    const left = (['ssh-port', 'ssh-user', 'host-key'] as const).find((name) => values[name] !== undefined);
    if (left) throw new CommandRefused(`server add: --${left} needs --address: without it the server is this machine`);
    return null;
  }
  const reach = { ...usual, ...given(values), address, hostKeys };
  if (hostKeys.length === 0) throw new CommandRefused(withoutKey(reach));
  return reach;
}

const withoutKey = ({ address, port }: Reach) =>
  `server add: --host-key SHA256:… is needed, so that nobody else can answer in the place of ${address}.
On the server itself:   ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
From here, to compare:  ssh-keyscan -p ${port} -t ed25519 ${address} | ssh-keygen -lf -`;

function given(values: ReachValues): Partial<Reach> {
  const { address, 'ssh-port': port, 'ssh-user': user, 'host-key': hostKeys } = values;
  return {
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    ...(hostKeys !== undefined && { hostKeys }),
  };
}

/** @throws CommandRefused with what is missing */
export function reachOf(args: string[]): { name: string; change: Partial<Reach> } {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: reachOptions });
  const [name] = positionals;
  const change = given(values);
  if (!name || Object.keys(change).length === 0)
    throw new CommandRefused(
      'server reach: which server, and what is new? --address, --ssh-port, --ssh-user, or --host-key, each as often as there are keys',
    );
  return { name, change };
}

/** @throws CommandRefused with what is wrong; then everything is as it was */
export async function reachCommand(
  name: string,
  change: Partial<Reach>,
  { sites }: Pick<Doors, 'sites'>,
  say: (line: string) => void,
): Promise<void> {
  const before = (await sites.servers.byName(name)).reach;
  try {
    const { user, address, port, hostKeys } = await sites.servers.setReach(name, change, { kind: 'operator' });
    say(`${name} answers at ${user}@${address}:${port}, host key ${hostKeys.join(' or ')}.`);
    const gone = before?.hostKeys.filter((key) => !hostKeys.includes(key)) ?? [];
    if (gone.length > 0) say(`No longer trusted: ${gone.join(', ')}`);
  } catch (error) {
    if (error instanceof Invalid)
      throw new CommandRefused(`server reach: not as it must be: ${Object.keys(error.fields).join(', ')} (docs/servers.md)`);
    if (!(error instanceof PanelError)) throw error;
    if (error.status === 409) throw new CommandRefused(`server reach: ${name} is this machine`);
    throw new CommandRefused(`server reach: it does not answer so, and nothing was changed. ${faultText(error)}`);
  }
}
