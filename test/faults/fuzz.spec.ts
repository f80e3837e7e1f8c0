// Thousands of changed requests at the parsers of forms and of resumable uploads of the real program: no bug, nothing left behind, memory flat.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fuzz } from '../files/fuzzing.ts';
import { Customer } from './customer.ts';
import { House } from './house.ts';
import { longTest, seed, tell } from './seed.ts';

/** A twentieth of them runs in test/files/fuzz.http.test.ts, against a panel in the process of the test. */
const requests = 10_000;
/** The first requests load what is loaded once and stretch the heap; from then on the process may grow by as much. */
const warmUp = requests * 0.4;
const mostGrowthMebibytes = 64;

longTest(`${requests} changed requests are answered without a bug, leave nothing behind and cost no memory`, async () => {
  const house = await House.open({ engine: 'sqlite' });
  try {
    await house.start();
    const customer = await new Customer(house, 'owner@example.com').arrive();
    const { site, client } = customer;
    const { text } = await client.get(`/sites/${site}/files/upload`);
    const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
    const attacker = { origin: house.origin, site, csrf, cookie: client.cookiesFor('/') };
    const { pid } = house.program;
    const first = await fuzz({ attacker, seed, requests: warmUp, atOnce: 3 });
    const before = await residentMebibytes(pid);
    const rest = await fuzz({ attacker, seed, from: warmUp, requests: requests - warmUp, atOnce: 3 });
    const grown = (await residentMebibytes(pid)) - before;
    const statuses: Record<string, number> = { ...first.statuses };
    for (const [what, count] of Object.entries(rest.statuses)) statuses[what] = (statuses[what] ?? 0) + count;
    tell('changed requests', { ...statuses, 'MiB after the warm-up': before.toFixed(0), 'MiB grown since': grown.toFixed(0) });

    expect([...first.faults, ...rest.faults]).toEqual([]);
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
  } finally {
    await house.close();
  }
});

async function residentMebibytes(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
