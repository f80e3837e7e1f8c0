// How much lies in each folder of a tree, two levels deep, while the tree is walked: the largest are kept, and no more than those.

import type { FolderTotal } from './port.ts';

const levels = 2;
/** More are never shown; between two sortings some more are held. */
export const mostFolders = 20;
const heldAtMost = 400;

type Open = { readonly path: readonly string[]; bytes: number; files: number };

/** Told of each folder when it is entered and left, and of files in between; needs as much memory as the tree is deep. */
export class FolderTotals {
  readonly #way: Open[];
  #kept: FolderTotal[] = [];

  /** @param top where the walk begins; it is told of by `count` alone */
  constructor(top: readonly string[]) {
    this.#way = [{ path: top, bytes: 0, files: 0 }];
  }

  /** A regular file of the folder that was entered last. */
  add(bytes: number): void {
    const open = this.#way.at(-1);
    if (!open) return;
    open.bytes += bytes;
    open.files += 1;
  }

  entered(name: string): void {
    this.#way.push({ path: this.#way.length <= levels ? [...(this.#way.at(-1)?.path ?? []), name] : [], bytes: 0, files: 0 });
  }

  left(): void {
    const done = this.#way.pop();
    const above = this.#way.at(-1);
    if (!done || !above) return;
    above.bytes += done.bytes;
    above.files += done.files;
    if (this.#way.length > levels || done.files === 0) return;
    this.#kept.push(done);
    if (this.#kept.length > heldAtMost) this.#kept = largest(this.#kept);
  }

  /** Of everything, once the walk is over. */
  get count(): { readonly bytes: number; readonly files: number } {
    return { bytes: this.#way[0]?.bytes ?? 0, files: this.#way[0]?.files ?? 0 };
  }

  /** The largest folders, largest first. */
  get folders(): FolderTotal[] {
    return largest(this.#kept);
  }
}

/** @returns the largest of them, largest first; of equal ones the one above, then by name */
export function largest(folders: readonly FolderTotal[]): FolderTotal[] {
  return [...folders]
    .sort((a, b) => b.bytes - a.bytes || a.path.length - b.path.length || (a.path.join('/') < b.path.join('/') ? -1 : 1))
    .slice(0, mostFolders)
    .map(({ path, bytes, files }) => ({ path, bytes, files }));
}
