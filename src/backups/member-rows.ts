// The members of an archive that is being written, in its order: each waits for its SHA-256 and then leaves memory.
import { Spool } from '../platform/spool.ts';
import { dumpsFolder, type ManifestCounts, type ManifestMember } from './manifest.ts';
import { documentRoot } from './site-listing.ts';

/** So many may wait: the thread that hashes is behind by a few megabytes, which may be thousands of tiny files. */
const mostWaiting = 256;

type Waiting = { readonly member: ManifestMember; readonly sha256: Promise<string> | undefined };

export class MemberRows {
  readonly #spool: Spool<ManifestMember>;
  readonly #counts = { files: 0, folders: 0, links: 0, bytes: 0, databases: 0 };
  #waiting: Waiting[] = [];

  private constructor(spool: Spool<ManifestMember>) {
    this.#spool = spool;
  }

  /** @param path of a file that is not there, and is not there afterwards either */
  static async open(path: string): Promise<MemberRows> {
    return new MemberRows(await Spool.open(path));
  }

  /** What the customer has below `www/`, and bytes of dumps; `www/` itself and what we add to the archive do not count. */
  get counts(): ManifestCounts {
    return { ...this.#counts };
  }

  /** @param sha256 where the member does not have it yet */
  async add(member: ManifestMember, sha256?: Promise<string>): Promise<void> {
    if (member.path.startsWith(`${documentRoot}/`)) {
      this.#counts[`${member.kind}s`]++;
      this.#counts.bytes += member.size;
    }
    if (member.path.startsWith(`${dumpsFolder}/`)) this.#counts.bytes += member.size;
    this.#waiting.push({ member, sha256 });
    if (this.#waiting.length > mostWaiting) await this.#settle(mostWaiting / 2);
  }

  /** @returns about how many bytes the members take in the manifest, and no less */
  async textBytes(): Promise<number> {
    await this.#settle(this.#waiting.length);
    // each row has the same fields as its line of the manifest, and a comma is added
    return (await this.#spool.bytes()) + this.#spool.count;
  }

  /** @returns all members in order, after the last one was added */
  async *all(): AsyncGenerator<ManifestMember> {
    await this.#settle(this.#waiting.length);
    for await (const batch of this.#spool.batches()) for (const member of batch) yield member;
  }

  async #settle(count: number): Promise<void> {
    const oldest = this.#waiting.splice(0, count);
    for (const { member, sha256 } of oldest) {
      const row = sha256 ? { ...member, sha256: await sha256 } : member;
      await this.#spool.append(row);
    }
  }

  async close(): Promise<void> {
    await this.#spool.close();
  }
}
