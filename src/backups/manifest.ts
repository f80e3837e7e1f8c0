// What an archive holds, as a document inside the archive: `manifest.json`, one member a line (docs/manifest.schema.json).
import { z } from 'zod';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import type { ZipReader } from '../platform/zip/reader.ts';

export const manifestName = 'manifest.json';
/** tells who made the archive: see signature.ts */
export const signatureName = 'manifest.json.sig';
/** where the dumps of databases lie */
export const dumpsFolder = 'databases';

const portionLength = 32_768;
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
  path: z.string().describe('the member that holds the dump; of SQLite the database itself, as a file below www/'),
  tables: amount.describe('that hold rows of their own'),
  rows: amount.describe('of all tables together'),
});

const leftOutSchema = z.strictObject({
  path: z.string(),
  reason: z
    .enum(['gone', 'changed', 'unreadable', 'special', 'unavailable', 'incomplete', 'inUse', 'malformed'])
    .describe(
      'gone: deleted meanwhile; changed: is in the archive, but was written to while it was read; special: socket, pipe or device; ' +
        'unavailable: the server of this database could not be read; incomplete: its dump broke off; ' +
        'inUse: a SQLite database that could not be taken at one moment, malformed: one in which SQLite finds faults; ' +
        'both are in the archive as plain files',
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
  members: z
    .array(memberSchema)
    .describe('everything in the archive except manifest.json and manifest.json.sig, in the order of the archive'),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestHead = z.infer<typeof headSchema>;
export type ManifestMember = z.infer<typeof memberSchema>;
export type LeftOut = z.infer<typeof leftOutSchema>;
export type ManifestDatabase = z.infer<typeof databaseSchema>;
export type ManifestCounts = Manifest['counts'];

/** A manifest whose members may come one after another: of a site with a million files they would take a gigabyte of memory. */
export type ManifestSource = ManifestHead & { readonly members: Iterable<ManifestMember> | AsyncIterable<ManifestMember> };

/**
 * The members of a manifest as their lines, some hundred at a time, each without its comma: `memberIn` understands one.
 * @param tell is given what stands before them
 * @throws DamagedArchive when the document is not one of ours, or its end is missing
 */
export async function* memberLinesIn(reader: ZipReader, tell?: (head: ManifestHead) => void): AsyncGenerator<readonly string[]> {
  let [rest, isFirst, isClosed] = ['', true, false];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of await contentOfManifest(reader)) {
      const found = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = found.pop() ?? '';
      if (isFirst && found.length > 0) {
        const head = parseHead(found.shift() ?? '');
        tell?.(head);
        isFirst = false;
      }
      if (found.at(-1) === ']}') isClosed = found.pop() !== undefined;
      if (found.length > 0) yield found.map((line) => (line.endsWith(',') ? line.slice(0, -1) : line));
    }
    if (!isClosed || rest !== '') throw new Error('its end is missing');
  } catch (cause) {
    throw asDamage(cause);
  }
}

/** @returns the members one by one, whichever way they come */
export async function* each(members: ManifestSource['members']): AsyncGenerator<ManifestMember> {
  yield* members;
}

/** @returns the schema as a JSON document, as it stands in `docs/manifest.schema.json` */
export function manifestJsonSchema(): object {
  return { title: 'manifest.json of a Gotgan backup', ...z.toJSONSchema(manifestSchema) };
}

/**
 * @param lines of members as `memberLine` makes them, each with a comma and its end, some at a time
 * @returns the document in portions; the same manifest always gives the same bytes
 */
export async function* manifestOfLines(head: ManifestHead, lines: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(beginningOf(head));
  let isFirst = true;
  for await (const some of lines) {
    if (!isFirst) yield betweenLines;
    isFirst = false;
    yield some.subarray(0, -betweenLines.length);
  }
  yield Buffer.from(isFirst ? ']}\n' : '\n]}\n');
}

const betweenLines = Buffer.from(',\n');

const beginningOf = (head: ManifestHead) => `${JSON.stringify(headSchema.parse(head)).slice(0, -1)},"members":[\n`;

/** The document on its way, for whoever gets the members one by one. */
export class ManifestText {
  #text: string;
  #isFirst = true;

  constructor(head: ManifestHead) {
    this.#text = beginningOf(head);
  }

  /** @returns the next portion, when it is full */
  add(member: ManifestMember): Buffer | undefined {
    this.#text += `${this.#isFirst ? '' : ',\n'}${memberLine(member)}`;
    this.#isFirst = false;
    return this.#text.length < portionLength ? undefined : this.#taken();
  }

  end(): Buffer {
    this.#text += this.#isFirst ? ']}\n' : '\n]}\n';
    return this.#taken();
  }

  #taken(): Buffer {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    return bytes;
  }
}

