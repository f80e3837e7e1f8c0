// Plans and orders: no order without its consents, in the variant of the backup notice that fits the plan (KHADA 8.1–8.3).
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answersOf } from '../../src/accounts/sign-up-page.ts';
import { systemActor } from '../../src/audit/audit.ts';
import { type Doors, openDoors, rows } from '../accounts/doors.ts';

let doors: Doors;
beforeEach(async () => {
  doors = await openDoors();
});
afterEach(() => doors.close());

const all = { age_14: true, agree_terms: true, agree_backup: true, agree_sla: true };
const place = (plan: string, ticked: object = all) =>
  doors.connection.write((tx) =>
    doors.orders.place(tx, {
      customerId: 'c',
      actor: { kind: 'person', personId: 'p' },
      plan,
      language: 'ko',
      items: answersOf(doors.wordsIn('ko'), ticked),
    }),
  );

describe('plans', () => {
  it('are three samples at first, each published with the compensation rules in force', async () => {
    await doors.orders.seedPlans();
    const plans = await doors.orders.plans();
    expect(
      plans.map(({ slug, backupVariant, availabilityPercent, slaVersion }) => [
        slug,
        backupVariant,
        availabilityPercent,
        slaVersion,
      ]),
    ).toEqual([
      ['seed', 'none', 99.5, '2026-11-22'],
      ['tree', 'none', 99.5, '2026-11-22'],
      ['forest', 'separate', 99.9, '2026-11-22'],
    ]);
  });

  it('that are closed can be looked at but not ordered', async () => {
    await doors.orders.closePlan('seed', systemActor);
    expect((await doors.orders.plans()).map(({ slug }) => slug)).toEqual(['tree', 'forest']);
    expect((await doors.orders.plan('seed')).closedAt).toBe(doors.clock.now());
    await expect(place('seed')).rejects.toMatchObject({ fields: { plan: [{ key: 'orders.refused.closedPlan' }] } });
    await doors.orders.reopenPlan('seed', systemActor);
    expect(await place('seed')).toMatchObject({ plan: 'seed' });
  });

  it('answer 404 where there is none of that name', async () => {
    await expect(doors.orders.plan('palace')).rejects.toMatchObject({ status: 404 });
    await expect(doors.orders.closePlan('palace', systemActor)).rejects.toMatchObject({ status: 404 });
  });
});

describe('an order', () => {
  it('keeps what the plan promised when it was placed', async () => {
    const order = await place('tree');
    expect(order).toMatchObject({
      customerId: 'c',
      plan: 'tree',
      priceWon: 11_000,
      storageBytes: 20_000_000_000,
      manualBackups: 3,
      backupVariant: 'none',
    });
    expect(order.consentedAt).toBe(doors.clock.now());
    expect(await doors.orders.byId(order.id)).toEqual(order);
    expect(await doors.orders.forCustomer('c')).toEqual([order]);
    expect(await doors.orders.forCustomer('another')).toEqual([]);
  });

  it.each([
    ['tree', 'backup'],
    ['forest', 'backup-service'],
  ])('of %s is agreed with the notice "%s"', async (plan, document) => {
    const order = await place(plan);
    const given = await doors.consent.forOrder(order.id);
    expect(given.find(({ item }) => item === 'agree_backup')).toMatchObject({
      document,
      agreed: true,
      required: true,
      wording: '(필수) 백업 책임 안내를 읽었고 동의합니다',
    });
    expect(given.map(({ item, agreed }) => [item, agreed])).toEqual([
      ['age_14', true],
      ['agree_terms', true],
      ['agree_backup', true],
      ['agree_sla', true],
      ['marketing_use', false],
      ['ads_email', false],
      ['ads_sms', false],
      ['ads_night', false],
    ]);
  });

  it.each(Object.keys(all))('does not exist without %s', async (item) => {
    await expect(place('tree', { ...all, [item]: false })).rejects.toMatchObject({
      status: 422,
      fields: { [item]: [{ key: `consent.missing.${item}` }] },
    });
    expect([await rows(doors, 'orders'), await rows(doors, 'consents')]).toEqual([0, 0]);
  });
});
