// E-mail addresses, names and phone numbers as they are taken, compared and kept.
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import type { FieldFault } from '../platform/errors.ts';
import { normaliseAddress } from '../platform/secrets.ts';

/** RFC 5321: a path is at most 256 octets, two of them angle brackets. */
const longestAddress = 254;
const longestName = 100;

const address = z.email();

/** @returns an address as it is compared: NFC, lower case, a Korean domain in its ASCII form (RFC 5891) */
export function canonicalAddress(typed: string): string {
  if (typed.length > 4 * longestAddress) return typed;
  const plain = normaliseAddress(typed);
  const at = plain.lastIndexOf('@');
  const domain = plain.slice(at + 1);
  const isAscii = /^[\x20-\x7e]*$/.test(domain);
  return at < 1 || isAscii ? plain : `${plain.slice(0, at)}@${domainToASCII(domain) || domain}`;
}

/** @returns the address that letters go to, as typed, or why it is not taken */
export function takenAddress(typed: string): { readonly address: string } | { readonly faults: FieldFault[] } {
  const trimmed = typed.normalize('NFC').trim();
  if (trimmed === '') return { faults: [{ key: 'signup.email.missing' }] };
  if (typed.length > longestAddress)
    return { faults: [{ key: 'signup.email.tooLong', parameters: { maximum: longestAddress } }] };
  const at = trimmed.lastIndexOf('@');
  // Mail servers that take letters for such names are still rare (RFC 6531), so a contract's letters could be lost.
  if (at > 0 && !/^[\x21-\x7e]+$/.test(trimmed.slice(0, at))) return { faults: [{ key: 'signup.email.notAscii' }] };
  const canonical = canonicalAddress(trimmed);
  if (canonical.length > longestAddress || !address.safeParse(canonical).success)
    return { faults: [{ key: 'signup.email.malformed' }] };
  return { address: `${trimmed.slice(0, at)}@${canonical.slice(canonical.lastIndexOf('@') + 1)}` };
}

/** @returns the name, trimmed; undefined where none was given */
export function takenName(typed: string): { readonly name: string | undefined } | { readonly faults: FieldFault[] } {
  const name = typed
    .slice(0, 4 * longestName)
    .normalize('NFC')
    .trim();
  if (name === '') return { name: undefined };
  if (typed.length > 4 * longestName || [...name].length > longestName) {
    return { faults: [{ key: 'signup.name.tooLong', parameters: { maximum: longestName } }] };
  }
  if (/\p{C}/u.test(name)) return { faults: [{ key: 'signup.name.signs' }] };
  // A resident registration number may not be kept without a statute (PIPA 24-2), also when it is typed into the wrong field.
  if (/\d{6}\s*-?\s*[1-8]\d{6}/.test(name)) return { faults: [{ key: 'signup.name.residentNumber' }] };
  return { name };
}

const koreanNumbers = [
  /^(01[016789])(\d{3,4})(\d{4})$/, // mobile
  /^(02)(\d{3,4})(\d{4})$/, // Seoul
  /^(0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4]))(\d{3,4})(\d{4})$/, // provinces
  /^(0(?:70|80|60|50\d?))(\d{3,4})(\d{4})$/, // internet, free of charge, personal
  /^(1[5-8]\d{2})(\d{4})$/, // businesses
];

/** @returns a Korean number with hyphens (`010-1234-5678`); undefined where none was given */
export function takenPhone(typed: string): { readonly phone: string | undefined } | { readonly faults: FieldFault[] } {
  const plain = typed
    .slice(0, 40)
    .normalize('NFKC')
    .replace(/[\s().\-‐-―]/gu, '');
  if (plain === '' && typed.length <= 40) return { phone: undefined };
  const national = plain.replace(/^\+82\(?0?\)?/, '0');
  const parts =
    typed.length > 40 ? undefined : koreanNumbers.map((number) => number.exec(national)).find((found) => found !== null);
  return parts ? { phone: parts.slice(1).join('-') } : { faults: [{ key: 'signup.phone.malformed' }] };
}
