// A verified archive as tiers take it: the manifest as it is, and every content once it is asked for.
import type { Backup, ManifestMember, OpenBackup } from '../backups/backups.ts';
import type { Content, SnapshotSource } from '../platform/tier/port.ts';

const manifestName = 'manifest.json';

type Kept = Pick<Backup, 'id' | 'dataAt' | 'queuedAt' | 'sha256'>;

/** @param opened stays open as long as the source is read */
export function sourceOf(siteId: string, backup: Kept, opened: OpenBackup): SnapshotSource {
  const manifest = () => opened.open(opened.find(manifestName));
  return {
    site: siteId,
    backupId: backup.id,
    dataAt: backup.dataAt ?? backup.queuedAt,
    archive: opened.path,
    sha256: backup.sha256 ?? '',
    manifest,
    contents: async function* () {
      yield* contents(opened, await manifest());
    },
  };
}

/** Archive and manifest have the same order: each member is found by going on. */
async function* contents(opened: OpenBackup, manifest: AsyncIterable<Uint8Array>): AsyncGenerator<Content> {
  const entries = opened.entries();
  for await (const members of filesOf(manifest)) {
    for (const { path, sha256, size } of members) {
      let next = entries.next();
      while (!next.done && next.value.name !== path) next = entries.next();
      const entry = next.done ? opened.find(path) : next.value;
      yield { sha256, bytes: size, open: () => opened.open(entry) };
    }
  }
}

type File = Required<Pick<ManifestMember, 'path' | 'sha256' | 'size'>>;

/** The manifest was read and compared when the backup was verified: here its lines are only taken apart, a third of the time. */
async function* filesOf(manifest: AsyncIterable<Uint8Array>): AsyncGenerator<File[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of manifest) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines.filter((line) => line.startsWith('{"path":') && line.includes('"sha256":"')).map(fileIn);
  }
}

const fileIn = (line: string): File => JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line);
