// Unpacks an archive of a site: members that may be land, refused ones are listed; a bomb or a broken archive leaves nothing.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Limits } from '../options.ts';
import { whenMissing } from '../platform/errors.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';
import { lookInto, whyNot } from './archive-members.ts';
import type { Bench } from './job-bench.ts';
import { Stopped } from './job-faults.ts';
import { isArchive, kindOf } from './kinds.ts';
import { canonicalPath, extensionOf } from './names.ts';
import { judgeFolders, judgeName, judgeUnpacked, type Refusal } from './policy.ts';
import { judgeSize } from './preflight.ts';
import { type ArchiveFault, refusal, visible } from './refusals.ts';
import { Allowance, ArchiveRefused, type Looking, type Member } from './unpacking.ts';

export type Extraction = {
  readonly source: SitePath;
  /** folder that is made for what comes out; null: it comes out into the target itself */
  readonly name: string | null;
  readonly limits: Pick<Limits, 'uploadFileBytes'>;
};

/** Brings what may come out beside `www/`. @throws Stopped `gone`, `quota`, `password`, `too_large`, `damaged` */
export async function extractArchive(bench: Bench, { source, name, limits }: Extraction): Promise<void> {
  const extension = extensionOf(source.at(-1) ?? '');
  const kind = kindOf(extension);
  if (!kind || !isArchive(extension)) throw new Stopped('gone');
  const file = await fetchArchive(bench, source);
  const top = name === null ? [] : [name];
  const allowance = new Allowance(bench.parts.widest);
  const own = new OwnFaults();
  const looking: Looking = {
    ...{ file, allowance, office: false },
    judgeNested: judgeUnpacked,
    faults: {
      add: (why, shown) => bench.refuse([...top, shown].join('/'), 0, memberRefusal(why, top, shown, bench)),
    },
    taker: {
      expect: (bytes) => {
        bench.parts.progress.bytesTotal = bytes;
      },
      folder: (path) => own.noting(async () => void (await bench.makeFolder([...top, ...path]))),
      file: (member) =>
        own.noting((chunks) => takeMember(bench, { ...member, chunks }, { top, allowance, limits }), member.chunks),
    },
  };
  await lookInto(looking, kind).catch((error) => {
    own.rethrow();
    const { code, parameters } = whyNot(error, source);
    const first = String(parameters.first ?? '');
    if (code === 'password_zip') throw new Stopped('password', { first });
    throw new Stopped(parameters.why === 'too_large' ? 'too_large' : 'damaged', { first });
  });
}

/**
 * Tells faults of this work apart from those of the archive: what reading a member throws is the archive's, and everything else that is
 * thrown while it is taken is not.
 */
class OwnFaults {
  #fault: { readonly error: unknown } | undefined;

  async noting(
    act: (chunks: AsyncIterable<Buffer>) => Promise<void>,
    chunks: AsyncIterable<Buffer> = Readable.from([]),
  ): Promise<void> {
    let ofArchive: unknown;
    async function* noted() {
      try {
        yield* chunks;
      } catch (error) {
        ofArchive = error;
        throw error;
      }
    }
    try {
      await act(noted());
    } catch (error) {
      if (error !== ofArchive && !(error instanceof ArchiveRefused)) this.#fault = { error };
      throw error;
    }
  }

  rethrow(): void {
    if (this.#fault) throw this.#fault.error;
  }
}

/** Copied first: what is looked into does not change meanwhile, and a parser needs to read at random. */
async function fetchArchive(bench: Bench, source: SitePath): Promise<Looking['file']> {
  const { storage, disk, folder, progress } = bench.parts;
  const opened = await storage.open(source).catch(whenMissing);
  if (!opened) throw new Stopped('gone');
  await disk.require(opened.entry.size);
  const from = join(folder, 'archive');
  const target = await open(from, 'wx', 0o600).catch(inPlain);
  let bytes = 0;
  try {
    for await (const chunk of opened.stream as AsyncIterable<Buffer>) {
      await target.writeFile(chunk).catch(inPlain);
      bytes += chunk.length;
      await progress.tick();
    }
  } finally {
    opened.stream.destroy();
    await target.close();
  }
  return { path: source, from, bytes };
}

type Taking = { readonly top: SitePath; readonly allowance: Allowance; readonly limits: Extraction['limits'] };

async function takeMember(bench: Bench, { name, chunks }: Member, { top, allowance, limits }: Taking): Promise<void> {
  if (name.litter) return;
  const path = [...top, ...name.path];
  const { progress } = bench.parts;
  await progress.tick();
  try {
    const bytes = await bench.write(chunks, limits.uploadFileBytes);
    const tooBig = judgeSize(path, bytes, limits.uploadFileBytes);
    if (tooBig) return bench.refuse(path, bytes, tooBig);
    await bench.keep(path, bytes, async (file) => {
      const nested = isArchive(extensionOf(file.path.at(-1) ?? '')) && allowance.depth <= 0;
      if (nested) return refusal('archive_bad', path, { why: 'nested', n: 0, first: '' });
      const refused = await judgeUnpacked(file, allowance.deeper(bench.parts.rules(file.path)));
      // A bomb inside is a bomb.
      if (refused?.parameters.why === 'too_large') throw new ArchiveRefused('too_large', path.join('/'));
      return refused;
    });
    progress.files += 1;
  } finally {
    await bench.forget();
  }
}

/** Why a member was left out whose name or kind alone says so. */
function memberRefusal(why: ArchiveFault, top: SitePath, shown: string, { parts }: Bench): Refusal {
  const name = visible(shown);
  if (why === 'link' || why === 'method') return refusal(why, name);
  const canonical = canonicalPath(shown);
  if ('refusal' in canonical) return canonical.refusal;
  const rules = parts.rules([...parts.target, ...top, ...canonical.path]);
  const judged = shown.endsWith('/') ? judgeFolders(canonical.path, rules) : judgeName(canonical.path, rules);
  return judged ?? refusal('twice', name);
}

function inPlain(error: unknown): never {
  throw storageFault(error);
}
