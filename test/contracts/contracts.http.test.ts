// Another site, another plan, an order placed by the operator: none of them exists without the consents it needs, or waiting for them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mostOrders } from '../../src/contracts/contracts.ts';
import { ordersCommand } from '../../src/order-commands.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const boxes = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1' };
let house: TestPanel;
let owner: Visitor;
let site: string;
beforeAll(async () => {
  house = await startPanel({ limitsScale: 100 });
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com', { plan: 'tree' });
});
afterAll(() => house.close());

const rows = (table: 'orders' | 'consents' | 'sites') =>
  house.panel.doors.connection.db.selectFrom(table).selectAll().orderBy('id').execute() as Promise<{ id: string }[]>;
const all = async () => [await rows('orders'), await rows('consents'), await rows('sites')];
const names = Object.keys(boxes);
const everySubset = Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_name, at) => (bits >> at) & 1));
const only = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '1']));
const orderOf = async (name: string) => (await house.panel.doors.sites.byName(name)).orderId;

describe('another site', () => {
  test('is refused with any subset of the boxes, each missing one named, and nothing is stored', async () => {
    const before = await all();
    const hidden = await owner.hidden('/account/orders/new');
    for (const subset of everySubset.filter((set) => set.length < 4)) {
      const { status, text } = await owner.send('/account/orders/new', {
        ...hidden,
        ...only(subset),
        plan: 'seed',
        _idem: `${subset}`,
      });
      const named = Object.keys(boxes).filter((box) => text.includes(`${box}-error`));
      expect([status, named]).toEqual([422, Object.keys(boxes).filter((box) => !subset.includes(box))]);
    }
    expect(await all()).toEqual(before);
  });

  test('is refused without a plan, and with a list of versions that is not the page’s', async () => {
    const before = await all();
    const hidden = await owner.hidden('/account/orders/new');
    const forged: Record<string, string> = { plan: 'seed', terms_versions: 'ko;terms=2026-11-22~x' };
    for (const changes of [{ plan: '' }, { plan: 'palace' }, forged]) {
      const { status } = await owner.send('/account/orders/new', {
        ...hidden,
        ...boxes,
        ...changes,
        _idem: JSON.stringify(changes),
      });
      expect([changes, status]).toEqual([changes, 422]);
    }
    expect(await all()).toEqual(before);
  });

  test('comes with an order, consents of its own and a copy by letter, once however often the form is sent', async () => {
    const letters = await house.letters();
    const hidden = await owner.hidden('/account/orders/new');
    const sent = await Promise.all([1, 2].map(() => owner.send('/account/orders/new', { ...hidden, ...boxes, plan: 'forest' })));
    expect(sent.map(({ status }) => status).filter((status) => status === 303).length).toBeGreaterThan(0);
    await house.work();
    const { orders, consent, sites } = house.panel.doors;
    const { customerId } = await sites.byName(site);
    const placed = (await orders.forCustomer(customerId)).find(({ plan }) => plan === 'forest');
    const given = await consent.forOrder(placed?.id ?? '');
    expect(given.map(({ item, agreed, page, document }) => [item, agreed, page, document])).toEqual([
      ['age_14', true, 'order', null],
      ['agree_terms', true, 'order', 'terms'],
      ['agree_backup', true, 'order', 'backup-service'],
      ['agree_sla', true, 'order', 'sla'],
    ]);
    const own = await sites.forCustomer(customerId);
    expect([own.length, own.find(({ orderId }) => orderId === placed?.id)?.quotaBytes]).toEqual([2, 100_000_000_000]);
    expect((await house.letters()).filter((letter) => !letters.includes(letter))).toHaveLength(1);
    expect((await owner.get('/account/orders')).text).toContain('숲');
  });
});

