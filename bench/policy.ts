// The upload policy on one core: large media with and without hashing, and very many small files.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { text } from './backup/files.ts';
import type { Circumstances, Figure, Part } from './figure.ts';
import type { Judging, Took } from './files/judge-worker.ts';
import { median } from './load.ts';
import { film } from './upload.ts';

export const policyPart: Part = { name: 'policy', measure };

const smallBytes = 4096;
/** The beginning of a JPEG file with the size that it claims: 16 by 16 pixels. */
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080010001001011100', 'hex');

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const films = await layFilms(folder, long ? { count: 4, mebibytes: 512 } : { count: 4, mebibytes: 32 });
  const small = await laySmall(folder, long ? 20_000 : 2000);
  const megabytes = films.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const rounds = long ? 5 : 2;
  const rates: Record<'bare' | 'hashed' | 'small', number[]> = { bare: [], hashed: [], small: [] };
  for (let round = 0; round < rounds; round += 1) {
    rates.bare.push(megabytes / (await judged({ files: films, isHashed: false })).processorSeconds);
    rates.hashed.push(megabytes / (await judged({ files: films, isHashed: true })).processorSeconds);
    rates.small.push(small.length / (await judged({ files: small, isHashed: false })).seconds);
    const last = Object.values(rates).map((each) => each.at(-1)?.toFixed(0));
    say(`films ${last[0]} MB a second of one core, hashed ${last[1]} MB, small files ${last[2]}/s`);
  }
  const amount = `${megabytes.toFixed(0)} MB of films and photographs`;
  const figure = (name: string, unit: string, values: readonly number[], atLeast: number): Figure => ({
    ...{ name, unit, ours: median(values), bound: { atLeast } },
  });
  return [
    figure(`policy over ${amount}, a second of one core`, 'MB', rates.bare, 500),
    figure(`policy and SHA-256 over the same in a worker thread, a second of one core`, 'MB', rates.hashed, 120),
    figure(`policy over ${small.length.toLocaleString('en')} files of 4 KiB, one after the other`, '1/s', rates.small, 2000),
  ];
}

/** Noise as of a film, half of it with the beginning of a photograph; it stands in the page cache when it is judged. */
async function layFilms(folder: string, { count, mebibytes }: { count: number; mebibytes: number }): Promise<Judging['files']> {
  const files: { path: string; bytes: number }[] = [];
  for (let at = 0; at < count; at += 1) {
    const { pieces } = film('film.mp4', mebibytes);
    const [first = Buffer.alloc(0), ...rest] = pieces;
    const isPhoto = at % 2 === 1;
    if (isPhoto) jpeg.copy(first);
    const path = join(folder, isPhoto ? `photo-${at}.jpg` : `film-${at}.mp4`);
    await writeFile(path, [first, ...rest]);
    files.push({ path, bytes: mebibytes * 1024 * 1024 });
  }
  return files;
}

/** What a board brings: texts, pages, styles and small pictures. */
async function laySmall(folder: string, count: number): Promise<Judging['files']> {
  await mkdir(join(folder, 'small'));
  const words = text(count + smallBytes, 3);
  const files: { path: string; bytes: number }[] = [];
  for (let at = 0; at < count; at += 1) {
    const kind = ['txt', 'html', 'css', 'jpg'][at % 4] ?? 'txt';
    const path = join(folder, 'small', `${at}.${kind}`);
    const content = Buffer.from(words.subarray(at, at + smallBytes));
    if (kind === 'jpg') jpeg.copy(content);
    await writeFile(path, content);
    files.push({ path, bytes: smallBytes });
  }
  return files;
}

/** @returns what a thread of its own took, from the first file to the last, once its program is loaded */
function judged(workerDataOf: Judging): Promise<Took> {
  const worker = new Worker(new URL('./files/judge-worker.ts', import.meta.url), { workerData: workerDataOf });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that judges ended with ${code}`)));
  });
}
