// What is done to a site's files stands in the audit before and after: nothing that was cut off in between goes unwritten.
import type { Actor, Audit, AuditEntry } from '../audit/audit.ts';
import type { Connection, Tx } from '../platform/database/database.ts';
import type { ActKind, FileAct, Room, Site, Sites } from '../sites/sites.ts';

type Details = NonNullable<AuditEntry['details']>;
type Announcement = { readonly action: string; readonly room: Room; readonly details: Details };
type Outcome = { readonly action: string; readonly details: Details; readonly unused: Room };
/** How much was done when the work ended, however it ended, and what became free by it. */
export type Done = { count: number; freed: Room };
/** `announced` and `done` are actions of the audit. */
type Deed = {
  readonly kind: Exclude<ActKind, 'upload'>;
  readonly announced: { action: string };
  readonly done: { action: string };
};

export const folderMade: Deed = {
  kind: 'folder',
  announced: { action: 'files.makingFolder' },
  done: { action: 'files.folderMade' },
};
export const moved: Deed = { kind: 'move', announced: { action: 'files.moving' }, done: { action: 'files.moved' } };
export const removed: Deed = { kind: 'remove', announced: { action: 'files.removing' }, done: { action: 'files.removed' } };

export const trashed: Deed = {
  kind: 'trash',
  announced: { action: 'files.trashing' },
  done: { action: 'files.trashed' },
};
export const restored: Deed = {
  kind: 'restore',
  announced: { action: 'files.restoring' },
  done: { action: 'files.restored' },
};
export const modeSet: Deed = {
  kind: 'mode',
  announced: { action: 'files.settingMode' },
  done: { action: 'files.modeSet' },
};

const noRoom: Room = { bytes: 0, files: 0 };

export class Deeds {
  readonly #connection: Connection;
  readonly #audit: Audit;
  readonly #sites: Sites;

  constructor({ connection, audit, sites }: { connection: Connection; audit: Audit; sites: Sites }) {
    this.#connection = connection;
    this.#audit = audit;
    this.#sites = sites;
  }

  /**
   * Announces the deed, does it, and writes down how much was done, also when one of several was refused. Who is cut off in between
   * left the announcement, and `Sites.recoverActs` adds the rest.
   * @param asked how many entries it is about
   */
  async carryOut(
    site: Site,
    actor: Actor,
    deed: Deed,
    asked: number,
    work: (done: Done, actId: string) => Promise<void>,
  ): Promise<void> {
    const act = this.#sites.act(site, deed.kind, actor);
    await this.announce(site, actor, act, { ...deed.announced, room: noRoom, details: { count: asked } });
    const done: Done = { count: 0, freed: noRoom };
    try {
      await act.holding(() => work(done, act.id));
    } finally {
      await this.#connection.write(async (tx) => {
        await this.close(tx, site, actor, act, { ...deed.done, details: { count: done.count }, unused: done.freed });
        if (deed.kind === 'remove') await this.#sites.queueCount(tx, site);
      });
    }
  }

  /** @returns false when the site has no room for it; then nothing was announced */
  announce(site: Site, actor: Actor, act: FileAct, { action, room, details }: Announcement): Promise<boolean> {
    return this.#connection.write(async (tx) => {
      if (!(await act.begin(tx, room))) return false;
      await this.#record(tx, site, { action, actor, subjectId: act.id, details });
      return true;
    });
  }

  /** Does what was announced as one file, and writes down whether it was done; the room stays with what was put, or goes back. */
  async finish(site: Site, actor: Actor, act: FileAct, room: Room, work: () => Promise<void>): Promise<void> {
    let count = 0;
    try {
      await work();
      count = 1;
    } finally {
      const unused = count === 1 ? noRoom : room;
      await this.#connection.write((tx) =>
        this.close(tx, site, actor, act, { action: 'files.edited', details: { count }, unused }),
      );
    }
  }

  /** The outcome, in the caller's transaction. */
  async close(tx: Tx, site: Site, actor: Actor, act: FileAct, { action, details, unused }: Outcome): Promise<void> {
    if (!(await act.end(tx, unused))) await this.#sites.queueCount(tx, site);
    if (details.count !== 0) await this.#record(tx, site, { action, actor, subjectId: act.id, details });
  }

  #record(tx: Tx, { id: siteId, customerId }: Site, entry: AuditEntry): Promise<void> {
    return this.#audit.record(tx, { ...entry, siteId, customerId });
  }
}
