// One entry of a site as the archive's directory and as its manifest describe it.
import type { Entry } from '../platform/storage/port.ts';
import type { ZipMember } from '../platform/zip/records.ts';
import type { ManifestCounts, ManifestMember } from './manifest.ts';
import { documentRoot } from './site-listing.ts';

const archivedKind = (entry: Pick<Entry, 'kind'>) => (entry.kind === 'other' ? 'file' : entry.kind);

export function zipMember(path: string, entry: Entry): ZipMember {
  return { name: path, kind: archivedKind(entry), mode: entry.mode, modifiedAt: entry.modifiedAt };
}

/** @param size bytes in the archive; 0 for folders and links */
export function manifestMember(
  path: string,
  entry: Pick<Entry, 'kind' | 'mode' | 'modifiedAt' | 'stamp'>,
  size: number,
): ManifestMember {
  return { path, kind: archivedKind(entry), size, mode: entry.mode & 0o7777, modifiedAt: entry.modifiedAt, stamp: entry.stamp };
}

/** @returns what the customer has below `www/`; `www/` itself and what we add to the archive do not count */
export function countMembers(members: readonly ManifestMember[]): ManifestCounts {
  const counts = { files: 0, folders: 0, links: 0, bytes: 0, databases: 0 };
  for (const { path, kind, size } of members) {
    if (!path.startsWith(`${documentRoot}/`)) continue;
    counts[`${kind}s`]++;
    counts.bytes += size;
  }
  return counts;
}
