// What differs between two backups of a site: both manifests side by side, and of neither more than a few lines at a time in memory.
import { comparePaths, type ManifestMember, manifestLines, memberIn } from '../backups/backups.ts';
import type { ZipLookup } from '../platform/zip/lookup.ts';

export const changeKinds = ['added', 'changed', 'removed'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A file, link or dump that differs; folders are not compared. Sizes in bytes. */
export type Change = {
  readonly kind: ChangeKind;
  readonly path: string;
  readonly bytesBefore: number | undefined;
  readonly bytesAfter: number | undefined;
  /** of a changed one: its content is the same, and only the permission bits differ */
  readonly isModeOnly: boolean;
};

/** Numbers of changes, and bytes: of what is new, of what changed as it is now, and of what is gone. */
export type ChangeCounts = Readonly<Record<ChangeKind, number> & Record<`${ChangeKind}Bytes`, number>>;

type Backups = { readonly before: ZipLookup; readonly after: ZipLookup };

/**
 * @param found is told of each change: those below `www/` in the order of the archive, then the databases
 * @throws DamagedArchive; the signal's reason
 */
export async function compare(
  { before, after }: Backups,
  { found = () => {}, signal }: { found?: (change: Change) => void; signal?: AbortSignal | undefined } = {},
): Promise<ChangeCounts> {
  const counts = { added: 0, changed: 0, removed: 0, addedBytes: 0, changedBytes: 0, removedBytes: 0 };
  const differ = (one: ManifestMember | undefined, other: ManifestMember | undefined) => {
    const change = changeOf(one, other);
    if (!change) return;
    counts[change.kind]++;
    counts[`${change.kind}Bytes`] += change.bytesAfter ?? change.bytesBefore ?? 0;
    found(change);
  };
  const old = new Lines(manifestLines(before));
  const now = new Lines(manifestLines(after));
  try {
    await Promise.all([old.advance(), now.advance()]);
    await mergeSites(old, now, differ, signal);
  } finally {
    await Promise.all([old.close(), now.close()]);
  }
  const names = new Set([...old.databases.keys(), ...now.databases.keys()]);
  for (const name of [...names].sort()) differ(old.databases.get(name), now.databases.get(name));
  return counts;
}

type Differ = (before: ManifestMember | undefined, after: ManifestMember | undefined) => void;

/** Most lines of two days are the same text, and are passed without being understood. */
async function mergeSites(old: Lines, now: Lines, differ: Differ, signal: AbortSignal | undefined): Promise<void> {
  while (old.line !== undefined || now.line !== undefined) {
    signal?.throwIfAborted();
    if (old.line === now.line) {
      const more = [old.advance(), now.advance()].filter((one) => one !== undefined);
      if (more.length > 0) await Promise.all(more);
      continue;
    }
    const [before, after] = [old.member, now.member];
    const order = before && after ? comparePaths(before.path, after.path) : before ? -1 : 1;
    differ(order <= 0 ? before : undefined, order >= 0 ? after : undefined);
    if (order <= 0) await old.advance();
    if (order >= 0) await now.advance();
  }
}

function changeOf(before: ManifestMember | undefined, after: ManifestMember | undefined): Change | undefined {
  const [old, now] = [compared(before), compared(after)];
  const path = (now ?? old)?.path;
  if (path === undefined) return undefined;
  const sizes = { bytesBefore: old?.size, bytesAfter: now?.size };
  if (!old || !now) return { kind: old ? 'removed' : 'added', path, ...sizes, isModeOnly: false };
  const isSame = old.kind === now.kind && old.size === now.size && old.sha256 === now.sha256 && old.target === now.target;
  if (isSame && old.mode === now.mode) return undefined;
  return { kind: 'changed', path, ...sizes, isModeOnly: isSame };
}

const compared = (member: ManifestMember | undefined) => (member?.kind === 'folder' ? undefined : member);

const siteStart = '{"path":"www/';
const databaseStart = '{"path":"databases/';

/** One manifest, line by line: those below `www/`, and beside them the few of databases. What we add ourselves is left out. */
class Lines {
  line: string | undefined;
  readonly databases = new Map<string, ManifestMember>();
  readonly #batches: AsyncGenerator<readonly string[]>;
  #batch: readonly string[] = [];
  #at = 0;
  #member: { line: string; member: ManifestMember } | undefined;

  constructor(batches: AsyncGenerator<readonly string[]>) {
    this.#batches = batches;
  }

  /** of the line that is looked at */
  get member(): ManifestMember | undefined {
    if (this.line === undefined) return undefined;
    if (this.#member?.line !== this.line) this.#member = { line: this.line, member: memberIn(this.line) };
    return this.#member.member;
  }

  /** @returns a promise only where more must be read first */
  advance(): Promise<void> | undefined {
    return this.#next() ? undefined : this.#refilled();
  }

  async #refilled(): Promise<void> {
    do {
      const { value, done } = await this.#batches.next();
      if (done) {
        this.line = undefined;
        return;
      }
      this.#batch = value;
      this.#at = 0;
    } while (!this.#next());
  }

  #next(): boolean {
    while (this.#at < this.#batch.length) {
      const line = this.#batch[this.#at++] ?? '';
      if (line.startsWith(siteStart)) {
        this.line = line;
        return true;
      }
      if (!line.startsWith(databaseStart)) continue;
      const member = memberIn(line);
      this.databases.set(member.path, member);
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}
