// Whole manifests in memory, for tests that look at single members; the program reads them member by member.
import { type Manifest, type ManifestSource, manifestIn } from '../../src/backups/manifest.ts';
import { ZipReader } from '../../src/platform/zip/reader.ts';

export async function wholeManifest(source: ManifestSource): Promise<Manifest> {
  const members: Manifest['members'] = [];
  for await (const member of source.members) members.push(member);
  return { ...source, members };
}

export async function readManifest(archive: string): Promise<Manifest> {
  const reader = await ZipReader.open(archive);
  try {
    return await wholeManifest(await manifestIn(reader));
  } finally {
    await reader.close();
  }
}
