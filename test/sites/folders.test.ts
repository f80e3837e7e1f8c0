// Upload folders of a site: how many there may be, also when several are marked at once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let name: string;

beforeAll(async () => {
  house = await startPanel();
  name = await new Visitor(house).arrive('owner@example.com');
});
afterAll(() => house?.close());

test('of ten folders that are marked at once where one more may be, one is, and the others are refused by their number', async () => {
  const { sites, connection, clock } = house.panel.doors;
  const site = await sites.byName(name);
  const marked_at = clock.now();
  const before = Array.from({ length: 99 }, (_, at) => ({
    site_id: site.id,
    path: `www/${at}`,
    kind: 'upload' as const,
    marked_at,
    program: null,
  }));
  await connection.write((tx) => tx.insertInto('site_folders').values(before).execute());
  const ends = await Promise.allSettled(Array.from({ length: 10 }, (_, at) => sites.folders.mark(site, ['www', `new-${at}`])));
  expect(ends.filter((end) => end.status === 'fulfilled' && end.value)).toHaveLength(1);
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  expect(refused).toHaveLength(9);
  for (const error of refused) expect(error).toMatchObject({ fields: { path: [{ key: 'incoming.foldersMany' }] } });
  expect(await sites.folders.list(site)).toHaveLength(100);
});
