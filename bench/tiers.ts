// A restic tier against bare restic on the site's own folder: the next run, and the bytes of twelve states.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeArchive } from '../src/backups/archive.ts';
import type { Backup } from '../src/backups/backups.ts';
import { OpenBackup } from '../src/backups/inside.ts';
import { newId } from '../src/platform/ids.ts';
import { diskArchives } from '../src/platform/storage/archives.ts';
import { diskSite } from '../src/platform/storage/disk.ts';
import { resticTier } from '../src/platform/tier/restic.ts';
import { type ResticAddress, tierAddress } from '../src/platform/tier/tier-address.ts';
import { sourceOf } from '../src/tiers/source.ts';
import { type Amount, changeSome, writeFiles } from './backup/files.ts';
import type { Circumstances, Figure, Part } from './figure.ts';

const run = promisify(execFile);
const password = 'a key for measurements only';
const signal = new AbortController().signal;
const dayMilliseconds = 86_400_000;

/** Both take the same states in turn; files stand in the page cache for both, and restic spends the same on both keys. */
export const tiersPart: Part = {
  name: 'tiers',
  async measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
    const amount: Amount = long ? { files: 20_000, bytes: 500_000_000 } : { files: 500, bytes: 6_000_000 };
    // Seven days and five weeks.
    const states = long ? 12 : 2;
    const site = newId(Date.now());
    const www = join(folder, 'site', 'www');
    await mkdir(www, { recursive: true });
    await writeFiles(www, amount);
    const ours = await keeper(folder, site);
    const bare = join(folder, 'bare');
    const times = { ours: [] as number[], bare: [] as number[] };
    const began = Date.now() - states * dayMilliseconds;
    for (let round = 0; round < states; round += 1) {
      if (round > 0) await changeSome(www, amount, round);
      const took = await ours.keep(began + round * dayMilliseconds);
      if (round === 0) await likeKey(bare, join(folder, 'tier', site));
      const raw = await seconds(() => resticIn(bare, ['backup', '--json', www]));
      say(`state ${round + 1}: ${took.toFixed(2)} s, bare restic ${raw.toFixed(2)} s`);
      if (round === 0) continue;
      times.ours.push(took);
      times.bare.push(raw);
    }
    const [kept, raw] = [await bytesOf(join(folder, 'tier', site)), await bytesOf(bare)];
    say(`${states} states: ${(kept / 1e6).toFixed(1)} MB, bare restic ${(raw / 1e6).toFixed(1)} MB`);
    const size = `${amount.files.toLocaleString('en')} files, ${amount.bytes / 1e6} MB, 1 % changed`;
    return [
      {
        name: `next run of a tier, ${size} ÷ restic on the folder`,
        unit: 's',
        ours: median(times.ours),
        raw: median(times.bare),
        bound: { atMost: 1.2 },
      },
      {
        name: `${long ? '7 daily and 5 weekly states' : `${states} daily states`} in a tier ÷ one restic repository`,
        unit: 'MB',
        ours: kept / 1e6,
        raw: raw / 1e6,
        bound: { atMost: 1.3 },
      },
    ];
  },
};

/** A tier in a folder, and archives as the panel makes them: what did not change is carried over. */
async function keeper(folder: string, site: string) {
  const keys = { forKeeping: async () => password, forReading: async () => password };
  const address = tierAddress(`restic:${join(folder, 'tier')}`) as ResticAddress;
  const reach = { address, hostKey: undefined, privateKey: '', kilobytesPerSecond: undefined, patience: 600_000 };
  const tier = resticTier({ ...reach, keys, working: join(folder, 'working') });
  const archives = diskArchives(join(folder, 'archives'));
  let previous: { path: string } | undefined;
  return {
    async keep(at: number): Promise<number> {
      const id = newId(at);
      const key = `site/${id}.zip`;
      const staged = await archives.stage(key);
      const place = { storage: diskSite(join(folder, 'site')), siteName: 'site', target: staged.path, previous };
      const { bytes: size, sha256 } = await writeArchive({ ...place, at: Date.now(), zone: 'Asia/Seoul', signal });
      await staged.commit();
      const opened = await OpenBackup.of(archives, { key, size });
      const source = sourceOf(site, { id, dataAt: at, queuedAt: at, sha256 } as Backup, opened);
      try {
        return await seconds(() => tier.keep(source, signal));
      } finally {
        await opened.close();
        const before = previous?.path;
        previous = { path: opened.path };
        if (before) await rm(before);
      }
    },
  };
}

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return (performance.now() - begun) / 1000;
}

function resticIn(repository: string, words: readonly string[]) {
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: repository,
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: password,
  };
  // At the priority that the tier gives it, so that a busy machine is busy for both.
  return run('nice', ['-n', '10', 'restic', '--cache-dir', `${repository}.cache`, ...words], {
    env: environment,
    maxBuffer: 1e9,
  });
}

/** restic measures the machine when it makes a key: both repositories must have come to the same cost. */
async function likeKey(repository: string, other: string): Promise<void> {
  for (let tries = 0; tries < 12; tries += 1) {
    await rm(repository, { recursive: true, force: true });
    await resticIn(repository, ['init']);
    if ((await costOf(repository)) === (await costOf(other))) return;
  }
}

async function costOf(repository: string): Promise<string> {
  const [name = ''] = await readdir(join(repository, 'keys'));
  const { N, r, p } = JSON.parse(await readFile(join(repository, 'keys', name), 'utf8'));
  return `${N}.${r}.${p}`;
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, name));
    if (found.isFile()) bytes += found.size;
  }
  return bytes;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
