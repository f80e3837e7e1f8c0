// Finds entries by a part of their name below a folder: a few hundred milliseconds at a time, and on from where the last page ended.
import { type Clock, second } from '../platform/clock.ts';
import { whenMissing } from '../platform/errors.ts';
import type { EntryKind, Named, SitePath } from '../platform/storage/port.ts';

export type Found = { readonly path: SitePath; readonly kind: EntryKind };
export type SearchPage = {
  readonly found: readonly Found[];
  /** the folder to go on after; undefined: everything was looked through */
  readonly goOn: SitePath | undefined;
};

export type Search = {
  readonly top: SitePath;
  /** compared without case, in NFC and in compatibility forms */
  readonly text: string;
  /** the last folder that the page before looked through */
  readonly after?: SitePath | undefined;
  readonly names: (path: SitePath) => Promise<Named[]>;
  readonly clock: Pick<Clock, 'monotonic'>;
};

export const mostFound = 200;
/** What a person waits for at most; a folder that was begun is looked through to its end. */
const pageMilliseconds = 0.7 * second;

const folded = (text: string) => text.normalize('NFKC').toLowerCase();
const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Goes through the folders from the top down, each one's own before those below it. Links are found and never followed. */
export async function search(asked: Search): Promise<SearchPage> {
  const { names, clock, top } = asked;
  const wanted = folded(asked.text);
  const waiting = asked.after ? await laterThan(asked.after, asked) : [top];
  const found: Found[] = [];
  const begun = clock.monotonic();
  for (;;) {
    const path = waiting.pop();
    if (!path) return { found, goOn: undefined };
    // A folder that is gone meanwhile holds nothing.
    const inside = (await names(path).catch(whenMissing)) ?? [];
    const hits = inside.filter(({ name }) => folded(name).includes(wanted)).sort((a, b) => byName(a.name, b.name));
    found.push(...hits.map(({ name, kind }) => ({ path: [...path, name], kind })));
    waiting.push(...foldersOf(path, inside).reverse());
    const isEnough = found.length >= mostFound || clock.monotonic() - begun >= pageMilliseconds;
    if (isEnough && waiting.length > 0) return { found, goOn: path };
  }
}

const foldersOf = (path: SitePath, inside: readonly Named[]): SitePath[] =>
  inside
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => name)
    .sort(byName)
    .map((name) => [...path, name]);

/** @returns the folders that come after one that was looked through, the next one last */
async function laterThan(after: SitePath, { top, names }: Search): Promise<SitePath[]> {
  const waiting: SitePath[] = [];
  for (let depth = top.length; depth <= after.length; depth += 1) {
    const path = after.slice(0, depth);
    const below = foldersOf(path, (await names(path).catch(whenMissing)) ?? []);
    const next = after[depth];
    waiting.push(...below.filter((one) => next === undefined || byName(one.at(-1) ?? '', next) > 0).reverse());
  }
  return waiting;
}
