// What a restore is in rows and on screens: what was asked, how far it is, how it ended.
import { type Actor, systemActor } from '../audit/audit.ts';
import type { RestoreDest, RestoreMode, RestoreScope, RestoreStep } from '../migrations/schema.ts';
import type { Parameters } from '../platform/errors.ts';
import type { SitePath } from '../platform/storage/port.ts';

export type { RestoreDest, RestoreMode, RestoreScope, RestoreStep };

/** days for which a restore can be undone */
export const undoDays = 7;

/** What is asked for. `paths` and `databases` are looked at where the scope is theirs; `all` is everything of both. */
export type RestoreOrder = {
  readonly scope: RestoreScope;
  /** below `www/` */
  readonly paths: readonly SitePath[];
  /** names as the archive has them */
  readonly databases: readonly string[];
  readonly dest: RestoreDest;
  readonly mode: RestoreMode;
};

/** Files and links, and the bytes of files. */
export type Amount = { readonly files: number; readonly bytes: number };

/** `kept`: in the site alone, and it stays. */
export const verdicts = ['new', 'overwritten', 'unchanged', 'deleted', 'kept'] as const;
export type Verdict = (typeof verdicts)[number];

/** A database of the archive and where it goes. */
export type PlannedDatabase = {
  readonly name: string;
  readonly engine: 'mariadb' | 'postgresql';
  /** of the archive; null: the dump that the undone restore put aside */
  readonly member: string | null;
  readonly bytes: number;
  readonly tables: number;
  readonly rows: number;
  /** of the site's own whose content it replaces; null: a new one is made */
  readonly databaseId: string | null;
  readonly into: string;
  /** row of the restore that is undone */
  readonly undoOf?: string;
};

/** What a restore would do. */
export type Plan = {
  /** of the backup, what was asked, and every path and database with what becomes of it */
  readonly hash: string;
  readonly counts: Readonly<Record<Verdict, Amount>>;
  /** the first paths of each */
  readonly first: Readonly<Record<Verdict, readonly string[]>>;
  readonly databases: readonly PlannedDatabase[];
  /** what was chosen and is neither in the backup nor in the site */
  readonly missing: readonly string[];
  /** scripts that come into upload folders, where they are told as suspicious */
  readonly scripts: number;
  /** what is written beside `www/` first */
  readonly staged: Amount;
  /** bytes by which the site grows; below 0 it shrinks */
  readonly growth: number;
};

/** What is kept of a plan in the row. */
export type PlanFigures = Pick<Plan, 'counts' | 'staged' | 'growth' | 'scripts'>;

/**
 * `safety`: the backup of what is there now failed, or lacks files · `damaged`: the archive is not as it was verified · `gone`: it is not
 * there any more · `quota`, `full`: no room · `database`: the dump could not be loaded · `counts`: other tables or rows than the backup
 * says · `limit`: the plan has no more databases · `busy`: something was under way in the site for too long · `unavailable`: a server did
 * not answer · `closed`: the site has ended.
 */
export const restoreFaults = [
  'safety',
  'damaged',
  'gone',
  'quota',
  'full',
  'database',
  'counts',
  'limit',
  'busy',
  'unavailable',
  'closed',
] as const;
export type RestoreFault = (typeof restoreFaults)[number];

/** Ends a restore: what was begun is taken back. */
export class Stopped extends Error {
  readonly fault: RestoreFault;
  readonly about: Parameters;

  constructor(fault: RestoreFault, about: Parameters = {}) {
    super(fault);
    this.name = 'Stopped';
    this.fault = fault;
    this.about = about;
  }
}

export type Restore = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly personId: string | null;
  readonly backupId: string;
  readonly undoOf: string | null;
  readonly scope: RestoreScope;
  readonly paths: readonly string[];
  readonly dest: RestoreDest;
  readonly mode: RestoreMode;
  /** name of the new folder below `www/` */
  readonly folder: string | null;
  readonly planHash: string;
  readonly plan: PlanFigures;
  readonly step: RestoreStep;
  readonly runId: string | null;
  readonly actId: string | null;
  readonly safetyId: string | null;
  readonly serverId: string | null;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly fault: RestoreFault | null;
  readonly faultAbout: Parameters;
  readonly askedAt: number;
  readonly movedAt: number;
  /** when the exchange began */
  readonly switchedAt: number | null;
  readonly endedAt: number | null;
  readonly undoneAt: number | null;
};

/** Something that is exchanged as a whole. `comes`: the backup has it; else it only goes. */
export type RestoreItem = { readonly path: string; readonly comes: boolean };

export type RestoreDatabase = {
  readonly id: string;
  readonly name: string;
  readonly engine: 'mariadb' | 'postgresql';
  readonly member: string | null;
  readonly tables: number;
  readonly rows: number;
  readonly undoOf: string | null;
  readonly databaseId: string | null;
  readonly into: string;
  readonly isNew: boolean;
  readonly switchingAt: number | null;
  readonly switchedAt: number | null;
  readonly returnedAt: number | null;
};

/** Another worker has taken the restore: whoever meets this says no more. */
export class Overtaken extends Error {}

export const lost = () => new Overtaken('another worker has taken over this restore');

/** @returns where a restore works, beside `www/` */
export const placeOf = ({ id }: Pick<Restore, 'id'>): SitePath => ['trash', id];

/** Who asked, as the audit writes it down for what is done later. */
export const actorOf = ({ personId }: Pick<Restore, 'personId'>): Actor =>
  personId === null ? systemActor : { kind: 'person', personId };
