// Tables of looking into backups and of handing them out, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface BrowseTables {
  /** what differs between a backup and the good one before it: numbers of files, and their bytes */
  backup_changes: {
    backup_id: Id;
    before_id: Id;
    site_id: Id;
    customer_id: Id;
    added: number;
    added_bytes: number;
    changed: number;
    changed_bytes: number;
    removed: number;
    removed_bytes: number;
    compared_at: Time;
  };
  /** one row for what one session or link took of one backup, however often it was cut off; kept for a year */
  backup_downloads: {
    id: Id;
    backup_id: Id;
    site_id: Id;
    customer_id: Id;
    /** who downloaded, or made the link */
    actor_person_id: Id;
    /** hash of the session, or id of the link */
    holder: string;
    /** 1: by a link · 2: by a token of a program */
    by_link: number;
    part: 'whole' | 'files' | 'databases' | 'file';
    /** of the one file, else empty */
    path: string;
    /** of all of it */
    bytes: number;
    /** handed out so far; more than `bytes` where some was asked for again */
    sent_bytes: number;
    begun_at: Time;
    sent_at: Time;
    /** from where it was asked for first */
    address_sealed: string | null;
  };
  /** a signed link: what it opens, and who made it */
  backup_links: {
    id: Id;
    backup_id: Id;
    site_id: Id;
    customer_id: Id;
    actor_person_id: Id;
    created_at: Time;
    expires_at: Time;
  };
}
