// Restores against unzip: everything of an archive laid beside a site, checked and durable; and one file of it.
import { execFile } from 'node:child_process';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OpenBackup } from '../src/backups/inside.ts';
import { diskSite } from '../src/platform/storage/disk.ts';
import { ArchiveSource } from '../src/restores/source.ts';
import { stage } from '../src/restores/staging.ts';
import { type Amount, randomBytes, writeFiles } from './backup/files.ts';
import { openHouse, startWorker } from './backup/house.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import { median } from './load.ts';

const run = promisify(execFile);

export const restoresPart: Part = {
  name: 'restores',
  measure: async (circumstances) => [...(await measure(circumstances)), ...(await ofBig(circumstances))],
};

/** One small file out of an archive of films: what it takes must not grow with the archive. */
async function ofBig({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const [films, pages] = long ? [50, 2000] : [1, 500];
  const place = join(folder, 'big');
  const house = await openHouse(place);
  const worker = startWorker(place);
  try {
    const site = await house.openSite();
    const www = house.wwwOf(site);
    const film = randomBytes(long ? 100_000_000 : 50_000_000, 3);
    for (let index = 0; index < films; index++) await writeFile(join(www, `film-${index}.mp4`), film);
    for (let index = 0; index < pages; index++) await writeFile(join(www, `page-${index}.html`), `<h1>${index}</h1>`);
    const { archive } = await house.backUp(site);
    const { size } = await stat(archive);
    const times: number[] = [];
    for (const index of long ? [0, 700, 1400, 1999] : [0, pages - 1]) {
      const staged = join(folder, `one-${index}`);
      await mkdir(staged);
      times.push(await timed(() => stageInto(archive, staged, (path) => path === `www/page-${index}.html`)));
      if (!(await stat(join(staged, `www/page-${index}.html`))).isFile()) throw new Error('the file was not restored');
    }
    say(`one file of ${(size / 1e9).toFixed(1)} GB: ${times.map((one) => `${(one * 1000).toFixed(0)} ms`).join(', ')}`);
    const name = `one file out of an archive of ${(size / 1e9).toFixed(1)} GB`;
    return [{ name, unit: 'ms', ours: Math.max(...times) * 1000, bound: { atMost: 300 } }];
  } finally {
    await worker.stop();
    await house.close();
    await rm(place, { recursive: true, force: true });
  }
}

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const amount: Amount = long ? { files: 20_000, bytes: 500_000_000 } : { files: 1000, bytes: 25_000_000 };
  const place = join(folder, 'house');
  const house = await openHouse(place);
  const worker = startWorker(place);
  const [ours, raw, one]: [number[], number[], number[]] = [[], [], []];
  try {
    const site = await house.openSite();
    const www = join(folder, 'www');
    await mkdir(www);
    await writeFiles(www, amount);
    await rm(house.wwwOf(site), { recursive: true });
    await rename(www, house.wwwOf(site));
    const { archive } = await house.backUp(site);
    for (let round = 0; round < (long ? 3 : 1); round++) {
      const [unzipped, staged] = [join(folder, 'unzipped'), join(folder, 'staged')];
      for (const path of [unzipped, staged]) await mkdir(path);
      raw.push(await timed(() => run('bash', ['-euc', 'unzip -qq "$1" -d "$2" && sync -f "$2"', 'bash', archive, unzipped])));
      ours.push(await timed(() => stageInto(archive, staged, (path) => path.startsWith('www/'))));
      const first = (await firstFile(archive)) ?? '';
      one.push(await timed(() => stageInto(archive, join(staged, 'www'), (path) => path === first)));
      say(
        `round ${round + 1}: unzip ${raw.at(-1)?.toFixed(2)} s, ours ${ours.at(-1)?.toFixed(2)} s, one file ${one.at(-1)?.toFixed(3)} s`,
      );
      for (const path of [unzipped, staged]) await rm(path, { recursive: true });
    }
  } finally {
    await worker.stop();
    await house.close();
  }
  const size = `${amount.files.toLocaleString('en')} files, ${amount.bytes / 1e6} MB`;
  return [
    {
      name: `everything of ${size} laid beside a site, each SHA-256 compared, ÷ unzip, sync`,
      ...{ unit: 's', ours: median(ours), raw: median(raw), bound: { atMost: 1.1 } },
    },
    { name: `one file of it`, unit: 'ms', ours: median(one) * 1000, bound: { atMost: 300 } },
  ];
}

async function opened<T>(archive: string, use: (backup: OpenBackup) => Promise<T>): Promise<T> {
  const { size } = await stat(archive);
  const local = async () => ({ path: archive, release: async () => {} });
  const backup = await OpenBackup.of({ local }, { key: archive, size });
  return use(backup).finally(() => backup.close());
}

async function stageInto(archive: string, root: string, isWanted: (path: string) => boolean): Promise<void> {
  const folder = `${root}.passing`;
  await mkdir(folder, { recursive: true });
  await opened(archive, (backup) =>
    stage({
      ...{ backup: new ArchiveSource(backup), storage: diskSite(root), folder, isWanted },
      signal: new AbortController().signal,
      placeOf: (path) => path.split('/'),
      tick: async () => {},
    }),
  );
  await rm(folder, { recursive: true });
}

const firstFile = (archive: string) =>
  opened(archive, async (backup) => {
    for (const { name, kind } of backup.entries()) if (kind === 'file' && name.startsWith('www/')) return name;
    return undefined;
  });

/** @returns seconds, begun once everything written before is on the disk */
async function timed(act: () => Promise<unknown>): Promise<number> {
  await run('sync');
  const begun = performance.now();
  await act();
  return (performance.now() - begun) / 1000;
}
