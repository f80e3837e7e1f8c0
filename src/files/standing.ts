// Judges a file that stands in a site already, or that was taken out of one: by the area it belongs to (KHADA 7.4, 7.5).
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { Entry, ReadFile, SitePath, SiteReader } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';
import type { Area } from '../sites/sites.ts';
import { ContentJudge } from './contents.ts';
import { isNeverAllowed, isServerRun, isSteering, kindOf, type UploadRules } from './kinds.ts';
import { extensionOf, judgeName } from './names.ts';
import { judgeFile } from './policy.ts';
import { programHeadBytes, programOf } from './programs.ts';
import type { Quarantine } from './quarantine.ts';
import { about, type ReasonCode, type Refusal, refusal, scanRefusal } from './refusals.ts';
import { findShell, readShells, type ShellSignature, shellReachBytes } from './web-shells.ts';

/** What may be wrong with a file that came past the panel: `executable` (`found`), `web_shell` (`sig`), or what an upload is refused for. */
export type StandingRefusal = {
  readonly code: ReasonCode | 'executable' | 'web_shell';
  readonly parameters: Refusal['parameters'];
};

/** `partly`: a program of a server so long that only its first 5 MiB were looked through. */
export type Judgement = { readonly refusal?: StandingRefusal; readonly partly?: true };

export type StandingParts = {
  readonly scanner: VirusScanner;
  readonly quarantine: Quarantine;
  readonly rules: UploadRules;
  /** the list of known web shells */
  readonly shellsFile: string;
};

/** A file to read: in a site, or on this machine, where it has a path of its own. */
type Source = {
  readonly bytes: number;
  readonly localPath?: string;
  read(into: Uint8Array, position: number): Promise<number>;
};

const chunkBytes = 256 * 1024;

/**
 * In an upload folder the whole upload policy, for the path below that folder; in the program area no programs of machines and desktops
 * and no known web shells, while scripts are what FTP is for. Errors of every method: PanelError 503 when a check cannot be made,
 * which is no permission.
 */
export class StandingJudge {
  readonly #parts: StandingParts;
  #shells: Promise<ShellSignature[]> | undefined;

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  /**
   * Reads each byte of the site at most once; only archives, and everything where there is a scanner, are copied beside for a second look.
   * @returns what stands there, and what is to be said of it
   * @throws PanelError 404 when no regular file stands there, 409 when it was written to meanwhile
   */
  async judge(reader: SiteReader, path: SitePath, area: Area): Promise<Judgement & { readonly entry: Entry }> {
    const file = await reader.open(path);
    try {
      const judgement = await this.#judge(sourceOf(file), path, area);
      if ((await file.again()).stamp !== file.entry.stamp) throw conflict();
      return { entry: file.entry, ...judgement };
    } finally {
      await file.close();
    }
  }

  /** Judges a file of this machine as if it stood at `path` of the site. */
  async judgeHeld(from: string, path: SitePath, area: Area): Promise<Judgement> {
    const handle = await open(from, 'r').catch((error) => {
      throw storageFault(error);
    });
    try {
      const { size: bytes } = await handle.stat();
      const read = async (into: Uint8Array, position: number) => (await handle.read(into, 0, into.length, position)).bytesRead;
      return await this.#judge({ bytes, localPath: from, read }, path, area);
    } finally {
      await handle.close();
    }
  }

