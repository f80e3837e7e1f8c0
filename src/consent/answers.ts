// What an answer to an item holds: as it is given, as it is recorded, and as it is taken back.
import type { Actor } from '../audit/audit.ts';
import type { Language } from '../platform/web/words.ts';

/** One answer to one item, as it was shown. */
export type Item = {
  /** such as `agree_terms` */
  readonly item: string;
  readonly required: boolean;
  readonly agreed: boolean;
  readonly document?: string;
  /** the version that was shown; without it the one now in force */
  readonly version?: string;
  /** the words beside the box, to the letter */
  readonly wording: string;
};

/** A recorded answer; times in epoch milliseconds. All fields of `korea.md` 2.7; null where a row is older than the field. */
export type Given = {
  readonly id: string;
  readonly at: number;
  readonly orderId: string | null;
  readonly customerId: string;
  readonly personId: string;
  readonly item: string;
  /** such as `terms`, `backup`, `ads-email` */
  readonly kind: string | null;
  readonly required: boolean;
  /** false: refused, or with `withdraws` taken back */
  readonly agreed: boolean;
  readonly document: string | null;
  readonly version: string | null;
  readonly language: Language;
  readonly textSha256: string | null;
  readonly wording: string;
  readonly method: string;
  readonly actorKind: string | null;
  /** the role of whoever answered, at that time */
  readonly actorRole: string | null;
  /** the page that asked */
  readonly page: string | null;
  readonly reason: string | null;
  /** id of the answer that this one takes back */
  readonly withdraws: string | null;
  /** of consent to advertising: until when it must be confirmed again */
  readonly reconfirmBy: number | null;
};

export type Method = 'checkbox' | 'button' | 'operator';

/** Who answers, where and how. */
export type Answering = {
  readonly customerId: string;
  /** must be a person: a consent is somebody's */
  readonly actor: Actor;
  /** of that person at the customer */
  readonly role?: string;
  readonly language: Language;
  readonly method: Method;
  /** the page that asked, such as `signup` */
  readonly page?: string;
};

export type Recording = Answering & { readonly orderId?: string; readonly items: readonly Item[] };

export type Withdrawing = Answering & {
  /** id of the answer that is taken back */
  readonly consentId: string;
  /** the words beside the button, to the letter */
  readonly wording: string;
  readonly reason?: string;
};
