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
    conflict: 'skip' | 'rename' | 'replace';
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
    conflict: 'skip' | 'rename' | 'replace';
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
}
