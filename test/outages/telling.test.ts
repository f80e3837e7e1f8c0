// Letters about outages when something goes wrong in between, and a site that one outage reached twice: on a real panel's doors.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRules } from '../../src/orders/orders.ts';
import { Outages } from '../../src/outages/outages.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { day, hour } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';

const operator = { kind: 'operator' } as const;
const emails = ['one@example.com', 'two@example.com', 'three@example.com'] as const;
let house: TestPanel;
let visitors: Visitor[];
const sites: string[] = [];

beforeAll(async () => {
  house = await startPanel({ limitsScale: 1000 });
  visitors = emails.map(() => new Visitor(house));
  for (const [at, visitor] of visitors.entries()) sites.push(await visitor.arrive(emails[at] ?? '', { plan: 'tree' }));
  house.clock.advance(60 * day);
});
afterAll(() => house?.close());

const outagesWith = (parts: Partial<ConstructorParameters<typeof Outages>[0]>) => {
  const { doors } = house.panel;
  const ruleOf = readRules(packageFolder('views/documents/sla-rules.json'));
  return new Outages({ ...doors, timeZone: doors.choices.timeZone, ruleOf, ...parts });
};

/** Four hours that ended two days ago. */
const recorded = async () => {
  const startedAt = house.clock.now() - 2 * day - 4 * hour;
  const wish = { server: 'this-machine', startedAt, endedAt: startedAt + 4 * hour, restored: false, cause: 'a switch' };
  return (await house.panel.doors.outages.add(wish, operator)).id;
};

const lettersOf = async () => {
  const { db } = house.panel.doors.connection;
  const rows = await db.selectFrom('letters').select('customer_id').where('template', '=', 'outage-credit').execute();
  return rows.map(({ customer_id }) => customer_id).sort();
};
const toldAt = async (id: string) => {
  const { db } = house.panel.doors.connection;
  return (await db.selectFrom('outages').select('told_at').where('id', '=', id).executeTakeFirstOrThrow()).told_at;
};

test('one customer whose letter cannot be written keeps nobody else from theirs, and is tried again', async () => {
  const { doors } = house.panel;
  const customers = await Promise.all(sites.map(async (name) => (await doors.sites.byName(name)).customerId));
  const [poor = ''] = customers.toSorted();
  const accounts = {
    memberships: doors.accounts.memberships,
    owner: (customerId: string) =>
      customerId === poor ? Promise.reject(new Error('the key of this row is damaged')) : doors.accounts.owner(customerId),
  };
  const [first, second] = [await recorded(), await recorded()];
  const own = outagesWith({ accounts });
  expect(await own.tell(first)).toEqual({ letters: 2, failed: 1 });
  expect([(await lettersOf()).includes(poor), await toldAt(first)]).toEqual([false, null]);
  // Nor one outage another.
  await own.tellDue();
  expect((await lettersOf()).filter((one) => one !== poor)).toHaveLength(4);
  await doors.outages.tellDue();
  expect((await lettersOf()).filter((one) => one === poor)).toHaveLength(2);
  expect([await toldAt(first), await toldAt(second)]).toEqual([house.clock.now(), house.clock.now()]);
});

test('nobody is written to about an outage that was withdrawn meanwhile', async () => {
  const { doors } = house.panel;
  const id = await recorded();
  const before = await lettersOf();
  let withdrawn = false;
  // Asked after the sums were read, before the letter is written.
  const namesOf = async (customerId: string) => {
    if (!withdrawn) await doors.outages.withdraw(id, 'by mistake', operator);
    withdrawn = true;
    return doors.sites.namesOf(customerId);
  };
  const held = Object.assign(Object.create(doors.sites), { namesOf, servers: doors.sites.servers });
  expect(await outagesWith({ sites: held }).tell(id)).toEqual({ letters: 0, failed: 0 });
  expect(await lettersOf()).toEqual(before);
  const { db } = doors.connection;
  const told = await db
    .selectFrom('outage_sites')
    .selectAll()
    .where('outage_id', '=', id)
    .where('told_at', 'is not', null)
    .execute();
  expect([told, await toldAt(id)]).toEqual([[], null]);
});

test('a site that moved away and back during one outage has both stretches, each with its own end and notes', async () => {
  const { doors } = house.panel;
  const { connection } = doors;
  const [name = ''] = sites;
  const site = await doors.sites.byName(name);
  const startedAt = house.clock.now() - 30 * hour;
  const row = await connection.db.selectFrom('servers').selectAll().where('id', '=', site.serverId).executeTakeFirstOrThrow();
  const far = newId(house.clock.now());
  const move = (from: string, to: string, at: number) => ({
    ...{ id: newId(house.clock.now()), step: 'done' as const, site_id: site.id, customer_id: site.customerId },
    ...{ from_server_id: from, to_server_id: to, switched_at: at, seen_at: at, asked_at: at, step_at: at, ended_at: at },
    ...{ keep_days: 7, over_move_id: null, run_id: null, backup_id: null, sha256: null, fault: null, frozen_at: null },
    ...{ left_on_server_id: null, left_until: null, removed_at: null, pass: 1, files: 0, bytes: 0 },
  });
  await connection.write(async (tx) => {
    await tx
      .insertInto('servers')
      .values({ ...row, id: far, name: 'far' })
      .execute();
    const moves = [move(site.serverId, far, startedAt + 4 * hour), move(far, site.serverId, startedAt + 20 * hour)];
    await tx.insertInto('site_moves').values(moves).execute();
  });
  const wish = { server: 'this-machine', sites: [name], startedAt, endedAt: null, restored: false, cause: 'two stretches' };
  const { id } = await doors.outages.add(wish, operator);
  const excluded = { startedAt, endedAt: startedAt + hour, announcedAt: null, note: 'of the first stretch' };
  await doors.outages.exclude(id, { ...excluded, because: 'network' }, operator);
  const [found] = (await doors.outages.forCustomer(site.customerId, [site.id])).filter(({ siteId }) => siteId === site.id);
  const own = found?.facts
    .filter(({ outageId }) => outageId === id)
    .map((one) => [one.startedAt, one.endedAt, one.exclusions.length]);
  expect(own).toEqual([
    [startedAt, startedAt + 4 * hour, 1],
    [startedAt + 20 * hour, null, 0],
  ]);
  const [visitor] = visitors;
  await visitor?.logIn(emails[0]);
  const text = unescaped((await visitor?.get('/account/outages'))?.text ?? '');
  // The first is over: only the second lasts.
  expect(text.match(/아직 끝나지 않음/g)).toHaveLength(1);
  expect(text.match(/of the first stretch/g)).toHaveLength(1);
});
