// The tables of imports, as in schema.ts.

type Id = string;
type Time = number;

/** Customers who came from another panel. */
export interface ImportTables {
  imports: {
    id: Id;
    /** keyed digest of the file: the same file goes on where it stopped */
    file_digest: string;
    row_count: number;
    created_at: Time;
    finished_at: Time | null;
    undone_at: Time | null;
  };
  /** who was made of which row of the file */
  import_rows: { import_id: Id; row_number: number; person_id: Id; customer_id: Id };
}
