// What lies ready beside `www/` comes to where it belongs: by renames alone, folder into folder, each name decided by itself.
import { PanelError, whenMissing } from '../platform/errors.ts';
import type { Entry, Named, SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { RulesAt } from './areas.ts';
import { judgeFolders, judgeName, KnownNames, type Refusal } from './policy.ts';
import type { Conflict, UploadResult } from './publishing.ts';
import { refusal } from './refusals.ts';

export type Merging = {
  readonly storage: SiteStorage;
  readonly rules: RulesAt;
  /** where it lies */
  readonly from: SitePath;
  /** an existing folder below `www/` */
  readonly to: SitePath;
  readonly conflict: Conflict;
  /** entries of the first level whose name is taken get another one, whatever `conflict` says and folders too */
  readonly isRenamed: (name: string) => boolean;
  /** another name for one that is taken */
  readonly freeName: (name: string, known: KnownNames) => string;
  /** what is replaced goes here, and comes back from there for thirty days */
  readonly setAside: (path: SitePath) => Promise<void>;
  /** between any two steps. @throws to end the work, which whoever comes next goes on with */
  readonly tick: () => Promise<void>;
};

/**
 * May be ended at any moment and begun again: what was moved is not there any more. Files that are skipped stay where they lay.
 * @returns what did not just get its name: renamed, replaced, skipped, in paths below `to`
 */
export async function merge(merging: Merging): Promise<UploadResult[]> {
  const results: UploadResult[] = [];
  await mergeFolder({ ...merging, results }, []);
  return results;
}

type Merge = Merging & { readonly results: UploadResult[] };

async function mergeFolder(merge: Merge, path: SitePath): Promise<void> {
  const { storage, from, to } = merge;
  const staged = (await storage.names([...from, ...path]).catch(whenMissing)) ?? [];
  const there = new Map((await storage.names([...to, ...path])).map((entry) => [entry.name, entry]));
  const known = new KnownNames(there.keys());
  staged.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of staged) {
    await merge.tick();
    await mergeOne(merge, path, entry, there.get(entry.name), known);
    known.add(entry.name);
  }
}

async function mergeOne(
  merge: Merge,
  path: SitePath,
  staged: Named,
  standing: Named | undefined,
  known: KnownNames,
): Promise<void> {
  const { conflict, results } = merge;
  const place = [...path, staged.name];
  const other = known.clash(staged.name);
  const isFree = !standing && other === undefined;
  if (isFree) {
    if ((await move(merge, place, staged.name)) !== 'taken') return;
    // Somebody took the name since it was looked for.
    known.add(staged.name);
    return mergeOne(merge, path, staged, await merge.storage.stat([...merge.to, ...place]), known);
  }
  if (path.length === 0 && merge.isRenamed(staged.name)) return rename(merge, path, staged, known);
  if (!standing) return skip(merge, place, refusal('name_case_clash', place, { other: other ?? '' }), 'refused');
  if (standing.kind === 'folder' && staged.kind === 'folder') return mergeFolder(merge, place);
  if (conflict === 'rename') return rename(merge, path, staged, known);
  const areFiles = standing.kind === 'file' && staged.kind === 'file';
  if (conflict === 'skip' || !areFiles) return skipExisting(merge, place);
  await merge.setAside([...merge.to, ...place]);
  if ((await move(merge, place, staged.name)) === 'taken') return skipExisting(merge, place);
  results.push({ file: place.join('/'), bytes: 0, result: 'replaced' });
}

/** @returns `gone` when it does not lie there any more: it was moved before */
async function move({ storage, from, to }: Merge, place: SitePath, name: string): Promise<'moved' | 'gone' | 'taken'> {
  try {
    await storage.move([...from, ...place], [...to, ...place.slice(0, -1), name]);
    return 'moved';
  } catch (error) {
    if (!(error instanceof PanelError) || (error.status !== 404 && error.status !== 409)) throw error;
    if (!(await storage.stat([...from, ...place]).catch(whenMissing))) return 'gone';
    // A folder above is gone, or a link by now.
    if (error.status === 404) throw error;
    return 'taken';
  }
}

async function rename(merge: Merge, path: SitePath, staged: Named, known: KnownNames): Promise<void> {
  const { rules, to, results, freeName } = merge;
  const place = [...path, staged.name];
  for (;;) {
    const name = freeName(staged.name, known);
    const named = [...to, ...path, name];
    const refused = staged.kind === 'folder' ? judgeFolders(named, rules(named)) : judgeName(named, rules(named));
    if (refused) return skip(merge, place, refused, 'refused');
    known.add(name);
    const ended = await move(merge, place, name);
    if (ended === 'moved') results.push({ file: place.join('/'), bytes: 0, result: 'renamed', storedAs: name });
    if (ended !== 'taken') return;
  }
}

async function skipExisting(merge: Merge, place: SitePath): Promise<void> {
  const { storage, from, to } = merge;
  const stat = (path: SitePath): Promise<Entry | undefined> => storage.stat([...path, ...place]).catch(whenMissing);
  const [old, wanted] = [await stat(to), await stat(from)];
  const sizes = { size: old?.size ?? 0, at: Math.floor(old?.modifiedAt ?? 0), bytes: wanted?.size ?? 0 };
  skip(merge, place, refusal('exists', place, sizes), 'skipped');
}

function skip({ results }: Merge, place: SitePath, refused: Refusal, result: 'skipped' | 'refused'): void {
  const { bytes = 0 } = refused.parameters;
  results.push({ file: place.join('/'), bytes: Number(bytes), result, ...refused });
}

/** `사진.jpg` → `사진 사본.jpg`, `사진 사본 2.jpg` … @param word for a copy, in the person's language */
export function copyName(name: string, known: KnownNames, word: string): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 1; ; number += 1) {
    const candidate = `${stem} ${word}${number === 1 ? '' : ` ${number}`}${extension}`;
    if (!known.has(candidate) && known.clash(candidate) === undefined) return candidate;
  }
}
