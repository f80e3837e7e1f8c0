// A small file read as a whole by the calls that every reader has.
import type { SitePath, SiteReader, WholeFile } from './port.ts';

/** See `SiteReader.whole`. */
export async function wholeBy(reader: Pick<SiteReader, 'open'>, path: SitePath, into: Uint8Array): Promise<WholeFile> {
  const file = await reader.open(path);
  try {
    const bytes = await file.read(into, 0);
    return { entry: file.entry, bytes, after: await file.again() };
  } finally {
    await file.close();
  }
}
