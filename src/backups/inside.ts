// Looks into a backup: its manifest, and any member by its path, from the archive as it was verified.
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { conflict, notFound, unavailable, whenMissing } from '../platform/errors.ts';
import type { ArchiveStorage } from '../platform/storage/port.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { expandWhole } from '../platform/zip/deflate.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { ZipLookup } from '../platform/zip/lookup.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import { type ManifestSource, manifestIn, memberLinesIn } from './manifest.ts';

export type { ZipEntry } from '../platform/zip/directory.ts';
export type { ManifestMember, ManifestSource } from './manifest.ts';

/** A backup that was opened for reading; whoever opens it closes it. Streams of members are independent of each other. */
export class OpenBackup {
  /** where the archive lies on this machine until `close`; only for reading */
  readonly path: string;
  readonly #reader: ZipReader;
  readonly #release: () => Promise<void>;

  private constructor(reader: ZipReader, local: { readonly path: string; release(): Promise<void> }) {
    this.path = local.path;
    this.#reader = reader;
    this.#release = () => local.release();
  }

  /**
   * @param key where the archive lies
   * @param size in bytes, as recorded when it was made
   * @throws PanelError 503 when it is gone, has another size or does not answer, 409 when its directory is damaged
   */
  static async of(archives: Pick<ArchiveStorage, 'local'>, { key, size }: { key: string; size: number }): Promise<OpenBackup> {
    const local = await archives.local(key).catch(whenMissing);
    if (!local) throw unavailable('backups.refused.unreadable');
    try {
      const reader = await ZipReader.open(local.path);
      if (reader.bytes === size) return new OpenBackup(reader, local);
      await reader.close();
      throw unavailable('backups.refused.unreadable');
    } catch (cause) {
      await local.release();
      throw cause instanceof DamagedArchive ? conflict('backups.refused.damaged') : cause;
    }
  }

  /** @returns the manifest; its members can be read once. @throws DamagedArchive, also while they are read */
  manifest(): Promise<ManifestSource> {
    return manifestIn(this.#reader);
  }

  /** @returns the members as lines, some hundred at a time: `namedIn` and `memberIn` understand one. @throws DamagedArchive */
  lines(): AsyncGenerator<readonly string[]> {
    return memberLinesIn(this.#reader);
  }

  /** @returns everything in the archive in its order, made anew each time; folders without a slash at the end */
  entries(): Generator<ZipEntry> {
    return this.#reader.entries();
  }

  /** @param path as in the manifest @throws PanelError 404 when the archive has no such member */
  find(path: string): ZipEntry {
    for (const entry of this.#reader.entries()) if (entry.name === path) return entry;
    throw notFound();
  }

  /** @returns the member's content; the stream ends with DamagedArchive when size or CRC-32 differ from the archive's directory */
  open(entry: ZipEntry): Promise<Readable> {
    return this.#reader.open(entry);
  }

  /**
   * @param entry small enough to be held in memory; those that follow one another in the archive are quick
   * @returns the member's content. Only one at a time. @throws DamagedArchive as the stream of `open` ends
   */
  async read(entry: ZipEntry): Promise<Buffer> {
    const raw: Uint8Array[] = [];
    for await (const piece of await this.#reader.rawBytes(entry)) raw.push(Buffer.from(piece));
    const bytes = Buffer.concat(raw);
    const content = entry.method === 0 ? bytes : expanded(entry, bytes);
    if (content.length !== entry.size || crc32(content) !== entry.crc) throw new DamagedArchive(`${entry.name}: wrong CRC-32`);
    return content;
  }

  /** Only after every stream is through or destroyed. */
  async close(): Promise<void> {
    await this.#reader.close();
    await this.#release();
  }
}

function expanded({ name, size }: ZipEntry, raw: Uint8Array): Buffer {
  try {
    return expandWhole(raw, size);
  } catch (cause) {
    throw new DamagedArchive(`${name}: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** A backup that was opened for looking single things up; whoever opens it closes it. */
export type LookedUp = { readonly archive: ZipLookup; close(): Promise<void> };

/**
 * As `OpenBackup.of`, but nothing of the directory is held: for processes that many people ask at once.
 * @throws PanelError as `OpenBackup.of`
 */
export async function lookUp(
  archives: Pick<ArchiveStorage, 'local'>,
  { key, size }: { key: string; size: number },
): Promise<LookedUp> {
  const local = await archives.local(key).catch(whenMissing);
  if (!local) throw unavailable('backups.refused.unreadable');
  try {
    const archive = await ZipLookup.open(local.path);
    const close = async () => {
      await archive.close();
      await local.release();
    };
    if (archive.bytes === size) return { archive, close };
    await archive.close();
    throw unavailable('backups.refused.unreadable');
  } catch (cause) {
    await local.release();
    throw cause instanceof DamagedArchive ? conflict('backups.refused.damaged') : cause;
  }
}

/** @returns the key, when an archive of this size lies under it. @throws PanelError 503 when it is gone, has another size or does not answer */
export async function standing(
  archives: Pick<ArchiveStorage, 'sizeOf'>,
  { key, size }: { key: string; size: number },
): Promise<string> {
  if ((await archives.sizeOf(key).catch(whenMissing)) === size) return key;
  throw unavailable('backups.refused.unreadable');
}
