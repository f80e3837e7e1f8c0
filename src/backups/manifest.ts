// What an archive holds, as a document inside the archive: `manifest.json`, one member a line (docs/manifest.schema.json).
import { z } from 'zod';
import { DamagedArchive } from '../platform/zip/damage.ts';
import { ZipReader } from '../platform/zip/reader.ts';

export const manifestName = 'manifest.json';

const amount = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const memberSchema = z.strictObject({
  path: z.string().min(1).describe('path in the archive, segments separated by /, without a slash at the end'),
  kind: z.enum(['file', 'folder', 'link']),
  size: amount.describe('bytes; 0 for folders and links'),
  sha256: sha256.optional().describe('SHA-256 of the content, files only'),
  mode: z.int().min(0).max(0o7777).describe('unix permission bits'),
  modifiedAt: z.number().describe('milliseconds since 1970-01-01T00:00:00Z, may have a fraction'),
  stamp: z
    .string()
    .describe('what the storage calls this very state of the file; empty where it may have changed while it was read'),
  target: z.string().optional().describe('where a link points, links only'),
});

const databaseSchema = z.strictObject({
  name: z.string(),
  engine: z.enum(['mariadb', 'postgresql', 'sqlite']),
  path: z.string().describe('the member that holds the dump'),
  tables: amount,
  rows: amount,
});

const leftOutSchema = z.strictObject({
  path: z.string(),
  reason: z
    .enum(['gone', 'changed', 'unreadable', 'special'])
    .describe(
      'gone: deleted meanwhile; changed: is in the archive, but was written to while it was read; special: socket, pipe or device',
    ),
});

const headSchema = z.strictObject({
  format: z.literal('gotgan-backup'),
  version: z.literal(1),
  site: z.string(),
  madeBy: z.string(),
  dataAt: z.iso.datetime().describe('the moment whose data the archive holds, UTC'),
  zone: z.string().describe('time zone of the hosting company, IANA name'),
  counts: z
    .strictObject({ files: amount, folders: amount, links: amount, bytes: amount, databases: amount })
    .describe('of what the customer has: below www/, and databases'),
  databases: z.array(databaseSchema),
  leftOut: z.array(leftOutSchema),
});

/** The document's rule, from which `docs/manifest.schema.json` is made. */
export const manifestSchema = headSchema.extend({
  members: z.array(memberSchema).describe('everything in the archive except manifest.json itself, in the order of the archive'),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestMember = z.infer<typeof memberSchema>;
export type LeftOut = z.infer<typeof leftOutSchema>;
export type ManifestCounts = Manifest['counts'];

/** @returns the schema as a JSON document, as it stands in `docs/manifest.schema.json` */
export function manifestJsonSchema(): object {
  return { title: 'manifest.json of a Gotgan backup', ...z.toJSONSchema(manifestSchema) };
}

/** @returns the document in portions of some ten kilobytes; the same manifest always gives the same bytes */
export function* manifestChunks(manifest: Manifest): Generator<Buffer> {
  const { members, ...head } = manifest;
  let text = `${JSON.stringify(headSchema.parse(head)).slice(0, -1)},"members":[\n`;
  for (const [index, member] of members.entries()) {
    text += `${memberLine(member)}${index < members.length - 1 ? ',' : ''}\n`;
    if (text.length < 32_768) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}]}\n`);
}

/** Reads the manifest out of an archive. @throws DamagedArchive when archive or manifest cannot be understood */
export async function readManifest(archivePath: string): Promise<Manifest> {
  const reader = await ZipReader.open(archivePath);
  try {
    const entry = reader.entries.findLast((one) => one.name === manifestName);
    if (!entry) throw new DamagedArchive('the archive has no manifest.json');
    return await parseManifest(await reader.open(entry));
  } finally {
    await reader.close();
  }
}

/**
 * @param content the document, one member a line as we write it
 * @throws DamagedArchive when it is not one of ours
 */
export async function parseManifest(content: AsyncIterable<Uint8Array>): Promise<Manifest> {
  const members: ManifestMember[] = [];
  let head: z.infer<typeof headSchema> | undefined;
  let closed = false;
  try {
    for await (const line of lines(content)) {
      if (closed) throw new Error('text after its end');
      if (!head) head = parseHead(line);
      else if (line === ']}') closed = true;
      else members.push(memberSchema.parse(JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line)));
    }
    if (!head || !closed) throw new Error('its end is missing');
    return { ...head, members };
  } catch (cause) {
    if (cause instanceof DamagedArchive) throw cause;
    throw new DamagedArchive(`manifest.json: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** node:readline would also end a line at U+2028, which may stand in a file's name. */
async function* lines(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of content) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest + decoder.decode() !== '') throw new Error('its last line does not end');
}

function parseHead(line: string): z.infer<typeof headSchema> {
  const { members: _, ...head } = JSON.parse(`${line}]}`);
  return headSchema.parse(head);
}

// the order of fields is fixed here, so that equal manifests are equal bytes
function memberLine({ path, kind, size, sha256, mode, modifiedAt, stamp, target }: ManifestMember): string {
  return JSON.stringify({ path, kind, size, sha256, mode, modifiedAt, stamp, target });
}
