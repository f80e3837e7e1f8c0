// Names of uploaded files and folders: one canonical form, and what no name may hold (catalogue 1–12, 48–51).
import { maximumPathBytes, maximumSegmentBytes, maximumSegments } from '../platform/storage/path.ts';
import { isNeverAllowed, isServerRun, isSteering, type UploadRules } from './kinds.ts';
import { about, codePoint, type Refusal, refusal } from './refusals.ts';

/** Controls, format characters (bidi, zero width), private and unassigned ones, line separators, and letters that show nothing. */
const unseen = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\ufffd]|\u034f|\u17b4|\u17b5|[\u{e0100}-\u{e01ef}]/u;
const separators = /[/\\:"<>|?*]/;
/** Escapes that some later reader may decode: controls, dot, slashes, once more escaped percent, overlong and %u forms. */
const escapes = /%(?:[01][0-9a-f]|7f|2e|2f|5c|25(?=[0-9a-f]{2})|c[01]%|e0%80|u00|uff)/i;
const reserved = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com\d|lpt\d)(?=\s*(?:\.|$))/;
/** A Windows alias of a longer name; a range of numbers (`1~3.jpg`) is none, because it begins with a digit. */
const shortName = /^(?=[^.]{3,8}(?:\.|$))[a-z_][\w-]{0,5}(~\d{1,4})(?:\.[^.]{0,3})?$/i;
const everyBad = new RegExp(`${unseen.source}|${separators.source}`, 'gu');

/**
 * The one form in which a name is judged and stored: NFC, nothing else changed, nothing decoded.
 * @param raw one segment as the parser handed it over
 * @returns the name, or `name_chars`, `name_long` or `path_outside`
 */
export function canonicalName(raw: string): { name: string } | { refusal: Refusal } {
  // Decomposed Hangul shrinks to a third; what is longer than that is not worth normalising.
  if (raw.length > maximumSegmentBytes * 5) return { refusal: tooLong(`${raw.slice(0, 80)}…`, Buffer.byteLength(raw)) };
  const name = raw.normalize('NFC');
  const refused = judgeSpelling(name);
  return refused ? { refusal: refused } : { name };
}

/**
 * @param raw a relative path with `/` between its parts, as a folder upload or an archive carries it; a slash at the end means a folder
 * @returns canonical segments, or why not: an absolute path, a drive letter, an empty, `.` or `..` part is `path_outside`
 */
export function canonicalPath(raw: string): { path: readonly string[] } | { refusal: Refusal } {
  if (raw.length > maximumPathBytes * 5) return { refusal: tooLong(`${raw.slice(0, 80)}…`, Buffer.byteLength(raw)) };
  if (/^[a-z]:/i.test(raw)) return { refusal: refusal('path_outside', raw) };
  const path: string[] = [];
  for (const part of raw.replace(/\/$/, '').split('/')) {
    const canonical = canonicalName(part);
    if ('refusal' in canonical) return { refusal: about(canonical.refusal, raw) };
    path.push(canonical.name);
  }
  return judgeLength(path) ?? { path };
}

/**
 * Judges folders and file: every dot-part of the file's name, and the same for folders, since `x.php/a.jpg` runs where PATH_INFO is guessed.
 * @param path canonical segments, the file last (§9: they begin with `www/` or `backup/`; other beginnings are judged alike)
 * @returns `type_not_allowed` for a kind or name that may not be, `double_ext` for a part before the last that servers run,
 * and what `canonicalName` refuses; `undefined` when the name may be
 */
export function judgeName(path: readonly string[], rules: UploadRules): Refusal | undefined {
  const file = path.at(-1);
  if (file === undefined) return refusal('path_outside', '');
  const folders = judgeFolders(path.slice(0, -1), rules);
  if (folders) return folders;
  return judgeSegment(file, path, rules) ?? judgeExtension(file, path, rules);
}

/** The same for a path that is a folder (a new folder, a folder inside an archive). */
export function judgeFolders(path: readonly string[], rules: UploadRules): Refusal | undefined {
  const long = judgeLength(path);
  if (long) return long.refusal;
  for (const name of path) {
    const refused = judgeSegment(name, path, rules) ?? judgeLastPartOfFolder(name, path, rules);
    if (refused) return refused;
  }
  return undefined;
}

/** Names of one folder, to be asked often: a look at each of ten thousand for each of ten thousand would take a minute. */
export class KnownNames {
  readonly #names: Set<string>;
  readonly #folded = new Map<string, string[]>();

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    for (const name of this.#names) this.#fold(name);
  }

  #fold(name: string): void {
    const folded = foldedForComparison(name);
    const alike = this.#folded.get(folded);
    if (alike) alike.push(name);
    else this.#folded.set(folded, [name]);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#fold(name);
  }

  /**
   * @param besideCase what differs in its case alone is no clash
   * @returns a name that differs from `name` only in case or normalisation; an equal one is no clash (that is `exists`)
   */
  clash(name: string, besideCase = false): string | undefined {
    const alike = this.#folded.get(foldedForComparison(name));
    return alike?.find((other) => other !== name && !(besideCase && differsInCase(name, other)));
  }
}

/**
 * @param other what `KnownNames.clash` said. @returns the refusal; `by` says whether somebody may want both: names that look alike to
 * people (a letter in one piece and in two) never stand side by side
 */
export function clashing(path: readonly string[] | string, name: string, other: string): Refusal {
  return refusal('name_case_clash', path, { other, by: differsInCase(name, other) ? 'case' : 'spelling' });
}

