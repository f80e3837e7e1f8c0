// The colour of a company: taken where everything stays readable, refused in words where not.
import { describe, expect, test } from 'vitest';
import { accentFaults, accentStyle } from '../src/brand.ts';
import { chosen, OptionsError } from '../src/options.ts';
import { coloursOf } from '../src/platform/web/tokens.ts';

const usual = { publicUrl: 'http://localhost:3000', secret: 'a secret for tests only, long enough to be one' };

describe('the accent of a company', () => {
  test('may be our own', () => {
    expect(accentFaults({ accent: { light: '#046663', dark: '#80cec7' } })).toEqual([]);
  });

  test('stops the start, and the fault names the colour, the ground and the ratio, when it is too pale to be read', () => {
    const start = () => chosen({ ...usual, brand: { accent: { light: '#80cec7', dark: '#80cec7' } } });
    expect(start).toThrow(OptionsError);
    expect(start).toThrow(/BRAND_ACCENT: accent #80cec7 makes accent on canvas only 1\.\d\d:1 on light pages, 4\.5:1 is needed/);
  });

  test('is refused when it is no colour', () => {
    const start = () => chosen({ ...usual, brand: { accent: { light: 'teal', dark: '#80cec7' } } });
    expect(start).toThrow(/accent\.light is no colour such as #046663/);
  });

  test('comes behind our colours in the stylesheet, with a shade under the pointer and a tint', () => {
    const style = coloursOf(accentStyle({ light: '#1f4f8f', dark: '#9cc4f5' }));
    expect(style.get('accent')).toEqual({ light: '#1f4f8f', dark: '#9cc4f5' });
    expect([...style.keys()]).toEqual(['accent', 'accent-hover', 'accent-tint']);
    expect(accentStyle(undefined)).toBe('');
  });
});
