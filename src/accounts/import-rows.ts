// The rows of an import file: which columns there are, and every fault of a row at once.
import { domainToASCII } from 'node:url';
import type { FieldFault } from '../platform/errors.ts';
import type { Language } from '../platform/web/words.ts';
import { canonicalAddress, takenAddress, takenName, takenPhone } from './addresses.ts';
import { csvRecords, decoded } from './csv.ts';
import { type LegacyHash, legacyHash } from './legacy-hashes.ts';

/** The first line of the file names its columns, in any order; docs/operations.md tells what they mean. */
export const importColumns = [
  'login_name',
  'email',
  'name',
  'phone',
  'password_hash',
  'external_reference',
  'domain',
  'plan',
  'language',
] as const;
type Column = (typeof importColumns)[number];
const neededColumns: readonly Column[] = ['email', 'plan'];

/** One customer to come; what the file leaves open is undefined. */
export type ImportRow = {
  /** line of the file, from 1 */
  readonly number: number;
  readonly loginName: string;
  readonly email: string;
  readonly name: string | undefined;
  readonly phone: string | undefined;
  readonly hash: LegacyHash | undefined;
  readonly externalReference: string | null;
  readonly domain: string | null;
  readonly plan: string;
  readonly language: Language;
};

/** What is wrong with a line, and in which column; without one it is the line as a whole, line 1 is that of the names. */
export type RowFault = { readonly number: number; readonly column?: string; readonly fault: FieldFault };
export type ReadFile = { readonly rows: readonly ImportRow[]; readonly faults: readonly RowFault[] };

const mostRows = 200_000;

/** @returns every row that can be read, and every fault of every other; nothing is asked of the database yet */
export function readImport(bytes: Uint8Array): ReadFile {
  const text = decoded(bytes);
  const ofFile = (key: string, parameters = {}): ReadFile => ({ rows: [], faults: [{ number: 1, fault: { key, parameters } }] });
  if (text === undefined) return ofFile('imports.encoding');
  const [head, ...records] = csvRecords(text);
  if (!head || records.length === 0) return ofFile('imports.empty');
  if (records.length > mostRows) return ofFile('imports.tooMany', { maximum: mostRows });
  const columns = head.fields.map((name) => name.trim().toLowerCase());
  const faults = headFaults(columns);
  if (faults.length > 0) return { rows: [], faults };
  const read = records.map(({ line, fields }) => rowOf(line, columns, fields));
  const rows = read.flatMap(({ row }) => (row ? [row] : []));
  const all = [...read.flatMap((one) => one.faults), ...twice(rows)].sort((a, b) => a.number - b.number);
  return { rows, faults: all };
}

function headFaults(columns: readonly string[]): RowFault[] {
  const faults: RowFault[] = [];
  const add = (key: string, column: string) => faults.push({ number: 1, column, fault: { key } });
  for (const [at, column] of columns.entries()) {
    if (!(importColumns as readonly string[]).includes(column)) add('imports.unknownColumn', column);
    else if (columns.indexOf(column) !== at) add('imports.columnTwice', column);
  }
  for (const column of neededColumns) if (!columns.includes(column)) add('imports.missingColumn', column);
  return faults;
}

function rowOf(number: number, columns: readonly string[], fields: readonly string[]): { row?: ImportRow; faults: RowFault[] } {
  if (fields.length !== columns.length) {
    const parameters = { found: fields.length, wanted: columns.length };
    return { faults: [{ number, fault: { key: 'imports.fieldCount', parameters } }] };
  }
  const value = (column: Column) => fields[columns.indexOf(column)]?.normalize('NFC').trim() ?? '';
  const faults: RowFault[] = [];
  const add = (column: Column, found: readonly FieldFault[]) => faults.push(...found.map((fault) => ({ number, column, fault })));
  const email = takenAddress(value('email'));
  const name = takenName(value('name'));
  const phone = takenPhone(value('phone'));
  if ('faults' in email) add('email', email.faults);
  if ('faults' in name) add('name', name.faults);
  if ('faults' in phone) add('phone', phone.faults);
  const loginName = value('login_name') || ('address' in email ? email.address : '');
  add('login_name', loginNameFaults(loginName, 'address' in email ? email.address : undefined));
  const text = value('password_hash');
  const hash = text === '' ? undefined : legacyHash(text);
  if (hash && 'refused' in hash) add('password_hash', [{ key: `imports.hash.${hash.refused}` }]);
  const domain = domainOf(value('domain'));
  if (domain === undefined) add('domain', [{ key: 'imports.domain' }]);
  if (value('plan') === '') add('plan', [{ key: 'orders.refused.noPlan' }]);
  const reference = value('external_reference');
  if (reference.length > 100) add('external_reference', [{ key: 'imports.tooLong', parameters: { maximum: 100 } }]);
  const language = value('language') || 'ko';
  if (language !== 'ko' && language !== 'en') add('language', [{ key: 'imports.language' }]);
  if (faults.length > 0 || 'faults' in email || 'faults' in name || 'faults' in phone || domain === undefined) return { faults };
  const row: ImportRow = {
    number,
    loginName,
    email: email.address,
    name: name.name,
    phone: phone.phone,
    hash: hash && 'setting' in hash ? hash : undefined,
    externalReference: reference || null,
    domain: domain || null,
    plan: value('plan'),
    language: language === 'en' ? 'en' : 'ko',
  };
  return { row, faults };
}

/** With an `@` it could be another person's address, and two persons would have one way in. */
function loginNameFaults(loginName: string, email: string | undefined): FieldFault[] {
  if (loginName.includes('@'))
    return email === undefined || canonicalAddress(loginName) === canonicalAddress(email)
      ? []
      : [{ key: 'imports.loginName.otherAddress' }];
  if (loginName === '') return [];
  const fits = /^[^\s\p{C}]{2,64}$/u.test(loginName);
  return fits ? [] : [{ key: 'imports.loginName.malformed' }];
}

/** @returns the ASCII form in small letters, empty where there is none; undefined when it is no domain */
export function domainOf(text: string): string | undefined {
  if (text === '') return '';
  const ascii = domainToASCII(text.replace(/\.$/, '')).toLowerCase();
  const isDomain = ascii.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+$/.test(ascii);
  return isDomain && !/^[\d.]+$/.test(ascii) ? ascii : undefined;
}

/** What may stand in one row only. */
export const uniqueOf = (row: ImportRow) =>
  ({
    login_name: canonicalAddress(row.loginName),
    email: canonicalAddress(row.email),
    external_reference: row.externalReference,
    domain: row.domain,
  }) as const;

function twice(rows: readonly ImportRow[]): RowFault[] {
  const first = new Map<string, number>();
  return rows.flatMap((row) =>
    Object.entries(uniqueOf(row)).flatMap(([column, value]): RowFault[] => {
      if (value === null) return [];
      const key = `${column} ${value}`;
      const before = first.get(key);
      if (before === undefined) first.set(key, row.number);
      // A login name that is the address is told once, by the address.
      if (before === undefined || (column === 'login_name' && value.includes('@'))) return [];
      return [{ number: row.number, column, fault: { key: 'imports.twice', parameters: { row: before } } }];
    }),
  );
}
