// Identifiers: UUIDv7 text (RFC 9562), tokens and names drawn at random.
import { randomBytes, randomInt } from 'node:crypto';

/** @returns a UUIDv7: sortable by creation, made by us and never by the database */
export function newId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
