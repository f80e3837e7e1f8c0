// Random moments that can be had again: the seed is printed, and FAULTS_SEED=<number> repeats it.

import { test } from 'vitest';

/** `FAULTS=short` in CI: a few of each; else all of them. */
export const isShort = process.env.FAULTS === 'short';

/** Runs in the long form alone: CI has two minutes for the whole. */
export const longTest: typeof test | (() => void) = isShort ? () => {} : test;

export const seed = Number(process.env.FAULTS_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** @returns numbers in [0, 1) that depend on the seed and the name alone (mulberry32) */
export function randomFrom(name: string): () => number {
  let state = [...name].reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 2654435761), seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the run did and found, as one line a reader can copy. */
export function tell(what: string, figures: Readonly<Record<string, number | string>>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`${what} (seed ${seed}): ${shown.join(', ')}`);
}
