// Tables for spreadsheets: RFC 4180, with a byte order mark so that Korean Excel reads UTF-8, and no cell that begins a formula.

export const byteOrderMark = '\uFEFF';

/** What begins a formula, or moves one into the next cell (ASVS 1.2.10, OWASP "CSV Injection"); also in their full-width forms. */
const beginsFormula = /^[\s]*[=+\-@＝＋－＠\t\r]/;

/** @returns one line with its end; every cell is quoted, and what would be a formula begins with an apostrophe */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${guarded(cell).replaceAll('"', '""')}"`).join(',')}\r\n`;
}

function guarded(cell: string): string {
  return beginsFormula.test(cell) ? `'${cell}` : cell;
}
