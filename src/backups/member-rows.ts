// The members of an archive that is being written, in its order: each waits for its SHA-256 and then leaves memory.
import { Spool } from '../platform/spool.ts';
import { dumpsFolder, type ManifestCounts, type ManifestMember, memberLine } from './manifest.ts';
import { documentRoot } from './site-listing.ts';

/** So many may wait: the thread that hashes is behind by a few megabytes, which may be thousands of tiny files. */
const mostWaiting = 256;

type Waiting = { readonly member: ManifestMember; readonly sha256: Promise<string> | undefined } | { readonly lines: Uint8Array };

export type RunCounts = Pick<ManifestCounts, 'files' | 'folders' | 'links' | 'bytes'>;

export class MemberRows {
  readonly #spool: Spool;
  readonly #counts = { files: 0, folders: 0, links: 0, bytes: 0, databases: 0 };
  #waiting: Waiting[] = [];

  private constructor(spool: Spool) {
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

  /** @param lines of many members, as they stand in a manifest, each with its comma and end; they stay as they are. @param counts of what is below `www/` */
  async addLines(lines: Uint8Array, counts: RunCounts): Promise<void> {
    for (const kind of ['files', 'folders', 'links', 'bytes'] as const) this.#counts[kind] += counts[kind];
    if (this.#waiting.length === 0) return this.#spool.append(lines);
    this.#waiting.push({ lines });
    if (this.#waiting.length > mostWaiting) await this.#settle(mostWaiting / 2);
  }

  /** @returns how many bytes the members take in the manifest, with what stands between them */
  async textBytes(): Promise<number> {
    await this.#settle(this.#waiting.length);
    return this.#spool.bytes;
  }

  /** @returns the lines of all members in order, some hundred at a time, each with its comma and end; after the last one was added */
  async *lines(): AsyncGenerator<Uint8Array> {
    await this.#settle(this.#waiting.length);
    yield* this.#spool.portions();
  }

  async #settle(count: number): Promise<void> {
    for (const row of this.#waiting.splice(0, count)) {
      const written = this.#spool.append('lines' in row ? row.lines : `${memberLine(await settled(row))},\n`);
      if (written !== undefined) await written;
    }
  }

  async close(): Promise<void> {
    await this.#spool.close();
  }
}

async function settled({ member, sha256 }: Exclude<Waiting, { lines: Uint8Array }>): Promise<ManifestMember> {
  return sha256 !== undefined ? { ...member, sha256: await sha256 } : member;
}
