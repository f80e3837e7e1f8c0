// `gotgan server sshd-config`: what the sshd of a server with sites needs, to be looked at and put there by an operator.
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import { sshdBlock, sshdFaults, sshdKeyLine } from './platform/ssh/sshd-config.ts';

/** Where the engines of Debian listen. */
const usualDatabases = ['127.0.0.1:3306', '127.0.0.1:5432'];

const options = {
  key: { type: 'string' },
  from: { type: 'string', multiple: true },
  group: { type: 'string', default: 'gotgan-sites' },
  user: { type: 'string', default: 'gotgan' },
  program: { type: 'string', default: '/opt/gotgan/operations/gotgan-server' },
  database: { type: 'string', multiple: true },
  customers: { type: 'boolean', default: false },
  'key-file': { type: 'string', default: '/etc/ssh/gotgan-panel.keys' },
} as const;

/**
 * `server sshd-config --key <the panel's .pub file, or - for standard input> --from <address> …`
 * @param say takes the text: the Match blocks, and as a comment the one line of the key file
 * @throws CommandRefused with every fault at once; nothing is printed then
 */
export async function sshdCommand(args: readonly string[], say: (text: string) => void): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  if (values.key === undefined)
    throw new CommandRefused("server sshd-config: --key <file with the panel's public key> is needed");
  const publicKey = await (values.key === '-' ? textOf(process.stdin) : readFile(values.key, 'utf8')).catch(() => {
    throw new CommandRefused(`server sshd-config: ${values.key} cannot be read`);
  });
  const places = {
    group: values.group,
    user: values.user,
    program: values.program,
    databases: values.database ?? usualDatabases,
    hasCustomers: values.customers,
    keyFile: values['key-file'],
    from: values.from ?? [],
    publicKey: publicKey.trimEnd(),
  };
  const faults = sshdFaults(places);
  if (faults.length > 0) throw new CommandRefused(faults.map((fault) => `server sshd-config: ${fault}`).join('\n'));
  say(
    `${sshdBlock(places)}# ${places.keyFile} (root's, mode 0644) holds this line without the mark before it:\n#${sshdKeyLine(places).trimEnd()}`,
  );
}
