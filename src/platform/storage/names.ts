// File names as the disk holds them and as people read them: decomposed Hangul from a Mac, EUC-KR from an old FTP program.

import { randomUUID } from 'node:crypto';

/** A name as stored: text, or bytes where they are no UTF-8. */
export type DiskName = string | Buffer;

const temporary = /^\.gotgan-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @returns the name of something of ours that is under way: never shown and never reachable. @param id a UUID; left out, a new one */
export const temporaryName = (id: string = randomUUID()): string => `.gotgan-${id}`;

/** @returns the same, with the moment of its making in it (a UUID of version 8), by the clock of this machine. @param now epoch milliseconds */
export function datedTemporaryName(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return temporaryName(`${time.slice(0, 8)}-${time.slice(8)}-8${randomUUID().slice(15)}`);
}

/** @returns when something with such a name was begun, epoch milliseconds; undefined for every other name */
export function begunAt(name: DiskName): number | undefined {
  const [, high, low] = (isTemporary(name) && /^\.gotgan-(.{8})-(.{4})-8/.exec(String(name))) || [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

/** Whole names only: whoever calls a file of their own `.gotgan-a.php` hides nothing. */
export const isTemporary = (name: DiskName): boolean => typeof name === 'string' && temporary.test(name);

const unreadable = '\uFFFD';

/** @returns whether the name can only be meant literally, so that no other spelling has to be looked for */
export function isPlain(name: string): boolean {
  return /^[\x20-\x7e]*$/.test(name);
}

const isProper = (name: string) => name.normalize('NFC') === name && !/[\p{Cc}\\]/u.test(name);

/** @returns whether a name, read as text, is certainly shown as it is stored: bytes that are no UTF-8 were read as U+FFFD */
export function isShownAsStored(name: string): boolean {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(name)) return true;
  return !name.includes(unreadable) && isProper(name);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('euc-kr', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString();
  }
}

/** @returns the name as a SitePath may hold it: NFC, with U+FFFD for control characters and backslashes; another of its folder may be shown so too */
export function shownName(name: DiskName): string {
  const text = typeof name === 'string' ? name : decoded(name);
  return text.normalize('NFC').replace(/[\p{Cc}\\/]/gu, unreadable);
}

/** `사진.jpg`, `사진 (2).jpg`, …: the first that nothing else is shown as */
function unused(name: string, taken: ReadonlyMap<string, DiskName>): string {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let candidate = name;
  for (let count = 2; taken.has(candidate); count++) candidate = `${stem} (${count})${ending}`;
  return candidate;
}

/**
 * @param names all names of one folder
 * @returns what each is shown as, without our temporary names. Every name has exactly one spelling that no other has, so that
 * nothing is left out of a list or a backup; a name in proper NFC is always shown as itself.
 */
export function shownNames(names: readonly DiskName[]): Map<string, DiskName> {
  const shown = new Map<string, DiskName>();
  const others: DiskName[] = [];
  for (const name of names) {
    if (isTemporary(name)) continue;
    if (typeof name === 'string' && isProper(name)) shown.set(name, name);
    else others.push(name);
  }
  others.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of others) shown.set(unused(shownName(name), shown), name);
  return shown;
}
