// Uploads by FTP with everything that hangs on them (the log that is told and read, judging beside it), beside the same server with none of it.
import { execFile } from 'node:child_process';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Client } from 'basic-ftp';
import type { Circumstances, Figure, Part } from './figure.ts';
import { FtpHouse } from './ftp-house.ts';
import { inTurn, median } from './load.ts';
import { film } from './upload.ts';

export const ftpPart: Part = { name: 'ftp', measure };

async function measure({ long, folder, say }: Circumstances): Promise<Figure[]> {
  if (process.getuid?.() !== 0) {
    say('FTP is not measured: its server is started as root only');
    return [];
  }
  const house = await FtpHouse.open(folder);
  try {
    const large = await largeFiles(house, { mebibytes: long ? 1024 : 51, rounds: long ? 3 : 1 }, say);
    // Another count is for trying by hand.
    const smallFiles = Number(process.env.BENCH_FTP_FILES ?? (long ? 1000 : 50));
    const seconds = await judgedWithin(house, smallFiles);
    say(`${smallFiles} small files: the last was judged ${seconds.toFixed(1)} s after its arrival`);
    return [large, smallFigure(smallFiles, seconds)];
  } finally {
    await house.close();
    if (house.base !== folder) await rm(house.base, { recursive: true, force: true });
  }
}

const smallFigure = (count: number, ours: number): Figure => ({
  name: `${count.toLocaleString('en')} small files by FTP: each judged after its arrival within`,
  unit: 's',
  ours,
  bound: { atMost: 60 },
});

/** Two one after the other into an upload folder, where every byte is judged: the first is, while the second comes. */
async function largeFiles(
  house: FtpHouse,
  { mebibytes, rounds }: { mebibytes: number; rounds: number },
  say: (line: string) => void,
): Promise<Figure> {
  const [ours, bare] = [await house.client(), await house.bareClient()];
  const names = ['one.mp4', 'two.mp4'];
  const two = async (client: Client, home: string, judged: (folder: string) => Promise<unknown>) => {
    const folder = await house.folder();
    await promisify(execFile)('sync');
    const begun = performance.now();
    for (const name of names) await client.uploadFrom(Readable.from(film(name, mebibytes).pieces), `/${folder}/${name}`);
    const seconds = (performance.now() - begun) / 1000;
    await judged(folder);
    await rm(join(home, folder), { recursive: true });
    return seconds;
  };
  const pairs = await inTurn(
    rounds,
    () => two(ours, house.home, (folder) => house.untilJudged(folder, names.length)),
    () => two(bare, house.bareHome, async () => {}),
    ([one, other]) => say(`${one.toFixed(2)} s; the server alone: ${other.toFixed(2)} s`),
  );
  for (const client of [ours, bare]) client.close();
  return {
    name: `two uploads of ${mebibytes === 1024 ? '1 GiB' : `${mebibytes} MiB`} by FTP ÷ the same server without the panel`,
    unit: 's',
    ours: median(pairs.map(([one]) => one)),
    raw: median(pairs.map(([, other]) => other)),
    bound: { atMost: 1.2 },
  };
}

/** @returns how long after its arrival the last was judged, in seconds: by the times of the files themselves */
async function judgedWithin(house: FtpHouse, count: number): Promise<number> {
  const [folder, client] = [await house.folder(), await house.client()];
  for (let at = 0; at < count; at += 1)
    await client.uploadFrom(Readable.from([`a post, number ${at}\n`]), `/${folder}/${at}.txt`);
  client.close();
  const judged = await house.untilJudged(folder, count);
  let longest = 0;
  for (const { path, judgedAt } of judged) longest = Math.max(longest, judgedAt - (await stat(join(house.home, path))).ctimeMs);
  return longest / 1000;
}
