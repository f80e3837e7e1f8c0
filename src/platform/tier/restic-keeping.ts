// One backup on its way into a repository: what it lacks is unpacked in portions, restic takes it, and the room is given back.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ContentTree, contentsFolder } from './content-tree.ts';
import { TierFault } from './faults.ts';
import type { Held, HeldContents } from './held-contents.ts';
import { type ManifestPart, manifestParts } from './manifest-parts.ts';
import type { Content, SnapshotSource } from './port.ts';
import type { Repository, Stored } from './restic-repository.ts';

export type Work = {
  readonly repository: Repository;
  /** of this machine, of one site */
  readonly folder: string;
  readonly memory: HeldContents;
  readonly signal: AbortSignal;
};

/** @returns what the newest snapshot holds; undefined where nothing is held, or nothing of it is believed */
export async function heldNow({ repository, memory, signal }: Work): Promise<Held | undefined> {
  if (await memory.isDistrusted()) {
    // Packs that are gone or cut short leave the index, so that what was in them is taken again.
    await repository.rebuildIndex(signal).catch((error) => begin(repository, error, signal));
    return undefined;
  }
  const remembered = await memory.read();
  if (remembered) return remembered;
  const found = await repository.snapshots(signal).catch(async (error) => {
    await begin(repository, error, signal);
    return [];
  });
  const newest = found.at(-1);
  if (!newest) return undefined;
  return { snapshot: newest.id, backupId: newest.backupId, contents: await repository.names(newest.id, signal) };
}

/** @throws every error but that there is no repository yet */
async function begin(repository: Repository, error: unknown, signal: AbortSignal): Promise<void> {
  if (!(error instanceof TierFault) || error.code !== 'NO_REPOSITORY') throw error;
  await repository.init(signal);
}

/** In portions that fit this machine: each is a snapshot, and the next one stands on it. */
export class Keeping {
  readonly #work: Work;
  readonly #tree: ContentTree;
  readonly #batchBytes: number;
  readonly #before: Held | undefined;

  constructor(work: Work, before: Held | undefined, batchBytes: number) {
    this.#work = work;
    this.#before = before;
    this.#batchBytes = batchBytes;
    this.#tree = new ContentTree(join(work.folder, 'tree'));
  }

  /** @returns bytes that were added */
  async keep(source: SnapshotSource): Promise<number> {
    const { memory, repository, signal } = this.#work;
    const { wanted, missing, manifest } = await this.#plan(source);
    const held = new Set([...wanted.keys()].filter((sha256) => this.#before?.contents.has(sha256)));
    const treeOf = await memory.takeTree();
    const known = treeOf !== undefined && treeOf === this.#before?.snapshot ? this.#before.contents : undefined;
    await this.#tree.hold(new Map([...wanted].filter(([sha256]) => held.has(sha256))), known);
    let [parent, bytes] = [this.#before?.snapshot, 0];
    const parts: string[] = [];
    for (const { batch, isLast } of inBatches(missing, this.#batchBytes)) {
      await this.#tree.fill(batch, signal);
      const backupId = isLast ? source.backupId : undefined;
      if (isLast) await this.#tree.note('manifest-', `manifest-${source.backupId}`, `${manifest.join('\n')}\n`);
      const targets = isLast ? [contentsFolder, `manifest-${source.backupId}`] : [contentsFolder];
      const order = { targets, at: source.dataAt, parent, ...(backupId && { backupId }) };
      const stored = await this.#store(order, batch.length + (isLast ? 1 : 0), held.size);
      for (const { sha256 } of batch) held.add(sha256);
      await this.#tree.empty(batch.map((one) => [one.sha256, one.bytes] as const));
      await memory.write({ snapshot: stored.snapshot, backupId, contents: held }, parent);
      if (!isLast) parts.push(stored.snapshot);
      parent = stored.snapshot;
      bytes += stored.bytes;
    }
    await memory.trust();
    if (parent !== undefined) await memory.giveTree(parent);
    await repository.forget(parts, signal);
    return bytes;
  }

  /** Reads the manifest once for its parts, and the list of contents; what is missing is not read yet. */
  async #plan(source: SnapshotSource) {
    const wanted = new Map<string, number>();
    const missing: Content[] = [];
    const manifest: string[] = [];
    const take = (content: Content) => {
      if (wanted.has(content.sha256)) return;
      wanted.set(content.sha256, content.bytes);
      if (!this.#before?.contents.has(content.sha256)) missing.push(content);
    };
    for await (const content of source.contents()) take(content);
    for await (const part of manifestParts(await source.manifest())) {
      manifest.push(part.sha256);
      take(asContent(part));
    }
    return { wanted, missing, manifest };
  }

  /** restic must have found exactly the contents that are there: had it read empty room, it would have kept that. */
  async #store(order: Parameters<Repository['store']>[1], filled: number, empty: number): Promise<Stored> {
    const { repository, memory, signal } = this.#work;
    const stored = await repository.store(this.#tree.root, order, signal);
    if (stored.filesNew === filled && stored.filesChanged === 0 && stored.files === filled + empty) return stored;
    await memory.distrust();
    await rm(this.#tree.root, { recursive: true, force: true });
    await repository.forget([stored.snapshot], signal);
    throw new TierFault(
      'MISMATCH',
      `restic took ${stored.filesNew} new and ${stored.filesChanged} changed of ${filled} contents, and ${stored.files} in all`,
    );
  }
}

const asContent = ({ sha256, bytes }: ManifestPart): Content => ({
  sha256,
  bytes: bytes.length,
  open: async () => Readable.from([bytes]),
});

/** At least one batch, and a last one, also of nothing. */
function* inBatches(contents: readonly Content[], mostBytes: number): Generator<{ batch: Content[]; isLast: boolean }> {
  let [batch, bytes]: [Content[], number] = [[], 0];
  for (const content of contents) {
    if (batch.length > 0 && bytes + content.bytes > mostBytes) {
      yield { batch, isLast: false };
      [batch, bytes] = [[], 0];
    }
    batch.push(content);
    bytes += content.bytes;
  }
  yield { batch, isLast: true };
}
