// The tables of documents and consents, as in schema.ts.

type Id = string;
type Time = number;

/** A row of the ledger: only ever added, and without any personal value. docs/decisions/0050 tells how its digest is made. */
export interface ConsentRow {
  id: Id;
  at: Time;
  order_id: Id | null;
  customer_id: Id;
  actor_person_id: Id;
  item: string;
  /** null: written before there was a chain */
  kind: string | null;
  required: number;
  agreed: number;
  document: string | null;
  version: string | null;
  language: 'ko' | 'en';
  text_sha256: string | null;
  wording: string;
  method: string;
  address_digest: string | null;
  agent_digest: string | null;
  actor_kind: string | null;
  actor_role: string | null;
  /** on which page, such as `signup` */
  page: string | null;
  reason: string | null;
  /** the row that this one takes back */
  withdraws: Id | null;
  /** until when consent to advertising must be confirmed again */
  reconfirm_by: Time | null;
}

export interface ConsentTables {
  /** a text that was once shown: wherever it lies, it must keep this digest */
  documents: { document: string; version: string; language: 'ko' | 'en'; sha256: string; first_seen_at: Time };
  document_versions: {
    /** `<document>/<version>` */
    id: string;
    document: string;
    /** the local day from which it applies, `YYYY-MM-DD` */
    version: string;
    published_at: Time;
    unfavourable: number;
    /** customers of before must agree to it as well */
    needs_consent: number;
    /** whose joint terms it is, and which version of theirs */
    joint_terms: string | null;
    /** `files`: it came with the program or was put there; `command`: its text lies in document_texts */
    source: 'files' | 'command';
  };
  document_texts: { sha256: string; text: string; created_at: Time };
  /** which customer was told of which version by letter */
  document_tellings: { document: string; version: string; customer_id: Id; kind: 'published' | 'reminder'; told_at: Time };
  consents: ConsentRow;
  consents_personal: { id: Id; address_sealed: string | null; agent_sealed: string | null };
  consents_links: { position: number; row_id: Id; mac: string; created_at: Time; row_sha256: string | null };
  /** the last link: whoever adds one takes this row first, so that two never take the same position */
  consents_head: { name: string; position: number; mac: string };
  consents_anchors: { position: number; mac: string; at: Time; key_name: string; signature: string };
  /** the result of a consent to advertising, or of its withdrawal, was told by letter */
  consents_results: { consent_id: Id; sent_at: Time };
}
