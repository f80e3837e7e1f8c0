// What looking into any archive needs: limits that are counted on real bytes, faults that are counted, members that are judged.
import { open, rm } from 'node:fs/promises';
import { ContentJudge } from './contents.ts';
import { isNeverAllowed, isServerRun, kindOf, type UploadRules } from './kinds.ts';
import { canonicalPath, extensionOf, isSystemLitter, judgeFolders, judgeName } from './names.ts';
import { type ArchiveFault, type Refusal, refusal } from './refusals.ts';

/**
 * A file to judge: `path` is what it shall be called, `from` where it lies on this machine. `passed`: what a `ContentJudge` said whom
 * every byte passed on its way there; without it the file is read.
 */
export type JudgedFile = {
  readonly path: readonly string[];
  readonly from: string;
  readonly bytes: number;
  readonly passed?: { readonly refusal: Refusal | undefined };
};

const ratioFloorBytes = 10 * 1024 * 1024;

/** Thrown inside, to leave an archive at once; never leaves `judgeArchive`. */
export class ArchiveRefused extends Error {
  readonly why: ArchiveFault | 'password';
  readonly member: string;

  constructor(why: ArchiveFault | 'password', member = '') {
    super(why);
    this.why = why;
    this.member = member;
  }
}

/** What is left of the limits, shared by an archive and those inside it. */
export class Allowance {
  readonly rules: UploadRules;
  readonly depth: number;
  readonly #left: { members: number; bytes: number };

  constructor(
    rules: UploadRules,
    depth = rules.archiveLimits.depth,
    left = { members: rules.archiveLimits.members, bytes: rules.archiveLimits.bytes },
  ) {
    this.rules = rules;
    this.depth = depth;
    this.#left = left;
  }

  /** The same limits one archive deeper. @param rules of the place where that one lands, when it is another */
  deeper(rules: UploadRules = this.rules): Allowance {
    return new Allowance(rules, this.depth - 1, this.#left);
  }

  /** Refuses sizes that an archive only declares. */
  foresee(members: number, bytes: number, packedBytes: number): void {
    if (members > this.#left.members || bytes > this.#left.bytes || this.#isBomb(bytes, packedBytes))
      throw new ArchiveRefused('too_large');
  }

  takeMember(name: string): void {
    if (--this.#left.members < 0) throw new ArchiveRefused('too_large', name);
  }

  /** @param unpackedBytes of this member or archive so far, the chunk included */
  takeBytes(chunkBytes: number, unpackedBytes: number, packedBytes: number, name: string): void {
    this.#left.bytes -= chunkBytes;
    if (this.#left.bytes < 0 || this.#isBomb(unpackedBytes, packedBytes)) throw new ArchiveRefused('too_large', name);
  }

  #isBomb(bytes: number, packedBytes: number): boolean {
    return bytes > ratioFloorBytes && bytes > packedBytes * this.rules.archiveLimits.ratio;
  }
}

/** Members that would be refused by themselves: counted, and the first one named. */
export class Faults {
  #count = 0;
  #first: { why: ArchiveFault; name: string } | undefined;

  add(why: ArchiveFault, name: string): void {
    this.#count++;
    this.#first ??= { why, name };
  }

  refusal(path: readonly string[]): Refusal | undefined {
    return this.#first && badArchive(path, this.#first.why, this.#count, this.#first.name);
  }
}

export function badArchive(path: readonly string[], why: ArchiveFault, n: number, first: string): Refusal {
  return refusal('archive_bad', path, { why, n, first: refusal('archive_bad', first).parameters.name ?? '' });
}

export type MemberName = { readonly path: readonly string[]; readonly litter: boolean };

/** @param name as it stands in the archive; a slash at its end means a folder. @returns `undefined` where it may not be */
export function judgeMemberName(name: string, office: boolean, rules: UploadRules): MemberName | undefined {
  const canonical = canonicalPath(name);
  if ('refusal' in canonical) return undefined;
  const { path } = canonical;
  if (office) return path.every(isOfficePart) ? { path, litter: false } : undefined;
  if (name.endsWith('/')) return judgeFolders(path, rules) ? undefined : { path, litter: false };
  if (isSystemLitter(path, rules)) return { path, litter: true };
  return judgeName(path, rules) ? undefined : { path, litter: false };
}

/** Documents hold kinds that are never uploaded by themselves (`.rels`, `.bin`), but nothing that runs. */
function isOfficePart(segment: string): boolean {
  const parts = segment.toLowerCase().split('.').slice(1);
  return !parts.some(isServerRun) && (parts.at(-1) === 'bin' || !isNeverAllowed(parts.at(-1) ?? ''));
}

export type Member = { readonly name: MemberName; readonly shown: string; readonly chunks: AsyncIterable<Buffer> };

/** Who unpacks an archive instead of judging it as a whole: gets each member whose name may be, and reads as much of it as is wanted. */
export type MemberTaker = {
  /** how many bytes the archive says to hold, for showing progress only */
  expect(bytes: number): void;
  folder(path: readonly string[]): Promise<void>;
  file(member: Member): Promise<void>;
};

/** How one archive is looked into; `judgeNested` judges a member that is an archive itself, with what is left of the limits. */
export type Looking = {
  readonly file: Pick<JudgedFile, 'path' | 'from' | 'bytes'>;
  readonly office: boolean;
  readonly allowance: Allowance;
  readonly faults: Pick<Faults, 'add'>;
  readonly judgeNested: (file: JudgedFile, allowance: Allowance) => Promise<Refusal | undefined>;
  readonly taker?: MemberTaker;
};

/** Judges one member's content; a member that is refused need not be read to its end. */
export async function judgeMember(member: Member, looking: Looking): Promise<void> {
  if (looking.taker) return looking.taker.file(member);
  const family = kindOf(extensionOf(member.name.path.at(-1) ?? ''))?.family;
  const opaque = looking.office || member.name.litter;
  const isArchive = !opaque && (family === 'zip' || family === 'gz' || family === 'tar');
  if (isArchive && looking.allowance.depth <= 0) return looking.faults.add('nested', member.shown);
  const spills = isArchive || (!opaque && family === 'office');
  const refused = spills ? await judgeSpilled(member, looking) : await judgePassing(member, opaque);
  if (!refused) return;
  if (refused.code === 'password_zip') throw new ArchiveRefused('password', member.shown);
  if (refused.parameters.why === 'too_large') throw new ArchiveRefused('too_large', member.shown);
  looking.faults.add(refused.parameters.why === 'nested' ? 'nested' : 'member', member.shown);
}

async function judgePassing(member: Member, opaque: boolean): Promise<Refusal | undefined> {
  const judge = new ContentJudge(member.name.path, opaque);
  for await (const chunk of member.chunks) if (!judge.push(chunk)) break;
  return judge.end();
}

/** An archive needs reading at random, so that it is written beside the quarantined file for as long as it is looked into. */
async function judgeSpilled(member: Member, looking: Looking): Promise<Refusal | undefined> {
  const from = `${looking.file.from}.member`;
  const target = await open(from, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of member.chunks) {
      await target.writeFile(chunk);
      bytes += chunk.length;
    }
    await target.close();
    return await looking.judgeNested({ path: member.name.path, from, bytes }, looking.allowance.deeper());
  } finally {
    await target.close();
    await rm(from, { force: true });
  }
}
