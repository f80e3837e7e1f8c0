// What is done to a picture before it is read: thresholds, medians, edges only.
import type { Dots } from './picture.ts';

export type Cleaning = (dots: Dots) => Dots;
type Fold = (values: Float32Array, from: number, step: number, count: number) => number;

/** Folds a window along rows, then along columns. */
function along(dots: Dots, radius: number, fold: Fold): Dots {
  const { width, height } = dots;
  const once = (ink: Float32Array, across: boolean) => {
    const folded = new Float32Array(ink.length);
    const [step, length] = across ? [1, width] : [width, height];
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        const place = across ? x : y;
        const low = Math.max(0, place - radius);
        const high = Math.min(length - 1, place + radius);
        folded[y * width + x] = fold(ink, y * width + x - (place - low) * step, step, high - low + 1);
      }
    return folded;
  };
  return { width, height, ink: once(once(dots.ink, true), false) };
}

const average: Fold = (values, from, step, count) => {
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += values[from + n * step] as number;
  return sum / count;
};

const threshold =
  (at: number): Cleaning =>
  (dots) => ({ ...dots, ink: dots.ink.map((value) => (value > at ? 1 : 0)) });
export const blur =
  (radius: number): Cleaning =>
  (dots) =>
    along(dots, radius, average);
/** Of black and white the median is what more than half of the window is. */
export const median =
  (radius: number): Cleaning =>
  (dots) =>
    threshold(0.5)(blur(radius)(threshold(0.5)(dots)));
/** Where paper meets ink, whichever is on which side: solid, hollow and inverted letters become alike. */
export const edges: Cleaning = ({ width, height, ink }) => {
  const steep = new Float32Array(ink.length);
  for (let y = 1; y < height - 1; y += 1)
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      const across = (ink[at + 1] as number) - (ink[at - 1] as number);
      const down = (ink[at + width] as number) - (ink[at - width] as number);
      steep[at] = Math.min(1, Math.hypot(across, down));
    }
  return { width, height, ink: steep };
};
export const first =
  (...steps: readonly Cleaning[]): Cleaning =>
  (dots) =>
    steps.reduce((before, step) => step(before), dots);
