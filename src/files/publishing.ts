// From quarantine into the site: policy, scanner, quota, conflict, then an atomic move; each file by itself, none silently.
import type { Limits } from '../options.ts';
import { PanelError, whenMissing } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import type { FileAct, Room, Site, Sites } from '../sites/sites.ts';
import type { RulesAt } from './areas.ts';
import { clashing, judgeFile, KnownNames, type Refusal, scanRefusal } from './policy.ts';

/** What may become of a file whose name is taken; the first one where nobody chose. */
export const conflicts = ['skip', 'rename', 'replace'] as const;
export type Conflict = (typeof conflicts)[number];
/** And in an upload: beside a name that differs in its case alone (docs/decisions/0036), which else is refused; a name that is taken is skipped. */
export const uploadConflicts = [...conflicts, 'beside'] as const;
export type UploadConflict = (typeof uploadConflicts)[number];

/** One file of an upload: refused on arrival, or waiting in quarantine. */
export type Received = {
  /** as the person knows it, safe to show */
  readonly shown: string;
  readonly bytes: number;
  readonly path?: SitePath;
  readonly from?: string;
  /** what its content was judged to be while it arrived */
  readonly passed?: { readonly refusal: Refusal | undefined };
  readonly refused?: Refusal;
};

export type UploadResult = {
  readonly file: string;
  readonly bytes: number;
  readonly result: 'stored' | 'renamed' | 'replaced' | 'skipped' | 'refused';
  /** where it stands now, when it was renamed */
  readonly storedAs?: string;
  readonly code?: Refusal['code'];
  readonly parameters?: Refusal['parameters'];
};

export type PublishParts = {
  readonly site: Site;
  readonly sites: Sites;
  /** announces the upload with the room it takes; false when the quota does not hold it */
  readonly begin: (room: Room) => Promise<boolean>;
  readonly act: Pick<FileAct, 'holding'>;
  readonly scanner: VirusScanner;
  readonly rules: RulesAt;
  readonly limits: Limits;
  readonly conflict: UploadConflict;
  readonly log: Log;
  /** under which the log has what our storage failed at */
  readonly ref: string;
};

type Waiting = Received & { readonly path: SitePath; readonly from: string };

/** `unused`: room that was taken and not needed, to be given back with the outcome. */
export type Published = { readonly results: readonly UploadResult[]; readonly unused: Room };

/** @throws PanelError 503 when the scanner does not answer: then nothing of the upload is published */
export async function publish(received: readonly Received[], parts: PublishParts): Promise<Published> {
  const judged: Received[] = [];
  for (const file of received) judged.push({ ...file, ...(await judge(file, parts)) });
  const budget = await reserve(judged.filter(isWaiting), parts);
  const results: UploadResult[] = [];
  const folders = new Map<string, KnownNames>();
  let { bytes, files } = budget;
  await parts.act.holding(async () => {
    for (const file of judged) {
      const refused = file.refused ?? (isWaiting(file) && !budget.granted.has(file.from) ? budget.refusal(file) : undefined);
      const result = refused || !isWaiting(file) ? refusedResult(file, refused) : await put(file, parts, folders);
      results.push(result.row);
      bytes -= result.grownBy;
      files -= result.isNew ? 1 : 0;
    }
  });
  return { results, unused: { bytes, files } };
}

const isWaiting = (file: Received): file is Waiting =>
  file.refused === undefined && file.from !== undefined && file.path !== undefined;

async function judge(file: Received, { scanner, rules }: PublishParts): Promise<{ refused?: Refusal }> {
  if (!isWaiting(file)) return {};
  const refused = await judgeFile(file, rules(file.path));
  if (refused) return { refused: { ...refused, parameters: { ...refused.parameters, name: file.shown } } };
  const found = scanRefusal(await scanner.scan(file.from), file.shown, file.bytes);
  return found ? { refused: found } : {};
}

/** Takes room for as many files as fit, in their order, in one short transaction. */
async function reserve(files: readonly Waiting[], { begin, sites, site }: PublishParts) {
  const take = async (fits: readonly Waiting[]) => {
    const bytes = fits.reduce((sum, file) => sum + file.bytes, 0);
    return (await begin({ bytes, files: fits.length })) ? { bytes, fits } : undefined;
  };
  // Another upload may have taken room since; then half as many are tried.
  for (let count = files.length; ; count = Math.floor(count / 2)) {
    const taken = count === 0 ? { bytes: 0, fits: [] } : await take(files.slice(0, count));
    if (!taken) continue;
    const { quotaBytes, usedBytes } = await sites.byId(site.id);
    const free = Math.max(0, quotaBytes - usedBytes);
    const need = ({ bytes }: Waiting) => Math.max(0, bytes - free);
    return {
      bytes: taken.bytes,
      files: taken.fits.length,
      granted: new Set(taken.fits.map((file) => file.from)),
      refusal: (file: Waiting): Refusal => ({ code: 'quota', parameters: { name: file.shown, free, need: need(file) } }),
    };
  }
}

