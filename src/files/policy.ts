// The upload policy: one function that says whether a file may come in through the panel (KHADA 7.4, 7.5).
import { open } from 'node:fs/promises';
import { ContentJudge } from './contents.ts';
import { kindOf, type UploadRules } from './kinds.ts';
import { extensionOf, judgeName } from './names.ts';
import { type Refusal, refusal } from './refusals.ts';
import { Allowance, Faults, type JudgedFile } from './unpacking.ts';

export { type UploadRules, usualRules } from './kinds.ts';
export {
  canonicalName,
  canonicalPath,
  clashing,
  isSystemLitter,
  judgeFolders,
  judgeName,
  KnownNames,
  steersServers,
} from './names.ts';
export { type ReasonCode, type Refusal, scanRefusal } from './refusals.ts';

/** A chunk takes at most some milliseconds to judge, so that pages are answered in between. */
const chunkBytes = 256 * 1024;

/**
 * Judges name and content of a finished file, whoever brings it and in whatever way (upload, new file, edit, move to another kind,
 * extract, restore of a stranger's archive). Empty files of an allowed kind may be.
 * Memory is bounded; archives that lie inside archives are written beside `from` while they are looked into, and removed.
 * @param file `path`: canonical segments it shall stand at; `from`: where it lies now, not written to meanwhile; `bytes`: its size
 * @returns why not, or `undefined`. `changed_during` when the size is not `bytes`, `read_failed` when it cannot be read.
 * Errors: PanelError 503 when a check cannot be made, which is no permission
 */
export async function judgeFile(file: JudgedFile, rules: UploadRules): Promise<Refusal | undefined> {
  return judgeName(file.path, rules) ?? judgeWithin(file, new Allowance(rules));
}

/** As `judgeFile` for what came out of an archive: its name was judged, and what is left of the archive's limits holds for it too. */
export function judgeUnpacked(file: JudgedFile, allowance: Allowance): Promise<Refusal | undefined> {
  return judgeWithin(file, allowance);
}

async function judgeWithin(file: JudgedFile, allowance: Allowance): Promise<Refusal | undefined> {
  const kind = kindOf(extensionOf(file.path.at(-1) ?? ''));
  if (kind?.maximumBytes !== undefined && file.bytes > kind.maximumBytes)
    return refusal('too_big', file.path, { size: file.bytes, limit: kind.maximumBytes });
  try {
    const content = file.passed ? file.passed.refusal : await judgeContent(file);
    const isArchive = kind?.family === 'zip' || kind?.family === 'gz' || kind?.family === 'tar' || kind?.family === 'office';
    if (!kind || !isArchive || file.bytes === 0) return content;
    // A tag in an archive's raw bytes is better told by the member that holds it.
    if (content && content.parameters.found !== 'server-code') return content;
    const { judgeArchive } = await import('./archive-members.ts');
    return (
      (await judgeArchive(
        { file, office: kind.family === 'office', allowance, faults: new Faults(), judgeNested: judgeWithin },
        kind,
      )) ?? content
    );
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return refusal('read_failed', file.path);
    throw error;
  }
}

async function judgeContent(file: JudgedFile): Promise<Refusal | undefined> {
  const judge = new ContentJudge(file.path);
  // One buffer for all: a stream's new one a piece would cost a large film more in collecting garbage than in judging. One byte more
  // than there should be: a short answer then tells the end without being asked once more.
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, file.bytes + 1));
  const handle = await open(file.from, 'r');
  try {
    for (let read = 0; ; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, read);
      read += bytesRead;
      if (bytesRead > 0 && !judge.push(chunk.subarray(0, bytesRead))) return judge.end();
      if (bytesRead < chunk.length) return read === file.bytes ? judge.end() : refusal('changed_during', file.path);
    }
  } finally {
    await handle.close();
  }
}
