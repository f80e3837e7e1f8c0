// A network of its own (a namespace) with one machine's address in it, and what runs there; all of it ends with the test, also when that failed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);
const draw = (prefix: string) => `${prefix}${randomBytes(4).toString('hex')}`;

export class Network {
  readonly #name = draw('gotgan');
  readonly #near = draw('gn');
  readonly #far = draw('gf');
  /** of this machine, as the other one sees it */
  readonly here: string;
  /** of the machine in the network */
  readonly there: string;
  readonly #said: string[] = [];

  private constructor() {
    const net = `10.${randomInt(1, 254)}.${randomInt(1, 254)}`;
    this.here = `${net}.1`;
    this.there = `${net}.2`;
  }

  static async open(): Promise<Network> {
    const network = new Network();
    try {
      await network.#make();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  async #make(): Promise<void> {
    await ip('netns', 'add', this.#name);
    await ip('link', 'add', this.#near, 'type', 'veth', 'peer', 'name', this.#far, 'netns', this.#name);
    await ip('address', 'add', `${this.here}/24`, 'dev', this.#near);
    await ip('link', 'set', this.#near, 'up');
    await ip('-n', this.#name, 'link', 'set', 'lo', 'up');
    await ip('-n', this.#name, 'address', 'add', `${this.there}/24`, 'dev', this.#far);
    await ip('-n', this.#name, 'link', 'set', this.#far, 'up');
  }

  /** Pulls the plug, or puts it in again. */
  async setUp(isUp: boolean): Promise<void> {
    await ip('-n', this.#name, 'link', 'set', this.#far, isUp ? 'up' : 'down');
  }

  /** Runs a program there to its end. */
  run(program: string, args: readonly string[]) {
    return run('ip', ['netns', 'exec', this.#name, program, ...args]);
  }

  /** Starts a program there that stays. */
  start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#name, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => void this.#said.push(text));
    return child;
  }

  /** @returns what programs there have said */
  said(): string {
    return this.#said.join('');
  }

  /** Waits until somebody listens there. @throws with what was said */
  async listening(port: number): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      const socket = connect(port, this.there);
      const opened = await new Promise<boolean>((go) => socket.once('connect', () => go(true)).once('error', () => go(false)));
      socket.destroy();
      if (opened) return;
      await sleep(50);
    }
    throw new Error(`nobody listens at ${port}: ${this.said()}`);
  }

  /** @returns every process in the network */
  async processes(): Promise<number[]> {
    const { stdout } = await ip('netns', 'pids', this.#name);
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** Ends what runs there: ours by its network, so that nothing else is met. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    for (const pid of await this.processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended meanwhile
      }
    }
  }

  async close(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      await this.kill().catch(() => {});
      const left = await this.processes().catch(() => []);
      if (left.length === 0) break;
      await sleep(20);
    }
    await ip('netns', 'delete', this.#name).catch(() => {});
    await ip('link', 'delete', this.#near).catch(() => {});
  }
}
