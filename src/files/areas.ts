// Which list holds for a path: that of upload folders, or that of the program area around them (KHADA 7.4).
import type { SitePath } from '../platform/storage/port.ts';
import { areaOf, type MarkedFolder, type Site, type Sites } from '../sites/sites.ts';
import type { UploadLists } from './kind-lists.ts';
import type { UploadRules } from './policy.ts';

/** @returns the rules of what shall stand at this path of one site */
export type RulesAt = (path: SitePath) => UploadRules;

/** @param marked the upload folders of the site */
export const rulesIn =
  (lists: UploadLists, marked: readonly MarkedFolder[]): RulesAt =>
  (path) =>
    lists[areaOf(path, marked).kind];

/** @returns the rules of a site as its folders are marked now */
export async function rulesOf(sites: Sites, lists: UploadLists, site: Site): Promise<RulesAt> {
  return rulesIn(lists, await sites.folders.list(site));
}

/** @returns rules that let through what either list lets through, for archives whose members are judged once more where they land */
export function widest({ program, upload }: UploadLists): UploadRules {
  return { ...program, allowedExtensions: [...new Set([...program.allowedExtensions, ...upload.allowedExtensions])] };
}
