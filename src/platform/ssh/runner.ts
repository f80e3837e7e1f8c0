// Runs one fixed program on another server, as if it were a program of this machine.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientChannel } from 'ssh2';
import type { RunEnd, RunInput, Runner } from '../site-host/port.ts';
import { SshFault } from './faults.ts';
import type { Held, SshServer } from './server.ts';

export type RemoteProgram = {
  /** who runs it on the server: best one whose key there allows this program and nothing else (`command="…",restrict`) */
  readonly user: string;
  /** program and arguments, the operator's own, the same for every run */
  readonly command: readonly string[];
  /** bytes of standard output, and of the errors' output, that are taken: 1 MiB; more ends the run with 503 */
  readonly maximumOutput?: number;
};

/**
 * @returns a runner as the port describes it; its time limit is the signal's. A program that is no longer waited for is not ended:
 * sshd passes no signal on to a forced command. It should bring a limit of its own (`command="timeout 60 …"`).
 */
export function remoteRunner(server: SshServer, program: RemoteProgram): Runner {
  return async (input, { signal }) => {
    signal.throwIfAborted();
    const { connection, release } = await unlessAborted(signal, server.hold(program.user));
    try {
      const channel = await connection.execute(program.command);
      return await conversation(channel, input, { signal, most: program.maximumOutput ?? 1024 * 1024 });
    } finally {
      release();
    }
  };
}

/** A connection that is still being opened when the signal comes is given back once it stands. */
async function unlessAborted(signal: AbortSignal, opening: Promise<Held>): Promise<Held> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([opening, aborted.promise]);
  } catch (error) {
    opening.then(({ release }) => release()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function conversation(
  channel: ClientChannel,
  input: RunInput,
  { signal, most }: { signal: AbortSignal; most: number },
): Promise<RunEnd> {
  const [stop, ended] = [new AbortController(), Promise.withResolvers<number | null>()];
  // Not `exit`: of a short program its beginning and its end come in one packet, and ssh2 tells that before anybody who waits for the
  // channel has his turn. `close` says the same (null: a signal; undefined: the server never said) and waits until all output is read.
  channel.on('close', (code?: number | null) => {
    if (code !== undefined) ended.resolve(code);
    else ended.reject(new SshFault('ECONNECTION', 'The connection ended before the program did'));
  });
  const abort = () => ended.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const outputs = Promise.all([channel, channel.stderr].map((stream) => bounded(stream, most)));
  outputs.catch(ended.reject);
  send(channel, input, stop.signal).catch((error: unknown) => {
    // a program may end without reading all of its input: then its answer counts
    if (input instanceof Object && input.body.errored) ended.reject(error);
  });
  try {
    const status = await ended.promise;
    const [stdout = '', stderr = ''] = await outputs;
    return { code: status, stdout, stderr };
  } catch (error) {
    channel.destroy();
    throw error;
  } finally {
    stop.abort();
    signal.removeEventListener('abort', abort);
  }
}

async function send(channel: ClientChannel, input: RunInput, signal: AbortSignal): Promise<void> {
  if (typeof input === 'string') return void channel.end(input);
  channel.write(input.header);
  await pipeline(input.body, channel, { signal });
}

async function bounded(stream: Readable, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The output may end before the server has said how the program ended: the channel must still be there to hear it.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > most) throw new SshFault('EOUTPUT', `The program says more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
