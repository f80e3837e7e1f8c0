// What is counted of one attempt to sign in, and how much of it is too much (security.md C.1; the CAPTCHA's number by architecture §9).
import type { Limits } from '../options.ts';
import { day, minute } from '../platform/clock.ts';
import type { Count, Hit } from '../platform/counters/port.ts';
import type { Source } from '../platform/web/networks.ts';
import type { Limit } from '../platform/web/rate-limit.ts';

export const captchaMilliseconds = 15 * minute;
/** A device cookie is kept as long. */
const deviceMilliseconds = 180 * day;
const wearsOutAfter = 10;

export type BucketLimits = Pick<
  Limits,
  'login' | 'failuresPerAddress' | 'failuresPerNetwork' | 'namesPerNetwork' | 'failuresBeforeWaits' | 'failuresPerDevice'
>;

/** Keyed digests of whom it is about: counters hold no personal value. */
export type Stranger = {
  readonly session: string;
  /** empty: no name was submitted yet */
  readonly loginIndex: string;
  readonly source: Source;
};

/** A key that is too much above `limit`. */
export type Bucket = Hit & { readonly limit: number };

const bucket = (key: string, { count, windowMilliseconds }: Limit): Bucket => ({ key, windowMilliseconds, limit: count });

/** @returns what asks for a CAPTCHA once it is exceeded; refunded where an attempt was no failure */
export function challenging(
  { session, loginIndex, source }: Stranger,
  { captchaAfter, limits }: { captchaAfter: number; limits: BucketLimits },
): Bucket[] {
  const personal = { count: captchaAfter, windowMilliseconds: captchaMilliseconds };
  return [
    bucket(`signIn.device:${session}`, personal),
    ...(loginIndex === '' ? [] : [bucket(`signIn.address:${loginIndex}`, personal)]),
    ...ofSource({ source }, limits),
  ];
}

/** Failures of strangers from where this one is, at whatever door. */
export const ofSource = ({ source }: Pick<Stranger, 'source'>, limits: BucketLimits): Bucket[] => [
  bucket(`signIn.source:${source.address}`, limits.failuresPerAddress),
  ...source.networks.map((network) => bucket(`signIn.network:${network}`, limits.failuresPerNetwork)),
];

/** What a name has of its own at the address that it was last used from, at a door without a browser. */
export const ofKnownAddress = (loginIndex: string, { source }: Pick<Stranger, 'source'>, { failuresPerDevice }: BucketLimits) =>
  bucket(`signIn.known:${loginIndex}:${source.address}`, failuresPerDevice);

/** Different names that were tried from one network. */
export const namesOf = ({ source }: Pick<Stranger, 'source'>, { namesPerNetwork }: BucketLimits): Bucket =>
  bucket(`signIn.names:${source.networks[0]}`, namesPerNetwork);

/** Whether this name was tried from this network before. */
export const nameOf = ({ source, loginIndex }: Stranger, { namesPerNetwork }: BucketLimits): Hit => ({
  key: `signIn.name:${source.networks[0]}:${loginIndex}`,
  windowMilliseconds: namesPerNetwork.windowMilliseconds,
});

/** Every sending of the form, never refunded. */
export const sendings = ({ source }: Pick<Stranger, 'source'>, { login }: BucketLimits): Bucket =>
  bucket(`signIn.sent:${source.address}`, login);

/** Failures of one account after which strangers wait. */
export const beforeWaits = (loginIndex: string, { failuresBeforeWaits }: BucketLimits): Bucket =>
  bucket(`signIn.waits:${loginIndex}`, failuresBeforeWaits);

/** What a known browser has of its own: CAPTCHA, allowance an hour, and allowance of its cookie. */
export function ofDevice(nonce: string, { captchaAfter, limits }: { captchaAfter: number; limits: BucketLimits }) {
  const { count, windowMilliseconds } = limits.failuresPerDevice;
  return {
    captcha: bucket(`signIn.device:${nonce}`, { count: captchaAfter, windowMilliseconds: captchaMilliseconds }),
    wear: [
      bucket(`signIn.deviceHour:${nonce}`, { count, windowMilliseconds }),
      bucket(`signIn.deviceEver:${nonce}`, { count: count * wearsOutAfter, windowMilliseconds: deviceMilliseconds }),
    ],
  };
}

/** @param counts of the buckets, in their order */
export const exceeded = (buckets: readonly Bucket[], counts: readonly Count[]): boolean =>
  buckets.some(({ limit }, at) => (counts[at]?.count ?? 0) > limit);

/** @returns whether the next one would exceed it */
export const reached = (buckets: readonly Bucket[], counts: readonly Count[]): boolean =>
  buckets.some(({ limit }, at) => (counts[at]?.count ?? 0) >= limit);
