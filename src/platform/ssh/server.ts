// One server: its connections, at most so many, one a user, shared while in use and closed when idle.
import { Connection, type Patience, type SshAddress } from './connection.ts';
import { SshFault } from './faults.ts';
import type { SftpLease, SftpServer } from './port.ts';

export type SshServerOptions = SshAddress & {
  /** connections at the same time, 32; each site is a user of its own */
  readonly connections?: number;
  /** milliseconds an unused connection stays open, 30 s */
  readonly idle?: number;
  readonly patience?: Partial<Patience>;
};

type Line = { readonly opened: Promise<Connection>; users: number; timer: NodeJS.Timeout | undefined };

/** A connection that is held: give it back once. */
export type Held = { readonly connection: Connection; readonly release: () => void };

export class SshServer implements SftpServer {
  readonly #options: SshServerOptions;
  readonly #patience: Patience;
  /** by user, the longest unused first */
  readonly #lines = new Map<string, Line>();
  readonly #queue: (() => void)[] = [];
  #isClosed = false;

  constructor(options: SshServerOptions) {
    this.#options = options;
    this.#patience = { connect: 10_000, answer: 15_000, alive: 10_000, ...options.patience };
  }

  /** As the port says. */
  async lease(user: string, isReadOnly = false): Promise<SftpLease> {
    const { connection, release } = await this.hold(user);
    try {
      return { session: await connection.session(isReadOnly), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @returns the user's connection, opened if need be; it stays open until it is released */
  async hold(user: string): Promise<Held> {
    const line = this.#known(user) ?? (await this.#newLine(user));
    const release = () => this.#release(user, line);
    try {
      return { connection: await line.opened, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #known(user: string): Line | undefined {
    const line = this.#lines.get(user);
    if (!line) return undefined;
    line.users++;
    clearTimeout(line.timer);
    return line;
  }

  /** @returns a line that is counted as used already, so that nobody closes it as idle */
  async #newLine(user: string): Promise<Line> {
    const until = Date.now() + this.#patience.connect;
    while (!this.#isClosed && this.#lines.size >= (this.#options.connections ?? 32) && !this.#closeOneIdle())
      await this.#untilReleased(until);
    if (this.#isClosed) throw new SshFault('ECONNECTION', `ssh ${this.#options.host}: the panel is closing`);
    const known = this.#known(user); // made by somebody else who waited too
    if (known) return known;
    const forget = () => this.#forget(user, line);
    const line: Line = { opened: Connection.open(this.#options, user, this.#patience, forget), users: 1, timer: undefined };
    line.opened.catch(forget);
    this.#lines.set(user, line);
    return line;
  }

  #untilReleased(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(
        () => {
          this.#queue.splice(this.#queue.indexOf(go), 1);
          reject(
            new SshFault('EBUSY', `ssh ${this.#options.host}: all ${this.#options.connections ?? 32} connections are in use`),
          );
        },
        Math.max(0, until - Date.now()),
      );
      this.#queue.push(go);
    });
  }

  #closeOneIdle(): boolean {
    for (const [user, line] of this.#lines) {
      if (line.users > 0) continue;
      this.#close(user, line);
      return true;
    }
    return false;
  }

  #close(user: string, line: Line): void {
    this.#forget(user, line);
    void line.opened.then((connection) => connection.end()).catch(() => {});
  }

  #forget(user: string, line: Line): void {
    clearTimeout(line.timer);
    if (this.#lines.get(user) === line) this.#lines.delete(user);
    this.#queue.shift()?.();
  }

  #release(user: string, line: Line): void {
    line.users--;
    if (line.users > 0 || this.#lines.get(user) !== line) return;
    // to the end of the order: it was used last
    this.#lines.delete(user);
    this.#lines.set(user, line);
    line.timer = setTimeout(() => this.#close(user, line), this.#options.idle ?? 30_000);
    line.timer.unref();
    this.#queue.shift()?.();
  }

  /** Closes every connection; what is under way fails with 503. */
  close(): void {
    this.#isClosed = true;
    for (const [user, line] of [...this.#lines]) this.#close(user, line);
    for (const go of this.#queue.splice(0)) go();
  }
}
