// What has not changed since the last archive is taken from there as compressed bytes, without reading the site.
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { Carried } from '../platform/zip/writer.ts';
import type { Manifest, ManifestMember } from './manifest.ts';
import type { Listed } from './site-listing.ts';

/** The archive before: it must be *verified*, since its hashes are taken over. */
export type PreviousArchive = { readonly path: string; readonly manifest: Manifest };

type Known = { readonly member: ManifestMember; readonly entry: ZipEntry };

export class CarryOver {
  readonly #reader: ZipReader | undefined;
  readonly #known = new Map<string, Known>();

  private constructor(reader: ZipReader | undefined, manifest: Manifest | undefined) {
    this.#reader = reader;
    const entries = new Map(reader?.entries.map((entry) => [entry.name, entry]));
    for (const member of manifest?.members ?? []) {
      const entry = entries.get(member.path);
      // an empty stamp: somebody wrote to it while it was read, so equality proves nothing
      if (entry && member.kind === 'file' && member.stamp !== '' && entry.size === member.size)
        this.#known.set(member.path, { member, entry });
    }
  }

  /** An archive that is not there or damaged carries nothing over: the site itself is read instead. */
  static async from(previous: PreviousArchive | undefined): Promise<CarryOver> {
    try {
      return new CarryOver(previous && (await ZipReader.open(previous.path)), previous?.manifest);
    } catch (cause) {
      if (cause instanceof DamagedArchive || (cause instanceof Error && 'code' in cause))
        return new CarryOver(undefined, undefined);
      throw cause;
    }
  }

  /** @returns whether the file stands unchanged in the previous archive */
  has({ path, entry }: Listed): boolean {
    const member = this.#known.get(path)?.member;
    return member !== undefined && member.stamp === entry.stamp && member.size === entry.size;
  }

  /** @returns the file's compressed bytes and its SHA-256, or `undefined` where they turn out not to be there */
  async take(path: string): Promise<(Carried & { sha256: string }) | undefined> {
    const known = this.#known.get(path);
    if (!known?.member.sha256 || !this.#reader) return undefined;
    try {
      const { crc, size, compressedSize, method } = known.entry;
      return {
        crc,
        size,
        compressedSize,
        method,
        content: await this.#reader.rawBytes(known.entry),
        sha256: known.member.sha256,
      };
    } catch (cause) {
      if (cause instanceof DamagedArchive) return undefined;
      throw cause;
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }
}
