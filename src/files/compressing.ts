// Packs entries of a site into a ZIP that stands in the site: written on this machine, and there only once it is whole.
import { stat } from 'node:fs/promises';
import type { SitePath } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';
import { ZipWriter } from '../platform/zip/writer.ts';
import { areaOf, type MarkedFolder } from '../sites/sites.ts';
import { weigh } from './copying.ts';
import type { Bench } from './job-bench.ts';
import { Stopped } from './job-faults.ts';
import type { FileJobWords } from './job-store.ts';
import { judgeFile, scanRefusal } from './policy.ts';
import { zip } from './zipping.ts';

/** after as many bytes the disk's reserve is looked at */
const lookBytes = 64 * 1024 * 1024;

export type Compression = {
  readonly sources: readonly SitePath[];
  /** of the archive, with its ending */
  readonly name: string;
  readonly words: FileJobWords;
  readonly marked: readonly MarkedFolder[];
  readonly signal: AbortSignal;
};

/**
 * What lies in the site already is only packed: it meets no policy again, except where the archive would come into an upload folder,
 * where nothing may lie that an upload is refused for. Whoever unpacks it here meets the policy.
 * @throws Stopped `gone`, `quota`, `refused`
 */
export async function compressEntries(bench: Bench, { sources, name, words, marked, signal }: Compression): Promise<void> {
  const { storage, progress, target, disk, room, rules, scanner } = bench.parts;
  const weight = await weigh(storage, sources, () => progress.tick().then(() => false));
  if (weight.entries === 0) throw new Stopped('gone');
  progress.filesTotal = weight.files;
  progress.bytesTotal = weight.bytes;
  let unlooked = 0;
  const writer = await ZipWriter.create(bench.place).catch(inPlain);
  try {
    const packed = async (bytes: number) => {
      await progress.tick(bytes);
      if (writer.bytes > room.most) throw new Stopped('quota');
      unlooked += bytes;
      if (unlooked < lookBytes) return;
      unlooked = 0;
      await disk.require(0);
    };
    const { leftOutName, leftOutHeading } = words;
    await zip({ storage, writer, tops: sources, signal, leftOutName, leftOutHeading, packed });
    await writer.finish();
  } catch (error) {
    throw storageFault(error);
  } finally {
    await writer.close();
  }
  const { size: bytes } = await stat(bench.place);
  const path = [...target, name];
  if (areaOf(path, marked).kind === 'upload') {
    const refused = await judgeFile({ path, from: bench.place, bytes }, rules(path));
    const found = refused ?? scanRefusal(await scanner.scan(bench.place), path, bytes);
    if (found) throw new Stopped('refused', { first: String(found.parameters.first ?? '') });
  }
  await room.take(bytes);
  await storage.put([...bench.parts.staging, name], bench.place, 'create');
  bench.kept += 1;
}

function inPlain(error: unknown): never {
  throw storageFault(error);
}
