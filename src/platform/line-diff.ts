// Two texts line by line, or any two lists of texts: what is gone, what is new, and a few lines around it. The library's, within our bounds.
import { diffArrays, structuredPatch } from 'diff';

export type DiffLine = {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  /** numbers of the line in each text, from 1 on */
  readonly before: number | undefined;
  readonly after: number | undefined;
};

export type Diff = { readonly added: number; readonly removed: number; readonly hunks: readonly (readonly DiffLine[])[] };

/** Lines added and removed in all: its square is the work, and who changed more than that reads the two texts. */
const maxEditLength = 1000;
const context = 3;

/** @returns no hunks for equal texts; undefined where they differ in too many lines to be shown beside each other */
export function diffOf(before: string, after: string): Diff | undefined {
  // A text that does not end with its line would be told apart from one that does, by a line that stands in neither.
  const patch = structuredPatch('', '', `${before}\n`, `${after}\n`, '', '', { context, maxEditLength });
  if (!patch) return undefined;
  const hunks = patch.hunks.map(({ lines, oldStart, newStart }) => numbered(lines, { before: oldStart, after: newStart }));
  const count = (kind: DiffLine['kind']) => hunks.flat().filter((line) => line.kind === kind).length;
  return { added: count('added'), removed: count('removed'), hunks };
}

const kinds: Readonly<Record<string, DiffLine['kind']>> = { ' ': 'same', '+': 'added', '-': 'removed' };

function numbered(lines: readonly string[], { before, after }: { before: number; after: number }): DiffLine[] {
  return lines.map((line) => {
    const kind = kinds[line.charAt(0)] ?? 'same';
    const numbers = { before: kind === 'added' ? undefined : before++, after: kind === 'removed' ? undefined : after++ };
    return { kind, text: line.slice(1), ...numbers };
  });
}

export type Step = DiffLine['kind'];

/**
 * The shortest way from one list of texts to another.
 * @returns undefined where they differ in too many
 */
export function stepsOf(old: readonly string[], now: readonly string[]): Step[] | undefined {
  const runs = diffArrays([...old], [...now], { maxEditLength });
  return runs?.flatMap(({ added, removed, count }) => Array<Step>(count).fill(added ? 'added' : removed ? 'removed' : 'same'));
}
