// The download of an archive, beside the same file in pieces of 1 MiB from bare node:http; and in parts beside nginx.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, median } from './load.ts';
import { startProgram, startRaw } from './program.ts';
import { rangeFigures } from './ranges.ts';
import { receive } from './transfer.ts';
import { film } from './upload.ts';
import { Visitor } from './visitor.ts';

export const downloadPart: Part = { name: 'download', measure };

async function measure(circumstances: Circumstances): Promise<Figure[]> {
  return [...(await wholeFigures(circumstances)), ...(await rangeFigures(circumstances))];
}

async function wholeFigures({ long, folder, say }: Circumstances): Promise<Figure[]> {
  const mebibytes = long ? 1024 : 102;
  const program = await startProgram(join(folder, 'program'));
  try {
    const visitor = new Visitor(program);
    const site = await visitor.arrive('download@example.com');
    await visitor.upload(site, [film('film.mp4', mebibytes)]);
    const id = await visitor.backUp(site);
    await visitor.signIn('download@example.com');
    const archive = await onlyArchive(join(program.folder, 'data/archives', site));
    const { size } = await stat(archive);
    const limit = await startRaw('download', [archive, String(size)]);
    const whole = async (url: string, headers: Record<string, string>) => {
      const { bytes, seconds } = await receive(url, headers);
      if (bytes !== size) throw new Error(`${bytes} of ${size} bytes came from ${url}`);
      return seconds;
    };
    const pairs = await inTurn(
      5,
      () => whole(`${program.url}/sites/${site}/backups/${id}/download`, visitor.headers),
      () => whole(`${limit.url}/`, {}),
      ([ours, bare]) => say(`${ours.toFixed(2)} s; bare: ${bare.toFixed(2)} s`),
    ).finally(limit.stop);
    const name = `download of an archive of ${long ? '1 GiB' : `${mebibytes} MiB`} ÷ createReadStream (1 MiB) piped by bare node:http`;
    const of = (at: 0 | 1) => median(pairs.map((pair) => pair[at]));
    return [{ name, unit: 's', ours: of(0), raw: of(1), bound: { atMost: 1.3 } }];
  } finally {
    await program.stop();
  }
}

async function onlyArchive(folder: string): Promise<string> {
  const [name, ...others] = (await readdir(folder)).filter((one) => one.endsWith('.zip'));
  if (!name || others.length > 0) throw new Error(`there is not one archive in ${folder}`);
  return join(folder, name);
}
