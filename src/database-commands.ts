// `gotgan server prepare-database`: makes an engine of a server usable for sites, from an administrator's access that is given once.
import { readFile, stat } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';
import type { DatabaseAccess, DatabaseEngine } from './platform/database-server/port.ts';
import { whenMissing } from './platform/errors.ts';

type Say = (line: string) => void;
type Environment = Readonly<Record<string, string | undefined>>;

const schemes: Readonly<Record<string, DatabaseEngine>> = {
  'mysql:': 'mariadb',
  'mariadb:': 'mariadb',
  'postgres:': 'postgresql',
  'postgresql:': 'postgresql',
};
const usualPorts: Readonly<Record<DatabaseEngine, number>> = { mariadb: 3306, postgresql: 5432 };
const wayOfUse =
  'server prepare-database <server> --engine mariadb|postgresql [--admin <file>|-] [--site-host <address>] [--site-port <port>] [--accounts <prefix>]\n' +
  'The administrator’s URL comes from the file, from standard input (-) or from DATABASE_ADMIN_URL, never from the command line.';

/** @throws CommandRefused with what to do; PanelError 503 when the server does not answer, Invalid for a public address (KHADA 3.7) */
export async function prepareDatabaseCommand(
  args: readonly string[],
  { databases, sites }: Pick<Doors, 'databases' | 'sites'>,
  say: Say,
  environment: Environment = process.env,
): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      admin: { type: 'string' },
      'site-host': { type: 'string' },
      'site-port': { type: 'string' },
      accounts: { type: 'string' },
    },
  });
  const [name] = positionals;
  if (!name || (values.engine !== 'mariadb' && values.engine !== 'postgresql')) throw new CommandRefused(wayOfUse);
  const administrator = accessOf(await administratorUrl(values.admin, environment, say), values.engine);
  const server = await sites.servers.byName(name).catch(whenMissing);
  if (!server) throw new CommandRefused(`server prepare-database: there is no server ${name}: gotgan server list`);
  const port = values['site-port'] === undefined ? undefined : portOf(values['site-port']);
  const { toDo, isReached } = await databases.prepareServer(
    {
      serverId: server.id,
      administrator,
      ...(values['site-host'] !== undefined && { shownHost: values['site-host'] }),
      ...(port !== undefined && { shownPort: port }),
      ...(values.accounts !== undefined && { accounts: values.accounts }),
    },
    { kind: 'operator' },
  );
  say(
    `${name}: ${administrator.engine} has an account of the panel and one that may only read, for dumps. Their passwords are sealed.`,
  );
  if (toDo.length > 0) say(`Add to pg_hba.conf, before other lines, and reload the server:\n${toDo.join('\n')}`);
  if (!isReached)
    throw new CommandRefused(
      'The panel cannot come in with its new accounts yet. Do the above, or look at the server’s log, and run this again.',
    );
  say('The panel can come in. Customers of this server can make databases now.');
}

/** Never from an argument: those are for everybody on the machine to read. */
async function administratorUrl(file: string | undefined, environment: Environment, say: Say): Promise<string> {
  if (file === '-') return (await textOf(process.stdin)).trim();
  if (file === undefined) {
    const given = environment.DATABASE_ADMIN_URL;
    if (!given) throw new CommandRefused(wayOfUse);
    return given;
  }
  if (Object.hasOwn(schemes, file.slice(0, file.indexOf(':') + 1)))
    throw new CommandRefused('--admin names a file. The URL holds a password, which does not belong on a command line.');
  const url = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`${file}: cannot be read (${error.code})`);
  });
  if (((await stat(file)).mode & 0o077) !== 0) say(`${file}: others on this machine may read it; chmod 600 is due.`);
  return url.trim();
}

/** `mysql://root:…@127.0.0.1`, `postgres://…`, or with a socket: `mysql://root@localhost?socket=/run/mysqld/mysqld.sock` */
function accessOf(url: string, engine: DatabaseEngine): DatabaseAccess {
  // The text is not repeated: it may hold a password.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || schemes[parsed.protocol] !== engine)
    throw new CommandRefused(`The administrator’s URL is no ${engine === 'mariadb' ? 'mysql://' : 'postgres://'} URL.`);
  const { hostname, port, username, password, searchParams } = parsed;
  return {
    engine,
    host: searchParams.get('socket') ?? hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || usualPorts[engine],
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new CommandRefused('--site-port: a number from 1 to 65535');
  return port;
}
