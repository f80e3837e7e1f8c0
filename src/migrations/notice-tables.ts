// Tables of notices that were shown, and of reminders of consents, as Kysely sees them; see schema.ts.
type Id = string;
type Time = number;

export interface NoticeTables {
  /** each text once, by its digest */
  notice_texts: { sha256: string; text: string; first_shown_at: Time };
  /** one row a person, text, page and day */
  notices_seen: {
    customer_id: Id;
    /** local, `YYYY-MM-DD` */
    day: string;
    person_id: Id;
    /** path without language */
    page: string;
    text_sha256: string;
    /** of `document`, in force on that day */
    version: string;
    notice: string;
    /** that the notice is a short form of */
    document: string;
    language: 'ko' | 'en';
    /** the first time that day */
    at: Time;
  };
  /** whoever agreed to advertising is asked every two years (Network Act, article 50(8)) */
  consent_reminders: { consent_id: Id; sent_at: Time };
}
