// What a hosting company says of itself: name, contacts, officers, and a colour of its own where it can be read.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { packageFolder } from './package-folder.ts';
import { type Colour, coloursOf, faintPairs, mixed, type Theme } from './platform/web/tokens.ts';

export const officer = z.object({
  name: z.string().min(1),
  title: z.string().default(''),
  department: z.string().default(''),
  phone: z.string().min(1),
  email: z.string().min(3),
  /** `YYYY-MM-DD` */
  since: z.string().default(''),
});

/** Who is entrusted with personal information, and with what (PIPA 26); abroad it is a transfer that has to be told (PIPA 28-8). */
export const processor = z.object({
  name: z.string().min(1),
  work: z.object({ ko: z.string().min(1), en: z.string().min(1) }),
  /** ISO 3166-1, two letters */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'is no country of two letters such as KR')
    .default('KR'),
});

const colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'is no colour such as #046663');

export const brand = z.object({
  name: z.string().min(1).default('곳간'),
  /** who letters come from */
  sender: z.string().default('곳간 <no-reply@localhost>'),
  /** an image of the company, an absolute path on the public host */
  logo: z.string().optional(),
  /** for buttons, marks and the current place, on light and on dark pages; refused where it cannot be read */
  accent: z.object({ light: colour, dark: colour }).optional(),
  /** business particulars in the footer, a line each (korea.md 2.9) */
  legalFooter: z.array(z.string()).default(['상호와 사업자 정보를 적어 주세요 (BRAND_LEGAL_FOOTER)']),
  support: z.object({ phone: z.string(), email: z.string() }).default({ phone: '02-000-0000', email: 'help@localhost' }),
});

/** Where the colours of the look stand. */
export const tokensFile = () => packageFolder('public/css/20-tokens.css');

/** @returns the colours that follow from an accent: itself, under the pointer, and as a tint */
function derived(accent: Colour, colours: ReadonlyMap<string, Colour>): [string, Colour][] {
  const of = (name: string, theme: Theme) => colours.get(name)?.[theme] ?? '#000000';
  const both = (make: (theme: Theme) => string): Colour => ({ light: make('light'), dark: make('dark') });
  return [
    ['accent', accent],
    ['accent-hover', both((theme) => mixed(accent[theme], of('ink', theme), 0.25))],
    ['accent-tint', both((theme) => mixed(of('surface', theme), accent[theme], 0.12))],
  ];
}

/** @returns what the stylesheet gets behind its own tokens; nothing without an accent */
export function accentStyle(accent: Colour | undefined): string {
  if (!accent) return '';
  const lines = derived(accent, coloursOf(readFileSync(tokensFile(), 'utf8')));
  const declared = lines.map(([name, { light, dark }]) => `--${name}: light-dark(${light}, ${dark});`);
  return `@layer tokens { :root { ${declared.join(' ')} } }\n`;
}

/** @returns why an accent cannot be read, a sentence a pair of colours (WCAG 1.4.3); whatever is no colour is the schema's to refuse */
export function accentFaults(given: unknown): string[] {
  const { data: accent } = brand.shape.accent.safeParse((given as { accent?: unknown } | undefined)?.accent);
  if (!accent) return [];
  const colours = coloursOf(readFileSync(tokensFile(), 'utf8'));
  const faint = faintPairs(new Map([...colours, ...derived(accent, colours)]));
  return faint.map(
    ({ colour: name, on, theme, ratio, least }) =>
      `accent ${accent[theme]} makes ${name} on ${on} only ${ratio.toFixed(2)}:1 on ${theme} pages, ${least}:1 is needed`,
  );
}
