// Changed requests at the parsers of forms and of resumable uploads: none is a bug, and none leaves anything behind (the whole of it in test/faults).
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { fuzz } from './fuzzing.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20261123);

let house: TestPanel;
let owner: Visitor;
let site: string;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000, limits: { diskReserveBytes: 1, uploadsAtOnce: 100 } });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
});
afterAll(() => house?.close());

test(`500 changed requests (FUZZ_SEED=${seed}) are answered, and leave nothing in quarantine`, async () => {
  const { text, request } = await owner.get(`/sites/${site}/files/upload`);
  const csrf = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '';
  const cookie = String((request as unknown as { cookies?: string }).cookies ?? '');
  const { faults, statuses } = await fuzz({
    attacker: { origin: house.origin, site, cookie, csrf },
    seed,
    requests: Number(process.env.N ?? 500),
    atOnce: 4,
  });
  expect(faults).toEqual([]);
  // Most got past the door: a form that is refused for its token alone tries no parser.
  expect((statuses[200] ?? 0) + (statuses[303] ?? 0)).toBeGreaterThan(60);
  await expect.poll(() => house.panel.doors.files.unfinished.turns.size).toBe(0);
  await expect.poll(() => readdir(join(house.folder, 'quarantine'))).toEqual([]);
  // An upload whose beginning was acknowledged to nobody any more is open, until it expires.
  const { db } = house.panel.doors.connection;
  const open = async () => new Set((await db.selectFrom('unfinished_uploads').select('id').execute()).map(({ id }) => id));
  const strays = async () => {
    const ids = await open();
    return (await readdir(join(house.folder, 'unfinished')).catch(() => [])).filter((id) => !ids.has(id));
  };
  await expect.poll(strays).toEqual([]);
  expect((await open()).size).toBeLessThan(10);
  const upload = await owner.upload(site, [{ name: 'sound.txt', body: 'sound' }]);
  expect(upload.status).toBe(303);
});
