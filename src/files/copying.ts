// Copies entries of a site: a copy is new content, so that every file meets the whole policy, wherever it goes.
import { PanelError } from '../platform/errors.ts';
import { startsWith } from '../platform/storage/path.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { Bench } from './job-bench.ts';
import { Stopped } from './job-faults.ts';
import { judgeFile, judgeName } from './policy.ts';
import { refusal } from './refusals.ts';

export type Weight = { readonly entries: number; readonly files: number; readonly bytes: number };

/** More is a job of its own, fewer are copied while the person waits. */
export const quick: Pick<Weight, 'entries' | 'bytes'> = { entries: 100, bytes: 50 * 1024 * 1024 };

/**
 * Counts entries with all that is in them; what is not there counts nothing.
 * @param enough is asked after each folder and may end the counting
 */
export async function weigh(
  storage: SiteStorage,
  paths: readonly SitePath[],
  enough: (soFar: Weight) => Promise<boolean> | boolean = () => false,
): Promise<Weight> {
  let [entries, files, bytes] = [0, 0, 0];
  const add = ({ kind, size }: Entry) => {
    entries += 1;
    if (kind === 'file') files += 1;
    bytes += size;
  };
  const waiting: SitePath[] = [];
  for (const path of paths) {
    const entry = await storage.stat(path).catch(whenGone);
    if (entry) add(entry);
    if (entry?.kind === 'folder') waiting.push(path);
  }
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    for (const entry of (await storage.list(path).catch(whenGone)) ?? []) {
      add(entry);
      if (entry.kind === 'folder') waiting.push([...path, entry.name]);
    }
    if (await enough({ entries, files, bytes })) break;
  }
  return { entries, files, bytes };
}

/** Brings the entries beside `www/`, each under its own name. @throws Stopped `gone`, `quota` */
export async function copyEntries(bench: Bench, sources: readonly SitePath[]): Promise<void> {
  const { storage, room, progress } = bench.parts;
  const weight = await weigh(storage, sources, () => progress.tick().then(() => false));
  if (weight.entries === 0) throw new Stopped('gone');
  progress.filesTotal = weight.files;
  progress.bytesTotal = weight.bytes;
  await room.reserve({ bytes: weight.bytes, files: weight.files });
  for (const path of sources) await copyTree(bench, path, [path.at(-1) ?? '']);
}

async function copyTree(bench: Bench, top: SitePath, place: SitePath): Promise<void> {
  const { storage, progress } = bench.parts;
  const waiting: { from: SitePath; to: SitePath; entry: Entry | undefined }[] = [
    { from: top, to: place, entry: await storage.stat(top).catch(whenGone) },
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { from, to, entry } = next;
    if (!entry) continue;
    if (entry.kind === 'file') {
      await copyFile(bench, from, to, entry);
      progress.files += 1;
    } else if (entry.kind !== 'folder') bench.refuse(to, 0, refusal('link', to));
    else if (await bench.makeFolder(to)) {
      const inside = (await storage.list(from).catch(whenGone)) ?? [];
      inside.sort((a, b) => (a.name < b.name ? 1 : -1));
      for (const each of inside) waiting.push({ from: [...from, each.name], to: [...to, each.name], entry: each });
    }
  }
}

/** A name that may not be is refused before its content is read. */
async function copyFile(bench: Bench, from: SitePath, to: SitePath, { size }: Entry): Promise<void> {
  const { storage, rules, target, disk } = bench.parts;
  const place = [...target, ...to];
  const named = judgeName(place, rules(place));
  if (named) return bench.refuse(to, size, named);
  await disk.require(size);
  const opened = await storage.open(from).catch(whenGone);
  if (!opened) return bench.refuse(to, size, refusal('changed_during', to));
  try {
    const bytes = await bench.write(opened.stream, Number.POSITIVE_INFINITY);
    await bench.keep(to, bytes, (file) => judgeFile(file, rules(place)));
  } finally {
    opened.stream.destroy();
    await bench.forget();
  }
}

/** What vanished meanwhile, or became a link. */
function whenGone(error: unknown): undefined {
  if (error instanceof PanelError && (error.status === 404 || error.status === 409)) return undefined;
  throw error;
}

/** @returns whether a folder would be copied into itself */
export const isInside = (target: SitePath, source: SitePath): boolean => startsWith(target, source);
