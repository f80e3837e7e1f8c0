// Every door of a suspended site, also where one of them cannot be reached.
import { afterAll, expect, test } from 'vitest';
import type { Doors } from '../../src/panel.ts';
import { enforce } from '../../src/suspension.ts';
import { startPanel, Visitor } from '../support/panel.ts';

const house = await startPanel();
afterAll(() => house.close());

test('one door that does not answer keeps no other open, and the site is come back to', async () => {
  const name = await new Visitor(house).arrive('unpaid@example.com');
  const { doors } = house.panel;
  const site = await doors.sites.byName(name);
  await doors.sites.suspend(site, { kind: 'operator' }, 'unpaid');
  const shut: string[] = [];
  const elsewhere = {
    ...doors,
    ssh: { grants: { write: () => Promise.reject(new Error('its server is silent')) } },
    databases: { suspend: async () => void shut.push('databases') },
    ftp: { suspended: async () => void shut.push('ftp') },
  } as unknown as Doors;
  await expect(enforce(site.id, elsewhere)).rejects.toThrow('its server is silent');
  expect(shut.sort()).toEqual(['databases', 'ftp']);
  expect((await doors.sites.servers.inTrouble()).map(({ site: one, fault }) => [one, fault])).toEqual([
    [name, 'its server is silent'],
  ]);
  await enforce(site.id, doors);
  expect(await doors.sites.servers.inTrouble()).toEqual([]);
});
