// The thread that looks at and reads many files of a site by plain calls of the system; a program of its own, started by site-thread.ts.
import { lstatSync, readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { describe } from './entries.ts';
import { FileReading } from './site-read.ts';
import type { Found, LookOrder, ReadOrder, Seen, SiteOrder, WalkStep } from './site-thread.ts';
import { Walk } from './site-walk.ts';

/** What has gone meanwhile, and a link that is none any more. */
const passing = new Set(['ENOENT', 'EINVAL']);

const codeOf = (cause: unknown) => (cause instanceof Error && 'code' in cause ? String(cause.code) : 'EIO');

function lookAt({ folder, names }: LookOrder): Found {
  const seen = new Gathered(names.length);
  for (const [index, name] of names.entries()) {
    try {
      const path = `${folder}${name}`;
      const entry = describe(name, lstatSync(path, { bigint: true }));
      seen.put(index, entry, entry.kind === 'link' ? readlinkSync(path) : undefined);
    } catch (cause) {
      if (!passing.has(codeOf(cause))) return { fault: codeOf(cause) };
      seen.skip();
    }
  }
  return { seen: seen.taken() };
}

function readAll({ items }: ReadOrder, reading: FileReading): Found {
  const seen = new Gathered(items.length);
  const more = items.map((item, index) => {
    try {
      const { before, outcome } = reading.read(item);
      seen.put(index, before);
      return outcome;
    } catch (cause) {
      seen.skip();
      return { fault: codeOf(cause) };
    }
  });
  return { seen: seen.taken(), more };
}

/** Numbers and texts of many entries in a few values: an object for each would be copied field by field. */
class Gathered {
  readonly #numbers: Float64Array;
  readonly #kinds: Seen['kinds'] = [];
  readonly #stamps: string[] = [];
  readonly #targets: [number, string][] = [];

  constructor(count: number) {
    this.#numbers = new Float64Array(4 * count);
  }

  put(index: number, entry: ReturnType<typeof describe>, target?: string): void {
    this.#numbers.set([entry.size, entry.modifiedAt, entry.changedAt ?? 0, entry.mode], 4 * index);
    this.#kinds.push(entry.kind);
    this.#stamps.push(entry.stamp);
    if (target !== undefined) this.#targets.push([index, target]);
  }

  skip(): void {
    this.#kinds.push(undefined);
    this.#stamps.push('');
  }

  taken(): Seen {
    return { kinds: this.#kinds, numbers: this.#numbers, stamps: this.#stamps.join(' '), targets: this.#targets };
  }
}

/** Answers orders one after the other; a walk goes on from order to order. */
class Answering {
  readonly #reading = new FileReading();
  #walk: Walk | undefined;

  answer(order: SiteOrder): Found {
    if ('items' in order) return readAll(order, this.#reading);
    return 'walk' in order ? this.#goOn(order) : lookAt(order);
  }

  #goOn({ walk }: WalkStep): Found {
    try {
      if (walk) this.#walk = new Walk(walk);
      return this.#walk ? { walked: this.#walk.next() } : { fault: 'EIO' };
    } catch (cause) {
      return { fault: codeOf(cause) };
    }
  }
}

const answering = new Answering();
parentPort?.on('message', (order: SiteOrder) => {
  const found = answering.answer(order);
  parentPort?.postMessage(found, 'walked' in found ? [found.walked.rows.buffer as ArrayBuffer] : []);
});
