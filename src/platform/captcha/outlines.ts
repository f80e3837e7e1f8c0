// Outlines of single characters as closed lines of points, taken from the font that svg-captcha brings along.

export type Point = readonly [x: number, y: number];

/** Closed lines; together they are one character (even–odd filling cuts the holes). */
export type Outline = readonly (readonly Point[])[];

// The package's types leave out that the module itself is a function which takes the text.
type DrawText = (text: string, options: { width: number; height: number; fontSize: number; noise: number }) => string;

/** @returns the pen: it draws one character of the font, upright and about 60 units high. The font is loaded at the first call. */
export async function fontPen(): Promise<(character: string) => Outline> {
  const { default: svgCaptcha } = await import('svg-captcha');
  const draw = svgCaptcha as unknown as DrawText;
  return (character) => {
    const path = /<path fill="[^"]*" d="([^"]*)"/.exec(draw(character, { width: 200, height: 200, fontSize: 84, noise: 0 }))?.[1];
    if (!path) throw new Error('captcha: the font has no outline for a character of the alphabet');
    return solid(flatten(path));
  };
}

const area = (line: readonly Point[]) =>
  line.reduce((sum, [x, y], at) => {
    const [nextX = 0, nextY = 0] = line[(at + 1) % line.length] ?? [];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

/** The font draws hollow letters with a shadow. Kept is the letter itself: the largest inner line, and the hole in it if it has one. */
function solid(outline: Outline): Outline {
  const sorted = outline.map((line) => ({ line, size: area(line) })).toSorted((a, b) => a.size - b.size);
  const body = sorted.at(-1);
  const hole = sorted.find(({ size }, at) => at > 0 && size < 0);
  return [body, hole].flatMap((part) => (part ? [part.line] : []));
}

const stepsOfACurve = 4;

/** Curves become short lines, so that every character is made of the same one command and can be bent anywhere. */
function flatten(path: string): Outline {
  const lines: Point[][] = [];
  let line: Point[] = [];
  for (const [, command, rest] of path.matchAll(/([MLQZ])([^MLQZ]*)/g)) {
    const [a = 0, b = 0, c = 0, d = 0] = (rest?.match(/-?[\d.]+/g) ?? []).map(Number);
    const [x, y] = line.at(-1) ?? [a, b];
    if (command === 'M') {
      line = [[a, b]];
      lines.push(line);
    } else if (command === 'L') {
      line.push(...[0.5, 1].map((t): Point => [x + (a - x) * t, y + (b - y) * t]));
    } else if (command === 'Q') {
      for (let step = 1; step <= stepsOfACurve; step += 1) {
        const t = step / stepsOfACurve;
        const u = 1 - t;
        line.push([u * u * x + 2 * u * t * a + t * t * c, u * u * y + 2 * u * t * b + t * t * d]);
      }
    }
  }
  return lines.map(thinned).filter((points) => points.length > 2);
}

/** Leaves out points that crowd a corner, which would tear an inner edge. */
function thinned(line: readonly Point[]): readonly Point[] {
  const kept: Point[] = [];
  for (const [x, y] of line) {
    const [lastX, lastY] = kept.at(-1) ?? [Number.NaN, Number.NaN];
    if (!(Math.hypot(x - lastX, y - lastY) < 1.2)) kept.push([x, y]);
  }
  return kept;
}