/**
 * @param reader an opened archive
 * @returns its manifest; its members can be read once, and throw DamagedArchive where they cannot be understood
 * @throws DamagedArchive when there is none, or its head cannot be understood
 */
export async function manifestIn(reader: ZipReader): Promise<ManifestSource> {
  return parseManifest(await contentOfManifest(reader));
}

async function contentOfManifest(reader: ZipReader): Promise<AsyncIterable<Uint8Array>> {
  const manifest = memberOf(reader, manifestName);
  if (!manifest) throw new DamagedArchive('the archive has no manifest.json');
  return reader.open(manifest);
}

/** @returns the last member of this name */
export function memberOf(reader: ZipReader, name: string): ZipEntry | undefined {
  const atEnd = reader.directory.last.findLast((entry) => entry.name === name);
  if (atEnd) return atEnd;
  let found: ZipEntry | undefined;
  for (const entry of reader.entries()) if (entry.name === name) found = entry;
  return found;
}

/**
 * @param content the document, one member a line as we write it
 * @throws DamagedArchive, also while the members are read, when it is not one of ours
 */
export async function parseManifest(content: AsyncIterable<Uint8Array>): Promise<ManifestSource> {
  const found = lines(content);
  const { value: first } = await damageTold(() => found.next());
  const head = await damageTold(async () => parseHead(first ?? ''));
  return { ...head, members: membersIn(found) };
}

async function* membersIn(found: AsyncGenerator<string>): AsyncGenerator<ManifestMember> {
  let closed = false;
  try {
    for await (const line of found) {
      if (closed) throw new Error('text after its end');
      if (line === ']}') closed = true;
      else yield memberSchema.parse(JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line));
    }
    if (!closed) throw new Error('its end is missing');
  } catch (cause) {
    throw asDamage(cause);
  }
}

/** @param line one member of the document, without the comma behind it. @throws DamagedArchive */
export function memberIn(line: string): ManifestMember {
  try {
    return memberSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw asDamage(cause);
  }
}

const outlineOfLine = /^\{"path":("(?:[^"\\]|\\.)*"),"kind":"(file|folder|link)",/;

/** @param line as `memberLine` makes it. @returns what names the member, without understanding the rest. @throws DamagedArchive */
export function namedIn(line: string): Pick<ManifestMember, 'path' | 'kind'> {
  const [, path, kind] = outlineOfLine.exec(line) ?? [];
  if (path === undefined) throw new DamagedArchive('manifest.json: a line that names no member');
  try {
    return { path: JSON.parse(path), kind: kind as ManifestMember['kind'] };
  } catch (cause) {
    throw asDamage(cause);
  }
}

async function damageTold<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw asDamage(cause);
  }
}

/** What is thrown about a manifest that cannot be understood. */
export function asDamage(cause: unknown): DamagedArchive {
  return cause instanceof DamagedArchive
    ? cause
    : new DamagedArchive(`manifest.json: ${cause instanceof Error ? cause.message : cause}`);
}

/** node:readline would also end a line at U+2028, which may stand in a file's name. */
async function* lines(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of content) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part;
  }
  if (rest + decoder.decode() !== '') throw new Error('its last line does not end');
}

/** @param line the document's first. @throws when it is not the one of ours */
export function parseHead(line: string): ManifestHead {
  const { members: _, ...head } = JSON.parse(`${line}]}`);
  return headSchema.parse(head);
}

/** @returns the member's line of the document; the order of fields is fixed here, so that equal manifests are equal bytes */
export function memberLine({ path, kind, size, sha256, mode, modifiedAt, stamp, target }: ManifestMember): string {
  return JSON.stringify({ path, kind, size, sha256, mode, modifiedAt, stamp, target });
}
