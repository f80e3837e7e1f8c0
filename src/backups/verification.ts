// Reads an archive back and compares it with its manifest: only what was read again counts as a backup.
import { stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Signing } from '../platform/signing.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { expandWhole, pieceBytes } from '../platform/zip/deflate.ts';
import { type Digests, digestsFor, type RunningDigest } from '../platform/zip/digests.ts';
import type { Directory, ZipEntry } from '../platform/zip/directory.ts';
import { checkedContent, ZipReader } from '../platform/zip/reader.ts';
import { ArchiveScan } from '../platform/zip/scan.ts';
import { each, type ManifestMember, type ManifestSource, ManifestText, manifestName, signatureName } from './manifest.ts';
import { isOurs, longestSignature } from './signature.ts';

/**
 * archive: the SHA-256 of the whole differs · directory: it cannot be understood or does not fit the members · content: cannot be
 * inflated, or another size or CRC-32 than the directory says · different: another kind, mode, size, target or SHA-256 than the
 * manifest says · missing: in the manifest only · unlisted: in the archive only, or twice · manifest: not the one that was written ·
 * signature: there is one, and it is not ours or not of this manifest
 */
export type ArchiveFault = 'archive' | 'directory' | 'content' | 'different' | 'missing' | 'unlisted' | 'manifest' | 'signature';

/** `path` is empty where the fault is one of the whole archive. */
export type FoundFault = { readonly path: string; readonly fault: ArchiveFault };

export type Verification = { readonly ok: true } | { readonly ok: false; readonly faults: readonly FoundFault[] };

export type VerificationOrder = {
  /** of the whole archive, as recorded when it was made */
  readonly sha256: string;
  /** read once */
  readonly manifest: ManifestSource;
  /** a signature is checked where there is one: archives of before have none */
  readonly signing?: Signing | undefined;
  readonly signal: AbortSignal;
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
};

/** More faults than these are not collected: the archive is lost anyway. */
const mostFaults = 100;

/** Members whose SHA-256 is still being computed, at most: the thread that hashes works beside reading and inflating. */
const mostWaiting = 256;

/**
 * Reads the archive once from beginning to end, with bounded memory. Carried-over members are checked like all others.
 * @throws errors of the file system (the archive is not there), and the signal's reason; DamagedArchive when `manifest` throws it;
 * any other damage is an outcome
 */
export async function verifyArchive(path: string, order: VerificationOrder): Promise<Verification> {
  const digests = digestsFor((await stat(path)).size);
  let scan: ArchiveScan | undefined;
  try {
    scan = await ArchiveScan.open(path, digests, (done, total) => {
      order.signal.throwIfAborted();
      order.progress?.(done, total);
    });
    const check = new Check(scan, digests, new Expected(order.manifest, digests), order.signing);
    await check.members(await directoryOf(path, check));
    if ((await scan.finish()) !== order.sha256) check.found('', 'archive');
    return check.faults.length === 0 ? { ok: true } : { ok: false, faults: check.faults };
  } finally {
    await digests.close();
    await scan?.close();
  }
}

async function directoryOf(path: string, check: Check): Promise<Directory | undefined> {
  try {
    const reader = await ZipReader.open(path);
    await reader.close();
    return reader.directory;
  } catch (cause) {
    if (!(cause instanceof DamagedArchive)) throw cause;
    check.found('', 'directory');
    return undefined;
  }
}

/** What the manifest says, taken from it as far as it is needed: an archive that is right has its members in the same order. */
class Expected {
  readonly #members: AsyncGenerator<ManifestMember>;
  readonly #passed = new Map<string, ManifestMember>();
  readonly #digest: RunningDigest;
  readonly #text: ManifestText;

  constructor({ members, ...head }: ManifestSource, digests: Digests) {
    this.#members = each(members);
    this.#digest = digests.start();
    this.#text = new ManifestText(head);
  }

  /** Each member is taken out, so that a second one of the same name is unlisted and what remains is missing. */
  async take(path: string): Promise<ManifestMember | undefined> {
    const passed = this.#passed.get(path);
    if (passed) {
      this.#passed.delete(path);
      return passed;
    }
    for (let member = await this.#next(); member; member = await this.#next()) {
      if (member.path === path) return member;
      this.#passed.set(member.path, member);
    }
    return undefined;
  }

