// Reads an archive back and compares it with its manifest: only what was read again counts as a backup.
import { crc32 } from 'node:zlib';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { expandWhole, pieceBytes } from '../platform/zip/deflate.ts';
import { DigestThread } from '../platform/zip/digests.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { checkedContent, ZipReader } from '../platform/zip/reader.ts';
import { ArchiveScan } from '../platform/zip/scan.ts';
import { type Manifest, type ManifestMember, manifestChunks, manifestName } from './manifest.ts';

/**
 * archive: the SHA-256 of the whole differs · directory: it cannot be understood or does not fit the members · content: cannot be
 * inflated, or another size or CRC-32 than the directory says · different: another kind, mode, size, target or SHA-256 than the
 * manifest says · missing: in the manifest only · unlisted: in the archive only, or twice · manifest: not the one that was written
 */
export type ArchiveFault = 'archive' | 'directory' | 'content' | 'different' | 'missing' | 'unlisted' | 'manifest';

/** `path` is empty where the fault is one of the whole archive. */
export type FoundFault = { readonly path: string; readonly fault: ArchiveFault };

export type Verification = { readonly ok: true } | { readonly ok: false; readonly faults: readonly FoundFault[] };

export type VerificationOrder = {
  /** of the whole archive, as recorded when it was made */
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly signal: AbortSignal;
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
};

/** More faults than these are not collected: the archive is lost anyway. */
const mostFaults = 100;

/** Members that are inflated and hashed side by side. */
const ahead = 16;

/**
 * Reads the archive once from beginning to end, with bounded memory. Carried-over members are checked like all others.
 * @throws errors of the file system (the archive is not there), and the signal's reason; damage is an outcome
 */
export async function verifyArchive(path: string, order: VerificationOrder): Promise<Verification> {
  const digests = new DigestThread();
  let scan: ArchiveScan | undefined;
  try {
    scan = await ArchiveScan.open(path, digests, (done, total) => {
      order.signal.throwIfAborted();
      order.progress?.(done, total);
    });
    const check = new Check(scan, digests, order.manifest);
    await check.members(await directoryOf(path, check));
    if ((await scan.finish()) !== order.sha256) check.found('', 'archive');
    return check.faults.length === 0 ? { ok: true } : { ok: false, faults: check.faults };
  } finally {
    await digests.close();
    await scan?.close();
  }
}

async function directoryOf(path: string, check: Check): Promise<{ entries: readonly ZipEntry[]; end: number } | undefined> {
  try {
    const reader = await ZipReader.open(path);
    await reader.close();
    return { entries: reader.entries, end: reader.directoryOffset };
  } catch (cause) {
    if (!(cause instanceof DamagedArchive)) throw cause;
    check.found('', 'directory');
    return undefined;
  }
}

class Check {
  readonly faults: FoundFault[] = [];
  readonly #scan: ArchiveScan;
  readonly #digests: DigestThread;
  readonly #manifest: Manifest;
  readonly #expected: Map<string, ManifestMember>;
  #manifestSeen = false;

  constructor(scan: ArchiveScan, digests: DigestThread, manifest: Manifest) {
    this.#scan = scan;
    this.#digests = digests;
    this.#manifest = manifest;
    this.#expected = new Map(manifest.members.map((member) => [member.path, member]));
  }

  found(path: string, fault: ArchiveFault): void {
    if (this.faults.length < mostFaults) this.faults.push({ path, fault });
  }

  /** Every member in the order of the archive; none may overlap, and nothing may stand between them. */
  async members(directory: { entries: readonly ZipEntry[]; end: number } | undefined): Promise<void> {
    if (!directory) return;
    const entries = directory.entries.toSorted((a, b) => a.offset - b.offset);
    const waiting: Promise<void>[] = [];
    try {
      for (const [index, entry] of entries.entries()) {
        const next = entries[index + 1]?.offset ?? directory.end;
        if (!(await this.#scan.beginMember(entry, next))) {
          this.found(entry.name, 'directory');
          break;
        }
        const checked = this.#member(entry, await this.#contentOf(entry));
        checked.catch(() => {}); // awaited in its turn
        waiting.push(checked);
        if (waiting.length >= ahead) await waiting.shift();
        if (!(await this.#scan.endMember(entry, next))) this.found(entry.name, 'directory');
      }
      for (const one of waiting) await one;
    } finally {
      await Promise.allSettled(waiting);
    }
    for (const path of this.#expected.keys()) this.found(path, 'missing');
    if (!this.#manifestSeen) this.found(manifestName, 'manifest');
  }

  /** @returns what the member holds: small contents in memory, of big ones size and SHA-256 only; `undefined` when it is damaged */
  async #contentOf(entry: ZipEntry): Promise<() => Promise<Content | undefined>> {
    if (entry.size > pieceBytes || entry.compressedSize > pieceBytes) {
      const content = await this.#throughStream(entry);
      return async () => content;
    }
    const raw = await this.#scan.bytes(entry.compressedSize);
    return async () => {
      const bytes = entry.method === 0 ? raw : await expandWhole(raw, entry.size).catch(() => undefined);
      if (bytes?.length !== entry.size || crc32(bytes) !== entry.crc) return undefined;
      const digest = this.#digests.start();
      await digest.update(bytes);
      return {
        size: bytes.length,
        sha256: await (await digest.end()).hex,
        text: entry.kind === 'link' ? Buffer.from(bytes).toString() : '',
      };
    };
  }

  async #throughStream(entry: ZipEntry): Promise<Content | undefined> {
    const digest = this.#digests.start();
    try {
      await this.#scan.content(entry, async (content) => {
        for await (const chunk of checkedContent(entry, content)) await digest.update(chunk);
      });
    } catch (cause) {
      if (!(cause instanceof DamagedArchive)) throw cause;
      await digest.drop();
      return undefined;
    }
    return { size: entry.size, sha256: await (await digest.end()).hex, text: '' };
  }

  async #member(entry: ZipEntry, read: () => Promise<Content | undefined>): Promise<void> {
    const expected = this.#expect(entry);
    const content = await read();
    if (!content) this.found(entry.name, 'content');
    else if (expected === manifestName) {
      if (content.sha256 !== (await this.#manifestDigest())) this.found(entry.name, 'manifest');
    } else if (!expected) this.found(entry.name, 'unlisted');
    else if (!agree(entry, content, expected)) this.found(entry.name, 'different');
  }

  /** Each expected member is taken out, so that a second one of the same name is unlisted and what remains is missing. */
  #expect(entry: ZipEntry): ManifestMember | typeof manifestName | undefined {
    if (entry.name === manifestName && entry.kind === 'file' && !this.#manifestSeen) {
      this.#manifestSeen = true;
      return manifestName;
    }
    const expected = this.#expected.get(entry.name);
    this.#expected.delete(entry.name);
    return expected;
  }

  async #manifestDigest(): Promise<string> {
    const digest = this.#digests.start();
    for (const chunk of manifestChunks(this.#manifest)) await digest.update(chunk);
    return (await digest.end()).hex;
  }
}

type Content = { readonly size: number; readonly sha256: string; readonly text: string };

function agree(entry: ZipEntry, content: Content, expected: ManifestMember): boolean {
  if (entry.kind !== expected.kind || entry.mode !== expected.mode) return false;
  if (expected.kind === 'file') return content.size === expected.size && content.sha256 === expected.sha256;
  return expected.kind === 'link' ? content.text === expected.target : content.size === 0;
}
