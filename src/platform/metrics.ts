// Figures as Prometheus reads them: a list of figures is read anew at each scrape, requests are counted as they end.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/** One value of a figure; without labels it is the only one. */
export type Sample = { readonly value: number; readonly labels?: Labels };

/** A figure that is read, not kept: `counter` only grows since a start, `gauge` goes up and down. */
export type Figure<Facts> = {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: (facts: Facts) => readonly Sample[];
};

/** Requests from 5 ms on, where a page of the panel lies, to half a minute, where a form is cut off; uploads take longer. */
const secondsOfRequests = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #aborted: Counter;
  readonly #bytes: Counter;
  #hasProcess = false;

  constructor() {
    const registers = [this.#registry];
    const labelNames = ['method', 'route', 'status'];
    this.#requests = new Histogram({
      name: 'gotgan_http_request_duration_seconds',
      help: 'Requests from their headers to the end of the answer, by the pattern of the route.',
      labelNames,
      buckets: secondsOfRequests,
      registers,
    });
    this.#aborted = new Counter({
      name: 'gotgan_http_requests_aborted_total',
      help: 'Requests whose visitor left, or was cut off, before the answer was complete.',
      labelNames: ['route'],
      registers,
    });
    this.#bytes = new Counter({
      name: 'gotgan_http_response_bytes_total',
      help: 'Bytes sent on connections of requests, headers included.',
      registers,
    });
  }

  request(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly milliseconds: number;
    readonly bytes: number;
    readonly aborted: boolean;
  }): void {
    const { method, route, status } = request;
    this.#requests.observe({ method, route, status }, request.milliseconds / 1000);
    this.#bytes.inc(request.bytes);
    if (request.aborted) this.#aborted.inc({ route });
  }

  /** @returns a function that sets these figures from facts; without facts they have no samples, so that nobody reads old ones as new */
  figures<Facts>(figures: readonly Figure<Facts>[]): (facts: Facts | undefined) => void {
    const sets = figures.map(({ kind, name, help, labels = [], read }) => {
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
      const metric = kind === 'gauge' ? new Gauge(options) : new Counter(options);
      return (facts: Facts | undefined) => {
        metric.reset();
        if (facts === undefined && labels.length === 0) metric.remove();
        for (const { labels: of = {}, value } of facts === undefined ? [] : read(facts)) metric.inc(of, value);
      };
    });
    return (facts) => {
      for (const set of sets) set(facts);
    };
  }

  /** @returns the text of a scrape (Prometheus text format 0.0.4) */
  async text(): Promise<string> {
    // From the first scrape on: a panel that nobody scrapes watches no event loop and no garbage collection.
    if (!this.#hasProcess) collectDefaultMetrics({ register: this.#registry });
    this.#hasProcess = true;
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
