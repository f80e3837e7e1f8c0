// The row of a backup that nobody has begun.
import type { Selectable } from 'kysely';
import type { BackupTables } from '../migrations/schema.ts';

export type NewBackup = Pick<
  Selectable<BackupTables['backups']>,
  'id' | 'site_id' | 'customer_id' | 'actor_person_id' | 'kind' | 'day' | 'queued_at'
> & {
  readonly place?: number;
};

/** What a row has before anybody began. */
export const nothingYet = {
  state: 'queued',
  file_name: null,
  bytes: null,
  original_bytes: null,
  sha256: null,
  files: null,
  folders: null,
  databases: null,
  left_out: '[]',
  ...{ database_list: null, shrunk: null },
  data_at: null,
  step: null,
  files_done: 0,
  files_total: 0,
  moved_at: null,
  reason: null,
  ...{ started_at: null, made_at: null, verified_at: null, proven_at: null, failed_at: null },
  ...{ expired_at: null, kept_because: null },
  ...{ held_until: null, check_asked_at: null, place: null, handed_at: null, read_whole: null },
} as const;
