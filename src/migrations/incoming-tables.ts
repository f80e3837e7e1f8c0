// Tables of what comes into sites past the panel, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface IncomingTables {
  /** folders below `www/` that are no program area; what lies inside inherits the kind */
  site_folders: {
    site_id: Id;
    path: string;
    kind: 'upload';
    marked_at: Time;
    program: 'gnuboard' | 'wordpress' | 'rhymix' | 'plain' | null;
  };
  /** folders that look like upload folders; `declined_at`: the customer wants to hear of it no more */
  folder_proposals: {
    site_id: Id;
    path: string;
    program: 'gnuboard' | 'wordpress' | 'rhymix' | 'plain';
    proposed_at: Time;
    declined_at: Time | null;
  };
  /** one row a site: the last look at every file of its upload folders, the last search for such folders, and what the web server was told */
  folder_scans: {
    site_id: Id;
    requested_at: Time | null;
    started_at: Time | null;
    finished_at: Time | null;
    files: number;
    found: number;
    fault: string | null;
    searched_at: Time | null;
    /** files of the site at that search, so that nothing is searched where nothing came */
    searched_files: number | null;
    written_at: Time | null;
    write_fault: string | null;
  };
  /** files that wait to be judged: one row a path */
  file_arrivals: {
    id: Id;
    site_id: Id;
    path: string;
    /** `ftp`: the server told of it · `found`: it appeared in an upload folder by whatever way */
    origin: 'ftp' | 'found';
    user_name: string | null;
    /** the server spells the name otherwise than a SitePath does, so that more than one file may be meant */
    is_respelled: number;
    arrived_at: Time;
    due_at: Time;
    attempts: number;
    /** grows with every event of the path, so that one that comes while the file is judged is not lost */
    round: number;
    /** of what was judged, or of what the watch has seen */
    stamp: string | null;
    /** what was judged in an upload folder stays for some minutes, so that the watch knows it */
    judged_at: Time | null;
  };
  /** `refused`: moved into quarantine · `found`: left where it is · `noted`: let in, but not looked through to its end */
  file_findings: {
    id: Id;
    site_id: Id;
    customer_id: Id;
    kind: 'refused' | 'found' | 'noted';
    path: string;
    bytes: number;
    user_name: string | null;
    code: string;
    /** JSON: what the sentence of the code fills in */
    parameters: string;
    found_at: Time;
    /** by letter; 0: there is nothing to tell */
    told_at: Time | null;
    restored_at: Time | null;
    /** of a file that was found and left, as it stood then */
    stamp: string | null;
    /** the file was deleted: by the customer, because its time was over, or because room was needed */
    dropped_at: Time | null;
  };
  /** what upload folders looked like when they were last read */
  watched_folders: {
    site_id: Id;
    path: string;
    stamp: string;
    /** the latest change of a file in it, epoch milliseconds of the server's own clock */
    newest: Time;
  };
  /** files in upload folders that servers could run, and that were told of, or were there before the folder was marked */
  known_scripts: { site_id: Id; path: string; stamp: string };
}
