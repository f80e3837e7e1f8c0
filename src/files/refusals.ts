// Why a file is refused: the reason codes and what their sentences in messages/ fill in.
import type { ScanResult } from '../platform/scanner/port.ts';

export type ReasonCode =
  | 'too_big'
  | 'quota'
  | 'too_many'
  | 'name_chars'
  | 'name_long'
  | 'path_outside'
  | 'name_case_clash'
  | 'exists'
  | 'in_the_way'
  | 'type_not_allowed'
  | 'double_ext'
  | 'content_mismatch'
  | 'archive_bad'
  | 'malware'
  | 'scan_too_large'
  | 'password_zip'
  | 'changed_during'
  | 'read_failed'
  | 'link'
  | 'method'
  | 'twice'
  | 'disk_error';

/**
 * One refused file. Parameters by code (`name` is always there, and safe to show):
 * - `name_chars`: `chars` (`U+202E`, or a character, or a reserved name), `safe` (a name, for a path the whole of it, that would pass; may be empty)
 * - `name_case_clash`: `other`, `by` (`case`; `spelling` or `storage` where both can never stand side by side) · `exists`: `size`, `at`, `bytes`, `kind`
 * - `disk_error`: `ref`, under which the log has it
 * - `name_long`: `n` bytes, `limit` bytes · `path_outside`: none
 * - `in_the_way`: `path` of what is no folder and stands where one would be
 * - `type_not_allowed`: `ext` (without a dot, or a whole name such as `.htaccess`, or empty), `list`
 * - `double_ext`: `a`, `b`: the part that servers run, and the last part
 * - `content_mismatch`: `ext`, `found` (an extension that was recognised, or one of `Found`)
 * - `archive_bad`: `why` (`ArchiveFault`), `n` (members, 0 where it concerns the whole), `first` (a member's path, or empty)
 * - `link`, `method`, `twice` (a member of an archive that is unpacked, or an entry that is copied): none
 * - `malware`: `sig` · `scan_too_large`: `size`: more than the virus scanner takes, so that nobody looked to its end
 * - `password_zip`: `first` · `too_big`: `size`, `limit` in bytes, or in pixels where `unit` is `pixels`
 */
export type Refusal = { readonly code: ReasonCode; readonly parameters: Record<string, string | number> };

/** What content can be besides a recognised extension. `server-code`: tags that PHP, ASP, JSP or SSI would run. */
export type Found =
  | 'text'
  | 'binary'
  | 'utf-16'
  | 'unknown'
  | 'server-code'
  | 'script'
  | 'outside-reference'
  | 'entity'
  | 'malformed';

/**
 * What is wrong with an archive: a `member` that would be refused by itself, a `link` or device, a `macro` in a document,
 * `nested` too deep, `too_large` (members, bytes or ratio), `method` that cannot be looked into, or `damaged`.
 */
export type ArchiveFault = 'member' | 'link' | 'macro' | 'nested' | 'too_large' | 'method' | 'damaged';

export function refusal(
  code: ReasonCode,
  path: readonly string[] | string,
  parameters: Record<string, string | number> = {},
): Refusal {
  return { code, parameters: { name: visible(typeof path === 'string' ? path : path.join('/')), ...parameters } };
}

/** @returns what a scan says against a file, or `undefined` */
export function scanRefusal(scan: ScanResult, path: readonly string[] | string, bytes: number): Refusal | undefined {
  if (scan.clean) return undefined;
  return 'signature' in scan
    ? refusal('malware', path, { sig: scan.signature })
    : refusal('scan_too_large', path, { size: bytes });
}

/** @returns the same refusal, told of another path */
export function about(refused: Refusal, path: readonly string[] | string): Refusal {
  return { code: refused.code, parameters: { ...refused.parameters, ...refusal(refused.code, path).parameters } };
}

/** @returns the text with everything that cannot be seen, or that reorders what is seen, spelled as `U+XXXX` */
export function visible(text: string): string {
  return text.toWellFormed().replace(/[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu, codePoint);
}

/** @returns `U+202E` for a character */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
