// Identifiers: UUIDv7 text (RFC 9562), tokens and names drawn at random.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/** @returns a UUIDv7: sortable by creation, made by us and never by the database */
export function newId(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  // Node draws random UUIDs a hundred at a time; variant and the bits behind the version are the same in both.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** @returns 256 random bits as base64url, for links that are mailed and for cookies */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

const siteLetters = 'abcdefghjkmnpqrstuvwxyz';
const siteSigns = `${siteLetters}23456789`;

/** @returns a site's name of 10 signs without look-alikes, beginning with a letter (architecture §6) */
export function newSiteName(): string {
  const draw = (from: string) => from[randomInt(from.length)];
  return draw(siteLetters) + Array.from({ length: 9 }, () => draw(siteSigns)).join('');
}

const passwordClasses = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '-_.+='];
const passwordLength = 20;

/**
 * @returns a password of 20 signs without look-alikes and with all four classes (KHADA 4.1), some 117 bits; of signs that no program's
 * settings or address line takes for its own
 */
export function drawnPassword(): string {
  const all = passwordClasses.join('');
  for (;;) {
    const signs = Array.from({ length: passwordLength }, () => all[randomInt(all.length)]).join('');
    const hasAll = passwordClasses.every((one) => [...one].some((sign) => signs.includes(sign)));
    // A sign that stands at an end is easily lost when it is copied.
    if (hasAll && /^[A-Za-z0-9].*[A-Za-z0-9]$/.test(signs)) return signs;
  }
}
