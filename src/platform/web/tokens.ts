// The colours of the look, read from the stylesheet, and how well they can be told apart (WCAG 2.2, 1.4.3 and 1.4.11).

export type Theme = 'light' | 'dark';
export type Colour = Readonly<Record<Theme, string>>;

/** @returns each `--name: light-dark(#…, #…)` of the tokens, by name */
export function coloursOf(css: string): ReadonlyMap<string, Colour> {
  const found = css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/gi);
  return new Map([...found].map(([, name = '', light = '', dark = '']) => [name, { light, dark }]));
}

/** WCAG 2.2, "relative luminance". @param colour `#rrggbb` */
function luminance(colour: string): number {
  const channel = (at: number) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** @returns the contrast ratio of two colours `#rrggbb`, from 1 to 21 */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @returns `one` with so much of `other` in it. @param share from 0 to 1 */
export function mixed(one: string, other: string, share: number): string {
  const channel = (at: number) => {
    const [a, b] = [one, other].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Math.round((a ?? 0) * (1 - share) + (b ?? 0) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** What must be told apart from what, and the least ratio: 7 for body text, 4.5 for other text, 3 for edges and focus. */
export type Pair = { readonly colour: string; readonly on: string; readonly least: number };

const grounds = ['canvas', 'surface', 'sunken'];
const states = ['ok', 'warn', 'bad', 'info'];
const on = (colour: string, where: readonly string[], least: number): Pair[] =>
  where.map((ground) => ({ colour, on: ground, least }));

/** Every pair that stands together somewhere on a page (ux.md 3.3). */
export const pairs: readonly Pair[] = [
  ...on('ink', [...grounds, 'accent-tint', ...states.map((state) => `${state}-tint`)], 7),
  ...on('ink-2', grounds, 4.5),
  ...on('ink-3', grounds, 4.5),
  ...on('accent', [...grounds, 'accent-tint'], 4.5),
  ...on('link', [...grounds, ...states.map((state) => `${state}-tint`)], 4.5),
  ...on('on-accent', ['accent', 'accent-hover', 'bad'], 4.5),
  ...states.flatMap((state) => on(state, [`${state}-tint`, 'surface', 'canvas'], 4.5)),
  ...on('line-strong', grounds, 3),
  ...on('focus', grounds, 3),
];

/** @returns the pairs that are too near to each other in a theme */
export function faintPairs(colours: ReadonlyMap<string, Colour>): (Pair & { theme: Theme; ratio: number })[] {
  return pairs.flatMap((pair) =>
    (['light', 'dark'] as const).flatMap((theme) => {
      const [colour, ground] = [colours.get(pair.colour)?.[theme], colours.get(pair.on)?.[theme]];
      const ratio = colour && ground ? contrast(colour, ground) : 0;
      return ratio < pair.least ? [{ ...pair, theme, ratio }] : [];
    }),
  );
}
