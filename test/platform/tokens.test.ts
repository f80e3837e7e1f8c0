// The colours of the stylesheet: every pair that stands together on a page can be told apart, in both themes (ux.md A6, WCAG 1.4.3, 1.4.11).
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { coloursOf, contrast, faintPairs, pairs } from '../../src/platform/web/tokens.ts';

const folder = resolve(import.meta.dirname, '../../public/css');
const files = readdirSync(folder).sort();
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const colours = coloursOf(read('20-tokens.css'));

const table: readonly [colour: string, on: string, light: number, dark: number][] = [
  ['ink', 'canvas', 15.31, 15.96],
  ['ink', 'surface', 16.44, 14.57],
  ['ink', 'sunken', 14.21, 16.85],
  ['ink-2', 'canvas', 7.18, 9.75],
  ['ink-3', 'sunken', 5.3, 8.11],
  ['line-strong', 'sunken', 3.73, 5.69],
  ['accent', 'canvas', 6.34, 10.02],
  ['on-accent', 'accent', 6.81, 10.58],
  ['link', 'sunken', 6.59, 10.55],
  ['focus', 'surface', 7.65, 8.85],
  ['ok', 'ok-tint', 6.0, 7.82],
  ['warn', 'warn-tint', 6.12, 8.06],
  ['bad', 'bad-tint', 5.76, 6.57],
  ['info', 'info-tint', 5.98, 7.26],
];

describe('colours', () => {
  test.each(table)('%s on %s is as far from it as the design says', (colour, on, light, dark) => {
    const ratio = (theme: 'light' | 'dark') => contrast(colours.get(colour)?.[theme] ?? '', colours.get(on)?.[theme] ?? '');
    expect(ratio('light')).toBeCloseTo(light, 1);
    expect(ratio('dark')).toBeCloseTo(dark, 1);
  });

  test('every pair of a page can be told apart in both themes', () => {
    expect(pairs.length).toBeGreaterThan(40);
    expect(faintPairs(colours)).toEqual([]);
  });

  test('a faint colour is found and named', () => {
    const faint = new Map([...colours, ['ink-3', { light: '#9aa9ac', dark: '#9dabae' }]]);
    expect(faintPairs(faint).map(({ colour, on, theme }) => [colour, on, theme])).toEqual([
      ['ink-3', 'canvas', 'light'],
      ['ink-3', 'surface', 'light'],
      ['ink-3', 'sunken', 'light'],
    ]);
  });
});

describe('the stylesheet', () => {
  test('has colours nowhere but in its tokens', () => {
    const coloured = files.filter(
      (name) => name !== '20-tokens.css' && /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i.test(withoutComments(read(name))),
    );
    expect(coloured).toEqual([]);
  });

  test('styles no ids and says !important nowhere', () => {
    const strong = files.filter((name) => /(^|[\s,>+~])#[a-z][\w-]*[^;]*\{|!important/m.test(withoutComments(read(name))));
    expect(strong).toEqual([]);
  });

  test('fits into 12 KB as it travels', () => {
    expect(gzipSync(files.map(read).join('')).length).toBeLessThanOrEqual(12_000);
  });
});

function withoutComments(css: string): string {
  return css.replaceAll(/\/\*[\s\S]*?\*\//g, '');
}
