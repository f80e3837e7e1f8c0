// Uploads by the plain form, beside bare multer on the same disk, and what they cost the web process in memory.
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circumstances, Figure, Part } from './figure.ts';
import { inTurn, median } from './load.ts';
import { residentMebibytes, startRaw, watchMemory } from './program.ts';
import { type Sent, sendForm } from './transfer.ts';
import { Visitor } from './visitor.ts';

const pieceBytes = 1024 * 1024;
/** What begins so is an MP4 file; the rest is noise, as in a film. */
const beginning = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypisom\0\0\x02\0isomiso2')]);

/** @returns a film of so many MiB; one piece of noise comes again and again, so that the sender's memory stays small */
export function film(name: string, mebibytes: number): Sent {
  const noise = randomBytes(pieceBytes);
  const first = Buffer.concat([beginning, noise.subarray(beginning.length)]);
  return { name, pieces: [first, ...Array.from({ length: mebibytes - 1 }, () => noise)] };
}

export const uploadPart: Part = { name: 'upload', measure };

async function measure(circumstances: Circumstances): Promise<Figure[]> {
  const { long, folder, programs, say } = circumstances;
  const mebibytes = long ? 1024 : 51;
  const program = await programs.open(join(folder, 'program'));
  const limitFolder = join(folder, 'raw');
  await mkdir(limitFolder);
  const limit = await startRaw('upload', [limitFolder]);
  try {
    const visitors = [new Visitor(program), new Visitor(program)] as const;
    const sites = [await visitors[0].arrive('first@example.com'), await visitors[1].arrive('second@example.com')] as const;
    // A new name each time: replacing would also count how long the system takes to forget the old file.
    let films = 0;
    const send = (who: 0 | 1) => visitors[who].upload(sites[who], [film(`film-${++films}.mp4`, mebibytes)]);
    // Once before counting: what is loaded at the first upload stays loaded.
    await send(0);
    await sendBare(limit.url, film('film.mp4', mebibytes));
    const before = await residentMebibytes(program.pid);
    const alone = watchMemory(program.pid);
    const pairs = await inTurn(
      long ? 3 : 1,
      () => send(0),
      () => sendBare(limit.url, film('film.mp4', mebibytes)),
      ([ours, bare]) => say(`${ours.toFixed(2)} s; bare multer: ${bare.toFixed(2)} s`),
    );
    const grownAlone = (await alone.end()) - before;
    const four = watchMemory(program.pid);
    await Promise.all([send(0), send(0), send(1), send(1)]);
    const grownByFour = (await four.end()) - before;
    return figures(mebibytes, pairs, grownAlone, grownByFour);
  } finally {
    await limit.stop();
    await program.stop();
  }
}

function figures(mebibytes: number, pairs: readonly (readonly [number, number])[], alone: number, four: number): Figure[] {
  const size = mebibytes === 1024 ? '1 GiB' : `${mebibytes} MiB`;
  return [
    {
      name: `upload of ${size} by form ÷ bare multer with fsync`,
      unit: 's',
      ours: median(pairs.map(([ours]) => ours)),
      raw: median(pairs.map(([, bare]) => bare)),
      bound: { atMost: 1.3 },
    },
    { name: `growth of the web process, one upload of ${size}`, unit: 'MiB', ours: alone, bound: { atMost: 128 } },
    { name: `growth of the web process, four uploads of ${size} at once`, unit: 'MiB', ours: four, bound: { atMost: 192 } },
  ];
}

async function sendBare(url: string, file: Sent): Promise<number> {
  const begun = performance.now();
  const { status } = await sendForm(`${url}/upload`, { headers: {}, fields: {}, files: [file] });
  if (status !== 200) throw new Error(`bare multer answered with ${status}`);
  return (performance.now() - begun) / 1000;
}
