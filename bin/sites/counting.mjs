// Counts what a site's files take, and which of its folders are the largest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { environment, failed } from './system.mjs';

/** Of more nobody asks; between two sortings some more are held. */
const mostFolders = 20;
const heldAtMost = 400;

/**
 * @param folder a site's own folder
 * @param names folders in it
 * @returns bytes and number of regular files below them, hard links once, and the largest folders: two levels of `www`, others as a whole
 */
export async function counted(folder, names) {
  // find opens folder by folder without following a link, so nobody can lead root elsewhere while it looks.
  const find = spawn(
    'find',
    [...names.map((name) => join(folder, name)), '-xdev', '-type', 'f', '-printf', '%s %n %D:%i %p\\0'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: environment,
    },
  );
  const ended = once(find, 'close');
  const seen = new Set();
  const totals = new Totals();
  let rest = '';
  for await (const piece of find.stdout.setEncoding('latin1')) {
    const lines = (rest + piece).split('\0');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [size, links, identity] = line.split(' ', 3);
      if (links !== '1' && seen.has(identity)) continue;
      if (links !== '1') seen.add(identity);
      const path = line.slice(size.length + links.length + identity.length + 3 + folder.length + 1);
      totals.add(path.split('/').slice(0, -1), Number(size));
    }
  }
  const [code] = await ended;
  // 1: a file was gone before it was looked at
  if (code !== 0 && code !== 1) throw failed(`find ended with ${code ?? 'a signal'}`);
  return totals.told();
}

/** find goes through each folder in one go: what is not on the way to its newest file any more is whole. */
class Totals {
  #way = [];
  #kept = [];
  #count = { bytes: 0, files: 0 };

  add(folders, bytes) {
    const way = folders[0] === 'www' ? folders.slice(0, 3) : folders.slice(0, 1);
    let same = 0;
    while (same < way.length && same < this.#way.length && this.#way[same].path[same] === way[same]) same += 1;
    this.#leave(same);
    for (let depth = same; depth < way.length; depth += 1) this.#way.push({ path: way.slice(0, depth + 1), bytes: 0, files: 0 });
    for (const open of [...this.#way, this.#count]) {
      open.bytes += bytes;
      open.files += 1;
    }
  }

  #leave(depth) {
    while (this.#way.length > depth) {
      const done = this.#way.pop();
      if (done.path.length > 1 || done.path[0] !== 'www') this.#kept.push(done);
    }
    if (this.#kept.length > heldAtMost) this.#kept = largest(this.#kept);
  }

  told() {
    this.#leave(0);
    const folders = largest(this.#kept).map((one) => ({ ...one, path: one.path.map(shown) }));
    return { ...this.#count, folders };
  }
}

const largest = (folders) =>
  [...folders]
    .sort((a, b) => b.bytes - a.bytes || a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
    .slice(0, mostFolders);

/** A name from its bytes, as the panel shows it. */
function shown(bytes) {
  for (const coding of ['utf-8', 'euc-kr']) {
    try {
      const text = new TextDecoder(coding, { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
      return text.normalize('NFC').replace(/[\p{Cc}\\]/gu, '\uFFFD');
    } catch {
      // the next one
    }
  }
  return Buffer.from(bytes, 'latin1')
    .toString()
    .replace(/[\p{Cc}\\]/gu, '\uFFFD');
}
