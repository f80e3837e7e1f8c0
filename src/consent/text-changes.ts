// What a version of a text changes, so that it can be read: paragraph by paragraph, and inside of one word by word.
import { diffOf, stepsOf } from '../platform/line-diff.ts';

export type Piece = { readonly kind: 'same' | 'added' | 'removed'; readonly text: string };

/** A paragraph or line. `changed` holds what was, and what is, word by word. */
export type ChangedLine = { readonly kind: 'same' | 'added' | 'removed' | 'changed'; readonly pieces: readonly Piece[] };

export type TextChanges = {
  /** lines that are new, gone, or read otherwise */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** runs of changes, each with the lines around it; undefined where the texts differ too much to be put beside each other */
  readonly parts: readonly (readonly ChangedLine[])[] | undefined;
};

/** Two lines are the same one changed when at least this part of their letters stayed. */
const leastShared = 0.4;

/** @returns no parts for equal texts */
export function changesOf(before: string, after: string): TextChanges {
  const diff = diffOf(before.trimEnd(), after.trimEnd());
  if (!diff) return { added: 0, removed: 0, changed: 0, parts: undefined };
  const parts = diff.hunks.map((hunk) => paired(hunk).filter(({ kind, pieces }) => kind !== 'same' || !isBlank(pieces)));
  const count = (kind: ChangedLine['kind']) => parts.flat().filter((line) => line.kind === kind && !isBlank(line.pieces)).length;
  return { added: count('added'), removed: count('removed'), changed: count('changed'), parts };
}

const isBlank = (pieces: readonly Piece[]) => pieces.every(({ text }) => text.trim() === '');

type Line = { readonly kind: Piece['kind']; readonly text: string };

/** Lines that went and lines that came in their place are put together one by one. */
function paired(hunk: readonly Line[]): ChangedLine[] {
  const lines: ChangedLine[] = [];
  for (let at = 0; at < hunk.length; ) {
    const line = hunk[at];
    if (!line || line.kind === 'same') {
      if (line) lines.push({ kind: 'same', pieces: [line] });
      at++;
      continue;
    }
    const end = hunk.findIndex((one, index) => index > at && one.kind === 'same');
    const run = hunk.slice(at, end === -1 ? undefined : end);
    lines.push(...pairsOf(run));
    at += run.length;
  }
  return lines;
}

function pairsOf(run: readonly Line[]): ChangedLine[] {
  const text = ({ text: one }: Line) => one.trim() !== '';
  const gone = run.filter(({ kind }) => kind === 'removed').filter(text);
  const come = run.filter(({ kind }) => kind === 'added').filter(text);
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) => {
    const [old, now] = [gone[index], come[index]];
    const pieces = old && now && wordsOf(old.text, now.text);
    if (pieces) return [{ kind: 'changed', pieces } as const];
    return [old, now].flatMap((line) => (line ? [{ kind: line.kind, pieces: [line] }] : []));
  }).flat();
}

/** @returns the two lines as one, word by word; undefined where they have too little in common for that to be readable */
function wordsOf(before: string, after: string): Piece[] | undefined {
  const [old, now] = [tokens(before), tokens(after)];
  const steps = stepsOf(old, now);
  if (!steps) return undefined;
  const pieces: Piece[] = [];
  let [x, y] = [0, 0];
  let shared = 0;
  for (const kind of steps) {
    const text = (kind === 'added' ? now[y] : old[x]) ?? '';
    if (kind !== 'added') x++;
    if (kind !== 'removed') y++;
    if (kind === 'same') shared += text.length;
    const last = pieces.at(-1);
    if (last?.kind === kind) pieces[pieces.length - 1] = { kind, text: last.text + text };
    else pieces.push({ kind, text });
  }
  return shared >= leastShared * Math.max(before.length, after.length) ? pieces : undefined;
}

/** Words, numbers, spaces and single signs. */
const tokens = (text: string): string[] => text.match(/\s+|[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