  /** Goes to the manifest's end. @returns the SHA-256 that the manifest itself must have, and the members that nobody took */
  async rest(): Promise<{ sha256: Promise<string>; paths: Iterable<string> }> {
    for (let member = await this.#next(); member; member = await this.#next()) this.#passed.set(member.path, member);
    await this.#digest.update(this.#text.end());
    return { sha256: (await this.#digest.end()).hex, paths: this.#passed.keys() };
  }

  async #next(): Promise<ManifestMember | undefined> {
    const { value, done } = await this.#members.next();
    if (done) return undefined;
    const portion = this.#text.add(value);
    if (portion) await this.#digest.update(portion);
    return value;
  }
}

/** What a member was found to be; of a file the SHA-256 is on its way, and big contents are not kept. */
type Content = { readonly size: number; readonly sha256: Promise<string>; readonly text: string };

class Check {
  readonly faults: FoundFault[] = [];
  readonly #scan: ArchiveScan;
  readonly #digests: Digests;
  readonly #expected: Expected;
  #waiting: (() => Promise<void>)[] = [];
  readonly #signing: Signing | undefined;
  #manifest: Content | 'damaged' | undefined;
  #signature: string | undefined;

  constructor(scan: ArchiveScan, digests: Digests, expected: Expected, signing: Signing | undefined) {
    this.#signing = signing;
    this.#scan = scan;
    this.#digests = digests;
    this.#expected = expected;
  }

  found(path: string, fault: ArchiveFault): void {
    if (this.faults.length < mostFaults) this.faults.push({ path, fault });
  }

  /** Every member in the order of the archive; none may overlap, and nothing may stand between them. */
  async members(directory: Directory | undefined): Promise<void> {
    if (!directory) return;
    for (const { entry, next } of withNext(directory)) {
      if (!(await this.#scan.beginMember(entry, next))) {
        this.found(entry.name, 'directory');
        break;
      }
      await this.#member(entry);
      if (!(await this.#scan.endMember(entry, next))) this.found(entry.name, 'directory');
    }
    await this.#settle(this.#waiting.length);
    const { sha256, paths } = await this.#expected.rest();
    for (const path of paths) this.found(path, 'missing');
    if (this.#manifest === 'damaged') return;
    const found = await this.#manifest?.sha256;
    if (found !== (await sha256)) this.found(manifestName, 'manifest');
    if (this.#signature === undefined || !this.#signing) return;
    if (!isOurs(this.#signing, this.#signature, found ?? '')) this.found(signatureName, 'signature');
  }

  async #member(entry: ZipEntry): Promise<void> {
    const content = await this.#contentOf(entry);
    if (entry.name === manifestName && entry.kind === 'file' && !this.#manifest) {
      this.#manifest = content ?? 'damaged';
      if (!content) this.found(entry.name, 'content');
      return;
    }
    if (entry.name === signatureName && entry.kind === 'file' && this.#signature === undefined) {
      this.#signature = content?.text ?? '';
      if (!content) this.found(entry.name, 'content');
      return;
    }
    const expected = await this.#expected.take(entry.name);
    if (!content) this.found(entry.name, 'content');
    else if (!expected) this.found(entry.name, 'unlisted');
    else if (!agree(entry, content, expected)) this.found(entry.name, 'different');
    else if (expected.kind === 'file') {
      this.#waiting.push(async () => {
        if ((await content.sha256) !== expected.sha256) this.found(entry.name, 'different');
      });
      if (this.#waiting.length > mostWaiting) await this.#settle(mostWaiting / 2);
    }
  }

  async #settle(count: number): Promise<void> {
    for (const compare of this.#waiting.splice(0, count)) await compare();
  }

  /** @returns what the member holds; `undefined` when it is damaged */
  async #contentOf(entry: ZipEntry): Promise<Content | undefined> {
    if (entry.size > pieceBytes || entry.compressedSize > pieceBytes) return this.#throughStream(entry);
    const bytes = expanded(entry, await this.#scan.bytes(entry.compressedSize));
    if (bytes?.length !== entry.size || crc32(bytes) !== entry.crc) return undefined;
    const isText = entry.kind === 'link' || (entry.name === signatureName && entry.size <= longestSignature);
    const text = isText ? Buffer.from(bytes).toString() : '';
    const digest = this.#digests.start();
    await digest.update(bytes);
    return { size: bytes.length, sha256: (await digest.end()).hex, text };
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
    return { size: entry.size, sha256: (await digest.end()).hex, text: '' };
  }
}

/** @returns every member with the byte where the next one, or the directory, must begin */
function* withNext(directory: Directory): Generator<{ entry: ZipEntry; next: number }> {
  let entry: ZipEntry | undefined;
  for (const following of directory.entries()) {
    if (entry) yield { entry, next: following.offset };
    entry = following;
  }
  if (entry) yield { entry, next: directory.offset };
}

function expanded({ method, size }: ZipEntry, raw: Buffer): Buffer | undefined {
  try {
    return method === 0 ? raw : expandWhole(raw, size);
  } catch {
    return undefined;
  }
}

/** Everything but the SHA-256. */
function agree(entry: ZipEntry, content: Content, expected: ManifestMember): boolean {
  if (entry.kind !== expected.kind || entry.mode !== expected.mode) return false;
  if (expected.kind === 'file') return content.size === expected.size;
  return expected.kind === 'link' ? content.text === expected.target : content.size === 0;
}
