// Two texts line by line, or any two lists of texts: what is gone, what is new, and a few lines around it (Myers' algorithm, held within bounds).

export type DiffLine = {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  /** numbers of the line in each text, from 1 on */
  readonly before: number | undefined;
  readonly after: number | undefined;
};

export type Diff = { readonly added: number; readonly removed: number; readonly hunks: readonly (readonly DiffLine[])[] };

/** Lines added and removed in all: its square is the work, and who changed more than that reads the two texts. */
const mostEdits = 1000;
const around = 3;

/** @returns no hunks for equal texts; undefined where they differ in too many lines to be shown beside each other */
export function diffOf(before: string, after: string): Diff | undefined {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  const edits = shortest(numbered(old.slice(start, old.length - end), now.slice(start, now.length - end)));
  if (!edits) return undefined;
  const lines = linesOf({ old, now, start, end }, edits);
  const count = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length;
  return { added: count('added'), removed: count('removed'), hunks: hunksOf(lines) };
}

/**
 * The shortest way from one list of texts to another.
 * @returns undefined where they differ in too many
 */
export function stepsOf(old: readonly string[], now: readonly string[]): Step[] | undefined {
  return shortest(numbered(old, now));
}

type Sides = { readonly old: Int32Array; readonly now: Int32Array };

/** Equal lines get the same number, so that they are compared as quickly however long they are. */
function numbered(old: readonly string[], now: readonly string[]): Sides {
  const numbers = new Map<string, number>();
  const number = (line: string) => {
    const known = numbers.get(line) ?? numbers.size;
    numbers.set(line, known);
    return known;
  };
  return { old: Int32Array.from(old, number), now: Int32Array.from(now, number) };
}

export type Step = 'same' | 'removed' | 'added';

/** How far each diagonal came with so many edits, kept for the way back. */
function shortest({ old, now }: Sides): Step[] | undefined {
  const most = Math.min(old.length + now.length, mostEdits);
  const reach = new Int32Array(2 * most + 3);
  const at = (diagonal: number) => diagonal + most + 1;
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(at(-edits) - 1, at(edits) + 2));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [below, above] = [reach[at(diagonal + 1)] ?? 0, reach[at(diagonal - 1)] ?? 0];
      let x = diagonal === -edits || (diagonal !== edits && above < below) ? below : above + 1;
      while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) x++;
      reach[at(diagonal)] = x;
      if (x >= old.length && x - diagonal >= now.length) return wayBack(trace, { x: old.length, y: now.length });
    }
  }
  return undefined;
}

function wayBack(trace: readonly Int32Array[], end: { x: number; y: number }): Step[] {
  const steps: Step[] = [];
  let { x, y } = end;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits] ?? new Int32Array();
    const at = (diagonal: number) => diagonal + edits + 1;
    const diagonal = x - y;
    const [below, above] = [reach[at(diagonal + 1)] ?? 0, reach[at(diagonal - 1)] ?? 0];
    const isAdded = diagonal === -edits || (diagonal !== edits && above < below);
    const fromX = isAdded ? below : above;
    const fromY = fromX - (isAdded ? diagonal + 1 : diagonal - 1);
    const [toX, toY] = edits === 0 ? [0, 0] : [fromX, fromY];
    while (x > toX && y > toY) {
      steps.push('same');
      x--;
      y--;
    }
    if (edits > 0) steps.push(isAdded ? 'added' : 'removed');
    [x, y] = [toX, toY];
  }
  return steps.reverse();
}

type Whole = { readonly old: readonly string[]; readonly now: readonly string[]; readonly start: number; readonly end: number };

function linesOf({ old, now, start, end }: Whole, steps: readonly Step[]): DiffLine[] {
  const all: Step[] = [...Array<Step>(start).fill('same'), ...steps, ...Array<Step>(end).fill('same')];
  let [before, after] = [0, 0];
  return all.map((kind) => {
    const text = (kind === 'added' ? now[after] : old[before]) ?? '';
    if (kind !== 'added') before++;
    if (kind !== 'removed') after++;
    return { kind, text, before: kind === 'added' ? undefined : before, after: kind === 'removed' ? undefined : after };
  });
}

/** Changes whose surroundings touch stand together. */
function hunksOf(lines: readonly DiffLine[]): DiffLine[][] {
  const hunks: DiffLine[][] = [];
  let shownTo = 0;
  for (const [index, { kind }] of lines.entries()) {
    if (kind === 'same') continue;
    const from = Math.max(shownTo, index - around);
    const to = Math.min(lines.length, index + around + 1);
    if (from > shownTo || hunks.length === 0) hunks.push(lines.slice(from, to));
    else hunks.at(-1)?.push(...lines.slice(shownTo, to));
    shownTo = Math.max(shownTo, to);
  }
  return hunks;
}
