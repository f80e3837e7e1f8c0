// The text editor: whole or not at all, never over what somebody else wrote meanwhile, and what was there before lies in the trash.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict, Invalid, notFound, whenMissing } from '../platform/errors.ts';
import type { VirusScanner } from '../platform/scanner/port.ts';
import type { SitePath } from '../platform/storage/port.ts';
import { storageFault } from '../platform/storage/to-disk.ts';
import type { Room, Site, Sites } from '../sites/sites.ts';
import { rulesOf } from './areas.ts';
import type { Deeds } from './deeds.ts';
import { type EnteringParts, refuse } from './entering.ts';
import type { Doer } from './files.ts';
import { nameOr, requireInsideWww, requireWww } from './moving.ts';
import { judgeFile, judgeName, KnownNames, scanRefusal, type UploadRules } from './policy.ts';
import { type Coding, decoded, encoded } from './text-coding.ts';
import type { Trash } from './trash.ts';

/** Bytes of a file that is edited in a page. */
export const mostEdited = 1024 * 1024;

/** A text as it stands in the site. `etag`: SHA-256 of its bytes, so that only what differs is a conflict. */
export type OpenText = { readonly text: string; readonly coding: Coding; readonly etag: string };

type EditingParts = EnteringParts & { readonly sites: Sites; readonly scanner: VirusScanner };

const freshCoding: Coding = { charset: 'utf-8', hasMark: false, lineEnd: '\n' };
const etagOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Thrown when the file is another one than the person began with: the page then shows both. */
export class EditConflict extends Error {
  readonly theirs: OpenText | undefined;

  constructor(theirs: OpenText | undefined) {
    super('somebody else has changed the file');
    this.theirs = theirs;
  }
}

/** Errors: PanelError 404 (not there), 409, 503; Invalid on `body` or `name` in the words of the policy. */
export class Editor {
  readonly #parts: EditingParts;
  readonly #deeds: Deeds;
  readonly #trash: Trash;

  constructor(parts: EditingParts, deeds: Deeds, trash: Trash) {
    this.#parts = parts;
    this.#deeds = deeds;
    this.#trash = trash;
  }

  /** @returns the text of a file, or why it cannot be edited here */
  async open(site: Site, path: SitePath): Promise<OpenText | 'too_big' | 'no_text'> {
    const bytes = await this.#read(site, path);
    if (bytes === 'too_big') return bytes;
    const found = decoded(bytes);
    return found ? { ...found, etag: etagOf(bytes) } : 'no_text';
  }

