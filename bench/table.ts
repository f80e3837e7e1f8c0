// The one table: each figure with its raw limit, their ratio, the bound, and whether it holds.
import { type Bound, type Figure, holds, judged } from './figure.ts';

/**
 * The short form, in CI, runs on machines that do other things meanwhile, with sizes whose fixed costs weigh ten times as much. There a
 * figure fails only when it misses its bound by more than this factor: what became twice as slow is seen, noise is not. It is always printed.
 */
export const shortFormSlack = 2;

const heads = ['Figure', 'Ours', 'Raw limit', 'Ratio', 'Bound', 'Holds'] as const;

const rounded = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
const withUnit = (value: number | undefined, unit: string) => (value === undefined ? '–' : `${rounded(value)} ${unit}`.trim());
const boundInWords = (bound: Bound) => ('atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`);

/** @returns whether the figure fails the run; memory and counts are no matter of noise or size and get no slack */
export function fails(figure: Figure, long: boolean): boolean {
  const slack = long || figure.unit === 'MiB' || figure.unit === '' ? 1 : shortFormSlack;
  const { bound } = figure;
  const eased = 'atLeast' in bound ? { atLeast: bound.atLeast / slack } : { atMost: bound.atMost * slack };
  return !holds({ ...figure, bound: eased });
}

function rowOf(figure: Figure): string[] {
  const { name, unit, ours, raw, bound } = figure;
  return [
    name.replaceAll('|', '\\|'),
    withUnit(ours, unit),
    withUnit(raw, unit),
    raw === undefined ? '–' : judged(figure).toFixed(2),
    boundInWords(bound) + (raw === undefined ? ` ${unit}` : ''),
    holds(figure) ? 'yes' : '**no**',
  ].map((cell) => cell.trim());
}

/** @returns the table as Markdown, its columns as wide as their longest cell, so that it can be read on a console as well */
export const table = (figures: readonly Figure[]): string => drawn(figures.map(rowOf));

/**
 * @param kept text with a table of an earlier run
 * @returns that table with these figures in the places of those of the same name, and the new ones behind them
 */
export function renewed(kept: string, figures: readonly Figure[]): string {
  const rows = new Map(rowsIn(kept).map((row) => [row[0], row]));
  for (const row of figures.map(rowOf)) rows.set(row[0], row);
  return drawn([...rows.values()]);
}

/** Without the head and the line below it. */
const rowsIn = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));

function drawn(body: readonly string[][]): string {
  const rows = [[...heads], ...body];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...others] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
}
