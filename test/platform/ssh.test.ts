// Connections to another server: whom the panel trusts, what a server that fails does to it, and one fixed program run there.

import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunInput } from '../../src/platform/site-host/port.ts';
import { keyFile, publicKeyOf } from '../../src/platform/ssh/key-file.ts';
import { remoteRunner } from '../../src/platform/ssh/runner.ts';
import type { SshServerOptions } from '../../src/platform/ssh/server.ts';
import { sftpStorage } from '../../src/platform/storage/sftp.ts';
import { freePort, RemoteSites } from '../support/remote-sites.ts';

const down = (why: string) => expect.objectContaining({ name: 'PanelError', status: 503, why });

/** what sshd runs as the user: the session, and the file service in it */
const processesPerSession = 2;

describe('connections to another server', () => {
  let sites: RemoteSites;
  let user: string;
  beforeAll(async () => {
    sites = await RemoteSites.start();
    ({ user } = await sites.user());
  });
  afterAll(() => sites.close());

  const listing = (options: Partial<SshServerOptions> = {}, as = user) =>
    sftpStorage({ server: sites.connections(options), user: as }).list([]);

  test('a server with another host key than the one written down is told nothing, and the operator reads both', async () => {
    const other = `SHA256:${'A'.repeat(43)}`;
    const before = sites.log().length;
    const refused = listing({ hostKeys: [other] });
    await expect(refused).rejects.toEqual(down('EHOSTKEY'));
    const { message } = await refused.catch((error) => error);
    expect(message).toContain(`the host key is ${sites.hostKey}, written down is ${other}`);
    const said = () => sites.log().slice(before);
    await expect.poll(said, { timeout: 5000 }).toContain('[preauth]');
    expect(said()).not.toContain(user);
    expect(await listing({ hostKeys: [other, sites.hostKey] })).toEqual([]);
  });

  test('no fingerprint written down trusts nobody', async () => {
    await expect(listing({ hostKeys: [] })).rejects.toEqual(down('EHOSTKEY'));
  });

  test('a key that the server does not know, or that is none, is refused with a reason for the operator', async () => {
    const stranger = await readFile(join(sites.folder, 'other'), 'utf8');
    await expect(listing({ privateKey: async () => stranger })).rejects.toEqual(down('EAUTH'));
    await expect(listing({}, 'root')).rejects.toEqual(down('EAUTH'));
    await expect(listing({ privateKey: async () => 'no key' })).rejects.toEqual(down('EKEY'));
    const missing = () => readFile(join(sites.folder, 'none'), 'utf8');
    await expect(listing({ privateKey: missing })).rejects.toEqual(down('EKEY'));
  });

  test('the key comes from a file that nobody else may read', async () => {
    const path = join(sites.folder, 'panel');
    expect(await listing({ privateKey: keyFile(path) })).toEqual([]);
    await chmod(path, 0o640);
    const refused = listing({ privateKey: keyFile(path) });
    await expect(refused).rejects.toEqual(down('EKEY'));
    expect((await refused.catch((error) => error)).message).toContain('readable by others');
    await chmod(path, 0o600);
  });

  test('made by several at the same moment, it is one whole key, of nobody else’s reading, and nothing lies beside it', async () => {
    const folder = join(sites.folder, 'made');
    await mkdir(folder);
    const path = join(folder, 'key');
    const made = await Promise.all(Array.from({ length: 8 }, () => publicKeyOf(path)));
    expect(new Set(made).size).toBe(1);
    expect(made[0]).toMatch(/^ssh-ed25519 \S+ gotgan$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['key']);
  });

  test('where nobody listens, or somebody who says nothing, the answer comes in time', async () => {
    await expect(listing({ port: await freePort() })).rejects.toEqual(down('ECONNECTION'));
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    await new Promise<void>((go) => mute.listen(0, '127.0.0.1', go));
    const start = Date.now();
    const port = (mute.address() as { port: number }).port;
    await expect(listing({ port, patience: { connect: 500 } })).rejects.toEqual(down('ETIMEDOUT'));
    expect(Date.now() - start).toBeLessThan(5000);
    for (const socket of sockets) socket.destroy();
    await new Promise((go) => mute.close(go));
  });

  test('a connection that was cut is made anew for the next one who asks', async () => {
    const storage = sftpStorage({ server: sites.connections(), user });
    expect(await storage.list([])).toEqual([]);
    await sites.signal(user, 'SIGKILL');
    await expect.poll(() => storage.list([]).catch((error) => error.status), { timeout: 5000 }).toEqual([]);
  });

  test('an unused connection is closed after a while, and one is shared by all who ask at once', async () => {
    const { user: own } = await sites.user();
    const server = sites.connections({ idle: 300 });
    const storage = sftpStorage({ server, user: own });
    await Promise.all(Array.from({ length: 20 }, () => storage.list([])));
    // Held while it is counted: on a busy machine `ps` takes longer than it stays open unused.
    const { release } = await server.lease(own);
    expect(await sites.processes(own)).toHaveLength(processesPerSession);
    release();
    await expect.poll(() => sites.processes(own), { timeout: 5000 }).toEqual([]);
    expect(await storage.list([])).toEqual([]);
  });

  test('no more connections than allowed: the one unused longest gives way, and who finds all in use is told', async () => {
    const server = sites.connections({ connections: 2, patience: { connect: 2000 } });
    const users = await Promise.all([1, 2, 3].map(async () => (await sites.user()).user));
    const [first = '', second = '', third = ''] = users;
    const open = async () => (await Promise.all(users.map((each) => sites.processes(each)))).map((each) => each.length);
    await sftpStorage({ server, user: first }).list([]);
    await sftpStorage({ server, user: second }).list([]);
    await sftpStorage({ server, user: third }).list([]);
    await expect.poll(open, { timeout: 5000 }).toEqual([0, processesPerSession, processesPerSession]);
    const held = await Promise.all([second, third].map((each) => server.lease(each)));
    await expect(server.lease(first)).rejects.toEqual(down('EBUSY'));
    const waiting = server.lease(first);
    held[0]?.release();
    (await waiting).release();
    held[1]?.release();
  });
});

