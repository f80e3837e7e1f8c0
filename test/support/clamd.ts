// A real clamd of Debian's package with one signature of our own: a marker that is put together here, so that no scanner stumbles over this file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clamd } from '../../src/platform/scanner/clamd.ts';

/** What the signature finds, in whatever it stands. */
export const marker = ['gotgan', 'malware', 'marker', '7f3a19c2'].join('-');
export const markerSignature = 'Gotgan.Test.Marker.UNOFFICIAL';

export type Clamd = {
  readonly socket: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
};

/** @param limits lines of clamd.conf beside the usual ones */
export async function startClamd(limits: readonly string[] = []): Promise<Clamd> {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-clamd-'));
  const socket = join(folder, 'clamd.ctl');
  const port = await freePort();
  await mkdir(join(folder, 'signatures'));
  await writeFile(join(folder, 'signatures', 'own.ndb'), `Gotgan.Test.Marker:0:*:${Buffer.from(marker).toString('hex')}\n`);
  const lines = [
    'Foreground yes',
    `DatabaseDirectory ${folder}/signatures`,
    `TemporaryDirectory ${folder}`,
    `LocalSocket ${socket}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    'MaxThreads 4',
    ...limits,
  ];
  await writeFile(join(folder, 'clamd.conf'), `${lines.join('\n')}\n`);
  const program = spawn('/usr/sbin/clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (piece) => (said += piece));
  const stop = async () => {
    await ended(program);
    await rm(folder, { recursive: true, force: true });
  };
  const scanner = clamd({ place: { host: '127.0.0.1', port }, seconds: 5 });
  for (let tries = 0; ; tries += 1) {
    if (
      await scanner.check().then(
        () => true,
        () => false,
      )
    )
      return { socket, port, pid: program.pid ?? 0, stop };
    if (program.exitCode !== null || tries > 600) {
      await stop();
      throw new Error(`clamd did not start: ${said}`);
    }
    await sleep(50);
  }
}

async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  program.kill('SIGKILL');
  await once(program, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
