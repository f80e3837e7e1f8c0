// Finds folders of a site that look like upload folders: by the program that is there, or by a usual name and by holding no script.
import { isScriptName } from '../files/files.ts';
import { whenMissing } from '../platform/errors.ts';
import type { Entry, SitePath, SiteStorage } from '../platform/storage/port.ts';
import { areaOf, type MarkedFolder, presets, type SiteProgram, sitePrograms } from '../sites/sites.ts';

export type LikelyFolder = { readonly path: SitePath; readonly program: SiteProgram };

/** Names by which people call a folder that takes uploads, where no program is known. */
const usualNames = new Set([
  'upload',
  'uploads',
  '_upload',
  'files',
  'file',
  'data',
  'images',
  'attach',
  'attachments',
  'userfiles',
]);
/** A folder of a plain site is looked through so far: what holds more entries without a script takes uploads. */
const mostEntries = 5000;
/** Programs stand in `www/` or in a folder right below it; a site with more folders than this is no program's own. */
const mostPlaces = 60;

/** @returns folders that are not marked yet; errors as storage throws them (503) */
export async function likelyFolders(storage: SiteStorage, marked: readonly MarkedFolder[]): Promise<LikelyFolder[]> {
  const top = (await storage.list(['www']).catch(whenMissing)) ?? [];
  const folders = top.filter(isOpenFolder).slice(0, mostPlaces);
  const found: LikelyFolder[] = [];
  let hasProgram = false;
  for (const place of [['www'], ...folders.map(({ name }) => ['www', name])])
    for (const program of sitePrograms) {
      if (!(await isThere(storage, place, program))) continue;
      hasProgram ||= place.length === 1;
      for (const folder of presets[program].folders) {
        const path = [...place, ...folder.split('/')];
        if ((await kindAt(storage, path)) === 'folder') found.push({ path, program });
      }
    }
  if (!hasProgram)
    for (const { name } of folders)
      if (usualNames.has(name.toLowerCase()) && (await holdsOnlyFiles(storage, ['www', name])))
        found.push({ path: ['www', name], program: 'plain' });
  return found.filter(({ path }) => areaOf(path, marked).kind === 'program');
}

const isOpenFolder = ({ kind, name }: Entry) => kind === 'folder' && !name.startsWith('.');

async function isThere(storage: SiteStorage, place: SitePath, program: SiteProgram): Promise<boolean> {
  for (const signs of presets[program].signs) {
    const kinds: (string | undefined)[] = [];
    for (const sign of signs) {
      kinds.push(await kindAt(storage, [...place, ...sign.split('/')]));
      if (kinds.at(-1) !== 'file') break;
    }
    if (kinds.every((kind) => kind === 'file')) return true;
  }
  return false;
}

const kindAt = async (storage: SiteStorage, path: SitePath) => (await storage.stat(path).catch(whenMissing))?.kind;

/** @returns whether something lies there, and nothing that a server could run */
async function holdsOnlyFiles(storage: SiteStorage, top: SitePath): Promise<boolean> {
  let [seen, files] = [0, 0];
  for (const rest: SitePath[] = [top]; seen < mostEntries; ) {
    const folder = rest.pop();
    if (!folder) break;
    for (const { kind, name } of (await storage.list(folder).catch(whenMissing)) ?? []) {
      seen += 1;
      if (isScriptName([name])) return false;
      if (kind === 'folder') rest.push([...folder, name]);
      else files += 1;
    }
  }
  return files > 0;
}
