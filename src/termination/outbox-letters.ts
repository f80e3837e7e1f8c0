// Letters that the panel keeps as files itself (MAIL_URL=file:…): those of a customer who is erased go too.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a letter is known by: the id of its row, which is in its file's name, or an address that stands in it. */
export type Known = { readonly letterIds: readonly string[]; readonly addresses: readonly string[] };

/** @param folder undefined: letters were handed to a mail server. @returns how many files were removed */
export async function removeLetterFiles(folder: string | undefined, { letterIds, addresses }: Known): Promise<number> {
  if (folder === undefined) return 0;
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  let removed = 0;
  for (const name of names) {
    const isTheirs = letterIds.some((id) => name.includes(id)) || (await mentions(join(folder, name), addresses));
    if (!isTheirs) continue;
    await rm(join(folder, name), { force: true });
    removed += 1;
  }
  return removed;
}

async function mentions(path: string, addresses: readonly string[]): Promise<boolean> {
  if (addresses.length === 0) return false;
  const text = await readFile(path, 'utf8').catch(() => '');
  return addresses.some((address) => whole(address).test(text));
}

/** `kim@example.com` does not stand in `hakim@example.com`, nor in `kim@example.com.au`. */
function whole(address: string): RegExp {
  const escaped = address.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.+-])${escaped}(?![\\w-]|\\.\\w)`, 'i');
}
