// A verified archive as tiers take it: the manifest as it is, and every content once it is asked for.
import type { Backup, OpenBackup, ZipEntry } from '../backups/backups.ts';
import { notFound } from '../platform/errors.ts';
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
    contents: () => contents(opened, manifest),
  };
}

async function* contents(opened: OpenBackup, manifest: SnapshotSource['manifest']): AsyncGenerator<Content> {
  const entryOf = inOrder(opened);
  for await (const lines of linesOf(await manifest()))
    for (const line of lines) {
      const [, bytes] = /"size":(\d+)/.exec(line) ?? [];
      const [, sha256] = /"sha256":"([0-9a-f]{64})"/.exec(line) ?? [];
      // A folder or a link. No name can hold what is looked for: its quotes would be escaped.
      if (bytes === undefined || sha256 === undefined || !line.startsWith('{"path":')) continue;
      yield { sha256, bytes: Number(bytes), open: async () => opened.open(entryOf(pathIn(line))) };
    }
}

/** Archive and manifest have the same order: what is asked for in that order is found by going on. @throws PanelError 404 */
function inOrder(opened: OpenBackup): (path: string) => ZipEntry {
  let entries = opened.entries();
  const next = (path: string) => {
    for (let one = entries.next(); !one.done; one = entries.next()) if (one.value.name === path) return one.value;
    return undefined;
  };
  return (path) => {
    const found = next(path);
    if (found) return found;
    entries = opened.entries();
    const before = next(path);
    if (!before) throw notFound();
    return before;
  };
}

/** The manifest was read and compared when the backup was verified: here its lines are only taken apart, and one is understood once it is asked for. */
async function* linesOf(manifest: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of manifest) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
}

const pathIn = (line: string): string => JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line).path;
