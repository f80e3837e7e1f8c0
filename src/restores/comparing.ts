// What a backup holds against what a site holds, path by path in one order: no list of either is ever in memory.
import { comparePaths, type ManifestMember } from '../backups/backups.ts';
import type { Entry } from '../platform/storage/port.ts';
import type { RestoreMode, Verdict } from './states.ts';

export type LiveEntry = { readonly path: string; readonly entry: Entry };

export type Compared = {
  readonly path: string;
  readonly verdict: Verdict;
  /** undefined: the site alone has it */
  readonly member: ManifestMember | undefined;
  /** undefined: the backup alone has it */
  readonly live: Entry | undefined;
  /** the highest path that changes: what lies below goes or comes with it */
  readonly isTop: boolean;
};

export type ComparingRules = {
  /** `keep_new`: what the site alone has stays */
  readonly mode: RestoreMode;
  /** of a file of the same size, whether it holds the same */
  readonly isSame: (member: ManifestMember, live: LiveEntry) => Promise<boolean>;
};

const permissionBits = 0o777;

/**
 * @param members and @param live both in the order of `comparePaths`
 * @returns every path of both. A folder of both is unchanged; where one is a folder and the other is not, everything below changes
 */
export async function* compare(
  members: AsyncIterable<ManifestMember>,
  live: AsyncIterable<LiveEntry>,
  { mode, isSame }: ComparingRules,
): AsyncGenerator<Compared> {
  /** below it nothing of the site stays, and nothing is a top of its own */
  let replaced = '';
  const isBelow = (path: string) => replaced !== '' && path.startsWith(`${replaced}/`);
  for await (const { member, found } of pairs(members, live)) {
    const path = member?.path ?? found?.path ?? '';
    const below = isBelow(path);
    const verdict = await judged(member, found, { isGone: below || mode === 'exact', isSame });
    const isTop = !below && verdict !== 'unchanged' && verdict !== 'kept';
    if (isTop) replaced = path;
    yield { path, verdict, member, live: found?.entry, isTop };
  }
}

async function judged(
  member: ManifestMember | undefined,
  live: LiveEntry | undefined,
  { isGone, isSame }: { isGone: boolean; isSame: ComparingRules['isSame'] },
): Promise<Verdict> {
  if (!member) return isGone ? 'deleted' : 'kept';
  if (!live) return 'new';
  const { entry } = live;
  if (member.kind !== entry.kind) return 'overwritten';
  if (member.kind === 'folder') return 'unchanged';
  if (member.kind === 'link') return member.target === entry.target ? 'unchanged' : 'overwritten';
  const isAlike = member.size === entry.size && (member.mode & permissionBits) === (entry.mode & permissionBits);
  return isAlike && (await isSame(member, live)) ? 'unchanged' : 'overwritten';
}

type Pair = { readonly member: ManifestMember | undefined; readonly found: LiveEntry | undefined };

async function* pairs(members: AsyncIterable<ManifestMember>, live: AsyncIterable<LiveEntry>): AsyncGenerator<Pair> {
  const left = members[Symbol.asyncIterator]();
  const right = live[Symbol.asyncIterator]();
  try {
    let [member, found] = [await next(left), await next(right)];
    while (member || found) {
      const order = !member ? 1 : !found ? -1 : comparePaths(member.path, found.path);
      yield { member: order <= 0 ? member : undefined, found: order >= 0 ? found : undefined };
      if (order <= 0) member = await next(left);
      if (order >= 0) found = await next(right);
    }
  } finally {
    await left.return?.(undefined);
    await right.return?.(undefined);
  }
}

async function next<T>(from: AsyncIterator<T>): Promise<T | undefined> {
  const { value, done } = await from.next();
  return done ? undefined : value;
}
