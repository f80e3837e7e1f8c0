// Tables of databases, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export type DatabaseImportState = 'queued' | 'running' | 'done' | 'failed';
export type DatabaseImportStep = 'loading' | 'saving' | 'switching';

export interface DatabasesTables {
  /** one of an engine on each server; never reached over a public network (KHADA 3.7) */
  database_servers: {
    id: Id;
    server_id: Id;
    engine: 'mariadb' | 'postgresql';
    /** as the panel reaches it: a loopback or private address, or a Unix socket */
    host: string;
    port: number;
    /** as programs of customers reach it */
    shown_host: string;
    shown_port: number;
    login: string;
    password_sealed: string;
    /** who may only read, for backups; null: there is none */
    backup_login: string | null;
    backup_password_sealed: string | null;
    prepared_at: Time;
  };
  /** passwords are not here: the engine alone has their hashes */
  databases: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    database_server_id: Id;
    engine: 'mariadb' | 'postgresql';
    /** with the site's prefix */
    name: string;
    login: string;
    /** null: the engine's own best */
    charset: string | null;
    begun_at: Time;
    /** null: being made */
    made_at: Time | null;
    locked_at: Time | null;
    removal_asked_at: Time | null;
    removal_failed_at: Time | null;
    dropped_at: Time | null;
    /** what was seen last, for pages while the server does not answer */
    bytes: number | null;
    table_count: number | null;
    measured_at: Time | null;
  };
  database_imports: {
    id: Id;
    database_id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    mode: 'empty' | 'replace';
    /** key of the archive that is loaded; null: removed, since nobody needs it any more */
    source: string | null;
    /** 1: the archive belongs to the trash, and stays */
    from_trash: number;
    source_bytes: number;
    /** the database it is loaded into first; null: removed or switched */
    staged_name: string | null;
    state: DatabaseImportState;
    step: DatabaseImportStep;
    /** of the attempt that holds it */
    run_id: Id | null;
    /** of SQL text, loaded so far */
    text_bytes: number;
    /** of the source, read so far */
    read_bytes: number;
    lines: number;
    neutralised: number;
    queued_at: Time;
    moved_at: Time | null;
    ended_at: Time | null;
    /** a word of ours, see `importFaults` */
    fault: string | null;
    fault_line: number | null;
    /** the construct, or the engine's words without data */
    fault_about: string | null;
  };
  /** dumps of databases that were deleted or overwritten, until they expire */
  database_trash: {
    id: Id;
    database_id: Id;
    site_id: Id;
    customer_id: Id;
    because: 'removed' | 'replaced';
    /** the database that was removed, or the import that took its place */
    cause_id: Id;
    archive: string;
    bytes: number;
    text_bytes: number;
    sha256: string;
    table_count: number;
    made_at: Time;
    expires_at: Time;
    removed_at: Time | null;
  };
  /** which session may download which database or dump */
  database_grants: { session_hash: string; subject_id: Id; customer_id: Id; actor_person_id: Id; created_at: Time };
}
