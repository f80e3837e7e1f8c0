// Two texts line by line: the fewest lines, with what is around them, within bounds.
import { describe, expect, test } from 'vitest';
import { type Diff, diffOf } from '../../src/platform/line-diff.ts';

const lines = (diff: Diff | undefined) =>
  (diff?.hunks ?? []).map((hunk) => hunk.map(({ kind, text }) => `${{ same: ' ', added: '+', removed: '-' }[kind]}${text}`));

/** @returns what the second text is, by the first one and the changes: a diff that leads elsewhere is none */
function applied(before: string, { hunks }: Diff): string {
  const old = before.split('\n');
  const now: string[] = [];
  let at = 0;
  for (const line of hunks.flat()) {
    const begins = line.before === undefined ? undefined : line.before - 1;
    while (begins !== undefined && at < begins) now.push(old[at++] ?? '');
    while (begins === undefined && line.after !== undefined && now.length < line.after - 1) now.push(old[at++] ?? '');
    if (line.kind !== 'added') at++;
    if (line.kind !== 'removed') now.push(line.text);
  }
  return [...now, ...old.slice(at)].join('\n');
}

test('one changed line is shown between the three before and the three behind it', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
  const diff = diffOf(before.join('\n'), before.with(4, 'five').join('\n'));
  expect(lines(diff)).toEqual([[' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8']]);
  expect(diff).toMatchObject({ added: 1, removed: 1 });
  expect(diff?.hunks[0]?.map(({ before, after }) => [before, after]).slice(2, 6)).toEqual([
    [4, 4],
    [5, undefined],
    [undefined, 5],
    [6, 6],
  ]);
});

test('equal texts differ nowhere, and two places far from each other stand apart', () => {
  expect(diffOf('a\nb', 'a\nb')).toEqual({ added: 0, removed: 0, hunks: [] });
  const text = Array.from({ length: 40 }, (_, at) => `line ${at}`);
  const changed = text.with(3, 'three').toSpliced(30, 1);
  expect(lines(diffOf(text.join('\n'), changed.join('\n')))).toHaveLength(2);
});

test('a text from nothing, and to nothing', () => {
  expect(lines(diffOf('', 'a\nb'))).toEqual([['-', '+a', '+b']]);
  expect(diffOf('a\nb', '')).toMatchObject({ added: 1, removed: 2 });
});

describe('whatever is changed', () => {
  test('the changes lead from the one text to the other', () => {
    let seed = 7;
    const random = (most: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % most;
    };
    for (let round = 0; round < 200; round++) {
      const before = Array.from({ length: random(30) }, () => `${random(5)}`);
      const after = before.filter(() => random(4) > 0).flatMap((line) => (random(4) === 0 ? [line, `${random(5)}`] : [line]));
      const diff = diffOf(before.join('\n'), after.join('\n'));
      expect(diff && applied(before.join('\n'), diff)).toBe(after.join('\n'));
    }
  });

  test('texts with more than a thousand changes are not laid beside each other', () => {
    const many = (sign: string) => Array.from({ length: 60_000 }, (_, at) => `${sign}${at}`).join('\n');
    expect(diffOf(many('a'), many('b'))).toBeUndefined();
  });
});
