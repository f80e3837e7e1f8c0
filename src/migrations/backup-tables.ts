// Tables of backups: their outcomes, and who may download one.
type Id = string;
type Time = number;

export type BackupState =
  | 'queued'
  | 'running'
  | 'made'
  | 'verified'
  | 'proven'
  | 'warned'
  | 'failed'
  | 'missing'
  | 'shrunken'
  | 'damaged'
  | 'expired';

export interface BackupTables {
  backups: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    /** `safety`: what was there before a restore · `brought`: an archive that its owner had kept and brought back */
    kind: 'nightly' | 'manual' | 'safety' | 'brought';
    /** local day of the configured zone; one nightly row a site and day */
    day: string;
    state: BackupState;
    file_name: string | null;
    bytes: number | null;
    original_bytes: number | null;
    sha256: string | null;
    files: number | null;
    folders: number | null;
    databases: number | null;
    /** JSON array of what is missing and why */
    left_out: string;
    /** JSON array: name, engine, tables, rows and bytes of each; null: made before this was written down */
    database_list: string | null;
    /** JSON array of what fell by half or more */
    shrunk: string | null;
    /** the moment whose data it holds */
    data_at: Time | null;
    step: string | null;
    files_done: number;
    files_total: number;
    moved_at: Time | null;
    reason: string | null;
    queued_at: Time;
    started_at: Time | null;
    made_at: Time | null;
    verified_at: Time | null;
    proven_at: Time | null;
    failed_at: Time | null;
    expired_at: Time | null;
    /** why retention keeps it, as message keys */
    kept_because: string | null;
    /** a restore stands on it, or may be undone with it */
    held_until: Time | null;
    /** of a nightly one: whose turn it is, lowest first; null: it was in no night's order */
    place: number | null;
    /** when its turn came and its job was added; null: it waits for its turn */
    handed_at: Time | null;
    /** 1: nothing was taken over from the archive before */
    read_whole: number | null;
    /** since when it is to be read back once more because somebody asked */
    check_asked_at: Time | null;
  };
  /** the drill of a site: the last one, or the one that waits or runs */
  backup_drills: {
    site_id: Id;
    customer_id: Id;
    /** the one that is tried */
    backup_id: Id | null;
    queued_at: Time;
    /** one attempt of the job; null: nobody has begun */
    run_id: Id | null;
    moved_at: Time | null;
    ended_at: Time | null;
    /** proven: all of it was there · failed: it was not · postponed: it could not be tried */
    outcome: 'proven' | 'failed' | 'postponed' | null;
    /** key of a sentence */
    reason: string | null;
    /** when the next one is due */
    due_at: Time | null;
    /** of the last that succeeded */
    proven_at: Time | null;
    /** JSON object: database server → versions of its engine and dump program, as of the last that succeeded */
    tools: string;
    /** JSON array of throw-away databases that may be there */
    throw_aways: string;
    files: number | null;
    bytes: number | null;
    databases: number | null;
    tables: number | null;
    rows: number | null;
  };
  /** archives that their owners bring back in pieces, from their announcement until a day after their last byte */
  unfinished_archives: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    /** of the whole file; what arrived of it is the length of the file in the folder of arriving archives */
    bytes: number;
    /** when the file was last changed where it comes from, to know it again */
    changed_at: Time | null;
    created_at: Time;
    expires_at: Time;
    /** a process judges and takes it: nobody else does until then */
    judged_until: Time | null;
    finished_at: Time | null;
    /** what it became */
    backup_id: Id | null;
  };
  /** a fresh sign-in made it; valid as long as its session */
  download_grants: { session_hash: string; backup_id: Id; customer_id: Id; actor_person_id: Id; created_at: Time };
}