/** Without any normalisation: what is left after folding case must be the same, code point by code point. */
const differsInCase = (one: string, other: string) => foldedCase(one) === foldedCase(other);
const foldedCase = (name: string) => name.toUpperCase().toLowerCase();

/**
 * Files that systems strew into folders and archives. Inside an archive they are no reason to refuse it, and are to be left out when it
 * is unpacked: `.DS_Store`, `Thumbs.db`, `desktop.ini`, and `__MACOSX/…/._name` where `name` itself might be.
 */
export function isSystemLitter(path: readonly string[], rules: UploadRules): boolean {
  const file = path.at(-1) ?? '';
  if (/^(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(file)) return judgeFolders(path.slice(0, -1), rules) === undefined;
  if (!file.startsWith('._')) return false;
  const named = file.slice(2);
  const folders = path.slice(0, -1);
  const harmless = named === '.DS_Store' || judgeName([named], rules) === undefined || judgeFolders([named], rules) === undefined;
  return harmless && folders[0] === '__MACOSX' && judgeFolders(folders, rules) === undefined;
}

/** @returns whether a name steers a server, an interpreter or an installer, or is hidden; such a name meets the policy also where the kind stays */
export function steersServers(name: string): boolean {
  const folded = shadow(name);
  return folded.startsWith('.') || isSteering(folded);
}

/** @returns the last dot-part in lower case; empty when there is none */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}

function foldedForComparison(name: string): string {
  // Upper case first, so that ß and ss, ς and σ meet; the emoji selector cannot be seen.
  return foldedCase(name.replaceAll('\ufe0f', '').normalize('NFC')).normalize('NFC');
}

/** The name as a careless server might read it: compatibility forms, look-alikes of the dot, no case. Only compared, never stored. */
function shadow(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\u3002\uff61]/g, '.')
    .toUpperCase()
    .toLowerCase();
}

function judgeSpelling(name: string): Refusal | undefined {
  if (name === '' || name === '.' || name === '..') return refusal('path_outside', name);
  const bytes = Buffer.byteLength(name);
  const bad = badCharacters(name);
  if (bad.length > 0) return refusal('name_chars', name, { chars: bad.join(' '), safe: safeName(name) });
  if (bytes > maximumSegmentBytes) return tooLong(name, bytes);
  return undefined;
}

function badCharacters(name: string): string[] {
  if (!name.isWellFormed()) return ['U+D800'];
  const bad = new Set(
    (name.match(everyBad) ?? []).map((character) => (separators.test(character) ? character : codePoint(character))),
  );
  const folded = shadow(name);
  if (bad.size === 0 && /[/\\\0]/.test(folded))
    for (const character of name) if (/[/\\\0]/.test(shadow(character))) bad.add(codePoint(character));
  const escaped = escapes.exec(name)?.[0];
  if (escaped) bad.add(escaped);
  if (/^[-\s]/.test(folded)) bad.add(shownEdge(name.at(0)));
  if (/[.\s]$/.test(folded) && !name.endsWith('…')) bad.add(shownEdge(name.at(-1)));
  const word = reserved.exec(folded)?.[0] ?? shortName.exec(folded)?.[1];
  if (word) bad.add(word);
  return [...bad];
}

const shownEdge = (character = '') => (/^[-.]$/.test(character) ? character : codePoint(character));

/** @returns a name near to the given one that would pass, or nothing */
function safeName(name: string): string {
  const cleaned = name
    .toWellFormed()
    .replace(everyBad, '_')
    .replace(/%/g, '_')
    .replace(/~(?=\d)/g, '_')
    .replace(/^[-.\s]+/, '')
    .replace(/[.\s]+$/, '');
  const safe = reserved.test(shadow(cleaned)) ? `_${cleaned}` : cleaned;
  return safe !== '' && Buffer.byteLength(safe) <= maximumSegmentBytes && badCharacters(safe).length === 0 ? safe : '';
}

function judgeLength(path: readonly string[]): { refusal: Refusal } | undefined {
  const bytes = Buffer.byteLength(path.join('/'));
  if (path.length <= maximumSegments && bytes <= maximumPathBytes) return undefined;
  return { refusal: tooLong(path.join('/').slice(0, 80), bytes, maximumPathBytes) };
}

const tooLong = (name: string, n: number, limit = maximumSegmentBytes): Refusal => refusal('name_long', name, { n, limit });

const notAllowed = (path: readonly string[], ext: string, rules: UploadRules): Refusal =>
  refusal('type_not_allowed', path, { ext, list: rules.allowedExtensions.join(' ') });

function judgeSegment(name: string, path: readonly string[], rules: UploadRules): Refusal | undefined {
  const spelling = judgeSpelling(name);
  if (spelling) return about(spelling, path);
  if (steersServers(name)) return notAllowed(path, name, rules);
  const parts = shadow(name).split('.');
  const inner = parts.slice(1, -1).find(isServerRun);
  return inner === undefined ? undefined : refusal('double_ext', path, { a: inner, b: parts.at(-1) ?? '' });
}

function judgeLastPartOfFolder(name: string, path: readonly string[], rules: UploadRules): Refusal | undefined {
  const last = shadow(name).split('.').slice(1).at(-1);
  return last !== undefined && isServerRun(last) ? notAllowed(path, last, rules) : undefined;
}

function judgeExtension(name: string, path: readonly string[], rules: UploadRules): Refusal | undefined {
  const extension = extensionOf(name);
  const allowed = rules.allowedExtensions.some((each) => each.toLowerCase() === extension);
  const shadowed = shadow(name).split('.').slice(1).at(-1) ?? '';
  return allowed && extension !== '' && !isNeverAllowed(shadowed) ? undefined : notAllowed(path, extension || shadowed, rules);
}
