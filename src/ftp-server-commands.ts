// `gotgan ftp-server config`: prints the configuration of the machine's FTP server, which asks this panel who may come in.
import { X509Certificate } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { places } from './adapters.ts';
import { CommandRefused } from './import-commands.ts';
import type { Choices } from './options.ts';
import { type FtpServerOptions, proftpdConfiguration } from './platform/ftp-server/configuration.ts';
import { ftpServerKeys } from './platform/ftp-server/keys.ts';

/** Where the keys lie that the panel shares with the FTP server of its machine. */
export const ftpKeysFile = (dataFolder: string): string => join(resolve(dataFolder), 'ftp-server.key');

export const ftpServerUsage = `gotgan ftp-server config --certificate <file> --key <file> [--sites <folder>]… [--radius 127.0.0.1:1812]
    [--log /var/log/gotgan-ftp/panel.log] [--run /run/gotgan-ftp] [--address 0.0.0.0] [--port 21] [--passive 50000-50999]
    [--public-address <address>] [--plain] [--sessions 200] [--sessions-per-address 20] [--sessions-per-user 10]
    [--server <name> [--elliptic]]   for the FTP server of another machine: files and folders are that machine's
                                 prints a configuration of ProFTPD (docs/ftp.md); --plain lets passwords over a line without TLS`;

const options = {
  server: { type: 'string' },
  elliptic: { type: 'boolean', default: false },
  certificate: { type: 'string' },
  key: { type: 'string' },
  sites: { type: 'string', multiple: true },
  radius: { type: 'string', default: '127.0.0.1:1812' },
  log: { type: 'string', default: '/var/log/gotgan-ftp/panel.log' },
  run: { type: 'string', default: '/run/gotgan-ftp' },
  address: { type: 'string', default: '0.0.0.0' },
  port: { type: 'string', default: '21' },
  passive: { type: 'string', default: '50000-50999' },
  'public-address': { type: 'string' },
  plain: { type: 'boolean', default: false },
  sessions: { type: 'string', default: '200' },
  'sessions-per-address': { type: 'string', default: '20' },
  'sessions-per-user': { type: 'string', default: '10' },
} as const;

/** `gotgan ftp-server <act>`, by act; they print, and ask neither database nor network. */
export const ftpServerCommands: Readonly<Record<string, (args: string[], choices: Choices) => Promise<string>>> = {
  config: printed,
};

/** @throws CommandRefused that says which option is missing or wrong */
async function printed(args: string[], choices: Choices): Promise<string> {
  const { values } = parseArgs({ args, options });
  const { certificate, key, passive } = values;
  if (!certificate || !key) throw new CommandRefused(`ftp-server: --certificate and --key are needed\n${ftpServerUsage}`);
  const [first, last, ...more] = passive.split('-').map(Number);
  if (first === undefined || last === undefined || more.length > 0)
    throw new CommandRefused('--passive: <first>-<last> is needed');
  const isElsewhere = values.server !== undefined;
  if (values.elliptic && !isElsewhere)
    throw new CommandRefused('--elliptic is for --server: here the certificate itself says so');
  if (isElsewhere && !values.sites) throw new CommandRefused('--sites <folder> is needed: where that server has its sites');
  const keys = await ftpServerKeys(ftpKeysFile(choices.dataFolder), values.server);
  const asked: FtpServerOptions = {
    ...keys,
    sitesFolders: isElsewhere
      ? (values.sites ?? [])
      : await Promise.all((values.sites ?? [places(choices).sites]).map(realFolder)),
    certificate: resolve(certificate),
    key: resolve(key),
    isElliptic: isElsewhere ? values.elliptic : await isElliptic(certificate),
    radius: values.radius,
    log: resolve(values.log),
    runFolder: resolve(values.run),
    address: values.address,
    port: Number(values.port),
    passivePorts: [first, last],
    ...(values['public-address'] !== undefined && { publicAddress: values['public-address'] }),
    plain: values.plain,
    sessions: Number(values.sessions),
    sessionsPerAddress: Number(values['sessions-per-address']),
    sessionsPerUser: Number(values['sessions-per-user']),
  };
  try {
    return proftpdConfiguration(asked);
  } catch (fault) {
    throw fault instanceof RangeError ? new CommandRefused(fault.message) : fault;
  }
}

/** ProFTPD compares real paths: behind a link nothing could be written. */
const realFolder = (folder: string) =>
  realpath(folder).catch(() => {
    throw new CommandRefused(`${folder}: no such folder; name with --sites the one that holds the sites`);
  });

async function isElliptic(file: string): Promise<boolean> {
  const pem = await readFile(file).catch((fault) => {
    throw new CommandRefused(`${file}: cannot be read (${fault.code})`);
  });
  try {
    return new X509Certificate(pem).publicKey.asymmetricKeyType === 'ec';
  } catch {
    throw new CommandRefused(`${file}: no certificate in PEM`);
  }
}
