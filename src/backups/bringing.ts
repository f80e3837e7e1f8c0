// An archive of ours that its owner kept and brings back: once its signature is ours and it is of this very site, it is a backup again.
import { createHash } from 'node:crypto';
import type { Actor } from '../audit/audit.ts';
import { day, LocalTime, minute } from '../platform/clock.ts';
import type { Reader, Tx } from '../platform/database/database.ts';
import { conflict, type FieldFault, Invalid } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Signing } from '../platform/signing.ts';
import type { Once } from '../platform/web/idempotency.ts';
import { DamagedArchive } from '../platform/zip/damage.ts';
import type { ZipEntry } from '../platform/zip/directory.ts';
import { ZipLookup } from '../platform/zip/lookup.ts';
import type { Site } from '../sites/sites.ts';
import { Arrivals } from './arrivals.ts';
import { broughtName } from './brought-name.ts';
import type { Keeping } from './keeping.ts';
import { type ManifestHead, manifestName, parseManifest, signatureName } from './manifest.ts';
import type { BackupsParts } from './parts.ts';
import { isOurs, longestSignature } from './signature.ts';
import { type Backup, heldStates, mostLeftOut } from './states.ts';
import type { BackupStore } from './store.ts';

/** Held beside the backups that are made, at a time. */
const mostBrought = 2;
const heldFor = 7 * day;
/** What dumps of databases may take beyond the site's own room, in bytes. */
const beyondQuota = 1024 ** 3;
/** A manifest of a million members takes a quarter of that, in bytes. */
const longestManifest = 1024 ** 3;
/** The clock of the server that made it may have been a little behind. */
const skew = minute;

/** As it came; `commit` makes it an archive under the key that `next` gave. */
export type Brought = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly key: string;
  commit(): Promise<void>;
};

export class Bringing {
  readonly #parts: BackupsParts;
  readonly #store: BackupStore;
  readonly #keeping: Keeping;
  /** the same in pieces, which may pause */
  readonly arrivals: Arrivals;

  constructor(parts: BackupsParts, { store, keeping }: { store: BackupStore; keeping: Keeping }) {
    this.#parts = parts;
    this.#store = store;
    this.#keeping = keeping;
    this.arrivals = new Arrivals(parts, { bringing: this });
  }

  /** @returns bytes of the largest archive that is taken for a site */
  mostBytes({ quotaBytes }: Site): number {
    return quotaBytes + beyondQuota;
  }

  /** @returns the key under which what comes next is to lie in the storage. @throws PanelError 409 when there are enough already */
  async next(site: Site): Promise<string> {
    await this.#refuseTooMany(site);
    const { clock, choices } = this.#parts;
    return `${site.name}/${broughtName(site.name, { now: clock.now(), zone: choices.timeZone })}`;
  }

