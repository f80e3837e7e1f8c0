// How a folder may be spelled on the disk: web servers compare bytes, while a path of a site is one spelling of what people see.
import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shownNames } from '../storage/names.ts';
import type { SitePath } from '../storage/port.ts';

/** Each part has two spellings at most that no disk has to be asked for; of a longer path that has them all only these are written. */
const mostSpellings = 64;

/**
 * @param path below the document root
 * @param root the document root on this machine; without it only composed and decomposed spellings are known
 * @returns bytes of every spelling: composed (NFC), decomposed (NFD, as a Mac writes), and what lies there now, whatever its encoding
 */
export async function spellingsOf(path: SitePath, root?: string): Promise<Buffer[]> {
  let found: Buffer[] = [Buffer.alloc(0)];
  for (const segment of path) {
    const next = new Map<string, Buffer>();
    for (const folder of found)
      for (const name of await namesOf(
        segment,
        root === undefined ? undefined : Buffer.concat([Buffer.from(`${root}/`), folder]),
      )) {
        const whole = folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);
        next.set(whole.toString('latin1'), whole);
      }
    found = [...next.values()].slice(0, mostSpellings);
  }
  return found;
}

async function namesOf(segment: string, folder: Buffer | undefined): Promise<Buffer[]> {
  const names = [segment.normalize('NFC'), segment.normalize('NFD')].map((name) => Buffer.from(name));
  const there = folder && !/^[\x20-\x7e]*$/.test(segment) ? await readdir(folder, { encoding: 'buffer' }).catch(() => []) : [];
  const shown = shownNames(there.map((bytes) => (isUtf8(bytes) ? bytes.toString() : bytes))).get(segment);
  // What lies there now comes first, so that it is never the one that is left out.
  return shown === undefined ? names : [Buffer.from(shown), ...names];
}

/** @returns the document root of a site that lies in `home` */
export const documentRoot = (home: string): string => join(home, 'www');
