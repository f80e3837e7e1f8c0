// The manifest of an archive as lines, without understanding those that nobody asks about: one member of a million, or all beside another's.
import { StringDecoder } from 'node:string_decoder';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipLookup } from '../platform/zip/lookup.ts';
import { type ManifestMember, manifestName, memberIn } from './manifest.ts';

const lineEnd = 0x0a;

async function contentOf(archive: ZipLookup): Promise<AsyncIterable<Buffer>> {
  const entry = await archive.find(manifestName);
  if (!entry) throw new DamagedArchive('the archive has no manifest.json');
  return archive.open(entry);
}

/** @returns what the manifest says of this member; undefined where it does not name it. @throws DamagedArchive */
export async function manifestMember(archive: ZipLookup, path: string): Promise<ManifestMember | undefined> {
  const wanted = Buffer.from(`\n{"path":${JSON.stringify(path)},"kind":`);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of await contentOf(archive)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const at = bytes.indexOf(wanted);
    const end = at < 0 ? -1 : bytes.indexOf(lineEnd, at + 1);
    if (end >= 0) return memberIn(withoutComma(bytes.toString('utf8', at + 1, end)));
    rest = Buffer.from(at < 0 ? bytes.subarray(Math.max(0, bytes.length - wanted.length)) : bytes.subarray(at));
  }
  return undefined;
}

/**
 * @returns the lines of all members in their order, some thousand at a time, each without its comma: equal lines tell of equal members,
 * and `memberIn` understands one. @throws DamagedArchive
 */
export async function* manifestLines(archive: ZipLookup): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let isFirst = true;
  for await (const chunk of await contentOf(archive)) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (isFirst && lines.length > 0) {
      lines.shift();
      isFirst = false;
    }
    if (lines.at(-1) === ']}') lines.pop();
    if (lines.length > 0) yield lines.map(withoutComma);
  }
  if (rest !== '') throw new DamagedArchive('manifest.json: its last line does not end');
}

const withoutComma = (line: string) => (line.endsWith(',') ? line.slice(0, -1) : line);
