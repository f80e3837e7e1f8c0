// The manifest of an archive as bytes, some whole lines at a time: a million of them are compared and copied without being understood.
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipLookup } from '../platform/zip/lookup.ts';
import { asDamage, type ManifestHead, manifestName, parseHead } from './manifest.ts';

const lineEnd = 0x0a;

/** Looks at the manifest's head only: the rest is looked at while lines are taken from it. @throws DamagedArchive when it is not one of ours */
export async function checkHead(archive: ZipLookup): Promise<void> {
  const { lines } = await ManifestBytes.open(archive);
  await lines.close();
}

/** @returns the manifest of an archive as it stands there. @throws DamagedArchive, also while it is read */
export async function contentOf(archive: ZipLookup): Promise<AsyncIterable<Buffer>> {
  const manifest = (await archive.findLast(manifestName)) ?? (await archive.find(manifestName));
  if (!manifest) throw new DamagedArchive('the archive has no manifest.json');
  return archive.open(manifest);
}

/** Whole lines of members as they stand there, each with its comma and end; the last member's is without a comma. */
export class ManifestBytes {
  readonly #chunks: AsyncIterator<Buffer>;
  /** what is in memory: lines that were passed, whole lines, and the beginning of one */
  bytes: Buffer = Buffer.alloc(0);
  /** where the line begins that comes next; whoever takes lines moves it */
  at = 0;
  /** behind the last whole line */
  end = 0;
  #damage: unknown;

  private constructor(chunks: AsyncIterator<Buffer>) {
    this.#chunks = chunks;
  }

  /** @throws DamagedArchive when it is not one of ours */
  static async open(archive: ZipLookup): Promise<{ head: ManifestHead; lines: ManifestBytes }> {
    const lines = new ManifestBytes((await contentOf(archive))[Symbol.asyncIterator]());
    try {
      while (lines.at === lines.end) if (!(await lines.more())) throw new DamagedArchive('manifest.json: it is empty');
      const head = parseHead(lines.bytes.toString('utf8', 0, lines.behind() - 1));
      lines.at = lines.behind();
      return { head, lines };
    } catch (cause) {
      await lines.close();
      throw asDamage(cause);
    }
  }

  /** @returns where the line after the next one begins */
  behind(): number {
    return this.bytes.indexOf(lineEnd, this.at) + 1;
  }

  /** Reads on, and forgets the lines that were passed. @returns false at the end. @throws DamagedArchive */
  async more(): Promise<boolean> {
    if (this.#damage !== undefined) throw this.#damage;
    const { value, done } = await this.#chunks.next().catch((cause) => {
      this.#damage = cause;
      throw cause;
    });
    if (done) return false;
    this.bytes = Buffer.concat([this.bytes.subarray(this.at), value]);
    this.at = 0;
    this.end = this.bytes.lastIndexOf(lineEnd) + 1;
    return true;
  }

  /** Reads what is left without keeping it: sizes and CRC-32 are known at the end. @throws DamagedArchive, also when it was thrown before */
  async readOut(): Promise<void> {
    do this.at = this.bytes.length;
    while (await this.more());
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
