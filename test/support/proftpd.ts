// A real ProFTPD of Debian's package, run as root with the configuration that we print, asking our own RADIUS answers.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type FtpServerOptions, proftpdConfiguration } from '../../src/platform/ftp-server/configuration.ts';
import { readFtpEvents } from '../../src/platform/ftp-server/events.ts';
import type { FtpAnswer, FtpEvent } from '../../src/platform/ftp-server/port.ts';
import { answerRadius } from '../../src/platform/ftp-server/radius.ts';

const run = promisify(execFile);

export type FtpServerSettings = {
  /** who may come in; left out, somebody else answers at `radius` with `secret` */
  readonly answer?: FtpAnswer;
  readonly radius?: string;
  readonly secret?: string;
  /** the folder that holds the sites, or several; every folder above must let the sites' users through */
  readonly sitesFolder: string | readonly string[];
  /** whatever else of the printed configuration is to differ */
  readonly options?: Partial<FtpServerOptions>;
  /** lines after the printed ones, for trials and comparisons */
  readonly also?: readonly string[];
  /** printed lines that are left out, for the same */
  readonly except?: RegExp;
};

export type FtpServer = {
  readonly host: string;
  readonly port: number;
  readonly passivePorts: readonly [number, number];
  readonly logFile: string;
  readonly logWord: string;
  /** PEM of the self-made certificate, for `ca` of clients */
  readonly certificate: string;
  readonly pid: number;
  /** the text that was printed, and what the server says of itself */
  readonly configuration: string;
  said(): Promise<string>;
  /** what was told since the last call; waits for nothing, so the last upload of a session comes when the session went on, ended, or 10 s passed */
  events(): Promise<FtpEvent[]>;
  /** events until one fulfils `isLast`; throws after `seconds` with what came */
  eventsUntil(isLast: (event: FtpEvent) => boolean, seconds?: number): Promise<FtpEvent[]>;
  stop(): Promise<void>;
};

/** Starts the server on a free port of 127.0.0.1, or of the address among the options; needs root and the Debian packages proftpd-core and proftpd-mod-crypto. */
export async function startFtpServer(settings: FtpServerSettings): Promise<FtpServer> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gotgan-proftpd-')));
  const secret = settings.secret ?? randomBytes(24).toString('hex');
  const faults: unknown[] = [];
  const { answer } = settings;
  const radius = answer && (await answerRadius({ port: 0, secret, answer, onFault: (fault) => faults.push(fault) }));
  const port = await freePort();
  const firstPassive = 20_000 + 20 * Math.floor(Math.random() * 600);
  const { certificate, key } = await selfMadeCertificate(folder);
  await mkdir(join(folder, 'run'));
  const options: FtpServerOptions = {
    sitesFolders: [settings.sitesFolder].flat(),
    certificate,
    key,
    radius: radius ? `127.0.0.1:${radius.port}` : (settings.radius ?? '127.0.0.1:9'),
    secret,
    log: join(folder, 'panel.log'),
    logWord: randomBytes(16).toString('hex'),
    runFolder: join(folder, 'run'),
    address: '127.0.0.1',
    port,
    passivePorts: [firstPassive, firstPassive + 19],
    ...settings.options,
  };
  const host = options.address ?? '127.0.0.1';
  const printed = proftpdConfiguration(options)
    .split('\n')
    .filter((line) => !settings.except?.test(line))
    .join('\n');
  const configuration = `${printed}${(settings.also ?? []).map((line) => `${line}\n`).join('')}`;
  const file = join(folder, 'proftpd.conf');
  await writeFile(file, configuration, { mode: 0o600 });
  const child = spawn('proftpd', ['-n', '-q', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const words = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (words.text += text));
  const said = async () =>
    `${words.text}${await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')}${faults.join('\n')}`;
  const stop = async () => {
    await end(child);
    await radius?.close();
    await rm(folder, { recursive: true, force: true });
  };
  await untilOpen({ host, port }, child).catch(async (fault) => {
    const text = await said();
    await stop();
    throw new Error(`${fault}\n${text}`);
  });
  const reader = { position: undefined as string | undefined };
  const events = async () => {
    const read = await readFtpEvents({ log: options.log, logWord: options.logWord, position: reader.position, now: Date.now() });
    reader.position = read.position;
    return [...read.events];
  };
  return {
    host,
    port,
    passivePorts: options.passivePorts ?? [0, 0],
    logFile: options.log,
    logWord: options.logWord,
    certificate: await readFile(certificate, 'utf8'),
    pid: child.pid ?? 0,
    configuration,
    said,
    events,
    eventsUntil: async (isLast, seconds = 20) => {
      const heard: FtpEvent[] = [];
      for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(50)) {
        heard.push(...(await events()));
        if (heard.some(isLast)) return heard;
      }
      throw new Error(`Not told in ${seconds} s; told were ${JSON.stringify(heard)}\n${await said()}`);
    },
    stop,
  };
}

async function selfMadeCertificate(folder: string) {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '30',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  await chmod(key, 0o600);
  return { certificate, key };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function untilOpen(address: { readonly host: string; readonly port: number }, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`proftpd ended with ${child.exitCode}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(address, () => resolve(true)).on('error', () => resolve(false));
      socket.once('data', () => socket.destroy()).setTimeout(2000, () => socket.destroy());
    });
    if (isOpen) return;
  }
  throw new Error('proftpd does not listen');
}

/** Ends the server and its sessions, which are processes of their own. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const sessions = await run('pgrep', ['-P', String(child.pid)]).then(
    ({ stdout }) => stdout.split('\n').filter(Boolean),
    () => [],
  );
  child.kill('SIGTERM');
  await once(child, 'exit');
  for (const pid of sessions) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // has ended with the server
    }
  }
}
