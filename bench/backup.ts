// Backups against the tools that an operator would use instead: tar with pigz or zstd, sha256sum, unzip -t.
import { execFile } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Amount, changeSome, writeFiles } from './backup/files.ts';
import { type House, openHouse, startWorker } from './backup/house.ts';
import type { Circumstances, Figure, Part } from './figure.ts';

const run = promisify(execFile);
const mebi = 'MiB';

/** Backups as the worker makes them, each beside its raw limit, on files that stand in the page cache for both. */
export const backupPart: Part = {
  name: 'backups',
  measure: async (circumstances) => {
    const figures = await usual(circumstances);
    for (const one of circumstances.long ? manyInLong : manyInShort) figures.push(...(await many(circumstances, one)));
    return figures;
  },
};

/** `mebibytes`, `timesFind`: bounds. Few files are written within the two seconds in which a stamp proves nothing: all of them are read again, and no time is told. */
type Many = { readonly files: number; readonly mebibytes: number; readonly timesFind?: number };
const manyInShort: readonly Many[] = [{ files: 3000, mebibytes: 400 }];
const manyInLong: readonly Many[] = [
  { files: 200_000, mebibytes: 300 },
  { files: 1_000_000, mebibytes: 400, timesFind: 4 },
];
const smallBytes = 300;

async function usual({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const amount: Amount = long ? { files: 20_000, bytes: 500_000_000 } : { files: 1000, bytes: 25_000_000 };
  const place = join(folder, 'usual');
  const house = await openHouse(place);
  await warmUp(place, house);
  const worker = startWorker(place);
  const times = new Times();
  try {
    let www = join(folder, 'www');
    await mkdir(www);
    await writeFiles(www, amount);
    for (let round = 0; round < (long ? 3 : 1); round++) {
      const site = await house.openSite();
      await moveTo(house.wwwOf(site), www);
      www = house.wwwOf(site);
      const packed = join(folder, 'raw.packed');
      times.add('raw first', await seconds('tar -C "$1" -cf - . | pigz -6 > "$2" && sha256sum "$2"', www, packed));
      await settled();
      const first = await house.backUp(site);
      times.add('raw check', await seconds('sha256sum "$1" && unzip -tqq "$1"', first.archive));
      await changeSome(www, amount, round);
      times.add('raw next', await seconds('tar -C "$1" -cf - . | zstd -q -3 -T0 -f -o "$2" && sha256sum "$2"', www, packed));
      await settled();
      const next = await house.backUp(site);
      times.add('first', first.makingSeconds);
      times.add('check', first.checkingSeconds);
      times.add('next', next.makingSeconds);
      say(`round ${round + 1}: ${times.last()}`);
    }
    const size = `${amount.files.toLocaleString('en')} files, ${amount.bytes / 1e6} MB`;
    return [
      {
        name: `first backup of ${size} ÷ tar | pigz -6, sha256sum`,
        ...times.figure('first', 'raw first'),
        bound: { atMost: 0.7 },
      },
      {
        name: `next backup, 1 % changed ÷ tar | zstd -3 -T0, sha256sum`,
        ...times.figure('next', 'raw next'),
        bound: { atMost: 0.7 },
      },
      { name: 'verification ÷ sha256sum, unzip -t', ...times.figure('check', 'raw check'), bound: { atMost: 1.5 } },
      { name: `memory of the worker, ${size}`, unit: mebi, ours: await worker.peak(), bound: { atMost: 200 } },
    ];
  } finally {
    await worker.stop();
    await house.close();
    await rm(place, { recursive: true, force: true });
  }
}

/** Two nights of very many small files: what is kept in memory for each file shows here. */
async function many({ long, folder, say }: Circumstances, { files: count, mebibytes, timesFind }: Many): Promise<Figure[]> {
  const amount: Amount = { files: count, bytes: count * smallBytes };
  const place = join(folder, 'many');
  const house = await openHouse(place);
  // Only its time asks for a worker that was compiled before.
  if (long) await warmUp(place, house);
  const worker = startWorker(place);
  try {
    const site = await house.openSite();
    const www = house.wwwOf(site);
    await writeFiles(www, amount);
    const first = await house.backUp(site);
    await changeSome(www, amount, 1);
    const afterFirst = await worker.peak();
    // What is measured of `find` has the same tree in the system's memory as ours.
    const looked = await seconds('find "$1" -printf "%s %T@ %C@ %i %m %p\\n" > /dev/null', www);
    const next = await house.backUp(site);
    const files = amount.files.toLocaleString('en');
    const memory = `memory ${afterFirst.toFixed(0)} MiB after the first`;
    say(`${files} files: first ${spoken(first)}, next ${spoken(next)}, find ${looked.toFixed(2)} s, ${memory}`);
    const memoryUsed: Figure = {
      ...{ name: `memory of the worker, ${files} files`, unit: mebi, ours: await worker.peak(), bound: { atMost: mebibytes } },
    };
    if (timesFind === undefined) return [memoryUsed];
    const name = `next backup of ${files} small files, 1 % changed ÷ find with stat`;
    return [memoryUsed, { name, unit: 's', ours: next.makingSeconds, raw: looked, bound: { atMost: timesFind } }];
  } finally {
    await worker.stop();
    await house.close();
    await rm(place, { recursive: true, force: true });
  }
}

/** The first start after an installation compiles the program and keeps that; what is measured is every later one. */
async function warmUp(folder: string, house: House): Promise<void> {
  const worker = startWorker(folder);
  try {
    await house.backUp(await house.openSite());
  } finally {
    await worker.stop();
  }
}

const spoken = ({ makingSeconds, checkingSeconds }: { makingSeconds: number; checkingSeconds: number }) =>
  `${makingSeconds.toFixed(1)} s and ${checkingSeconds.toFixed(1)} s to check`;

/** What was measured in each round, by name. */
class Times {
  readonly #all = new Map<string, number[]>();

  add(name: string, value: number): void {
    this.#all.set(name, [...(this.#all.get(name) ?? []), value]);
  }

  figure(ours: string, raw: string): { unit: string; ours: number; raw: number } {
    return { unit: 's', ours: this.#median(ours), raw: this.#median(raw) };
  }

  #median(name: string): number {
    const sorted = (this.#all.get(name) ?? []).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  }

  last(): string {
    return [...this.#all].map(([name, values]) => `${name} ${values.at(-1)?.toFixed(2)} s`).join(', ');
  }
}

/** Puts the measured files into another site, so that its first backup has nothing to take over. */
async function moveTo(www: string, from: string): Promise<void> {
  await rm(www, { recursive: true, force: true });
  await rename(from, www);
}

/** What was written before is on the disk before the clock starts, for both sides. */
const settled = () => run('sync');

/** @returns seconds of a shell command */
async function seconds(command: string, ...args: string[]): Promise<number> {
  await settled();
  const begun = performance.now();
  await run('bash', ['-euo', 'pipefail', '-c', command, 'bash', ...args]);
  return (performance.now() - begun) / 1000;
}
