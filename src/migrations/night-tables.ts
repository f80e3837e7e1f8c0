// Tables of the nights in which backups are made.
type Time = number;

export interface NightTables {
  backup_nights: {
    /** local day of the configured zone on which it began */
    day: string;
    due_at: Time;
    /** from then on nothing of it begins */
    ends_at: Time;
    /** taken by whoever gives out places, so that two count one after the other */
    fed_at: Time | null;
    closed_at: Time | null;
    /** sites whose turn did not come in it */
    left_over: number;
  };
}