  async #judge(source: Source, path: SitePath, area: Area): Promise<Judgement> {
    if (area.kind === 'program') return this.#judgeProgram(source, path);
    const refused = await this.#judgeUpload(source, path, path.slice(area.folder.length));
    return refused ? { refusal: about(refused, path) } : {};
  }

  async #judgeUpload(source: Source, path: SitePath, inside: SitePath): Promise<Refusal | undefined> {
    const { rules, scanner } = this.#parts;
    const named = judgeName(inside, rules);
    if (named) return named;
    const family = kindOf(extensionOf(inside.at(-1) ?? ''))?.family;
    const isArchive = family === 'zip' || family === 'gz' || family === 'tar' || family === 'office';
    const judge = new ContentJudge(inside);
    if (!isArchive && !scanner.present) {
      await eachChunk(source, async (chunk) => judge.push(chunk));
      return sayingCode(await judge.end(), judge);
    }
    return this.#beside(source, judge, async (from) => {
      const passed = { refusal: sayingCode(await judge.end(), judge) };
      return (
        (await judgeFile({ path: inside, from, bytes: source.bytes, passed }, rules)) ??
        (await this.#scan(from, path, source.bytes))
      );
    });
  }

  /** What is looked at more than once lies in quarantine meanwhile, where nobody writes to it. */
  async #beside<T>(source: Source, judge: ContentJudge | undefined, look: (from: string) => Promise<T>): Promise<T> {
    const { folder, remove } = await this.#parts.quarantine.open();
    try {
      const from = join(folder, 'file');
      const copy = await open(from, 'wx', 0o600);
      let isOpen = judge !== undefined;
      await eachChunk(source, async (chunk) => {
        if (isOpen) isOpen = judge?.push(chunk) ?? false;
        await writeAll(copy, chunk);
        return true;
      }).finally(() => copy.close());
      return await look(from);
    } catch (error) {
      throw storageFault(error);
    } finally {
      await remove();
    }
  }

  async #scan(from: string, path: SitePath, bytes: number): Promise<Refusal | undefined> {
    return scanRefusal(await this.#parts.scanner.scan(from), path, bytes);
  }

  async #judgeProgram(source: Source, path: SitePath): Promise<Judgement> {
    const name = path.at(-1) ?? '';
    const head = await readStart(source, programHeadBytes);
    const program = programOf(name, head);
    if (program) return { refusal: { ...refusal('type_not_allowed', path, { found: program }), code: 'executable' } };
    const start = source.bytes <= head.length ? head : await readStart(source, shellReachBytes);
    this.#shells ??= readShells(this.#parts.shellsFile);
    const shell = findShell(start.toString('latin1'), await this.#shells);
    if (shell) return { refusal: { ...refusal('malware', path, { sig: shell }), code: 'web_shell' } };
    const { scanner } = this.#parts;
    if (scanner.present) {
      const found = await (source.localPath
        ? this.#scan(source.localPath, path, source.bytes)
        : this.#beside(source, undefined, (from) => this.#scan(from, path, source.bytes)));
      // What is too large for the scanner is let be, as all is that is no program: a long script is told of below.
      if (found?.code === 'malware') return { refusal: found };
    }
    return source.bytes > shellReachBytes && isScriptName([name]) ? { partly: true } : {};
  }
}

/** @returns whether a server could run a file for the sake of a name, wherever that stands in the path, or a desktop for that of its last part */
export function isScriptName(inside: SitePath): boolean {
  return inside.some((name, at) => {
    const folded = name.normalize('NFKC').toLowerCase();
    if (isSteering(folded) || /^\.(?:ht|user\.ini)/.test(folded)) return true;
    const parts = folded.split('.').slice(1);
    return parts.some(isServerRun) || (at === inside.length - 1 && isNeverAllowed(parts.at(-1) ?? ''));
  });
}

/** @returns whether it is refused because something would run, not because its kind is only not on the list; `path` below the upload folder */
export function isScript(
  path: SitePath,
  { code, parameters }: { readonly code: string; readonly parameters: Refusal['parameters'] },
): boolean {
  if (code === 'double_ext' || code === 'malware' || code === 'executable' || code === 'web_shell') return true;
  if (isScriptName(path)) return true;
  return code === 'content_mismatch' && isRunning(String(parameters.found));
}

const isRunning = (found: string) =>
  ['server-code', 'exe', 'elf', 'macho', 'lnk', 'jar', 'apk', 'class', 'deb', 'rpm'].includes(found);

function sourceOf(file: ReadFile): Source {
  return { bytes: file.entry.size, read: (into, position) => file.read(into, position) };
}

async function readStart({ bytes, read }: Source, most: number): Promise<Buffer> {
  const into = Buffer.allocUnsafe(Math.min(bytes, most));
  return into.subarray(0, await read(into, 0));
}

/** Of all that may be wrong with a content, that it would run matters most. */
function sayingCode(refused: Refusal | undefined, judge: ContentJudge): Refusal | undefined {
  if (refused?.code !== 'content_mismatch' || !judge.holdsServerCode) return refused;
  return { ...refused, parameters: { ...refused.parameters, found: 'server-code' } };
}

/** One buffer for all chunks; `take` says whether it wants more. */
async function eachChunk({ bytes, read }: Source, take: (chunk: Buffer) => Promise<boolean>): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(bytes, chunkBytes)));
  for (let position = 0; position < bytes; ) {
    const filled = await read(buffer, position);
    if (filled === 0) return;
    position += filled;
    if (!(await take(buffer.subarray(0, filled)))) return;
  }
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}
