// The exchange from every moment at which a process may die, also in the middle of one move: to its end, and back to what was there.
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diskSite } from '../../src/platform/storage/disk.ts';
import { Exchange } from '../../src/restores/exchange.ts';
import { treeOf } from './world.ts';

type Kind = 'file' | 'empty file' | 'folder' | 'empty folder' | 'link' | 'nothing';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'gotgan-exchange-'));
  for (const folder of ['www', 'trash/r/new/www', 'trash/r/old/www', 'trash/r/taken/www'])
    mkdirSync(join(top, folder), { recursive: true });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function lay(path: string, kind: Kind, text: string): void {
  if (kind === 'file') writeFileSync(path, text);
  if (kind === 'empty file') writeFileSync(path, '');
  if (kind === 'link') symlinkSync(text, path);
  if (kind.endsWith('folder')) mkdirSync(path);
  if (kind === 'folder') writeFileSync(join(path, 'inside'), text);
}

/** The first half of a move as the storage does it: a second name of a file or link, an empty folder that keeps the name. */
function begin(from: string, to: string, kind: Kind): void {
  if (kind === 'nothing') return;
  mkdirSync(dirname(to), { recursive: true });
  if (kind.endsWith('folder')) mkdirSync(to);
  else linkSync(from, to);
}

function move(from: string, to: string, kind: Kind): void {
  if (kind === 'nothing') return;
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

const place = () => ({
  live: join(top, 'www/x'),
  fresh: join(top, 'trash/r/new/www/x'),
  old: join(top, 'trash/r/old/www/x'),
  taken: join(top, 'trash/r/taken/www/x'),
});

/** Where a process may have died, in the order of the exchange and of its way back. */
const moments: Readonly<Record<string, (was: Kind, comes: Kind) => void>> = {
  'nothing was done': () => {},
  'half aside': (was) => begin(place().live, place().old, was),
  aside: (was) => move(place().live, place().old, was),
  'half in its place': (was, comes) => {
    move(place().live, place().old, was);
    begin(place().fresh, place().live, comes);
  },
  'in its place': (was, comes) => {
    move(place().live, place().old, was);
    move(place().fresh, place().live, comes);
  },
};
const ways: typeof moments = {
  ...moments,
  'half taken back': (was, comes) => {
    moments['in its place']?.(was, comes);
    begin(place().live, place().taken, comes);
  },
  'taken back': (was, comes) => {
    moments['in its place']?.(was, comes);
    move(place().live, place().taken, comes);
  },
  'half returned': (was, comes) => {
    ways['taken back']?.(was, comes);
    begin(place().old, place().live, was);
  },
  returned: (was, comes) => {
    ways['taken back']?.(was, comes);
    move(place().old, place().live, was);
  },
};

const kinds: readonly Kind[] = ['file', 'empty file', 'folder', 'empty folder', 'link', 'nothing'];
const pairs = kinds
  .flatMap((was) => kinds.map((comes) => ({ was, comes })))
  .filter(({ was, comes }) => was !== comes || was !== 'nothing');
const exchange = () => new Exchange({ storage: diskSite(top), place: ['trash', 'r'] });
const items = (comes: Kind) => [{ path: 'www/x', comes: comes !== 'nothing' }];

async function wanted(kind: Kind, text: string): Promise<string[]> {
  const apart = mkdtempSync(join(tmpdir(), 'gotgan-wanted-'));
  lay(join(apart, 'x'), kind, text);
  return withoutTimes(await treeOf(apart).finally(() => rmSync(apart, { recursive: true })));
}
/** Rights of folders and times are the storage's own here. */
const withoutTimes = (lines: string[]) => lines.map((line) => line.replace(/ \d+ \d{9,}|\/ \d+$| \d{9,}$/g, ''));
const shown = async () => withoutTimes(await treeOf(join(top, 'www')));

test.each(pairs)('where $was was and $comes comes, it goes on to its end from every moment', async ({ was, comes }) => {
  for (const [moment, happen] of Object.entries(moments)) {
    lay(place().live, was, 'before');
    lay(place().fresh, comes, 'restored');
    happen(was, comes);
    await exchange().forward(items(comes));
    await exchange().forward(items(comes));
    expect([moment, await shown()]).toEqual([moment, await wanted(comes, 'restored')]);
    for (const path of Object.values(place())) rmSync(path, { recursive: true, force: true });
  }
});

test.each(pairs)('where $was was and $comes came, what was there comes back from every moment', async ({ was, comes }) => {
  for (const [moment, happen] of Object.entries(ways)) {
    lay(place().live, was, 'before');
    lay(place().fresh, comes, 'restored');
    happen(was, comes);
    await exchange().back(items(comes));
    const once = await shown();
    await exchange().back(items(comes));
    // A folder that was new and half taken back may stay: no move tells it from one that somebody made there.
    const isLeft = was === 'nothing' && comes.endsWith('folder') && moment.startsWith('half');
    if (!isLeft)
      expect([moment, once, await shown()]).toEqual([moment, await wanted(was, 'before'), await wanted(was, 'before')]);
    for (const path of Object.values(place())) rmSync(path, { recursive: true, force: true });
  }
});
