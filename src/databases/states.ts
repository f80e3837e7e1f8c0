// What a database, an import and a dump in the trash are, and what state they are in.
import type { DatabaseImportState, DatabaseImportStep } from '../migrations/schema.ts';
import { day } from '../platform/clock.ts';
import type { DatabaseEngine, TableFigures } from '../platform/database-server/port.ts';

export type Database = {
  readonly id: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly serverId: string;
  readonly engine: DatabaseEngine;
  /** with the site's prefix */
  readonly name: string;
  readonly login: string;
  readonly charset: string | null;
  /** epoch milliseconds, as every time here */
  readonly begunAt: number;
  /** null: being made */
  readonly madeAt: number | null;
  /** its user cannot come in: the site is suspended */
  readonly lockedAt: number | null;
  readonly removalAskedAt: number | null;
  readonly removalFailedAt: number | null;
  readonly droppedAt: number | null;
  /** seen last */
  readonly bytes: number | null;
  readonly tableCount: number | null;
  readonly measuredAt: number | null;
};

/** A database as a page shows it now: `tables` is undefined while its server does not answer. */
export type SeenDatabase = Database & { readonly tables: readonly TableFigures[] | undefined };

export type DatabaseState = 'making' | 'removing' | 'locked' | 'ready';

export function stateOf({ madeAt, removalAskedAt, lockedAt }: Database): DatabaseState {
  if (madeAt === null) return 'making';
  if (removalAskedAt !== null) return 'removing';
  return lockedAt === null ? 'ready' : 'locked';
}

/** A database server as customers are told of it. */
export type KnownServer = {
  readonly id: string;
  readonly engine: DatabaseEngine;
  readonly shownHost: string;
  readonly shownPort: number;
};

export const importModes = ['empty', 'replace'] as const;
export type ImportMode = (typeof importModes)[number];

/**
 * Why an import stopped: `refused`, `engine`, `cutOff` and `full` are those of the server (`LoadFault`) · `gzip`: the file is damaged ·
 * `tooBig`: it unpacks to far more than any dump · `notEmpty`: something came into the database meanwhile · `unavailable`: the server
 * did not answer in all attempts · `stopped`: the file is not there any more · `programs`: the new content is in its place, and a view,
 * trigger, routine or event of it could not be made. After every other one the database is as it was.
 */
export const importFaults = [
  'refused',
  'engine',
  'cutOff',
  'full',
  'gzip',
  'tooBig',
  'notEmpty',
  'unavailable',
  'stopped',
  'programs',
] as const;
export type ImportFault = (typeof importFaults)[number];

export type DatabaseImport = {
  readonly id: string;
  readonly databaseId: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly personId: string | null;
  readonly mode: ImportMode;
  readonly source: string | null;
  readonly isFromTrash: boolean;
  readonly sourceBytes: number;
  readonly stagedName: string | null;
  readonly state: DatabaseImportState;
  readonly step: DatabaseImportStep;
  readonly runId: string | null;
  readonly textBytes: number;
  readonly readBytes: number;
  readonly lines: number;
  readonly neutralised: number;
  readonly queuedAt: number;
  readonly movedAt: number | null;
  readonly endedAt: number | null;
  readonly fault: ImportFault | null;
  readonly faultLine: number | null;
  readonly faultAbout: string | null;
};

export type TrashDump = {
  readonly id: string;
  readonly databaseId: string;
  readonly siteId: string;
  readonly customerId: string;
  readonly because: 'removed' | 'replaced';
  readonly archive: string;
  readonly bytes: number;
  readonly textBytes: number;
  readonly sha256: string;
  readonly tableCount: number;
  readonly madeAt: number;
  readonly expiresAt: number;
};

/** How long a dump of what was deleted or overwritten is kept. */
export const trashMilliseconds = 30 * day;