describe('another plan', () => {
  const page = async () => `/account/orders/${await orderOf(site)}/plan`;

  test('is refused without every consent, to the same plan, and to one that what is there does not fit into', async () => {
    const before = await all();
    const path = await page();
    const hidden = await owner.hidden(path);
    const { connection } = house.panel.doors;
    const use = (used_bytes: number) =>
      connection.write((tx) => tx.updateTable('sites').set({ used_bytes }).where('name', '=', site).execute());
    const send = (fields: Record<string, string>) => owner.send(path, { ...hidden, ...fields, _idem: JSON.stringify(fields) });
    expect((await send({ ...boxes, plan: 'forest', agree_backup: '' })).status).toBe(422);
    expect((await send({ ...boxes, plan: 'tree' })).text).toContain('지금 쓰시는 요금제입니다');
    await use(5_100_000_000);
    const full = await send({ ...boxes, plan: 'seed' });
    await use(0);
    expect([full.status, full.text.includes('5.1GB')]).toEqual([422, true]);
    expect(await all()).toEqual(before);
  });

  test('is another order with consents of its own; the site goes on under it with that one’s room', async () => {
    const before = await orderOf(site);
    expect((await owner.submit(await page(), { ...boxes, plan: 'forest' })).status).toBe(303);
    const { sites, orders, consent } = house.panel.doors;
    const now = await sites.byName(site);
    expect([now.orderId === before, now.quotaBytes]).toEqual([false, 100_000_000_000]);
    expect((await orders.byId(before)).endedAt).not.toBeNull();
    expect((await consent.forOrder(now.orderId)).map(({ document }) => document)).toContain('backup-service');
    expect((await consent.forOrder(before)).length).toBeGreaterThan(0);
    expect((await owner.get(`/account/orders/${before}/plan`)).status).toBe(404);
  });
});

describe('an order by the operator', () => {
  test('needs a reason, waits for the customer, and brings a site only once they have agreed', async () => {
    const { doors } = house.panel;
    await expect(ordersCommand(['place', '--site', site, '--plan', 'seed'], doors)).rejects.toThrow('--reason <why>');
    await expect(ordersCommand(['place', '--site', site, '--plan', 'palace', '--reason', 'x'], doors)).rejects.toMatchObject({
      fields: { plan: [{ key: 'orders.refused.unknownPlan' }] },
    });
    const sitesBefore = (await rows('sites')).map(({ id }) => id);
    expect(await ordersCommand(['place', '--site', site, '--plan', 'seed', '--reason', '전화로 신청'], doors)).toContain(
      'waits for the customer',
    );
    await house.work();
    expect((await rows('sites')).map(({ id }) => id)).toEqual(sitesBefore);
    expect((await house.letters()).at(-1)).toContain('/agree');
    // What they have already goes on.
    expect((await owner.get('/dashboard')).status).toBe(200);
    expect((await owner.get('/account/orders')).text).toContain('동의가 필요합니다');
    expect((await owner.submit(`/sites/${site}/files/www`, { name: 'meanwhile' }, `/sites/${site}/files/folder`)).status).toBe(
      303,
    );
    expect((await owner.submit('/agree', { ...boxes, agree_sla: '' })).status).toBe(422);
    expect((await rows('sites')).map(({ id }) => id)).toEqual(sitesBefore);
    expect((await owner.submit('/agree', boxes)).status).toBe(303);
    expect(await rows('sites')).toHaveLength(sitesBefore.length + 1);
  });
});

test('of orders that are placed at the same time none is one too many', async () => {
  const name = await new Visitor(house).arrive('many@example.com');
  const { contracts, sites } = house.panel.doors;
  const { customerId } = await sites.byName(name);
  const wish = { plan: 'seed', reason: 'many' };
  for (let count = 1; count < mostOrders - 2; count += 1) await contracts.placeFor(customerId, wish);
  const placed = await Promise.allSettled(Array.from({ length: 6 }, () => contracts.placeFor(customerId, wish)));
  expect(placed.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(await contracts.list(customerId)).toHaveLength(mostOrders);
});

test('a stranger’s order is not there', async () => {
  const stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(`/account/orders/${await orderOf(site)}/plan`)).status).toBe(404);
});
