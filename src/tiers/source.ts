// A verified archive as tiers take it: the manifest as it is, and every content once it is asked for.
import type { Backup, OpenBackup } from '../backups/backups.ts';
import type { Content, SnapshotSource } from '../platform/tier/port.ts';

const manifestName = 'manifest.json';

/** @param opened stays open as long as the source is read */
export function sourceOf(siteId: string, backup: Backup, opened: OpenBackup): SnapshotSource {
  return {
    site: siteId,
    backupId: backup.id,
    dataAt: backup.dataAt ?? backup.queuedAt,
    archive: opened.path,
    sha256: backup.sha256 ?? '',
    manifest: () => opened.open(opened.find(manifestName)),
    contents: () => contents(opened),
  };
}

/** Archive and manifest have the same order: each member is found by going on. */
async function* contents(opened: OpenBackup): AsyncGenerator<Content> {
  const entries = opened.entries();
  for await (const member of (await opened.manifest()).members) {
    if (member.kind !== 'file' || member.sha256 === undefined) continue;
    let next = entries.next();
    while (!next.done && next.value.name !== member.path) next = entries.next();
    const entry = next.done ? opened.find(member.path) : next.value;
    yield { sha256: member.sha256, bytes: member.size, open: () => opened.open(entry) };
  }
}