  /**
   * Takes an archive that this panel made of this site: a row that a job reads back, member by member, before anything can be restored.
   * It counts neither as the site's newest backup nor among those of its days, and goes after a week.
   * @returns the backup's id
   * @throws Invalid on `archive`: damaged, not ours, or of another site
   */
  async take(site: Site, brought: Brought, actor: Actor, once?: Once): Promise<string> {
    const head = await judged(brought.path, this.#parts.signing);
    const dataAt = Date.parse(head.dataAt);
    // A name may have been somebody else's before: what is older than the site is not of it.
    if (head.site !== site.name || dataAt < site.createdAt - skew) throw refused('otherSite');
    const id = newId(this.#parts.clock.now());
    // The archive first: killed in between there is one that no row knows, which retention removes, and it may be brought again at once.
    await brought.commit();
    try {
      await this.#parts.connection.write((tx) => this.#add(tx, { id, site, head, brought, actor, once }));
    } catch (error) {
      await this.#removeUnlessTaken(id, brought.key);
      throw error;
    }
    return id;
  }

  async #refuseTooMany(site: Site, reader?: Reader): Promise<void> {
    const held = (await this.#store.inStates(site, heldStates, reader)).filter(isBrought);
    if (held.length >= mostBrought) throw conflict('backups.bring.enough');
  }

  /** The row, the audit, who reads it back, and that the form was answered: all of it or nothing. */
  async #add(tx: Tx, { id, site, head, brought, actor, once }: Adding): Promise<void> {
    const { clock, audit, choices, sites } = this.#parts;
    const [now, dataAt] = [clock.now(), Date.parse(head.dataAt)];
    await sites.takeOpen(tx, site.id);
    await this.#refuseTooMany(site, tx);
    const owner = { site_id: site.id, customer_id: site.customerId, actor_person_id: actor.personId ?? null };
    const today = new LocalTime(choices.timeZone).day(now);
    await this.#store.add(tx, { id, ...owner, kind: 'brought', day: today, queued_at: now });
    const row = await this.#store.anyById(id, tx);
    if (!row) throw new Error('a row that was written is not there');
    const { bytes, sha256 } = brought;
    const file_name = brought.key.slice(site.name.length + 1);
    const change = { state: 'made', file_name, bytes, sha256, made_at: now, data_at: dataAt } as const;
    await this.#store.change(tx, row, { ...change, ...insideOf(head), held_until: now + heldFor });
    const about = { customerId: site.customerId, siteId: site.id, subjectId: id };
    await audit.record(tx, { action: 'backups.brought', actor, ...about, details: { bytes, at: dataAt } });
    await this.#keeping.queueVerification(tx, row);
    await once?.finish(tx, `/sites/${site.name}/backups/${id}`);
  }

  /** A connection that broke at the very end tells nothing of whether the row was written. */
  async #removeUnlessTaken(id: string, key: string): Promise<void> {
    const { archives, log } = this.#parts;
    try {
      if (!(await this.#store.anyById(id))) await archives.remove(key);
    } catch (err) {
      log.warn({ err }, 'a brought archive that was not taken stays until retention removes it');
    }
  }
}

type Adding = {
  readonly id: string;
  readonly site: Site;
  readonly head: ManifestHead;
  readonly brought: Brought;
  readonly actor: Actor;
  readonly once: Once | undefined;
};

const isBrought = ({ kind, expiredAt }: Backup) => kind === 'brought' && expiredAt === null;

const refused = (why: 'damaged' | 'foreign' | 'otherSite'): Invalid => {
  const fault: FieldFault = { key: `backups.bring.${why}` };
  return new Invalid({ archive: [fault] });
};

function insideOf({ counts, leftOut }: ManifestHead) {
  const { files, folders, databases, bytes: original_bytes } = counts;
  return { files, folders, databases, original_bytes, left_out: JSON.stringify(leftOut.slice(0, mostLeftOut)) };
}

/** Reads what is signed and nothing else, with little memory whatever it is. @returns the head of a manifest that this panel signed */
async function judged(path: string, signing: Signing): Promise<ManifestHead> {
  let archive: ZipLookup | undefined;
  try {
    archive = await ZipLookup.open(path);
    const [manifest, signature] = [await archive.find(manifestName), await archive.find(signatureName)];
    if (!manifest || !signature || !isFile(manifest, longestManifest) || !isFile(signature, longestSignature))
      throw refused('foreign');
    const text = (await all(await archive.open(signature))).toString();
    const hash = createHash('sha256');
    for await (const piece of await archive.open(manifest)) hash.update(piece as Buffer);
    if (!isOurs(signing, text, hash.digest('hex'))) throw refused('foreign');
    const content = await archive.open(manifest);
    const { members: _, ...head } = await parseManifest(content).finally(() => content.destroy());
    return head;
  } catch (error) {
    throw error instanceof DamagedArchive ? refused('damaged') : error;
  } finally {
    await archive?.close();
  }
}

const isFile = ({ kind, size }: ZipEntry, most: number) => kind === 'file' && size <= most;

async function all(content: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