type Outcome = { readonly row: UploadResult; readonly grownBy: number; readonly isNew: boolean };

function refusedResult(file: Received, refused: Refusal | undefined): Outcome {
  const why = refused ?? { code: 'read_failed' as const, parameters: { name: file.shown } };
  const result = why.code === 'exists' ? 'skipped' : 'refused';
  return {
    row: { file: file.shown, bytes: file.bytes, result, code: why.code, parameters: why.parameters },
    grownBy: 0,
    isNew: false,
  };
}

async function put(file: Waiting, parts: PublishParts, folders: Map<string, KnownNames>): Promise<Outcome> {
  const { sites, site, conflict, log, ref } = parts;
  const storage = sites.storageFor(site);
  try {
    const names = await namesIn(storage, file.path.slice(0, -1), folders);
    const name = file.path.at(-1) ?? '';
    const clash = await clashWith(storage, file, names, conflict);
    if (clash) return refusedResult(file, clash);
    if (!names.has(name)) return await place(storage, file, file.path, 'stored', names);
    if (conflict === 'skip' || conflict === 'beside') return refusedResult(file, await existing(storage, file));
    if (conflict === 'rename')
      return await place(storage, file, [...file.path.slice(0, -1), freeName(name, names)], 'renamed', names);
    const old = await storage.stat(file.path);
    if (old.kind !== 'file') return refusedResult(file, await existing(storage, file));
    await storage.put(file.path, file.from, 'replace');
    return { row: { file: file.shown, bytes: file.bytes, result: 'replaced' }, grownBy: file.bytes - old.size, isNew: false };
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    // Somebody took the name meanwhile, or what is no folder stands where one of its path would be.
    const isPlace = error.status === 404 || error.status === 409;
    const other = error.status === 409 ? await existing(storage, file).catch(() => undefined) : undefined;
    const why = other ?? (isPlace ? await inTheWay(storage, file).catch(() => undefined) : undefined);
    if (why) return refusedResult(file, why);
    log.warn({ ref, siteId: site.id, err: error }, 'not stored');
    return refusedResult(file, { code: 'disk_error', parameters: { name: file.shown, ref } });
  }
}

/** A name that stands there already makes no new pair; on storage that takes two cases for one name nobody can have both. */
async function clashWith(
  storage: SiteStorage,
  { path, shown }: Waiting,
  names: KnownNames,
  conflict: UploadConflict,
): Promise<Refusal | undefined> {
  const name = path.at(-1) ?? '';
  if (names.has(name)) return undefined;
  const other = names.clash(name, true) ?? names.clash(name);
  if (other === undefined) return undefined;
  const refused = clashing(shown, name, other);
  if (refused.parameters.by !== 'case') return refused;
  const isOne = await storage.stat(path).catch(whenMissing);
  if (isOne) return { ...refused, parameters: { ...refused.parameters, by: 'storage' } };
  return conflict === 'beside' ? undefined : refused;
}

async function place(
  storage: SiteStorage,
  file: Waiting,
  path: SitePath,
  result: 'stored' | 'renamed',
  names: KnownNames,
): Promise<Outcome> {
  await storage.put(path, file.from, 'create');
  names.add(path.at(-1) ?? '');
  const storedAs = path.at(-1);
  return {
    row: { file: file.shown, bytes: file.bytes, result, ...(result === 'renamed' && storedAs && { storedAs }) },
    grownBy: file.bytes,
    isNew: true,
  };
}

async function existing(storage: SiteStorage, file: Waiting): Promise<Refusal> {
  const old = await storage.stat(file.path);
  return {
    code: 'exists',
    parameters: { name: file.shown, size: old.size, at: Math.floor(old.modifiedAt), bytes: file.bytes, kind: old.kind },
  };
}

/** @returns what is no folder on the way to the file; links are none, since they are never followed */
async function inTheWay(storage: SiteStorage, { path, shown }: Waiting): Promise<Refusal | undefined> {
  for (let depth = 1; depth < path.length; depth += 1) {
    const entry = await storage.stat(path.slice(0, depth)).catch(whenMissing);
    if (!entry) return undefined;
    if (entry.kind !== 'folder') return { code: 'in_the_way', parameters: { name: shown, path: path.slice(0, depth).join('/') } };
  }
  return undefined;
}

/** What stands in a folder, read once an upload; a folder that is not there yet is empty. */
async function namesIn(storage: SiteStorage, folder: SitePath, known: Map<string, KnownNames>): Promise<KnownNames> {
  const key = folder.join('/');
  const before = known.get(key);
  if (before) return before;
  const entries = await storage.list(folder).catch(whenMissing);
  const names = new KnownNames(entries?.map((entry) => entry.name) ?? []);
  known.set(key, names);
  return names;
}

/** `사진.jpg` → `사진 (2).jpg`: the first number that is free, also in other spellings. */
export function freeName(name: string, names: KnownNames): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 2; ; number += 1) {
    const candidate = `${stem} (${number})${extension}`;
    if (!names.has(candidate) && names.clash(candidate) === undefined) return candidate;
  }
}
