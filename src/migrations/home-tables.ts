// Tables of the public pages, as Kysely sees them; see schema.ts.
type Time = number;

export type AnnouncedSubject = 'backup-location' | 'officers';

export interface HomeTables {
  /** what was announced from that moment on, until the next row of its subject; rows are only added */
  announcements: {
    /** `<subject>/<position>` */
    id: string;
    subject: AnnouncedSubject;
    /** from 1 */
    position: number;
    at: Time;
    /** JSON: of locations what the page says, of officers SHA-256 digests of what is printed of each, since names are personal */
    said: string;
  };
}
