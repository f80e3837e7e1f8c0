// Thousands of changed requests at the parsers of forms and of resumable uploads of the real program: no bug, nothing left behind, memory flat.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { fuzz } from '../files/fuzzing.ts';
import { engines } from '../support/databases.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { longTest, seed, tell } from './seed.ts';

/** A twentieth of them runs in test/files/fuzz.http.test.ts, against a panel in the process of the test. */
const requests = 10_000;
const slices = 10;
/** What lives in the heap when all has been collected that is dead: the least of the second half of the slices against the first. */
const mostGrowthMebibytes = 32;
/** Resident memory also holds what V8 and the allocator keep for later; it stretches to some 500 MiB here and stays there. */
const mostResidentMebibytes = 640;

for (const { name: engine, missing } of engines)
  describe.skipIf(missing)(`${engine}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    longTest(`${requests} changed requests are answered without a bug, leave nothing behind and cost no memory`, () =>
      fuzzed(engine),
    );
  });

async function fuzzed(engine: House['engine']): Promise<void> {
  const house = await House.open({ engine });
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const { site, client } = customer;
    const { text } = await client.get(`/sites/${site}/files/upload`);
    const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
    const attacker = { origin: house.origin, site, csrf, cookie: client.cookiesFor('/') };
    const { pid } = house.program;
    const statuses: Record<string, number> = {};
    const faults: string[] = [];
    const heap: number[] = [];
    let resident = 0;
    for (let slice = 0; slice < slices; slice += 1) {
      const some = requests / slices;
      const report = await fuzz({ attacker, seed, from: slice * some, requests: some, atOnce: 3 });
      faults.push(...report.faults);
      for (const [what, count] of Object.entries(report.statuses)) statuses[what] = (statuses[what] ?? 0) + count;
      heap.push(await heapMebibytes(house.origin));
      resident = Math.max(resident, await residentMebibytes(pid));
    }
    const least = (some: readonly number[]) => Math.min(...some);
    const grown = least(heap.slice(slices / 2)) - least(heap.slice(0, slices / 2));
    const memory = {
      'heap after each slice, MiB': heap.map((one) => one.toFixed(0)).join(' '),
      'resident at most, MiB': resident.toFixed(0),
    };
    tell(`changed requests ${engine}`, { ...statuses, ...memory });

    expect(faults).toEqual([]);
    expect(house.program.pid).toBe(pid);
    const isEmpty = async () => (await readdir(join(house.folder, 'data/quarantine'))).length === 0;
    expect(await house.until(isEmpty, 30)).toBe(true);
    const open = new Map(
      (await house.rows('select id, bytes from unfinished_uploads where finished_at is null')).map(({ id, bytes }) => [
        id,
        bytes,
      ]),
    );
    const unfinished = await readdir(join(house.folder, 'data/unfinished'));
    expect(unfinished.filter((id) => !open.has(id))).toEqual([]);
    expect((await customer.upload([{ name: 'sound.txt', body: Buffer.from('sound') }], () => {})).status).toBe(303);
    expect(await readFile(join(house.folder, 'data/sites', site, 'www/sound.txt'), 'utf8')).toBe('sound');
    expect(house.bugs()).toEqual([]);
    expect(grown).toBeLessThan(mostGrowthMebibytes);
    expect(resident).toBeLessThan(mostResidentMebibytes);
  } finally {
    await house.close();
  }
}

async function residentMebibytes(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What V8 holds and what it holds outside of its heap, as the program tells Prometheus. */
async function heapMebibytes(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return (of('nodejs_heap_size_used_bytes') + of('nodejs_external_memory_bytes')) / 1024 ** 2;
}
