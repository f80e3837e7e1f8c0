// What an engine counts in each lane, as one answer for the operator.
import type { Lane, QueueFigures } from './port.ts';

/** What one lane has; a lane that is left out has nothing. */
export type LaneFigures = Omit<QueueFigures, 'lanes'> & { readonly lane: Lane };

export function figuresOf(rows: readonly LaneFigures[]): QueueFigures {
  const sum = (count: (row: LaneFigures) => number) => rows.reduce((all, row) => all + count(row), 0);
  const oldest = rows.flatMap(({ oldestDueAt }) => (oldestDueAt === null ? [] : [oldestDueAt]));
  const of = (wanted: Lane) => {
    const { due = 0, running = 0 } = rows.find(({ lane }) => lane === wanted) ?? {};
    return { due, running };
  };
  return {
    due: sum(({ due }) => due),
    later: sum(({ later }) => later),
    running: sum(({ running }) => running),
    failed: sum(({ failed }) => failed),
    oldestDueAt: oldest.length === 0 ? null : Math.min(...oldest),
    lanes: { short: of('short'), medium: of('medium'), long: of('long') },
  };
}
