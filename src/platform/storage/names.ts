// File names as the disk holds them and as people read them: decomposed Hangul from a Mac, EUC-KR from an old FTP program.

/** A name as stored: text, or bytes where they are no UTF-8. */
export type DiskName = string | Buffer;

/** Names that we make while something is under way; never shown and never reachable. */
export const temporaryPrefix = '.gotgan-';

const unreadable = '\uFFFD';

/** @returns whether the name can only be meant literally, so that no other spelling has to be looked for */
export function isPlain(name: string): boolean {
  return /^[\x20-\x7e]*$/.test(name);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('euc-kr', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString();
  }
}

/** @returns the name as a SitePath may hold it: NFC, with U+FFFD for control characters and backslashes */
function readable(name: DiskName): string {
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
    if (typeof name === 'string' && name.startsWith(temporaryPrefix)) continue;
    if (typeof name === 'string' && name.normalize('NFC') === name && !/[\p{Cc}\\]/u.test(name)) shown.set(name, name);
    else others.push(name);
  }
  others.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of others) shown.set(unused(readable(name), shown), name);
  return shown;
}
