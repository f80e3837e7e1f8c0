// Tables of files, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface FileTables {
  /** what became of each file of one upload: `results` is a JSON array in the order of arrival */
  uploads: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    folder: string;
    conflict: 'skip' | 'rename' | 'replace' | 'beside';
    stored: number;
    refused: number;
    skipped: number;
    results: string;
    created_at: Time;
  };
  /** uploads by tus, from their announcement until a day after their last byte */
  unfinished_uploads: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    /** with `www/` */
    path: string;
    conflict: 'skip' | 'rename' | 'replace' | 'beside';
    /** of the whole file; what arrived of it is the length of the file in the folder of unfinished uploads */
    bytes: number;
    /** when the file was last changed where it comes from, to know it again */
    changed_at: Time | null;
    created_at: Time;
    expires_at: Time;
    /** a process judges and publishes it: nobody else does until then */
    judged_until: Time | null;
    finished_at: Time | null;
    /** its result in `uploads` */
    upload_id: Id | null;
  };
  /** what was deleted, or took the place of which something newer was written: it lies in the site's `trash/` under its id */
  file_trash: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id | null;
    /** the act that it went with */
    act_id: Id;
    because: 'deleted' | 'edited';
    /** where it stood, from the site's folder */
    path: string;
    kind: 'file' | 'folder' | 'link' | 'other';
    bytes: number;
    trashed_at: Time;
    expires_at: Time;
    /** null: announced, and not known to lie in the trash yet */
    moved_at: Time | null;
  };
  /** copying, extracting and compressing, from the question until nobody asks for its result any more */
  file_jobs: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    kind: FileJobKind;
    /** JSON array of paths from the site's folder */
    sources: string;
    /** folder, from the site's folder */
    target: string;
    /** of the new folder (extract) or the archive (compress) */
    name: string | null;
    conflict: 'skip' | 'rename' | 'replace';
    /** JSON: words of the person's language that become part of names and files */
    words: string;
    state: FileJobState;
    step: FileJobStep;
    /** of the attempt that holds it */
    run_id: Id | null;
    /** of that attempt, on the site's files */
    act_id: Id | null;
    /** name in `trash/` under which content lies until it is published; null: nothing lies there */
    staged: Id | null;
    bytes_done: number;
    bytes_total: number;
    files_done: number;
    files_total: number;
    /** files that are in the site now, of those that were to come */
    kept: number;
    refused: number;
    skipped: number;
    /** JSON array of what did not become of itself: refused, skipped, renamed, replaced */
    results: string;
    /** why it ended without success; while it has not ended: why it is to end at its next step */
    fault: string | null;
    /** JSON: what the sentence of the fault fills in */
    fault_about: string | null;
    queued_at: Time;
    /** last sign of life */
    moved_at: Time | null;
    cancelled_at: Time | null;
    ended_at: Time | null;
  };
}

export type FileJobKind = 'copy' | 'extract' | 'compress';
export type FileJobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
/** `publishing`: everything lies ready and is only moved to where it belongs */
export type FileJobStep = 'working' | 'publishing';
