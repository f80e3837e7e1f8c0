// What stands in the site already and comes to another place: into an upload folder only what the whole upload policy lets in (KHADA 7.4).
import { Invalid } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import { startsWith } from '../platform/storage/path.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { type Area, areaOf, type MarkedFolder, type Site, type Sites } from '../sites/sites.ts';
import type { UploadLists } from './kind-lists.ts';
import { judgeFile, judgeFolders, judgeName, type Refusal, scanRefusal } from './policy.ts';
import type { Quarantine } from './quarantine.ts';

export type EnteringParts = {
  readonly sites: Sites;
  readonly quarantine: Quarantine;
  readonly scanner: VirusScanner;
  readonly lists: UploadLists;
};

/** More is a matter for FTP: each file is copied and looked through before anything moves. */
const mostFiles = 2000;

/**
 * Judges an entry with all that is in it, for each part of it that would come to lie in an upload folder it does not lie in now. What
 * leaves one may do so as it is, unless the operator lets its kind come into upload folders alone: that would be a way around the list.
 * @param from where it stands, in `www/` or in `trash/`
 * @param to where it shall stand
 * @throws Invalid on `field` with the first refusal, or when it holds more than 2,000 files
 */
export async function judgeEntering(
  { sites, quarantine, scanner, lists }: EnteringParts,
  site: Site,
  { from, to, field }: { from: SitePath; to: SitePath; field: string },
): Promise<void> {
  const marked = await sites.folders.list(site);
  const leaves = reaches(from, marked) && isNarrower(lists);
  if (!reaches(to, marked) && !leaves) return;
  const { upload: rules } = lists;
  const storage = sites.storageFor(site);
  let left = mostFiles;
  const walk = async (old: SitePath, place: SitePath): Promise<void> => {
    const { kind, size } = await storage.stat(old);
    const [area, before] = [areaOf(place, marked), areaOf(old, marked)];
    const isNew = area.kind === 'upload' && !isSame(area, before);
    if (kind === 'folder') {
      if (isNew) refuse(field, judgeFolders(inside(place, area), rules));
      for (const { name } of await storage.names(old)) await walk([...old, name], [...place, name]);
    } else if (isNew) {
      if (--left < 0) throw new Invalid({ [field]: [{ key: 'files.enteringMany', parameters: { most: mostFiles } }] });
      if (kind !== 'file')
        throw new Invalid({ [field]: [{ key: 'files.enteringLink', parameters: { name: place.at(-1) ?? '' } }] });
      refuse(field, await judgeOne(old, inside(place, area), size));
    } else if (leaves && area.kind === 'program' && before.kind === 'upload') refuse(field, judgeLeaving(place, lists));
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

/** Whether something may come into upload folders and not beside them. */
const isNarrower = ({ program, upload }: UploadLists) =>
  upload.allowedExtensions.some((extension) => !program.allowedExtensions.includes(extension));

/** What could not come in there by the panel is refused, when it could have come into the upload folder. */
function judgeLeaving(place: SitePath, { program, upload }: UploadLists): Refusal | undefined {
  const name = place.slice(-1);
  return judgeName(name, upload) ? undefined : judgeName(name, program);
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
