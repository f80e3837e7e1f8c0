// Reading back from a repository: the manifest and single contents, or many brought near in one go, each compared with its name.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { notFound } from '../errors.ts';
import { contentsFolder, pathOfContent } from './content-tree.ts';
import { TierFault } from './faults.ts';
import type { OpenSnapshot, Wanted } from './port.ts';
import type { Repository } from './restic-repository.ts';

/** More than these are not named one by one: then everything is brought near. */
const mostNamed = 500;
const prefixes = 256;

type Place = { readonly snapshot: string; readonly backupId: string; readonly folder: string };

export class OpenResticSnapshot implements OpenSnapshot {
  readonly #repository: Repository;
  readonly #place: Place;
  readonly #near: string;
  readonly #ended = new AbortController();
  #known: Set<string> | undefined;

  constructor(repository: Repository, place: Place) {
    this.#repository = repository;
    this.#place = place;
    this.#near = join(place.folder, 'opened', randomUUID());
  }

  async manifest(): Promise<Readable> {
    const chunks: Buffer[] = [];
    const { snapshot, backupId } = this.#place;
    const { signal } = this.#ended;
    for await (const chunk of await this.#repository.dump(snapshot, `/manifest-${backupId}`, signal)) chunks.push(chunk);
    const parts = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
    await this.#fetch(parts, signal);
    const content = (sha256: string) => this.#content(sha256);
    async function* all() {
      for (const part of parts) yield* await content(part);
    }
    return Readable.from(all(), { objectMode: false });
  }

  fetch(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    return this.#fetch([...new Set(wanted.map(({ sha256 }) => sha256))], signal);
  }

  async content({ sha256 }: Wanted): Promise<Readable> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw notFound();
    return this.#content(sha256);
  }

  async #fetch(contents: readonly string[], signal: AbortSignal): Promise<void> {
    await mkdir(this.#near, { recursive: true, mode: 0o700 });
    const include = contents.length > mostNamed ? [] : contents.map(pathOfContent);
    if (contents.length > 0)
      await this.#repository.restore(this.#place.snapshot, this.#near, include, AbortSignal.any([signal, this.#ended.signal]));
  }

  async #content(sha256: string): Promise<Readable> {
    const near = join(this.#near, pathOfContent(sha256));
    const isNear = await access(near).then(
      () => true,
      () => false,
    );
    if (isNear) return compared(createReadStream(near), sha256);
    this.#known ??= await this.#repository.names(this.#place.snapshot, this.#ended.signal);
    if (!this.#known.has(sha256)) throw notFound();
    return compared(await this.#repository.dump(this.#place.snapshot, pathOfContent(sha256), this.#ended.signal), sha256);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await rm(this.#near, { recursive: true, force: true });
  }
}

/** @returns the same bytes; the stream ends with TierFault DAMAGED when they are not the ones of this name */
function compared(content: AsyncIterable<Buffer>, sha256: string): Readable {
  async function* bytes() {
    const hash = createHash('sha256');
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest('hex') !== sha256) throw new TierFault('DAMAGED', 'a content is not the one of its name');
  }
  return Readable.from(bytes(), { objectMode: false });
}

/** Reads back one part of the contents of a snapshot and compares each with its name. @throws TierFault DAMAGED */
export async function sampled(
  repository: Repository,
  { snapshot, folder, part, parts }: { snapshot: string; folder: string; part: number; parts: number },
  signal: AbortSignal,
): Promise<void> {
  const into = join(folder, 'opened', randomUUID());
  await mkdir(into, { recursive: true, mode: 0o700 });
  try {
    const wanted = Array.from({ length: prefixes }, (_, at) => at).filter((at) => at % parts === part - 1);
    const include = wanted.map((at) => `/${contentsFolder}/${at.toString(16).padStart(2, '0')}`);
    await repository.restore(snapshot, into, parts === 1 ? [] : include, signal);
    for (const prefix of await readdir(join(into, contentsFolder)).catch(() => []))
      for (const sha256 of await readdir(join(into, contentsFolder, prefix))) {
        signal.throwIfAborted();
        for await (const _ of compared(createReadStream(join(into, contentsFolder, prefix, sha256)), sha256));
      }
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}
