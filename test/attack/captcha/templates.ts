// What somebody has who owns the font of the pictures: each sign's outline, upright and turned, filled and as a bare edge.
import { randomInt } from 'node:crypto';
import sharp from 'sharp';
import { fontPen, type Outline } from '../../../src/platform/captcha/outlines.ts';
import { alphabet } from '../../../src/platform/captcha/picture.ts';
import type { Known, Reader } from './neighbours.ts';
import { cut, type Dots, dotsOf, type Sample } from './picture.ts';

const turns = [-0.25, -0.12, 0, 0.12, 0.25];
const size = 80;

function turned(outline: Outline, angle: number): Outline {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return outline.map((line) => line.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos] as const));
}

async function drawn(outline: Outline, style: string): Promise<Dots> {
  const points = outline.flat();
  const [left, top] = [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
  const path = outline.map((line) => `M${line.map(([x, y]) => `${x - left + 4} ${y - top + 4}`).join('L')}Z`).join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><rect width="100%" height="100%" fill="#fff"/><path ${style} fill-rule="evenodd" d="${path}"/></svg>`;
  return dotsOf(await sharp(Buffer.from(svg)).png().toBuffer());
}

/** @returns the templates as a reader compares them */
export async function templates({ clean, size: side }: Reader): Promise<Known> {
  const outlineOf = await fontPen();
  const pieces: Float32Array[] = [];
  let signs = '';
  for (const sign of alphabet)
    for (const turn of turns)
      for (const style of ['fill="#000"', 'fill="none" stroke="#000" stroke-width="2"']) {
        const outline = turned(outlineOf(sign), turn);
        const xs = outline.flat().map(([x]) => x);
        const right = Math.max(...xs) - Math.min(...xs) + 8;
        pieces.push(cut(clean(await drawn(outline, style)), { left: 0, right }, side));
        signs += sign;
      }
  const all = new Float32Array(pieces.length * side * side);
  pieces.forEach((piece, at) => {
    all.set(piece, at * side * side);
  });
  return { pieces: all, signs, length: side * side };
}

/** Upright letters side by side, a little higher or lower, with nothing over them: what a good reader must read. */
export async function plainPicture(answer: string): Promise<Buffer> {
  const outlineOf = await fontPen();
  const paths = [...answer].map((sign, at) => {
    const points = outlineOf(sign).flat();
    const [left, top] = [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
    const shift = { x: 8 + at * 38 - left, y: 10 + randomInt(8) - top };
    return outlineOf(sign)
      .map((line) => `M${line.map(([x, y]) => `${(0.8 * (x + shift.x)).toFixed(1)} ${(y + shift.y).toFixed(1)}`).join('L')}Z`)
      .join('');
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="80"><rect width="100%" height="100%" fill="#f4f2ec"/><path transform="scale(1.2 1)" fill="#2b2b33" fill-rule="evenodd" d="${paths.join('')}"/></svg>`;
  return sharp(Buffer.from(svg)).grayscale().png().toBuffer();
}

export const plainSample = async (answer: string): Promise<Sample> => ({
  answer,
  dots: await dotsOf(await plainPicture(answer)),
});
