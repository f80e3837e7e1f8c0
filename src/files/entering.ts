// What stands in the site already and comes to another place: into an upload folder only what the whole upload policy lets in (KHADA 7.4).
import { Invalid } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import { startsWith } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { type Area, areaOf, type MarkedFolder, type Site, type Sites } from '../sites/sites.ts';
import { judgeFile, judgeFolders, type Refusal, scanRefusal, type UploadRules } from './policy.ts';
import type { Quarantine } from './quarantine.ts';

export type EnteringParts = {
  readonly sites: Sites;
  readonly quarantine: Quarantine;
  readonly scanner: VirusScanner;
  readonly rules: UploadRules;
};

/** More is a matter for FTP: each file is copied and looked through before anything moves. */
const mostFiles = 2000;

/**
 * Judges an entry with all that is in it, for each part of it that would come to lie in an upload folder it does not lie in now.
 * @param from where it stands, in `www/` or in `trash/`
 * @param to where it shall stand
 * @throws Invalid on `field` with the first refusal, or when it holds more than 2,000 files
 */
export async function judgeEntering(
  { sites, quarantine, scanner, rules }: EnteringParts,
  site: Site,
  { from, to, field }: { from: SitePath; to: SitePath; field: string },
): Promise<void> {
  const marked = await sites.folders.list(site);
  if (!reaches(to, marked)) return;
  const storage = sites.storageFor(site);
  let left = mostFiles;
  const walk = async (old: SitePath, place: SitePath): Promise<void> => {
    const { kind, size } = await storage.stat(old);
    const area = areaOf(place, marked);
    const isNew = area.kind === 'upload' && !isSame(area, areaOf(old, marked));
    if (kind === 'folder') {
      if (isNew) refuse(field, judgeFolders(inside(place, area), rules));
      for (const { name } of await storage.names(old)) await walk([...old, name], [...place, name]);
    } else if (isNew) {
      if (--left < 0) throw new Invalid({ [field]: [{ key: 'files.enteringMany', parameters: { most: mostFiles } }] });
      if (kind !== 'file')
        throw new Invalid({ [field]: [{ key: 'files.enteringLink', parameters: { name: place.at(-1) ?? '' } }] });
      refuse(field, await judgeOne(old, inside(place, area), size));
    }
  };
  const judgeOne = async (old: SitePath, path: SitePath, bytes: number): Promise<Refusal | undefined> => {
    const { path: copy, remove } = await quarantine.copy((await storage.open(old)).stream);
    try {
      const refused = await judgeFile({ path, from: copy, bytes }, rules);
      if (refused) return refused;
      return scanRefusal(await scanner.scan(copy), path, bytes);
    } finally {
      await remove();
    }
  };
  await walk(from, to);
}

/** Whether anything below this place, or the place itself, lies in an upload folder. */
const reaches = (to: SitePath, marked: readonly MarkedFolder[]) =>
  areaOf(to, marked).kind === 'upload' || marked.some(({ path }) => startsWith(path, to));

const isSame = (one: Area, other: Area) =>
  one.kind === 'upload' && other.kind === 'upload' && one.folder.join('/') === other.folder.join('/');

const inside = (path: SitePath, area: Area) => (area.kind === 'upload' ? path.slice(area.folder.length) : path);

/** @throws Invalid on `field`, in the words of the policy */
export function refuse(field: string, refused: Refusal | undefined): void {
  if (refused) throw new Invalid({ [field]: [{ key: `files.refused.${refused.code}`, parameters: refused.parameters }] });
}
