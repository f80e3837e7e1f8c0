// What ends an archive, since it tells what is inside: the guide to restore by hand, the manifest, and its signature.
import type { Signing } from '../platform/signing.ts';
import { pieceBytes } from '../platform/zip/deflate.ts';
import type { ZipMember } from '../platform/zip/records.ts';
import type { ZipWriter } from '../platform/zip/writer.ts';
import type { WrittenDatabases } from './archive-databases.ts';
import { type LeftOut, type ManifestHead, manifestName, manifestOfLines, signatureName } from './manifest.ts';
import type { MemberRows } from './member-rows.ts';
import { manifestMember } from './members.ts';
import { restoreGuide, restoreGuideName } from './restore-guide.ts';
import { signatureText } from './signature.ts';

type Tools = { readonly writer: ZipWriter; readonly members: MemberRows };

type Facts = {
  readonly siteName: string;
  readonly at: number;
  readonly zone: string;
  readonly madeBy?: string;
  readonly signing?: Signing | undefined;
};

type Inside = { readonly databases: WrittenDatabases['databases']; readonly leftOut: readonly LeftOut[] };

/** @returns the manifest as it stands in the archive, without its members */
export async function closeArchive(tools: Tools, facts: Facts, inside: Inside): Promise<ManifestHead> {
  const { siteName, at, zone, madeBy, signing } = facts;
  const databases = inside.databases.map(({ bytes: _, ...database }) => database);
  const counts = { ...tools.members.counts, databases: databases.length };
  const head = { site: siteName, madeBy: madeBy ?? 'Gotgan', dataAt: new Date(at).toISOString(), zone, counts };
  await addGuide(tools, at, restoreGuide({ ...head, databases, leftOut: inside.leftOut.length }));
  const manifest: ManifestHead = { format: 'gotgan-backup', version: 1, ...head, databases, leftOut: [...inside.leftOut] };
  const sha256 = await addManifest(tools, at, manifest);
  if (signing) await putWhole(tools, ourFile(signatureName, at), Buffer.from(signatureText(signing, sha256)));
  return manifest;
}

const ourFile = (name: string, at: number): ZipMember => ({ name, kind: 'file', mode: 0o644, modifiedAt: at });

async function putWhole({ writer }: Tools, member: ZipMember, bytes: Uint8Array) {
  const packed = await writer.pack(bytes);
  await writer.put(member, packed);
  return packed;
}

async function addGuide(tools: Tools, at: number, text: string): Promise<void> {
  const packed = await putWhole(tools, ourFile(restoreGuideName, at), Buffer.from(text));
  const entry = { kind: 'file', mode: 0o644, modifiedAt: at, stamp: '' } as const;
  await tools.members.add(manifestMember(restoreGuideName, entry, packed.size), packed.sha256);
}

/** @returns its SHA-256 */
async function addManifest(tools: Tools, at: number, head: ManifestHead): Promise<string> {
  const { writer, members } = tools;
  const member = ourFile(manifestName, at);
  const mostBytes = (await members.textBytes()) + Buffer.byteLength(JSON.stringify(head)) + 64;
  const chunks = manifestOfLines(head, members.lines());
  if (mostBytes > pieceBytes) return (await writer.stream(member, mostBytes, chunks, { quick: true })).sha256;
  return (await putWhole(tools, member, await collected(chunks))).sha256;
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
