// A nearest-neighbour classifier on segmented glyphs: compares each piece of a picture with every piece of the pictures it learnt from.
import type { Cleaning } from './cleaning.ts';
import { cut, type Dots, type Sample } from './picture.ts';

export type Segments = (dots: Dots) => { readonly left: number; readonly right: number }[];
export type Reader = { readonly clean: Cleaning; readonly segments: Segments; readonly size: number };

export type Known = { readonly pieces: Float32Array; readonly signs: string; readonly length: number };

/** Pieces of all samples behind one another, and the sign of each. */
export function learn(known: readonly Sample[], { clean, segments, size }: Reader): Known {
  const length = size * size;
  const pieces = new Float32Array(known.length * 6 * length);
  let signs = '';
  for (const { answer, dots } of known) {
    const cleaned = clean(dots);
    segments(cleaned).forEach((box, at) => {
      pieces.set(cut(cleaned, box, size), signs.length * length);
      signs += answer[at] ?? '';
    });
  }
  return { pieces, signs, length };
}

/** @returns the sign that most of the `votes` nearest pieces have */
function nearest({ pieces, signs, length }: Known, piece: Float32Array, votes: number): string {
  const best: { likeness: number; sign: string }[] = [];
  for (let at = 0; at < signs.length; at += 1) {
    let likeness = 0;
    const from = at * length;
    for (let n = 0; n < length; n += 1) likeness += (pieces[from + n] as number) * (piece[n] as number);
    if (best.length >= votes && likeness <= (best.at(-1)?.likeness ?? 0)) continue;
    best.push({ likeness, sign: signs[at] ?? '' });
    best.sort((a, b) => b.likeness - a.likeness);
    if (best.length > votes) best.pop();
  }
  const counts = new Map<string, number>();
  for (const { likeness, sign } of best) counts.set(sign, (counts.get(sign) ?? 0) + likeness);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}

/** @returns what it takes the picture for */
export function read(known: Known, dots: Dots, { clean, segments, size }: Reader, votes = 5): string {
  const cleaned = clean(dots);
  return segments(cleaned)
    .map((box) => nearest(known, cut(cleaned, box, size), votes))
    .join('');
}
