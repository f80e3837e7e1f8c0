// Looking into a large archive: one file of it, its page, a folder, what changed; and what that costs the process with pages in memory.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circumstances, Figure, Part } from './figure.ts';
import { median } from './load.ts';
import { residentMebibytes } from './program.ts';
import { film } from './upload.ts';
import { Visitor } from './visitor.ts';

export const browsePart: Part = { name: 'browse', measure };

const perFolder = 500;

async function measure({ long, folder, programs, say }: Circumstances): Promise<Figure[]> {
  const [files, films] = long ? [200_000, 5] : [5000, 1];
  const mebibytes = long ? 1024 : 32;
  const program = await programs.open(join(folder, 'browse'));
  try {
    const visitor = new Visitor(program);
    const site = await visitor.arrive('browse@example.com');
    for (let count = 0; count < films; count++) await visitor.upload(site, [film(`film-${count}.mp4`, mebibytes)]);
    const www = join(program.folder, 'data/sites', site, 'www');
    await scatter(www, files);
    say(`${files} files are there`);
    await visitor.backUp(site);
    await writeFile(join(www, 'new.txt'), 'new');
    const id = await visitor.backUp(site);
    await visitor.signIn('browse@example.com');
    const here = `/sites/${site}/backups/${id}`;
    const [one, middle] = [`f${Math.floor(files / perFolder / 2)}/n250.txt`, `f${Math.floor(files / perFolder / 2)}`];
    const time = async (path: string) => {
      const times: number[] = [];
      for (let round = 0; round < (long ? 7 : 3); round++) {
        const begun = performance.now();
        const { status } = await visitor.get(`${here}${path}`);
        if (status !== 200) throw new Error(`${path} was answered with ${status}`);
        times.push(performance.now() - begun);
      }
      say(`${path}: ${times.map((each) => each.toFixed(0)).join(', ')} ms`);
      return median(times);
    };
    const before = await residentMebibytes(program.pid);
    const size = `${long ? '5 GiB' : `${mebibytes} MiB`} with ${files.toLocaleString('en')} small files`;
    const figure = (what: string, ours: number, atMost: number): Figure => ({ name: what, unit: 'ms', ours, bound: { atMost } });
    const figures = [
      figure(`one file out of an archive of ${size}`, await time(`/file/www/${one}`), 300),
      figure('a folder of it, 200 of 500 entries', await time(`/browse/www/${middle}`), 300),
      figure(
        'the page of one file, with its SHA-256 from the manifest and its other day',
        await time(`/browse/www/${one}`),
        1500,
      ),
      figure('what changed between two such archives', await time('/changes'), 3000),
    ];
    const grown = Math.max(0, (await residentMebibytes(program.pid)) - before);
    say(`memory: ${before.toFixed(0)} MiB and ${grown.toFixed(0)} more`);
    return [
      ...figures,
      { name: 'memory that the process with pages took more for all of these', unit: 'MiB', ours: grown, bound: { atMost: 100 } },
    ];
  } finally {
    await program.stop();
  }
}

/** Small files in folders of five hundred, as an application that has run for years leaves them. */
async function scatter(www: string, files: number): Promise<void> {
  for (let folder = 0; folder * perFolder < files; folder++) {
    const path = join(www, `f${folder}`);
    await mkdir(path);
    await Promise.all(
      Array.from({ length: perFolder }, (_, at) => writeFile(join(path, `n${at}.txt`), `file ${folder} ${at}\n`)),
    );
  }
}
