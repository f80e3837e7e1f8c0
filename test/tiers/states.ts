// States of a site as tiers take them: real files, a real archive of them, read as the panel reads it.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { writeArchive } from '../../src/backups/archive.ts';
import type { Backup } from '../../src/backups/backups.ts';
import { OpenBackup } from '../../src/backups/inside.ts';
import { newId } from '../../src/platform/ids.ts';
import { diskArchives } from '../../src/platform/storage/archives.ts';
import { diskSite } from '../../src/platform/storage/disk.ts';
import type { OpenSnapshot, SiteKeys, SnapshotSource } from '../../src/platform/tier/port.ts';
import { sourceOf } from '../../src/tiers/source.ts';

export type State = {
  readonly source: SnapshotSource;
  /** path in the manifest → text */
  readonly files: ReadonlyMap<string, string>;
  close(): Promise<void>;
};

const signal = new AbortController().signal;

/** @param folder that the site and its archives lie in; the site's files become exactly these */
export async function stateOf(
  folder: string,
  site: string,
  files: Readonly<Record<string, string>>,
  dataAt: number,
): Promise<State> {
  const www = join(folder, 'site', 'www');
  await rm(www, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(www, path)), { recursive: true });
    await writeFile(join(www, path), content);
  }
  const archives = diskArchives(join(folder, 'archives'));
  const id = newId(dataAt);
  const key = `site/${id}.zip`;
  const staged = await archives.stage(key);
  const order = {
    storage: diskSite(join(folder, 'site')),
    siteName: 'site',
    target: staged.path,
    at: dataAt,
    zone: 'Asia/Seoul',
    signal,
  };
  const { bytes: size, sha256 } = await writeArchive(order);
  await staged.commit();
  const opened = await OpenBackup.of(archives, { key, size });
  const backup = { id, dataAt, queuedAt: dataAt, sha256 } as Backup;
  const named = new Map(Object.entries(files).map(([path, content]) => [`www/${path}`, content]));
  return { source: sourceOf(site, backup, opened), files: named, close: () => opened.close() };
}

/** Keys that are remembered as long as the test runs. */
export function someKeys(): SiteKeys & { readonly all: Map<string, string> } {
  const all = new Map<string, string>();
  return {
    all,
    async forKeeping(site) {
      if (!all.has(site)) all.set(site, createHash('sha256').update(`${site}${Math.random()}`).digest('hex'));
      return all.get(site) ?? '';
    },
    forReading: async (site) => all.get(site),
  };
}

export const digest = (content: string) => createHash('sha256').update(content).digest('hex');

/** @returns what the snapshot gives back of these files */
export async function readBack(opened: OpenSnapshot, files: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [path, content] of files) found.set(path, await text(await opened.content({ path, sha256: digest(content) })));
  return found;
}
