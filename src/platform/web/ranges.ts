// Which bytes a request asks for (RFC 9110 §14), and whether it may have them (§13): pure rules for a file that never changes.

export type Wanted = 'whole' | 'unsatisfiable' | { readonly start: number; readonly end: number };

/**
 * A single range (RFC 9110 §14.2). Several ranges, other units and what is no range are ignored: the whole is sent.
 * @param size of the file in bytes
 */
export function wantedRange(header: string | undefined, size: number): Wanted {
  const found = /^bytes=\s*(?:(\d+)-(\d*)|-(\d+))\s*$/i.exec(header ?? '');
  if (!found) return 'whole';
  const [first, last, suffix] = found.slice(1).map((digits) => (digits ? Number(digits) : undefined));
  if (suffix !== undefined)
    return suffix === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - suffix), end: size - 1 };
  if (first === undefined || (last !== undefined && last < first)) return 'whole';
  return first >= size ? 'unsatisfiable' : { start: first, end: Math.min(last ?? size - 1, size - 1) };
}

/** What the file is known by: a strong validator, and a time in whole seconds. */
export type Validators = { readonly etag: string; readonly modifiedAt: number };

export type Conditions = {
  readonly ifMatch?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
};

const seconds = (at: number) => Math.floor(at / 1000);
const tags = (header: string) => header.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];

/** @returns the answer that the conditions decide before any range is looked at (RFC 9110 §13.2.2) */
export function decided(conditions: Conditions, { etag, modifiedAt }: Validators): 412 | 304 | undefined {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!tags(ifMatch).some((tag) => tag === '*' || tag === etag)) return 412;
  } else if (seconds(modifiedAt) > seconds(Date.parse(ifUnmodifiedSince ?? ''))) return 412;
  if (ifNoneMatch !== undefined)
    return tags(ifNoneMatch).some((tag) => tag === '*' || tag.replace('W/', '') === etag) ? 304 : undefined;
  return seconds(modifiedAt) <= seconds(Date.parse(ifModifiedSince ?? '')) ? 304 : undefined;
}

/** If-Range (RFC 9110 §13.1.5): only the very same file may be continued; a weak tag never proves that. */
export function rangeHolds({ ifRange }: Conditions, { etag, modifiedAt }: Validators): boolean {
  if (ifRange === undefined) return true;
  return ifRange.includes('"') ? ifRange.trim() === etag : seconds(Date.parse(ifRange)) === seconds(modifiedAt);
}
