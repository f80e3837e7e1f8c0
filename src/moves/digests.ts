// SHA-256 of files on two servers, read once as long as their stamps stay: what was compared before the site closed need not be again.
import { createHash } from 'node:crypto';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';

export class Digests {
  readonly #known = new Map<string, string>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @param side which of the two servers. @returns hex of the whole content. Errors as those of the storage */
  async of(side: 'from' | 'to', storage: SiteStorage, path: SitePath, entry: Entry): Promise<string> {
    const key = ({ stamp }: Entry) => `${side}\0${path.join('/')}\0${stamp}`;
    // Only where the system itself says when a file last changed does a stamp vouch for the content.
    const known = entry.changedAt === undefined ? undefined : this.#known.get(key(entry));
    if (known !== undefined) return known;
    const opened = await storage.open(path);
    const hash = createHash('sha256');
    for await (const piece of opened.stream as AsyncIterable<Buffer>) {
      this.#signal.throwIfAborted();
      hash.update(piece);
    }
    const digest = hash.digest('hex');
    // Written to while it was read: then it stands for nothing.
    const after = await storage.stat(path);
    if (opened.entry.changedAt !== undefined && after.stamp === opened.entry.stamp) this.#known.set(key(opened.entry), digest);
    return digest;
  }
}
