// Pictures of the built-in CAPTCHA as an attacker sees them: rows of dots, and what can be cut out of them.
import sharp from 'sharp';
import { answerLength, pictureCaptcha } from '../../../src/platform/captcha/picture.ts';

/** Ink from 0 (paper) to 1, row by row. */
export type Dots = { readonly width: number; readonly height: number; readonly ink: Float32Array };
/** A picture with its answer: the attacker drew it on a panel of their own, or had somebody type what it says. */
export type Sample = { readonly answer: string; readonly dots: Dots };

export async function dotsOf(picture: Buffer): Promise<Dots> {
  const { data, info } = await sharp(picture).grayscale().raw().toBuffer({ resolveWithObject: true });
  const paper = 240;
  const ink = Float32Array.from(data, (value) => Math.min(1, Math.max(0, (paper - value) / (paper - 45))));
  return { width: info.width, height: info.height, ink };
}

/** @returns so many pictures with their answers, drawn by the panel's own code */
export async function samples(count: number): Promise<Sample[]> {
  const captcha = pictureCaptcha();
  const drawn: Sample[] = [];
  while (drawn.length < count) {
    const several = Array.from({ length: Math.min(8, count - drawn.length) }, async () => {
      const { answer, picture } = await captcha.draw();
      return { answer, dots: await dotsOf(picture) };
    });
    drawn.push(...(await Promise.all(several)));
  }
  return drawn;
}

type Box = { readonly left: number; readonly right: number };

/** How much ink stands in each column. */
export function columns({ width, height, ink }: Dots): Float32Array {
  const sums = new Float32Array(width);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) sums[x] = (sums[x] ?? 0) + (ink[y * width + x] ?? 0);
  return sums;
}

/** From the first to the last column that holds a letter: ribbons reach the edges, so a column needs more ink than two of them. */
function extent(sums: Float32Array): Box {
  const enough = 9;
  const left = sums.findIndex((sum) => sum > enough);
  const right = sums.findLastIndex((sum) => sum > enough);
  return { left: Math.max(0, left), right: Math.max(left + answerLength, right) };
}

/** Six pieces of the same width. */
export function evenly(dots: Dots): Box[] {
  const { left, right } = extent(columns(dots));
  const step = (right - left) / answerLength;
  return Array.from({ length: answerLength }, (_, at) => ({ left: left + at * step, right: left + (at + 1) * step }));
}

/** The five cuts that together meet the least ink, each near where an even cut would be. */
export function whereInkIsLeast(dots: Dots): Box[] {
  const sums = columns(dots);
  const { left, right } = extent(sums);
  const usual = (right - left) / answerLength;
  const strain = (wide: number) => 14 * ((wide - usual) / usual) ** 2;
  type Way = { readonly cost: number; readonly cuts: readonly number[] };
  let ways = new Map<number, Way>([[left, { cost: 0, cuts: [left] }]]);
  for (let piece = 1; piece <= answerLength; piece += 1) {
    const next = new Map<number, Way>();
    for (const [from, way] of ways)
      for (let to = from + Math.floor(usual * 0.5); to <= Math.min(right, from + usual * 1.7); to += 1) {
        if (piece === answerLength && to !== right) continue;
        const cost = way.cost + strain(to - from) + (piece < answerLength ? (sums[to] ?? 0) : 0);
        if (cost < (next.get(to)?.cost ?? Number.POSITIVE_INFINITY)) next.set(to, { cost, cuts: [...way.cuts, to] });
      }
    ways = next;
  }
  const cuts = ways.get(right)?.cuts;
  if (!cuts) return evenly(dots);
  return cuts.slice(0, -1).map((from, at) => ({ left: from, right: cuts[at + 1] ?? right }));
}

/** @returns a piece of the picture, its ink's box stretched to `size` × `size` dots, of length 1 as a vector */
export function cut({ width, height, ink }: Dots, { left, right }: Box, size: number): Float32Array {
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : (ink[y * width + x] ?? 0));
  const rows = Array.from({ length: height }, (_, y) => {
    let sum = 0;
    for (let x = Math.round(left); x < right; x += 1) sum += at(x, y);
    return sum;
  });
  const top = Math.max(
    0,
    rows.findIndex((sum) => sum > 2),
  );
  const bottom = Math.max(top + 8, rows.findLastIndex((sum) => sum > 2) + 1);
  const piece = new Float32Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1)
      piece[row * size + column] = mean(at, [left, right, column, size], [top, bottom, row, size]);
  return unit(piece);
}

type Span = readonly [from: number, to: number, index: number, of: number];

/** The mean of the dots that fall into one cell of a grid. */
function mean(at: (x: number, y: number) => number, across: Span, down: Span): number {
  const bounds = ([from, to, index, of]: Span) => {
    const low = Math.floor(from + ((to - from) * index) / of);
    return [low, Math.max(low + 1, Math.ceil(from + ((to - from) * (index + 1)) / of))] as const;
  };
  const [x0, x1] = bounds(across);
  const [y0, y1] = bounds(down);
  let sum = 0;
  for (let y = y0; y < y1; y += 1) for (let x = x0; x < x1; x += 1) sum += at(x, y);
  return sum / ((x1 - x0) * (y1 - y0));
}

export function unit(vector: Float32Array): Float32Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square) || 1;
  return vector.map((value) => value / length);
}
