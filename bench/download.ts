// The download of an archive, beside the same file in pieces of 1 MiB from bare node:http; and in parts beside nginx.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, median } from './load.ts';
import { quickHashes, type Running, startProgram, startRaw } from './program.ts';
import { type Archive, accelAddress, rangeFigure } from './ranges.ts';
import { receive } from './transfer.ts';
import { film } from './upload.ts';
import { Visitor } from './visitor.ts';

export const downloadPart: Part = { name: 'download', measure };

const email = 'download@example.com';

/** One archive for all ways: the program is started anew on it for the way through nginx. */
async function measure(circumstances: Circumstances): Promise<Figure[]> {
  const mebibytes = circumstances.long ? 1024 : 51;
  const place = join(circumstances.folder, 'program');
  const figures: Figure[] = [];
  let archive: Archive | undefined;
  for (const isFront of [false, true]) {
    const program = await startProgram(place, { ...quickHashes, ...(isFront && { ACCEL_ARCHIVES: accelAddress }) });
    try {
      const visitor = new Visitor(program);
      archive ??= await oneBackup(visitor, join(place, 'data/archives'), mebibytes);
      await visitor.signIn(email);
      const asked = { ...circumstances, rounds: circumstances.long ? 5 : 3, program, visitor, archive };
      if (!isFront) figures.push(await wholeFigure(asked));
      figures.push(await rangeFigure({ ...asked, isFront }));
    } finally {
      await program.stop();
    }
  }
  return figures;
}

type Asked = Circumstances & { readonly rounds: number; readonly program: Running; readonly visitor: Visitor };

async function wholeFigure({ rounds, say, program, visitor, archive }: Asked & { archive: Archive }): Promise<Figure> {
  const { path, size, site, id, words } = archive;
  const limit = await startRaw('download', [path, String(size)]);
  const whole = async (url: string, headers: Record<string, string>) => {
    const { bytes, seconds } = await receive(url, headers);
    if (bytes !== size) throw new Error(`${bytes} of ${size} bytes came from ${url}`);
    return seconds;
  };
  const pairs = await inTurn(
    rounds,
    () => whole(`${program.url}/sites/${site}/backups/${id}/download`, visitor.headers),
    () => whole(`${limit.url}/`, {}),
    ([ours, bare]) => say(`${ours.toFixed(2)} s; bare: ${bare.toFixed(2)} s`),
  ).finally(limit.stop);
  const name = `download of an archive of ${words} ÷ createReadStream (1 MiB) piped by bare node:http`;
  const of = (at: 0 | 1) => median(pairs.map((pair) => pair[at]));
  return { name, unit: 's', ours: of(0), raw: of(1), bound: { atMost: 1.3 } };
}

async function oneBackup(visitor: Visitor, archives: string, mebibytes: number): Promise<Archive> {
  const site = await visitor.arrive(email);
  await visitor.upload(site, [film('film.mp4', mebibytes)]);
  const id = await visitor.backUp(site);
  const path = await onlyArchive(join(archives, site));
  const { size } = await stat(path);
  return { site, id, path, size, words: mebibytes === 1024 ? '1 GiB' : `${mebibytes} MiB` };
}

async function onlyArchive(folder: string): Promise<string> {
  const [name, ...others] = (await readdir(folder)).filter((one) => one.endsWith('.zip'));
  if (!name || others.length > 0) throw new Error(`there is not one archive in ${folder}`);
  return join(folder, name);
}
