// Where a job of files works: content lies in quarantine until it is judged, then beside `www/` until all of it is ready.
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PanelError } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { DiskRoom } from '../platform/storage/disk-room.ts';
import type { SitePath, SiteStorage } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';
import type { Site } from '../sites/sites.ts';
import type { RulesAt } from './areas.ts';
import type { JobProgress } from './job-progress.ts';
import type { JobRoom } from './job-room.ts';
import { judgeFolders, judgeName, KnownNames, type Refusal, scanRefusal, type UploadRules } from './policy.ts';
import type { UploadResult } from './publishing.ts';
import { about, refusal } from './refusals.ts';
import type { JudgedFile } from './unpacking.ts';

export type BenchParts = {
  readonly site: Site;
  readonly storage: SiteStorage;
  readonly scanner: VirusScanner;
  readonly rules: RulesAt;
  /** what may be anywhere in the site, for names that are judged before it is known where they land */
  readonly widest: UploadRules;
  readonly disk: DiskRoom;
  readonly progress: JobProgress;
  readonly room: JobRoom;
  /** of quarantine, on this machine */
  readonly folder: string;
  /** in the site, never served and never shown */
  readonly staging: SitePath;
  /** folder in the site where it shall stand: names are judged there */
  readonly target: SitePath;
};

/** Rows that are kept of what did not come about; all are counted. */
export const mostResults = 10_000;
const lookBytes = 64 * 1024 * 1024;

export type Judge = (file: JudgedFile) => Promise<Refusal | undefined>;

export class Bench {
  readonly parts: BenchParts;
  readonly results: UploadResult[] = [];
  kept = 0;
  refused = 0;
  readonly #names = new Map<string, KnownNames>();

  constructor(parts: BenchParts) {
    this.parts = parts;
  }

  /** @param path below the target. A refusal is told of that path, not of where it lies meanwhile */
  refuse(path: SitePath | string, bytes: number, refused: Refusal): void {
    this.refused += 1;
    const shown = about(refused, path);
    const file = String(shown.parameters.name);
    if (this.results.length < mostResults) this.results.push({ file, bytes, result: 'refused', ...shown });
  }

  /** @returns whether the folder may be there; it is made then */
  async makeFolder(path: SitePath): Promise<boolean> {
    const { storage, staging, target, rules, progress } = this.parts;
    await progress.tick();
    const place = [...target, ...path];
    const refused = judgeFolders(place, rules(place)) ?? this.#clash(path);
    if (refused) {
      this.refuse(path, 0, refused);
      return false;
    }
    return this.#unlessTaken(path, 0, () => storage.makeFolder([...staging, ...path]));
  }

  /** @returns a refusal where the name, or one of the folders above, is known in another spelling already */
  #clash(path: SitePath): Refusal | undefined {
    for (let depth = 0; depth < path.length; depth += 1) {
      const parent = path.slice(0, depth).join('/');
      const known = this.#names.get(parent) ?? new KnownNames([]);
      this.#names.set(parent, known);
      const name = path[depth] ?? '';
      const other = known.clash(name);
      if (other !== undefined) return refusal('name_case_clash', path, { other });
      known.add(name);
    }
    return undefined;
  }

  /** @returns an empty file's place on this machine, which `keep` or `forget` ends */
  get place(): string {
    return join(this.parts.folder, 'file');
  }

  forget(): Promise<void> {
    return rm(this.place, { force: true });
  }

  /**
   * Writes what passes into `place`.
   * @param most more bytes are not read; the answer is then more than this
   * @returns how many bytes came
   */
  async write(chunks: AsyncIterable<Uint8Array>, most: number): Promise<number> {
    const { progress, disk } = this.parts;
    let [bytes, unlooked] = [0, 0];
    const file = await open(this.place, 'w', 0o600).catch(inPlain);
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        unlooked += chunk.length;
        if (bytes > most) break;
        if (unlooked >= lookBytes) {
          await disk.require(0);
          unlooked = 0;
        }
        await file.writeFile(chunk).catch(inPlain);
        await progress.tick(chunk.length);
      }
    } finally {
      await file.close();
    }
    return bytes;
  }

  /** Judges what lies in `place` as if it were uploaded to where it shall stand, and puts it beside `www/`. @throws Stopped `quota` */
  async keep(path: SitePath, bytes: number, judge: Judge): Promise<boolean> {
    const { rules, target, scanner, room, storage, staging } = this.parts;
    const place = [...target, ...path];
    const refused =
      judgeName(place, rules(place)) ??
      this.#clash(path) ??
      (await judge({ path: place, from: this.place, bytes })) ??
      scanRefusal(await scanner.scan(this.place), path, bytes);
    if (refused) {
      this.refuse(path, bytes, refused);
      return false;
    }
    await room.take(bytes);
    const isPut = await this.#unlessTaken(path, bytes, () => storage.put([...staging, ...path], this.place, 'create'));
    if (isPut) this.kept += 1;
    return isPut;
  }

  /** What came first has the name: a file where a folder of this path would be, or the same file once more. */
  async #unlessTaken(path: SitePath, bytes: number, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof PanelError && error.status === 409)) throw error;
      this.refuse(path, bytes, refusal('twice', path));
      return false;
    }
  }
}

function inPlain(error: unknown): never {
  throw storageFault(error);
}
