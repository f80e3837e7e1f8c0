// One entry of a site as the archive's directory and as its manifest describe it.
import type { Entry } from '../platform/storage/port.ts';
import type { ZipMember } from '../platform/zip/records.ts';
import type { ManifestMember } from './manifest.ts';

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
