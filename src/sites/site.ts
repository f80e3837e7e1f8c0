// What a site is, as every door sees it.
import type { SiteHome } from '../platform/site-host/port.ts';

export type Site = {
  readonly id: string;
  readonly name: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly serverId: string;
  readonly quotaBytes: number;
  readonly usedBytes: number;
  readonly usedFiles: number;
  readonly countedAt: number | null;
  readonly createdAt: number;
  /** null: being prepared */
  readonly openedAt: number | null;
  readonly suspendedAt: number | null;
  /** since when it is closed on every door because it moves to another server */
  readonly frozenAt: number | null;
  readonly terminatedAt: number | null;
  /** where its host says that it lies; null: it was not asked yet */
  readonly home: SiteHome | null;
};

/** Whether nobody comes in from outside: suspended, or closed while it moves to another server. */
export const isShut = ({ suspendedAt, frozenAt }: Pick<Site, 'suspendedAt' | 'frozenAt'>): boolean =>
  suspendedAt !== null || frozenAt !== null;

/** Why a site is suspended: the same reasons for which a customer is restricted. */
export const suspensionReasons = ['unpaid', 'authority', 'security', 'terms'] as const;
export type SuspensionReason = (typeof suspensionReasons)[number];

/** Who asks: the customer they act for, and the ids of the sites their place is for; null: every site. */
export type Member = { readonly customerId: string; readonly siteIds: readonly string[] | null };
