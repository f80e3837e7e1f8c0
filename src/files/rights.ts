// Permission bits in words, and from checkboxes: read, write and run for owner, group and everybody.
import type { EntryKind } from '../platform/storage/port.ts';
import type { Words } from '../platform/web/words.ts';

const who = ['owner', 'group', 'all'] as const;
const what = ['read', 'write', 'run'] as const;
const bits = { read: 4, write: 2, run: 1 } as const;

type Right = `${(typeof who)[number]}_${(typeof what)[number]}`;

/** The nine rights, each with its bit. */
export const rights: readonly { readonly name: Right; readonly bit: number }[] = who.flatMap((one, at) =>
  what.map((each) => ({ name: `${one}_${each}` as const, bit: bits[each] << (3 * (2 - at)) })),
);

/** @returns what each may, such as "소유자 읽기·쓰기, 그룹 읽기"; of a folder, to run it is to enter it */
export function rightsInWords(mode: number, kind: EntryKind, { t }: Pick<Words, 't'>): string {
  const parts = who.flatMap((one, at) => {
    const own = (mode >> (3 * (2 - at))) & 7;
    const may = what.filter((each) => (own & bits[each]) !== 0).map((each) => t(`files.rights.${verb(each, kind)}`));
    return may.length === 0
      ? []
      : [t('files.rights.of', { who: t(`files.rights.${one}`), may: may.join(t('files.rights.and')) })];
  });
  return parts.length === 0 ? t('files.rights.none') : parts.join(', ');
}

/** @returns the table of checkboxes: a row for each of the three, with what is ticked */
export function rightsTable(mode: number, kind: EntryKind, { t }: Pick<Words, 't'>) {
  return who.map((one) => ({
    who: t(`files.rights.${one}`),
    boxes: what.map((each) => {
      const right = rights.find(({ name }) => name === `${one}_${each}`);
      return {
        value: right?.name ?? '',
        checked: (mode & (right?.bit ?? 0)) !== 0,
        text: t(`files.rights.${verb(each, kind)}`),
      };
    }),
  }));
}

/** @param ticked names of rights; others are nothing */
export function modeOf(ticked: readonly string[]): number {
  return rights.filter(({ name }) => ticked.includes(name)).reduce((mode, { bit }) => mode | bit, 0);
}

const verb = (each: (typeof what)[number], kind: EntryKind) => (each === 'run' && kind === 'folder' ? 'enter' : each);
