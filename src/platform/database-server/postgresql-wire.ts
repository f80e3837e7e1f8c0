// PostgreSQL's protocol for a load: statements go as bytes, many at once where they are rows, each of them alone in its message.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { PostgresSession } from './postgresql-session.ts';

export type WireFailure = {
  /** SQLSTATE, or the system's code when the connection is gone */
  readonly code?: string;
  readonly message?: string;
  readonly position?: string;
  readonly where?: string;
};

export type Outcome = { readonly done: number; readonly failure?: WireFailure; readonly inTransaction: boolean };

type Wire = NodeJS.EventEmitter & { readonly stream: Duplex };

/** parts below this are copied together: a write for each would cost more */
const copiedBytes = 32 << 10;

const handled = [
  ...['errorMessage', 'readyForQuery', 'rowDescription', 'dataRow', 'portalSuspended', 'emptyQuery', 'commandComplete'],
  ...['parseComplete', 'copyInResponse', 'copyData', 'error', 'end'],
];

/** Takes a connected session over: from now on nobody else may use it. What a statement answers is thrown away. */
export class PostgresWire {
  readonly #wire: Wire;
  readonly #limit: number;
  #waiter: ((outcome: Outcome | 'copyIn') => void) | undefined;
  /** an end nobody waited for: that of a copy that failed while its rows were still being sent */
  #ready: Outcome | undefined;
  #done = 0;
  #failure: WireFailure | undefined;
  #lost: WireFailure | undefined;
  /** settings the server says it uses */
  readonly reported = new Map<string, string>();

  constructor(session: PostgresSession, limit: number) {
    this.#limit = limit;
    this.#wire = (session.client as unknown as { connection: Wire }).connection;
    for (const event of handled) this.#wire.removeAllListeners(event);
    this.#wire.on('commandComplete', () => {
      this.#done += 1;
    });
    this.#wire.on('emptyQuery', () => {
      this.#done += 1;
    });
    this.#wire.on('errorMessage', (failure: WireFailure) => {
      this.#failure ??= failure;
    });
    this.#wire.on('readyForQuery', ({ status }: { status: string }) => this.#end(status !== 'I'));
    this.#wire.on('copyInResponse', () => this.#waiter?.('copyIn'));
    this.#wire.on('parameterStatus', ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) => {
      this.reported.set(parameterName, parameterValue);
    });
    const lost = (error?: { code?: string }) => {
      this.#lost = { code: error?.code ?? 'CONNECTION_LOST' };
      this.#failure ??= this.#lost;
      this.#end(false);
    };
    this.#wire.on('error', lost);
    this.#wire.on('end', () => lost());
  }

  /** Runs statements one after the other; the first that fails ends it, and takes back those before it unless a transaction was open. */
  async run(statements: readonly Buffer[]): Promise<Outcome> {
    const outcome = await this.#ask([...statements.flatMap(alone), ...message('S')]);
    return outcome === 'copyIn' ? this.endCopy('COPY') : outcome;
  }

  /** Starts `COPY … FROM stdin`. @returns nothing when the server waits for rows */
  async startCopy(statement: Buffer): Promise<Outcome | undefined> {
    const outcome = await this.#ask(message('Q', statement, Buffer.alloc(1)));
    return outcome === 'copyIn' ? undefined : outcome;
  }

  /** Does not return before large rows are with the system, since they are not copied. @returns false when the server has given up already */
  async copy(rows: Buffer): Promise<boolean> {
    if (this.#failure) return false;
    if (!this.#write(message('d', rows))) await this.#drained();
    return this.#failure === undefined;
  }

  /** @param why ends it as failed */
  async endCopy(why?: string): Promise<Outcome> {
    // After an error of its own the server has ended the copy by itself.
    const ended = this.#failure !== undefined;
    const outcome = await this.#answer(() => {
      if (!ended) this.#write(why === undefined ? message('c') : message('f', Buffer.from(`${why}\0`)));
    });
    return outcome === 'copyIn' ? this.#outcome(false) : outcome;
  }

  async #ask(parts: readonly Buffer[]): Promise<Outcome | 'copyIn'> {
    [this.#done, this.#failure, this.#ready] = [0, this.#lost, undefined];
    return this.#answer(() => this.#write(parts));
  }

  /** Large parts go as they stand, without a copy; what is small goes together. @returns false when the connection is full */
  #write(parts: readonly Buffer[]): boolean {
    const { stream } = this.#wire;
    let [free, small] = [true, [] as Buffer[]];
    const together = () => {
      if (small.length > 0) free = stream.write(Buffer.concat(small));
      small = [];
    };
    stream.cork();
    for (const part of parts) {
      if (part.length < copiedBytes) {
        small.push(part);
        continue;
      }
      together();
      free = stream.write(part);
    }
    together();
    stream.uncork();
    return free;
  }

  async #answer(send: () => void): Promise<Outcome | 'copyIn'> {
    const ready = this.#lost ? this.#outcome(false) : this.#ready;
    this.#ready = undefined;
    if (ready) return ready;
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.#wire.stream.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
        this.#limit,
      );
      this.#waiter = (outcome) => {
        clearTimeout(timer);
        this.#waiter = undefined;
        resolve(outcome);
      };
      send();
    });
  }

  #end(inTransaction: boolean): void {
    const outcome = this.#outcome(inTransaction);
    if (this.#waiter) this.#waiter(outcome);
    else this.#ready = outcome;
  }

  #outcome(inTransaction: boolean): Outcome {
    return { done: this.#done, inTransaction, ...(this.#failure && { failure: this.#failure }) };
  }

  async #drained(): Promise<void> {
    const gone = new AbortController();
    const wait = (event: string, on: NodeJS.EventEmitter) => once(on, event, { signal: gone.signal }).catch(() => {});
    const timer = setTimeout(() => this.#wire.stream.destroy(), this.#limit);
    await Promise.race([wait('drain', this.#wire.stream), wait('close', this.#wire.stream), wait('readyForQuery', this.#wire)]);
    clearTimeout(timer);
    gone.abort();
  }
}

/** Parse takes one statement and no more: what we took for one and is two is an error there, and never runs. */
const alone = (statement: Buffer): Buffer[] => [
  ...message('P', Buffer.from([0]), statement, Buffer.from([0, 0, 0])),
  ...message('B', Buffer.alloc(8)),
  ...message('E', Buffer.alloc(5)),
];

function message(kind: string, ...parts: Buffer[]): Buffer[] {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeInt32BE(
    parts.reduce((sum, part) => sum + part.length, 4),
    1,
  );
  return [head, ...parts];
}
