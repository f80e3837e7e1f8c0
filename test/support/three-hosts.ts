// Three hosts in network namespaces, each joined to each by a cable: panel, web server, backup host. Needs root; all of it ends with the test.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);

export const hostNames = ['panel', 'web', 'backup'] as const;
export type HostName = (typeof hostNames)[number];
type Cable = readonly [HostName, HostName];

const cables: readonly Cable[] = [
  ['panel', 'web'],
  ['panel', 'backup'],
  ['web', 'backup'],
];

export class ThreeHosts {
  readonly #drawn = randomBytes(3).toString('hex');
  readonly #second = randomInt(1, 254);
  readonly #said: string[] = [];

  static async open(): Promise<ThreeHosts> {
    const hosts = new ThreeHosts();
    try {
      await hosts.#make();
      return hosts;
    } catch (error) {
      await hosts.close();
      throw error;
    }
  }

  #space(host: HostName): string {
    return `gotgan-${host}-${this.#drawn}`;
  }

  async #make(): Promise<void> {
    for (const host of hostNames) {
      await ip('netns', 'add', this.#space(host));
      await ip('-n', this.#space(host), 'link', 'set', 'lo', 'up');
    }
    for (const [at, [one, other]] of cables.entries()) {
      const [near, far] = [`g${this.#drawn}${at}a`, `g${this.#drawn}${at}b`];
      const peer = ['type', 'veth', 'peer', 'name', far, 'netns', this.#space(other)];
      await ip('link', 'add', near, 'netns', this.#space(one), ...peer);
      for (const [host, end] of [
        [one, near],
        [other, far],
      ] as const) {
        const to = host === one ? other : one;
        await ip('-n', this.#space(host), 'address', 'add', `${this.address(host, to)}/24`, 'dev', end);
        await ip('-n', this.#space(host), 'link', 'set', end, 'up');
      }
    }
  }

  /** @returns the address of `host` as `from` sees it */
  address(host: HostName, from: HostName): string {
    const at = cables.findIndex((cable) => cable.includes(host) && cable.includes(from));
    return `10.${this.#second}.${at}.${cables[at]?.[0] === host ? 1 : 2}`;
  }

  /** @returns words before a program that is to run there */
  inside(host: HostName): readonly string[] {
    return ['ip', 'netns', 'exec', this.#space(host)];
  }

  /** Runs a program there to its end. */
  run(host: HostName, program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const [ip_ = '', ...inside] = this.inside(host);
    return run(ip_, [...inside, program, ...args], { env: { PATH: process.env.PATH, ...environment } });
  }

  /** Starts a program there that stays. */
  start(
    host: HostName,
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ): ChildProcess {
    const [ip_ = '', ...inside] = this.inside(host);
    const child = spawn(ip_, [...inside, program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => void this.#said.push(text));
    return child;
  }

  /** @returns what programs there have said */
  said(): string {
    return this.#said.join('');
  }

  /** @returns lines of `ss` on that host, without its heading */
  async sockets(host: HostName, ...args: string[]): Promise<string[]> {
    const { stdout } = await this.run(host, 'ss', ['-H', '-n', ...args]);
    return stdout.split('\n').filter(Boolean);
  }

  /** Waits until somebody listens on that port there. @throws with what was said */
  async listening(host: HostName, port: number): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if ((await this.sockets(host, '-tl', `sport = :${port}`)).length > 0) return;
      await sleep(25);
    }
    throw new Error(`nobody listens at ${port} of ${host}: ${this.said()}`);
  }

  /** `kill -9` of everything that runs there, until nothing does. */
  async killAll(host: HostName): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const { stdout } = await ip('netns', 'pids', this.#space(host)).catch(() => ({ stdout: '' }));
      const left = stdout.split('\n').filter(Boolean).map(Number);
      for (const pid of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it has ended meanwhile
        }
      }
      if (left.length === 0) break;
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    for (const host of hostNames) {
      await this.killAll(host);
      await ip('netns', 'delete', this.#space(host)).catch(() => {});
    }
  }
}
