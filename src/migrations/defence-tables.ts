// The tables of the login's defence, as in schema.ts.

type Id = string;
type Time = number;

export interface DefenceTables {
  /** by keyed digest of a login name, known or not */
  sign_in_waits: { login_index: string; level: number; until: Time; forget_at: Time };
  /** what stands between a person and their password; no row: nothing */
  password_ways: {
    person_id: Id;
    /** wrong passwords since the last right one */
    failures: number;
    /** null: it opens; else no password is right until a new one is set by a mailed link */
    closed_at: Time | null;
    closed_because: string | null;
    /** digest of the list of suspects that closed it last */
    suspect_list: string | null;
  };
}
