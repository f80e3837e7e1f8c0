// Tables of moves, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

/**
 * `checking` whether it can be done · `saving` a backup · `copying` while the site runs · `waiting` for what is under way in the site ·
 * `closed` while the last changes are carried over and compared · `opening` on the new server · `done` · `undoing`, `failed`: it is
 * where it was.
 */
export type MoveStep = 'checking' | 'saving' | 'copying' | 'waiting' | 'closed' | 'opening' | 'done' | 'undoing' | 'failed';

export interface MoveTables {
  site_moves: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    from_server_id: Id;
    to_server_id: Id;
    /** how long the old place is kept */
    keep_days: number;
    /** an earlier move that left a place on the new server, which this one takes over */
    over_move_id: Id | null;
    step: MoveStep;
    /** of the worker that holds it: whoever was thought dead changes nothing more */
    run_id: Id | null;
    /** when that worker was last heard of */
    seen_at: Time;
    /** made for this move, unless there was a young one */
    backup_id: Id | null;
    /** how often the files were gone through */
    pass: number;
    /** carried over so far; in the end, what was compared */
    files: number;
    bytes: number;
    /** of the paths and digests of all files, equal on both servers */
    sha256: string | null;
    /** why it failed, for the operator */
    fault: string | null;
    asked_at: Time;
    step_at: Time;
    frozen_at: Time | null;
    switched_at: Time | null;
    ended_at: Time | null;
    /** where something of the site is left that has to go: the old place after a move, the new one after a failed move */
    left_on_server_id: Id | null;
    left_until: Time | null;
    removed_at: Time | null;
  };
  /** databases whose server changes; those that stay on theirs have no row */
  site_move_databases: {
    move_id: Id;
    database_id: Id;
    name: string;
    login: string;
    /** ids of database servers */
    from_id: Id;
    to_id: Id;
    table_count: number | null;
    row_count: number | null;
    /** when it was loaded and compared */
    carried_at: Time | null;
  };
}
