// Goes through a folder with all that is in it, however deep, without following a link: to remove it or to count it.
import { lstat, rmdir, unlink } from 'node:fs/promises';
import { unless } from './faults.ts';
import { type Folder, type FolderEntry, within } from './folder.ts';
import { FolderTotals } from './folder-totals.ts';
import { type DiskName, shownName } from './names.ts';
import type { FolderTotal } from './port.ts';

type Visitor = {
  /** everything in one folder that is no folder itself */
  files(folder: Folder, names: readonly DiskName[]): Promise<void>;
  /** a folder whose content is visited from now on */
  entered?(name: DiskName): void;
  /** a folder of which all that is in it was visited */
  left(parent: Folder, name: DiskName): Promise<void>;
};

type Step = { readonly name: DiskName; readonly identity: string; readonly rest: DiskName[] };

const together = 64;

/** Runs `act` for each item, some at a time. All of them have ended when this returns or throws, so that descriptors may be closed. */
export async function forEach<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += together) {
    const settled = await Promise.allSettled(items.slice(start, start + together).map(act));
    for (const one of settled) {
      if (one.status === 'rejected') throw one.reason;
      results.push(one.value);
    }
  }
  return results;
}

async function look(folder: Folder, visitor: Visitor): Promise<DiskName[]> {
  const entries = await folder.entries();
  const names = (wanted: FolderEntry[]) => wanted.map((entry) => entry.name);
  await visitor.files(folder, names(entries.filter((entry) => !entry.isFolder)));
  return names(entries.filter((entry) => entry.isFolder));
}

/** Holds two descriptors at any depth: the way back up is opened anew and must be the same folder as before. */
async function visit(top: Folder, visitor: Visitor): Promise<void> {
  const way: Step[] = [];
  let folder = top;
  const goTo = async (next: Folder) => {
    const last = folder;
    folder = next;
    if (last !== top) await last.close();
  };
  try {
    let rest = await look(top, visitor);
    for (;;) {
      const name = rest.pop();
      const step = name === undefined ? way.pop() : undefined;
      if (name !== undefined) {
        const identity = await folder.identity();
        const child = await unless(['ENOENT', 'ENOTDIR'], () => folder.enter(name));
        // a link took the folder's place meanwhile
        if (!child) await visitor.files(folder, [name]);
        else {
          way.push({ name, identity, rest });
          visitor.entered?.(name);
          await goTo(child);
          rest = await look(child, visitor);
        }
      } else if (step) {
        await goTo(way.length === 0 ? top : await folder.above(step.identity));
        await visitor.left(folder, step.name);
        rest = step.rest;
      } else return;
    }
  } finally {
    if (folder !== top) await folder.close();
  }
}

const remover: Visitor = {
  async files(folder, names) {
    await forEach(names, (name) => unless(['ENOENT'], () => unlink(folder.at(name))));
  },
  async left(parent, name) {
    await unless(['ENOENT'], () => rmdir(parent.at(name)));
  },
};

/** Removes a file, a link (never its target) or a folder with all that is in it. Nothing there is no error. */
export async function removeTree(parent: Folder, name: DiskName): Promise<void> {
  const folder = await unless(['ENOENT', 'ENOTDIR'], () => parent.enter(name));
  if (!folder) return remover.files(parent, [name]);
  await within(folder, (top) => visit(top, remover));
  await remover.left(parent, name);
}

/**
 * @param path what the folder itself is called
 * @returns the bytes and number of regular files below the folder, and its largest folders, two levels deep; a file with several hard
 * links counts once
 */
export async function countTree(
  top: Folder,
  path: readonly string[],
): Promise<{ bytes: number; files: number; folders: FolderTotal[] }> {
  const seen = new Set<string>();
  const totals = new FolderTotals(path);
  await visit(top, {
    async files(folder, names) {
      const found = await forEach(names, (name) => unless(['ENOENT'], () => lstat(folder.at(name), { bigint: true })));
      for (const stats of found) {
        const identity = stats && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
        if (!stats?.isFile() || (identity && seen.has(identity))) continue;
        if (identity) seen.add(identity);
        totals.add(Number(stats.size));
      }
    },
    entered: (name) => totals.entered(shownName(name)),
    left: async () => totals.left(),
  });
  return { ...totals.count, folders: totals.folders };
}
