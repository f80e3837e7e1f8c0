// The start of the program: how long until the first page, and what its two processes hold in memory when nothing happens.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Circumstances, Figure, Part } from './figure.ts';
import { median } from './load.ts';
import { residentMebibytes, workerOf } from './program.ts';

const idleMilliseconds = 5000;

export const startPart: Part = { name: 'start', measure };

async function measure({ long, folder, programs, say }: Circumstances): Promise<Figure[]> {
  const starts: { seconds: number; web: number; worker: number }[] = [];
  for (let round = 0; round < (long ? 5 : 1); round++) {
    // The first start finds an empty folder: database, documents and secret are made as well. Later ones find what was compiled.
    const program = await programs.open(join(folder, 'program'));
    try {
      await sleep(idleMilliseconds);
      const web = await residentMebibytes(program.pid);
      const worker = await residentMebibytes(await workerOf(program.pid));
      starts.push({ seconds: program.firstPageAfter / 1000, web, worker });
      say(`${(program.firstPageAfter / 1000).toFixed(2)} s, web ${web.toFixed(0)} MiB, worker ${worker.toFixed(0)} MiB`);
    } finally {
      await program.stop();
    }
  }
  const of = (name: 'web' | 'worker') => median(starts.map((start) => start[name]));
  return [
    {
      name: 'start to the first page, the slowest (the first makes the database)',
      unit: 's',
      ours: Math.max(...starts.map(({ seconds }) => seconds)),
      bound: { atMost: 2 },
    },
    { name: 'resident memory 5 s after the start: web', unit: 'MiB', ours: of('web'), bound: { atMost: 150 } },
    { name: 'resident memory 5 s after the start: worker', unit: 'MiB', ours: of('worker'), bound: { atMost: 120 } },
  ];
}