describe('one fixed program on another server', () => {
  let sites: RemoteSites;
  let user: string;
  beforeAll(async () => {
    sites = await RemoteSites.start();
    user = await sites.operator();
  });
  afterAll(() => sites.close());

  const run = (command: string[], input: RunInput, signal = AbortSignal.timeout(20_000), maximumOutput?: number) =>
    remoteRunner(sites.connections(), { user, command, ...(maximumOutput && { maximumOutput }) })(input, { signal });

  test('gets all it is told on standard input, and gives back code, output and errors', async () => {
    const script = 'cat; echo "trouble" >&2; exit 75';
    expect(await run(['sh', '-c', script], '{"site":"$(id) 사이트"}\n')).toEqual({
      code: 75,
      stdout: '{"site":"$(id) 사이트"}\n',
      stderr: 'trouble\n',
    });
  });

  test('is called with its words as they are', async () => {
    const words = ['a b', "it's", '$(id)', '`id`', '"', '한글', '', '*', '\\'];
    const { stdout } = await run(['printf', '%s\\n', ...words], '');
    expect(stdout.split('\n').slice(0, -1)).toEqual(words);
  });

  test('a long body follows the header', async () => {
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 200; i++) yield Buffer.alloc(65_536, i);
      })(),
    );
    const { stdout } = await run(['sh', '-c', 'head -n 1; wc -c'], { header: '{"bytes":13107200}\n', body });
    // head may have read on; what counts is that nothing is lost
    const { stdout: counted } = await run(['wc', '-c'], { header: '12345\n', body: Readable.from([Buffer.alloc(1_000_000)]) });
    expect(stdout).toContain('{"bytes":13107200}');
    expect(counted.trim()).toBe('1000006');
  });

  test('a body that cannot be read is the failure of the run', async () => {
    const body = new Readable({
      read() {
        this.destroy(new Error('the disk'));
      },
    });
    await expect(run(['cat'], { header: 'x\n', body })).rejects.toThrow('the disk');
  });

  test('may end without reading its input', async () => {
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 500; i++) yield Buffer.alloc(65_536);
      })(),
    );
    expect(await run(['sh', '-c', 'exit 3'], { header: 'x\n', body })).toMatchObject({ code: 3 });
  });

  test('that talks without end is ended', async () => {
    await expect(run(['yes'], '', undefined, 100_000)).rejects.toEqual(down('EOUTPUT'));
  });

  test('that takes too long is not waited for', async () => {
    const start = Date.now();
    await expect(run(['sleep', '60'], '', AbortSignal.timeout(500))).rejects.toThrow(/timeout/);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  test('whose server vanishes in the middle is a server that does not answer', async () => {
    const running = run(['sleep', '61'], '');
    running.catch(() => {});
    await expect.poll(() => sites.running(user), { timeout: 5000 }).toContain('sleep 61');
    await sites.signal(user, 'SIGKILL');
    await expect(running).rejects.toEqual(down('ECONNECTION'));
  });

  test('whose beginning and end come in one packet has ended as the server says', async () => {
    const line = await Coalescing.to(sites.port);
    try {
      for (const [words, code] of [
        [['true'], 0],
        [['false'], 1],
      ] as const) {
        const server = sites.connections({ port: line.port });
        const { release } = await server.hold(user);
        line.coalesce();
        expect(await remoteRunner(server, { user, command: words })('', { signal: AbortSignal.timeout(20_000) })).toEqual({
          code,
          stdout: '',
          stderr: '',
        });
        line.pass();
        release();
      }
    } finally {
      line.close();
    }
  });

  test('that is ended by a signal has not succeeded', async () => {
    expect(await run(['sh', '-c', 'kill -9 $$'], '')).toMatchObject({ code: 137 });
  });
});

/** Stands before a server; told to, it holds the server's bytes back until none have come for a while, and gives them in one piece. */
class Coalescing {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #isHolding: { now: boolean };

  private constructor(server: Server, sockets: Set<Socket>, isHolding: { now: boolean }) {
    this.#server = server;
    this.#sockets = sockets;
    this.#isHolding = isHolding;
    this.port = (server.address() as { port: number }).port;
  }

  static async to(target: number): Promise<Coalescing> {
    const [sockets, isHolding] = [new Set<Socket>(), { now: false }];
    const server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => {}).setNoDelay(true));
      let [held, timer]: [Buffer[], NodeJS.Timeout | undefined] = [[], undefined];
      far.on('data', (bytes) => {
        held.push(bytes);
        clearTimeout(timer);
        const give = () => near.write(Buffer.concat(held.splice(0)));
        timer = isHolding.now ? setTimeout(give, 300) : undefined;
        if (!isHolding.now) give();
      });
      far.on('close', () => near.destroy());
      near.on('data', (bytes) => far.write(bytes)).on('close', () => far.destroy());
    });
    await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
    return new Coalescing(server, sockets, isHolding);
  }

  coalesce(): void {
    this.#isHolding.now = true;
  }

  pass(): void {
    this.#isHolding.now = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
