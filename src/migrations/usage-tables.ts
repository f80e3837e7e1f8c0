// Tables of usage, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface UsageTables {
  /** one row a site and local day, for 400 days */
  usage_days: {
    site_id: Id;
    /** `YYYY-MM-DD` */
    day: string;
    customer_id: Id;
    /** of `www/` and `trash/`, which the quota is about */
    bytes: number;
    files: number;
    /** as the databases' servers told last; not in the quota */
    database_bytes: number;
    /** archives that are kept; not in the quota */
    backup_bytes: number;
    quota_bytes: number;
    /** null: as acts had kept it, no count has come about that day */
    counted_at: Time | null;
  };
  /** the largest folders of a site, as its last count found them: `place` 1 is the largest */
  usage_folders: {
    site_id: Id;
    place: number;
    customer_id: Id;
    /** from the site's folder, as it is shown; a folder that has no such path is named all the same */
    path: string;
    bytes: number;
    files: number;
  };
}
