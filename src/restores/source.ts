// What a restore reads from: the archive on this machine, or a tier where that is gone (KHADA 8.5). Both say the same of a backup.
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Backup, Backups, ManifestMember, ManifestSource, OpenBackup, ZipEntry } from '../backups/backups.ts';
import { isGood, manifestName, memberIn, namedIn } from '../backups/backups.ts';
import { gone, PanelError } from '../platform/errors.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { Site } from '../sites/sites.ts';
import type { TierBackup, TierName, Tiers } from '../tiers/tiers.ts';

/** Of a backup, as far as it can be said without reading its manifest. */
export type Outline = { readonly name: string; readonly kind: ManifestMember['kind']; readonly size: number };

/** A backup that was opened for a restore; whoever opens it closes it, after every stream is through or destroyed. */
export interface RestoreSource {
  /** undefined: the archive on this machine */
  readonly tier: TierName | undefined;
  /** Its members can be read once. @throws DamagedArchive, also while they are read */
  manifest(): Promise<ManifestSource>;
  /** everything in its order */
  outline(): AsyncIterable<Outline> | Iterable<Outline>;
  /** Every wanted member of the manifest, once all of it is known to be held; without `isWanted` each. @throws DamagedArchive */
  members(isWanted?: (path: string) => boolean): AsyncIterable<ManifestMember>;
  /** Brings what is wanted near in one go, where it is far away. */
  near(isWanted: (path: string) => boolean, signal: AbortSignal): Promise<void>;
  /** @returns the content; its reader compares the SHA-256. @throws DamagedArchive, also while it is read */
  open(member: ManifestMember): Promise<Readable>;
  /** As `open`, for what fits into memory; one at a time. */
  read(member: ManifestMember): Promise<Buffer>;
  /** Whether a member's packed bytes fit into so much memory too. */
  isPackedWithin(member: ManifestMember, bytes: number): boolean;
  close(): Promise<void>;
}

/** More are brought near all together (restic's own list of names has an end). */
const mostNamed = 501;

/** Why an archive may be gone and the backup still be good: nothing was found wrong with what was kept elsewhere. */
const replaceable: ReadonlySet<string | null> = new Set(['backups.reason.lost', 'backups.reason.damaged']);

export class Sources {
  readonly #parts: { readonly backups: Backups; readonly tiers: Pick<Tiers, 'open' | 'holding'> };

  constructor(parts: { readonly backups: Backups; readonly tiers: Pick<Tiers, 'open' | 'holding'> }) {
    this.#parts = parts;
  }

  /** Whether it was found good, and its archive on this machine has gone or gone bad, and a tier holds it. */
  async isElsewhere(site: Site, backup: Backup): Promise<boolean> {
    const { state, reason, verifiedAt, expiredAt } = backup;
    const isGone = expiredAt !== null || (state === 'damaged' && replaceable.has(reason));
    if (!isGone || verifiedAt === null) return false;
    return (await this.#parts.tiers.holding(site, backup.id)).length > 0;
  }

  /** @throws PanelError 409, 410, 503 as `Backups.look` and `Tiers.open` throw them; DamagedArchive */
  async open(site: Site, backup: Backup, signal: AbortSignal): Promise<RestoreSource> {
    const { backups, tiers } = this.#parts;
    if (await this.isElsewhere(site, backup)) return this.#inTier(site, backup, signal);
    try {
      return new ArchiveSource(await backups.look(site, backup));
    } catch (error) {
      // The disk may have lost it since anybody looked.
      const isUnreadable = error instanceof PanelError && error.key === 'backups.refused.unreadable';
      if (!isUnreadable || !isGood(backup) || (await tiers.holding(site, backup.id)).length === 0) throw error;
      return this.#inTier(site, backup, signal);
    }
  }

  async #inTier(site: Site, backup: Backup, signal: AbortSignal): Promise<RestoreSource> {
    try {
      return new TierSource(await this.#parts.tiers.open(site, backup.id, signal));
    } catch (error) {
      throw error instanceof PanelError && error.status === 404 ? gone('backups.refused.expired') : error;
    }
  }
}

/** The archive on this machine. */
export class ArchiveSource implements RestoreSource {
  readonly tier = undefined;
  readonly #opened: OpenBackup;
  readonly #entries = new WeakMap<ManifestMember, ZipEntry>();

