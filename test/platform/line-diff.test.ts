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

/** @returns so many empty lines with some that are not, elsewhere on each side */
function scattered(length: number, others: number, side: string): string[] {
  const lines = Array<string>(length).fill('');
  const shift = side === 'a' ? 0.3 : 0.7;
  for (let at = 0; at < others; at++) lines[Math.floor(((at + shift) * length) / others)] = side;
  return lines;
}

test('the end of a line of Windows, and a text without a last one, are lines like others', () => {
  expect(lines(diffOf('a\r\nb\r\n', 'a\r\nc\r\n'))).toEqual([[' a\r', '-b\r', '+c\r', ' ']]);
  expect(lines(diffOf('a\nb', 'a\nb\n'))).toEqual([[' a', ' b', '+']]);
  expect(lines(diffOf('-- a\n\\ b', '++ a\n\\ b'))).toEqual([['--- a', '+++ a', ' \\ b']]);
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

  test.each([
    ['a hundred thousand different lines', (side: string) => Array.from({ length: 100_000 }, (_, at) => `${side}${at}`)],
    ['lines that are all the same', (side: string) => Array<string>(100_000).fill(side)],
    ['a million empty lines with others between', (side: string) => scattered(1_000_000, 600, side)],
    [
      'long lines that differ at their ends',
      (side: string) => Array.from({ length: 500 }, (_, at) => `${'x'.repeat(2000)}${side}${at}`),
    ],
  ])('%s take three seconds of processor at most', (_, text) => {
    const [before, after] = ['a', 'b'].map((side) => text(side).join('\n')) as [string, string];
    const begun = process.cpuUsage();
    expect(diffOf(before, after)?.hunks.length ?? 0).toBeLessThan(1000);
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1e6).toBeLessThan(3);
  });
});
