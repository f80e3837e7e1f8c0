// What would become of files, before a byte of them is sent: names, sizes, quota, what stands there already, and what may go on.
import { PanelError } from '../platform/errors.ts';
import type { Entry, SitePath } from '../platform/storage/port.ts';
import type { Site } from '../sites/sites.ts';
import type { RulesAt } from './areas.ts';
import { type NamedFile, nameIn } from './arriving-names.ts';
import type { Files } from './files.ts';
import { kindOf } from './kinds.ts';
import { extensionOf } from './names.ts';
import { clashing, KnownNames, type Refusal } from './policy.ts';
import type { UploadConflict } from './publishing.ts';
import { about, refusal } from './refusals.ts';
import type { UnfinishedUpload } from './unfinished.ts';

/** A file that somebody means to upload. `path`: below the chosen folder, as the browser tells it; `changedAt`: epoch milliseconds; `conflict`: what was chosen already. */
export type Meant = {
  readonly path: string;
  readonly bytes: number;
  readonly changedAt: number;
  readonly conflict?: UploadConflict | undefined;
};

/** What stands where a file shall go. */
export type Standing = Pick<Entry, 'kind' | 'size' | 'modifiedAt'>;

/** `path`: in the site. `exists`: what stands there. `unfinished`: what has arrived of this very file. */
export type Foreseen =
  | { readonly shown: string; readonly refused: Refusal }
  | {
      readonly shown: string;
      readonly path: SitePath;
      readonly exists?: Standing;
      readonly unfinished?: Pick<UnfinishedUpload, 'id' | 'offset'>;
    };

/**
 * The same rules as for bytes, as far as they need none. Room is given in the order of the list.
 * @param folder where the files shall go
 * @returns what would become of each, in order; errors: PanelError 503
 */
export async function foresee(files: Files, site: Site, folder: SitePath, list: readonly Meant[]): Promise<Foreseen[]> {
  const { limits } = files;
  const unfinished = new Map(
    (await files.unfinished.ofSite(site)).map((one) => [keyOf(one.path, one.bytes, one.changedAt), one]),
  );
  const rules = await files.rulesOf(site);
  const names = new NamesThere((path) => files.list(site, path));
  let free = Math.max(0, site.quotaBytes - site.usedBytes - (await files.unfinished.promisedBytes(site)));
  const foreseen: Foreseen[] = [];
  for (const [at, meant] of list.entries()) {
    const named = judgeMeant(folder, meant, rules, limits.uploadFileBytes);
    if ('refused' in named) {
      foreseen.push(named);
      continue;
    }
    const { path, shown } = named;
    if (at >= limits.uploadFiles) {
      const rest = list.length - limits.uploadFiles;
      foreseen.push({ shown, refused: { code: 'too_many', parameters: { name: shown, limit: limits.uploadFiles, rest } } });
      continue;
    }
    const other = await names.clash(path, meant.conflict === 'beside');
    const known = unfinished.get(keyOf(path.join('/'), meant.bytes, meant.changedAt));
    if (other !== undefined) foreseen.push({ shown, refused: clashing(shown, path.at(-1) ?? '', other) });
    else if (!known && meant.bytes > free)
      foreseen.push({ shown, refused: refusal('quota', shown, { free, need: meant.bytes - free }) });
    else {
      if (!known) free -= meant.bytes;
      const exists = await names.at(path);
      foreseen.push({ shown, path, ...(exists && { exists }), ...(known && { unfinished: known }) });
    }
  }
  return foreseen;
}

const keyOf = (path: string, bytes: number, changedAt: number | null) => `${bytes} ${changedAt} ${path}`;

function judgeMeant(folder: SitePath, { path: raw, bytes }: Meant, rules: RulesAt, most: number): NamedFile {
  const named = nameIn(folder, raw, rules);
  const tooBig = 'path' in named ? judgeSize(named.path, bytes, most) : undefined;
  return tooBig ? { shown: named.shown, refused: about(tooBig, named.shown) } : named;
}

/** @param most bytes of any file; some kinds have a limit of their own */
export function judgeSize(path: SitePath, bytes: number, most: number): Refusal | undefined {
  const limit = Math.min(most, kindOf(extensionOf(path.at(-1) ?? ''))?.maximumBytes ?? most);
  return bytes > limit ? refusal('too_big', path, { size: bytes, limit }) : undefined;
}

type Folder = { readonly entries: ReadonlyMap<string, Entry>; readonly names: KnownNames };

/** What stands in the folders that are asked about, each read once; names that are foreseen count as standing there. */
class NamesThere {
  readonly #list: (path: SitePath) => Promise<Entry[]>;
  readonly #folders = new Map<string, Promise<Folder>>();

  constructor(list: (path: SitePath) => Promise<Entry[]>) {
    this.#list = list;
  }

  #in(folder: SitePath): Promise<Folder> {
    const key = folder.join('/');
    const read = this.#folders.get(key) ?? this.#read(folder);
    this.#folders.set(key, read);
    return read;
  }

  /** A folder whose parent is not there is not asked for: a tree of new folders costs one look. */
  async #read(folder: SitePath): Promise<Folder> {
    const isNew = folder.length > 1 && !(await this.#in(folder.slice(0, -1))).entries.has(folder.at(-1) ?? '');
    const entries = isNew ? [] : await this.#list(folder).catch(whenNoFolder);
    return {
      entries: new Map(entries.map((entry) => [entry.name, entry])),
      names: new KnownNames(entries.map(({ name }) => name)),
    };
  }

  async at(path: SitePath): Promise<Entry | undefined> {
    return (await this.#in(path.slice(0, -1))).entries.get(path.at(-1) ?? '');
  }

  /** @returns a name that differs only in case or spelling, of what stands there or was asked about before */
  async clash(path: SitePath, besideCase: boolean): Promise<string | undefined> {
    const name = path.at(-1) ?? '';
    const { names, entries } = await this.#in(path.slice(0, -1));
    // What stands there already makes no new pair.
    const other = entries.has(name) ? undefined : names.clash(name, besideCase);
    if (other === undefined) names.add(name);
    return other;
  }
}

const whenNoFolder = (error: unknown): Entry[] => {
  if (error instanceof PanelError && (error.status === 404 || error.status === 409)) return [];
  throw error;
};
