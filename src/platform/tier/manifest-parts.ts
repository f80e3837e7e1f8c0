// Cuts a manifest where its own lines say so: a line that changes changes one part, and what is kept again is little.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type ManifestPart = { readonly sha256: string; readonly bytes: Buffer };

/** One line in so many ends a part, on average. */
const oneIn = 256;
const mostBytes = 256 * 1024;

/** @returns the document in parts, in order; put together they are the same bytes again */
export async function* manifestParts(document: AsyncIterable<Uint8Array>): AsyncGenerator<ManifestPart> {
  let lines: Buffer[] = [];
  let length = 0;
  let rest = Buffer.alloc(0);
  const taken = (): ManifestPart => {
    const bytes = Buffer.concat(lines);
    [lines, length] = [[], 0];
    return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
  };
  for await (const chunk of document) {
    rest = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = rest.indexOf(10, from); to >= 0; to = rest.indexOf(10, from)) {
      const line = rest.subarray(from, to + 1);
      from = to + 1;
      lines.push(line);
      length += line.length;
      if (crc32(line) % oneIn === 0 || length > mostBytes) yield taken();
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) lines.push(rest);
  if (lines.length > 0) yield taken();
}
