// The built-in CAPTCHA: six characters bent one by one, crossed by a ribbon and turned over in a patch of the same ink, as a PNG.
import { randomInt } from 'node:crypto';
import { fontPen, type Outline, type Point } from './outlines.ts';
import type { Captcha } from './port.ts';

/** Signs of which no two look alike in this font, bent as they are (not 4 beside A, X and Y beside K, F beside E); 12⁶ = 3.0 million answers. */
export const alphabet = 'ACDEHJKMPRT3';
export const answerLength = 6;

/** What a person may take for a sign that is drawn. None of these is ever drawn itself. */
const lookAlikes: Readonly<Record<string, string>> = {
  4: 'A',
  F: 'E',
  G: 'C',
  6: 'C',
  O: 'D',
  0: 'D',
  Q: 'D',
  X: 'K',
  Y: 'K',
  8: '3',
  I: 'T',
};

/** @returns six signs, each drawn evenly and on its own (CSPRNG) */
export function newAnswer(): string {
  return Array.from({ length: answerLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}

const width = 240;
const height = 80;

const between = (low: number, high: number) => low + ((high - low) * randomInt(2 ** 32)) / 2 ** 32;
const eitherSign = (low: number, high: number) => between(low, high) * (randomInt(2) ? 1 : -1);
const extent = (outline: Outline, axis: 0 | 1) => {
  const values = outline.flat().map((point) => point[axis]);
  return [Math.min(...values), Math.max(...values)] as const;
};
const moved = (outline: Outline, change: (point: Point) => Point): Outline => outline.map((line) => line.map(change));

/** Upright outline → turned, sheared, stretched, bent; its middle at 0,0. */
function deformed(outline: Outline): Outline {
  const [left, right] = extent(outline, 0);
  const [top, bottom] = extent(outline, 1);
  const scaleY = between(44, 55) / (bottom - top);
  const scaleX = scaleY * between(0.8, 1.22);
  const turn = eitherSign(0.03, 0.32);
  const shear = between(-0.22, 0.22);
  const bend = eitherSign(1, 2);
  const phase = between(0, 6.28);
  return moved(outline, ([px, py]) => {
    const y = (py - (top + bottom) / 2) * scaleY;
    const x = (px - (left + right) / 2) * scaleX + shear * y + bend * Math.sin(y / 10 + phase);
    return [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
  });
}

/** A letter's edge drawn as a thin line, its body left open: whoever wipes thin ribbons away wipes such letters away too. */
function hollow(outline: Outline): Outline {
  const thickness = between(1.8, 2.3);
  return outline.flatMap((line) => {
    const inner = line.map(([x, y], at): Point => {
      const [beforeX = x, beforeY = y] = line.at(at - 2) ?? [];
      const [afterX = x, afterY = y] = line[(at + 2) % line.length] ?? [];
      const length = Math.hypot(afterX - beforeX, afterY - beforeY) || 1;
      return [x - ((afterY - beforeY) / length) * thickness, y + ((afterX - beforeX) / length) * thickness];
    });
    return [line, inner];
  });
}

/** Two to four letters, drawn at random, become hollow: no one cleaning suits both kinds. */
function mixed(glyphs: readonly Outline[]): Outline[] {
  const places = glyphs.map((_, at) => at);
  const chosen = Array.from({ length: randomInt(2, 5) }, () => places.splice(randomInt(places.length), 1)[0]);
  return glyphs.map((glyph, at) => (chosen.includes(at) ? hollow(glyph) : glyph));
}

/** Sets the characters side by side, each a little over its neighbour, and fits the row into the picture. */
function inARow(glyphs: readonly Outline[]): Outline {
  let edge = 0;
  const row = glyphs.flatMap((glyph) => {
    const [left, right] = extent(glyph, 0);
    const x = edge - left;
    const y = between(-7, 7);
    edge += right - left - between(1, 4);
    return moved(glyph, ([px, py]) => [px + x, py + y]);
  });
  const [left, right] = extent(row, 0);
  const squeeze = Math.min(1.15, (width - 16) / (right - left));
  const middle = width / 2 + between(-4, 4);
  return moved(row, ([x, y]) => [(x - (left + right) / 2) * squeeze + middle, y + height / 2]);
}

/** One slow wave through the whole picture, letters and ribbons alike. */
function wave(): (point: Point) => Point {
  const [a, b, p, q] = [between(2, 4), between(1.5, 3), between(0, 6.28), between(0, 6.28)];
  const [along, down] = [between(22, 34), between(10, 15)];
  return ([x, y]) => [x + b * Math.sin(y / down + q), y + a * Math.sin(x / along + p)];
}

/** A ribbon from edge to edge, in places as thin as a hollow letter's line and in places as thick as a solid one's; where it crosses ink, both turn to paper. */
function ribbon(): Outline {
  const y0 = between(22, 58);
  const slope = between(-0.12, 0.12);
  const [high, long, phase] = [between(5, 12), between(14, 30), between(0, 6.28)];
  const upper: Point[] = [];
  const lower: Point[] = [];
  const swell = between(0, 6.28);
  for (let x = -6; x <= width + 6; x += 3) {
    const y = y0 + slope * (x - width / 2) + high * Math.sin(x / long + phase);
    const half = 1.45 + 0.5 * Math.sin(x / 15 + swell);
    upper.push([x, y - half]);
    lower.unshift([x, y + half]);
  }
  return [[...upper, ...lower]];
}

/** A patch of ink with a waving rim: what of letters and ribbons lies in it turns from ink to paper, so that no letter has one look. */
function patch(middle: number): Outline {
  const [x0, y0] = [middle, height / 2 + between(-8, 8)];
  const [wide, high] = [between(44, 66), between(27, 34)];
  const [folds, phase, other] = [randomInt(2, 5), between(0, 6.28), between(0, 6.28)];
  return [
    Array.from({ length: 60 }, (_, at): Point => {
      const angle = (at / 60) * 2 * Math.PI;
      const rim = 1 + 0.1 * Math.sin(folds * angle + phase) + 0.05 * Math.sin((folds + 2) * angle + other);
      return [x0 + wide * rim * Math.cos(angle), y0 + high * rim * Math.sin(angle)];
    }),
  ];
}

const pathOf = (outline: Outline) =>
  outline.map((line) => `M${line.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`).join('');

function drawing(outline: Outline): string {
  const bent = moved(outline, wave());
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#f4f2ec"/><path fill="#2b2b33" fill-rule="evenodd" d="${pathOf(bent)}"/></svg>`;
}

/** @returns the built-in CAPTCHA; a picture takes about 25 ms of a core, 6 of them on the event loop; how many are drawn at once the caller bounds */
export function pictureCaptcha(): Captcha {
  let pen: ReturnType<typeof fontPen> | undefined;
  return {
    async draw() {
      pen ??= fontPen();
      const outlineOf = await pen;
      const answer = newAnswer();
      const glyphs = [...answer].map((character) => deformed(outlineOf(character)));
      const row = inARow(mixed(glyphs));
      const svg = drawing([...row, ...ribbon(), ...patch(between(60, 180))]);
      // Loaded with the first picture: most processes never draw one, and it weighs 17 MiB.
      const { default: sharp } = await import('sharp');
      const picture = await sharp(Buffer.from(svg)).grayscale().png({ palette: true, colours: 16, effort: 1 }).toBuffer();
      return { answer, picture };
    },
    normalise: (typed) =>
      typed
        .slice(0, 40)
        .normalize('NFKC')
        .replace(/\s/g, '')
        .toUpperCase()
        .replace(/./gu, (sign) => lookAlikes[sign] ?? sign),
  };
}
