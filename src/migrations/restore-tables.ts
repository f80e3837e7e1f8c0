// Tables of restores, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

/**
 * `saving` what is there now · `staging` content beside `www/` · `switching` it into its place · `returning` to what was there ·
 * `ending`: only tidied up any more · `done` · `returned`: everything is as it was · `stopped`: nothing was begun.
 */
export type RestoreStep = 'saving' | 'staging' | 'switching' | 'returning' | 'ending' | 'done' | 'returned' | 'stopped';
export type RestoreScope = 'all' | 'paths' | 'db';
export type RestoreDest = 'new_folder' | 'in_place';
export type RestoreMode = 'keep_new' | 'exact';

export interface RestoreTables {
  restores: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    /** whose content comes */
    backup_id: Id;
    /** the restore that this one undoes */
    undo_of: Id | null;
    scope: RestoreScope;
    /** JSON array of what was chosen below `www/` */
    paths: string;
    dest: RestoreDest;
    mode: RestoreMode;
    /** the new folder below `www/` */
    folder: string | null;
    plan_hash: string;
    /** JSON of the counts that were shown and agreed to */
    plan: string;
    step: RestoreStep;
    /** of the worker that holds it: whoever was thought dead changes nothing more */
    run_id: Id | null;
    /** of the room that it holds in the site */
    act_id: Id | null;
    /** the backup of what was there before */
    safety_id: Id | null;
    /** where content was staged */
    server_id: Id | null;
    bytes_done: number;
    bytes_total: number;
    files_done: number;
    files_total: number;
    staging_ms: number | null;
    fault: string | null;
    fault_about: string | null;
    asked_at: Time;
    moved_at: Time;
    switched_at: Time | null;
    ended_at: Time | null;
    undone_at: Time | null;
  };
  /** what is exchanged as a whole, from which a restore that was cut off goes on or back */
  restore_items: {
    restore_id: Id;
    place: number;
    path: string;
    /** 0: it only goes */
    comes: 0 | 1;
  };
  restore_databases: {
    id: Id;
    restore_id: Id;
    /** in the archive */
    name: string;
    engine: 'mariadb' | 'postgresql';
    /** of the archive; null: the dump that the undone restore put aside */
    member: string | null;
    table_count: number;
    row_count: number;
    /** id of the row that this one undoes */
    undo_of: Id | null;
    database_id: Id | null;
    into_name: string;
    is_new: 0 | 1;
    staged_at: Time | null;
    switching_at: Time | null;
    switched_at: Time | null;
    returned_at: Time | null;
  };
}