  constructor(opened: OpenBackup) {
    this.#opened = opened;
  }

  manifest(): Promise<ManifestSource> {
    return this.#opened.manifest();
  }

  outline(): Iterable<Outline> {
    return this.#opened.entries();
  }

  /** Entries and members stand in one order; what describes the archive itself is no member. Only the wanted lines are understood. */
  async *members(isWanted: (path: string) => boolean = () => true): AsyncGenerator<ManifestMember> {
    const entries = this.#opened.entries();
    for await (const lines of this.#opened.lines())
      for (const line of lines) {
        const { path, kind } = namedIn(line);
        let entry = entries.next().value as ZipEntry | undefined;
        while (entry?.name.startsWith(manifestName)) entry = entries.next().value as ZipEntry | undefined;
        if (entry?.name !== path || entry.kind !== kind) throw new DamagedArchive(`${path}: not where the manifest says`);
        if (!isWanted(path)) continue;
        const member = memberIn(line);
        this.#entries.set(member, entry);
        yield member;
      }
  }

  async near(): Promise<void> {}

  open(member: ManifestMember): Promise<Readable> {
    return this.#opened.open(this.#entryOf(member));
  }

  read(member: ManifestMember): Promise<Buffer> {
    return this.#opened.read(this.#entryOf(member));
  }

  isPackedWithin(member: ManifestMember, bytes: number): boolean {
    return this.#entryOf(member).compressedSize <= bytes;
  }

  close(): Promise<void> {
    return this.#opened.close();
  }

  #entryOf(member: ManifestMember): ZipEntry {
    return this.#entries.get(member) ?? this.#opened.find(member.path);
  }
}

/** What a tier holds of it, content by content. */
class TierSource implements RestoreSource {
  readonly tier: TierName;
  readonly #opened: TierBackup;

  constructor(opened: TierBackup) {
    this.tier = opened.tier;
    this.#opened = opened;
  }

  manifest(): Promise<ManifestSource> {
    return this.#opened.manifest();
  }

  async *outline(): AsyncGenerator<Outline> {
    for await (const { path: name, kind, size } of this.members()) yield { name, kind, size };
  }

  async *members(isWanted: (path: string) => boolean = () => true): AsyncGenerator<ManifestMember> {
    for await (const member of (await this.#opened.manifest()).members) if (isWanted(member.path)) yield member;
  }

  async near(isWanted: (path: string) => boolean, signal: AbortSignal): Promise<void> {
    const wanted: ManifestMember[] = [];
    for await (const member of this.members(isWanted)) {
      if (member.kind === 'file') wanted.push(member);
      if (wanted.length === mostNamed) break;
    }
    await this.#opened.fetch(wanted, signal);
  }

  async open(member: ManifestMember): Promise<Readable> {
    try {
      return await this.#opened.open(member);
    } catch (error) {
      throw error instanceof PanelError && error.status === 404 ? new DamagedArchive(`${member.path}: not in the tier`) : error;
    }
  }

  async read(member: ManifestMember): Promise<Buffer> {
    return buffer(await this.open(member));
  }

  isPackedWithin(): boolean {
    return true;
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}

/** @returns bytes of the members that stand under these paths */
export async function sizesOf(source: RestoreSource, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const wanted = new Set(paths);
  const found = new Map<string, number>();
  if (wanted.size > 0) for await (const { name, size } of source.outline()) if (wanted.has(name)) found.set(name, size);
  return found;
}