  /** @returns whether the policy lets a file of this name be written here: programs are changed by FTP */
  async mayWrite(site: Site, path: SitePath): Promise<boolean> {
    return judgeName(path, await this.#rules(site, path)) === undefined;
  }

  async #rules(site: Site, path: SitePath): Promise<UploadRules> {
    return (await rulesOf(this.#parts.sites, this.#parts.lists, site))(path);
  }

  async #read(site: Site, path: SitePath): Promise<Buffer | 'too_big'> {
    requireInsideWww(path);
    const { entry, stream } = await this.#parts.sites.storageFor(site).open(path);
    if (entry.size > mostEdited) {
      stream.destroy();
      return 'too_big';
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of stream as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > mostEdited) return 'too_big';
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /**
   * Writes a text in the place of the one with this etag. What was there before goes to the trash as an earlier version.
   * @throws EditConflict when the file holds something else by now, Invalid on `body`
   */
  async save(site: Site, doer: Doer, path: SitePath, edit: { body: string; etag: string }): Promise<void> {
    refuse('body', judgeName(path, await this.#rules(site, path)));
    const before = await this.#current(site, path, edit.etag);
    const wanted = encoded(edit.body, before.coding);
    if ('missing' in wanted)
      throw new Invalid({ body: [{ key: 'files.edit.missing', parameters: { signs: wanted.missing.join(' ') } }] });
    const { bytes } = wanted;
    if (etagOf(bytes) === edit.etag) return;
    await this.#write(site, doer, path, bytes, async (from, actId, oldFrom) => {
      // Once more, since judging took its time.
      const old = await this.#current(site, path, edit.etag);
      await writeFile(oldFrom, old.bytes, { mode: 0o600 });
      await this.#trash.keepVersion(site, doer, path, { from: oldFrom, bytes: old.bytes.length, actId });
      await this.#parts.sites.storageFor(site).put(path, from, 'replace');
    });
  }

  async #current(site: Site, path: SitePath, etag: string): Promise<{ bytes: Buffer; coding: Coding }> {
    const bytes = await this.#read(site, path).catch(whenMissing);
    if (bytes === undefined || bytes === 'too_big') throw new EditConflict(undefined);
    const found = decoded(bytes);
    if (etagOf(bytes) !== etag) throw new EditConflict(found && { ...found, etag: etagOf(bytes) });
    if (!found) throw conflict();
    return { bytes, coding: found.coding };
  }

  /** Makes a new text file in a folder below `www/`. @throws Invalid on `name` or `body` */
  async create(site: Site, doer: Doer, folder: SitePath, typed: { name: string; body: string }): Promise<SitePath> {
    const name = nameOr('name', typed.name);
    const path = [...requireWww(folder), name];
    refuse('name', judgeName(path, await this.#rules(site, path)));
    const storage = this.#parts.sites.storageFor(site);
    const names = (await storage.names(folder)).map((entry) => entry.name);
    const other = names.includes(name) ? name : new KnownNames(names).clash(name);
    if (other !== undefined) throw new Invalid({ name: [{ key: 'files.folderExists', parameters: { name: other } }] });
    const wanted = encoded(typed.body, freshCoding);
    const bytes = 'bytes' in wanted ? wanted.bytes : Buffer.alloc(0);
    await this.#write(site, doer, path, bytes, (from) => storage.put(path, from, 'create'));
    return path;
  }

  /** Judged in quarantine, then announced with the room that it takes, then put. */
  async #write(
    site: Site,
    doer: Doer,
    path: SitePath,
    bytes: Buffer,
    put: (from: string, actId: string, besides: string) => Promise<void>,
  ): Promise<void> {
    const { quarantine, scanner, sites } = this.#parts;
    const rules = await this.#rules(site, path);
    if (bytes.length > mostEdited)
      throw new Invalid({ body: [{ key: 'files.edit.tooLong', parameters: { most: mostEdited / 1024 } }] });
    const { folder, remove } = await quarantine.open();
    try {
      const from = join(folder, 'file');
      await writeFile(from, bytes, { mode: 0o600, flag: 'wx' });
      refuse('body', await judgeFile({ path, from, bytes: bytes.length }, rules));
      refuse('body', scanRefusal(await scanner.scan(from), path, bytes.length));
      const room: Room = { bytes: bytes.length, files: 1 };
      const act = sites.act(site, 'edit', doer.actor);
      const fits = await this.#deeds.announce(site, doer.actor, act, { action: 'files.editing', room, details: { count: 1 } });
      if (!fits) throw new Invalid({ body: [{ key: 'files.edit.quota' }] });
      await act.holding(() => this.#deeds.finish(site, doer.actor, act, room, () => put(from, act.id, join(folder, 'before'))));
    } catch (error) {
      throw storageFault(error);
    } finally {
      await remove();
    }
  }

  /** @returns the text of an earlier version that lies in the trash. @throws PanelError 404 */
  async version(site: Site, id: string): Promise<{ path: SitePath; text: string }> {
    const [entry] = await this.#trash.find(site, [id]);
    if (entry?.because !== 'edited' || entry.bytes > mostEdited) throw notFound();
    const { stream } = await this.#parts.sites.storageFor(site).open(['trash', id]);
    const parts: Buffer[] = [];
    for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
    const found = decoded(Buffer.concat(parts));
    if (!found) throw notFound();
    return { path: entry.path.split('/'), text: found.text };
  }
}
