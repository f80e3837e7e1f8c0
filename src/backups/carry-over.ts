// What has not changed since the last archive is taken from there as compressed bytes, without reading the site.
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { ZipReader } from '../platform/zip/reader.ts';
import type { Carried } from '../platform/zip/writer.ts';
import { each, type ManifestMember, manifestIn } from './manifest.ts';
import { comparePaths, type Listed } from './site-listing.ts';

/** The archive before: it must be *verified*, since its hashes are taken over. */
export type PreviousArchive = { readonly path: string };

/** A file as it stands in the archive before. */
export type Known = { readonly member: ManifestMember & { readonly sha256: string }; readonly entry: ZipEntry };

type Opened = {
  readonly reader: ZipReader;
  readonly members: AsyncIterator<ManifestMember>;
  readonly entries: Iterator<ZipEntry>;
};

/** Goes through the archive before in step with the listing of the site, which has the same order: nothing is kept in memory. */
export class CarryOver {
  #opened: Opened | undefined;
  readonly #reader: ZipReader | undefined;
  #current: { member: ManifestMember; entry: ZipEntry } | undefined;

  private constructor(opened: Opened | undefined) {
    this.#opened = opened;
    this.#reader = opened?.reader;
  }

  /** An archive that is not there or damaged carries nothing over: the site itself is read instead. */
  static async from(previous: PreviousArchive | undefined): Promise<CarryOver> {
    let reader: ZipReader | undefined;
    try {
      reader = previous && (await ZipReader.open(previous.path));
      if (!reader) return new CarryOver(undefined);
      const { members } = await manifestIn(reader);
      const carryOver = new CarryOver({ reader, members: each(members), entries: reader.entries() });
      await carryOver.#advance();
      return carryOver;
    } catch (cause) {
      await reader?.close();
      if (cause instanceof DamagedArchive || (cause instanceof Error && 'code' in cause)) return new CarryOver(undefined);
      throw cause;
    }
  }

  /** To be asked in the order of the listing. @returns the file, where it stands unchanged in the previous archive */
  async find({ path, entry }: Listed): Promise<Known | undefined> {
    while (this.#current && comparePaths(this.#current.member.path, path) < 0) await this.#advance();
    const found = this.#current;
    if (found?.member.path !== path || entry.kind !== 'file') return undefined;
    const { kind, stamp, size, sha256 } = found.member;
    // an empty stamp: somebody wrote to it while it was read, so equality proves nothing
    const isSame = kind === 'file' && stamp !== '' && stamp === entry.stamp && size === entry.size && size === found.entry.size;
    return isSame && sha256 !== undefined ? { entry: found.entry, member: { ...found.member, sha256 } } : undefined;
  }

  /** Manifest and directory describe the same members in the same order; from where they do not, nothing is carried over. */
  async #advance(): Promise<void> {
    this.#current = undefined;
    if (!this.#opened) return;
    try {
      const [member, entry] = [await this.#opened.members.next(), this.#opened.entries.next()];
      if (!member.done && !entry.done && member.value.path === entry.value.name)
        this.#current = { member: member.value, entry: entry.value };
    } catch (cause) {
      if (!(cause instanceof DamagedArchive)) throw cause;
    }
    if (!this.#current) this.#opened = undefined;
  }

  /** @returns the file's compressed bytes, to be read before the next ones are asked for, or `undefined` where they turn out not to be there */
  async take({ entry }: Known): Promise<Carried | undefined> {
    if (!this.#reader) return undefined;
    try {
      const { crc, size, compressedSize, method } = entry;
      return {
        crc,
        size,
        compressedSize,
        method,
        content: this.#reader.rawBytesHere(entry) ?? (await this.#reader.rawBytes(entry)),
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
