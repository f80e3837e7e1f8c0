// Keeps a line to each FTP server on another machine that asks who may come in: begun anew when it breaks, ended when the server is gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { minute, second } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import type { Server } from './sites/sites.ts';

/** Between two looks at which servers there are; after a line has broken this is its first pause. */
const lookMilliseconds = 10 * second;
/** The pause doubles each time until this. */
const longestPause = 5 * minute;

export type RelayParts = {
  readonly list: () => Promise<readonly Server[]>;
  /** Answers one server until the signal ends it. @param isUp to be called once it does. @throws what has ended it */
  readonly answer: (server: Server, signal: AbortSignal, isUp: () => void) => Promise<void>;
  readonly log: Pick<Log, 'warn'>;
  /** between two looks; tests look more often */
  readonly lookMilliseconds?: number;
};

type Relay = {
  /** how the server was reached when the line was begun */
  readonly reach: string;
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
};
type Pause = { readonly milliseconds: number; readonly until: number; readonly reach: string };

export class FtpRelays {
  readonly #parts: RelayParts;
  readonly #relays = new Map<string, Relay>();
  /** servers whose line has broken, and when it is tried again, in `performance.now()` */
  readonly #pauses = new Map<string, Pause>();

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** A server that is added, or comes back, is answered soon after; one that is removed, or reached otherwise, no more over the old line. */
  async keep(signal: AbortSignal): Promise<void> {
    const every = this.#parts.lookMilliseconds ?? lookMilliseconds;
    while (!signal.aborted) {
      await this.#look(every).catch((err) => this.#parts.log.warn({ err }, 'the servers with FTP could not be listed'));
      await sleep(every, undefined, { signal }).catch(() => {});
    }
    const all = [...this.#relays.values()];
    for (const { stopping } of all) stopping.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #look(firstPause: number): Promise<void> {
    const servers = (await this.#parts.list()).filter(({ reach, ftpHost }) => reach && ftpHost !== null);
    const wanted = new Map(servers.map((server) => [server.id, server]));
    for (const [id, relay] of this.#relays) if (reachOf(wanted.get(id)) !== relay.reach) relay.stopping.abort();
    for (const [id, pause] of this.#pauses) if (reachOf(wanted.get(id)) !== pause.reach) this.#pauses.delete(id);
    for (const server of servers) {
      const isLater = (this.#pauses.get(server.id)?.until ?? 0) > performance.now();
      if (!this.#relays.has(server.id) && !isLater) this.#begin(server, firstPause);
    }
  }

  #begin(server: Server, firstPause: number): void {
    const { answer, log } = this.#parts;
    const stopping = new AbortController();
    const reach = reachOf(server);
    const ended = answer(server, stopping.signal, () => this.#pauses.delete(server.id))
      .catch((err) => {
        if (stopping.signal.aborted) return;
        const before = this.#pauses.get(server.id)?.milliseconds;
        const milliseconds = before === undefined ? firstPause : Math.min(2 * before, longestPause);
        this.#pauses.set(server.id, { milliseconds, until: performance.now() + milliseconds, reach });
        const pause = { server: server.name, seconds: Math.round(milliseconds / second), err };
        log.warn(pause, 'an FTP server of another machine cannot ask who may come in; it is tried again');
      })
      .finally(() => this.#relays.delete(server.id));
    this.#relays.set(server.id, { reach, stopping, ended });
  }
}

const reachOf = (server: Server | undefined): string => JSON.stringify(server ? [server.name, server.reach] : null);
