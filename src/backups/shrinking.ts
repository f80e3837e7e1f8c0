// Whether a backup holds half or less of what the good one before held: told to the customer, since nobody else would notice.
import type { Backup } from './states.ts';

/** What fell, and from how much to how much. */
export type Shrunk = { readonly what: 'files' | 'bytes' | 'tables' | 'rows'; readonly before: number; readonly after: number };

/** Less than this is nothing to worry about: a small site halves by deleting a draft. */
export const leastBefore: Readonly<Record<Shrunk['what'], number>> = { files: 20, bytes: 1_000_000, tables: 5, rows: 100 };

type Held = Pick<Backup, 'files' | 'originalBytes' | 'databaseList' | 'leftOut'>;

/** @returns what fell by half or more. A database that could not be read is missing, which is said by itself: it counts on neither side */
export function shrunkSince(before: Held, after: Held): Shrunk[] {
  const [earlier, later] = [sizesOf(before, after.leftOut), sizesOf(after, before.leftOut)];
  const all = Object.keys(leastBefore) as Shrunk['what'][];
  return all.flatMap((what) => {
    const [one, other] = [earlier[what], later[what]];
    if (one === undefined || other === undefined) return [];
    return one >= leastBefore[what] && other * 2 <= one ? [{ what, before: one, after: other }] : [];
  });
}

type Sizes = Partial<Record<Shrunk['what'], number>>;

function sizesOf({ files, originalBytes, databaseList }: Held, leftOutThere: Held['leftOut']): Sizes {
  const dumps = databaseList ?? [];
  const missing = new Set(leftOutThere.map(({ path }) => path));
  const compared = dumps.filter(
    ({ name, engine }) =>
      ![`databases/${name}.sql`, `databases/${name}.${engine}.sql`, `www/${name}`].some((one) => missing.has(one)),
  );
  const dumped = dumps.filter(({ engine }) => engine !== 'sqlite'); // which is one of the files
  const sum = (of: 'tables' | 'rows' | 'bytes', from: typeof dumps = compared) => from.reduce((total, one) => total + one[of], 0);
  return {
    ...(files !== null && { files }),
    ...(originalBytes !== null && { bytes: originalBytes - sum('bytes', dumped) }),
    ...(databaseList && { tables: sum('tables'), rows: sum('rows') }),
  };
}
