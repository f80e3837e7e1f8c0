// Closing when what was paid is over: chosen by the customer, true in both lists of dates, taken back until then, told to billing (ux.md 2.14).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billingCommand } from '../../src/billing-commands.ts';
import { catalogues } from '../../src/messages/catalogue.ts';
import { day, minute } from '../../src/platform/clock.ts';
import { closingEvents } from '../../src/termination/events.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { customerIdOf, rounds } from './leavers.ts';

let house: TestPanel;
let token: string;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 100, eraseAfterDays: 14 });
  token =
    (await billingCommand(['token', 'make', '--name', 'shop', '--scope', 'orders:write'], house.panel.doors)).split('\n')[0] ??
    '';
});
afterAll(() => house?.close());

const iso = (at: number) => new Date(at).toISOString();
const path = (rest: string) => `/api/v1/billing${rest}`;
const ask = (rest: string) => new Visitor(house).agent.get(path(rest)).set('Authorization', `Bearer ${token}`);
let keys = 0;
const tell = (rest: string, body: object) =>
  new Visitor(house).agent
    .post(path(rest))
    .set({ Authorization: `Bearer ${token}`, 'Idempotency-Key': `payment-${++keys}` })
    .send(body);

/** 30,000 won for thirty days of which this is the tenth. */
async function pays(email: string): Promise<{ customerId: string; order: string; until: number }> {
  const customerId = await customerIdOf(house, email);
  const [order] = await house.panel.doors.orders.forCustomer(customerId);
  const midnight = Math.floor((house.clock.now() + 9 * 3_600_000) / day) * day - 9 * 3_600_000;
  const until = midnight + 21 * day;
  const answer = await tell(`/orders/${order?.id}/payment`, {
    ...{ from: iso(midnight - 9 * day), until: iso(until), amount_won: 30_000 },
  });
  expect([answer.status, answer.body.paid_until]).toEqual([200, iso(until)]);
  return { customerId, order: order?.id ?? '', until };
}
const events = async (since: number, customer: string) =>
  (await ask(`/closings?since=${iso(since)}`)).body.closings.filter((one: { customer: string }) => one.customer === customer);

describe.each(['ko', 'en'] as const)('in %s', (language) => {
  const t = (key: string) => String(catalogues[language][key]);
  const email = `later-${language}@example.com`;
  const timeOf = (at: number) =>
    new Intl.DateTimeFormat(language === 'ko' ? 'ko-KR' : 'en-GB', {
      ...{ dateStyle: 'long', timeZone: 'Asia/Seoul' },
    }).format(at);
  const months = / (January|February|March|April|August|September|October|November|December)/;
  /** Whoever closes now and whoever waits: nobody agrees to dates that were not shown. */
  const tellsBothErasures = (text: string) =>
    [house.clock.now(), paid.until].every((end) => text.includes(timeOf(end + 14 * day).replace(months, (m) => m.slice(0, 4))));
  let owner: Visitor;
  let paid: Awaited<ReturnType<typeof pays>>;
  let begun: number;

  beforeAll(async () => {
    owner = new Visitor(house, language);
    await owner.arrive(email);
    begun = house.clock.now();
  });

  test('where nobody has said what is paid there is no choice, and no amount', async () => {
    const { text } = await owner.get('/account/close');
    expect(text).not.toContain('name="when"');
    expect(text).toContain(t('termination.money.unknown').split('{')[0]);
  });

  test('with a paid time both ways are shown with their own dates and with what is left, and neither is chosen', async () => {
    paid = await pays(email);
    const { text } = await owner.get('/account/close');
    expect(text.match(/name="when"/g)).toHaveLength(2);
    expect(text).not.toMatch(/ checked/);
    for (const shown of [language === 'ko' ? '20,000원' : '₩20,000', '>20<']) expect(text).toContain(shown);
    expect(text).toSatisfy(tellsBothErasures);
    const answer = await owner.submit('/account/close', { confirm: '1', when: '' });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('id="when-error"');
    expect(await house.panel.doors.termination.of(paid.customerId)).toBeUndefined();
  });

  test('later: nothing changes but a letter, a line for billing and the page, and it is taken back by one button', async () => {
    const answer = await owner.submit('/account/close', { confirm: '1', when: 'later', reason: 'moving' });
    expect([answer.status, answer.headers.location]).toEqual([303, owner.path('/account/close')]);
    const { text } = await owner.get('/account/close');
    expect(text).toContain(t('termination.withdrawal.submit'));
    expect(text).not.toContain('name="when"');
    expect(text).toSatisfy(tellsBothErasures);
    expect((await owner.get('/dashboard')).status).toBe(200);
    await house.work();
    expect((await house.letters()).filter((one) => one.includes(`To: ${email}`) && one.includes('/account/close'))).toHaveLength(
      1,
    );
    expect((await ask(`/customers/${paid.customerId}`)).body).toMatchObject({ state: 'open', closes_at: iso(paid.until) });
    expect((await owner.submit('/account/close', {}, '/account/close/withdrawal')).status).toBe(303);
    expect((await ask(`/customers/${paid.customerId}`)).body.closes_at).toBeNull();
    expect((await events(begun, paid.customerId)).map(({ what }: { what: string }) => what)).toEqual(['asked', 'withdrawn']);
    expect((await owner.get('/account/history')).text).toContain(t('people.act.termination.withdrawn'));
  });

  test('asked again, it is closed at that moment and not before, and billing is told with no day left', async () => {
    await owner.submit('/account/close', { confirm: '1', when: 'later' });
    // Who pays on meanwhile does not move the day that was told.
    await tell(`/orders/${paid.order}/payment`, {
      from: iso(paid.until - 30 * day),
      until: iso(paid.until + 5 * day),
      amount_won: 35_000,
    });
    const { termination } = house.panel.doors;
    house.clock.advance(paid.until - house.clock.now() - minute);
    await house.work();
    expect(await termination.of(paid.customerId)).toBeUndefined();
    await rounds(house, 2);
    const closure = await termination.of(paid.customerId);
    expect([closure?.because, (closure?.eraseAt ?? 0) - (closure?.closedAt ?? 0)]).toEqual(['customer', 14 * day]);
    expect((await owner.get('/dashboard')).status).toBe(303);
    const closed = (await events(begun, paid.customerId)).at(-1);
    expect(closed).toMatchObject({ what: 'closed', because: 'customer', erase_at: iso(closure?.eraseAt ?? 0) });
    expect(closed.orders).toEqual([expect.objectContaining({ id: paid.order, unused_days: 4 })]);
    await new Visitor(house).submit(await owner.linkFor(email, '/account/reopen/'), {});
    expect((await events(begun, paid.customerId)).at(-1)).toMatchObject({ what: 'reopened' });
    expect(await termination.wishes.of(paid.customerId)).toBeUndefined();
  });

  test('closed now, billing is told the share that the page showed', async () => {
    const back = new Visitor(house, language);
    await back.logIn(email);
    paid = await pays(email);
    const answer = await back.submit('/account/close', { confirm: '1', when: 'now' });
    expect(answer.headers.location).toBe(back.path('/account/closed'));
    const closed = (await events(begun, paid.customerId)).at(-1);
    expect(closed.orders).toEqual([
      { id: paid.order, plan: 'seed', paid_until: iso(paid.until), unused_days: 20, unused_won: 20_000 },
    ]);
  });
});

test('a time that ends before it begins, a moment that is none and an order that has ended are refused', async () => {
  await new Visitor(house).arrive('brief@example.com');
  const [order] = await house.panel.doors.orders.forCustomer(await customerIdOf(house, 'brief@example.com'));
  const [now, then] = [iso(house.clock.now()), iso(house.clock.now() + day)];
  expect((await tell(`/orders/${order?.id}/payment`, { from: then, until: now, amount_won: 1 })).status).toBe(422);
  expect((await tell(`/orders/${order?.id}/payment`, { from: now, until: then, amount_won: -1 })).status).toBe(422);
  expect((await ask('/closings?since=yesterday')).status).toBe(422);
  expect((await ask('/closings')).status).toBe(422);
  const { connection, orders } = house.panel.doors;
  await connection.write((tx) => orders.end(tx, order?.id ?? '', { actor: { kind: 'operator' }, reason: 'a test' }));
  expect((await tell(`/orders/${order?.id}/payment`, { from: now, until: then, amount_won: 1 })).status).toBe(409);
});

test('whoever asks on since the last line misses none, however long ago what ends now was asked for', async () => {
  const { connection } = house.panel.doors;
  const begun = house.clock.now() + 1000 * day;
  const wish = (id: string, asked: number, withdrawn: number | null) => ({
    ...{ id, customer_id: `of ${id}`, actor_person_id: null, said_sealed: null, asked_at: begun + asked, close_at: begun + day },
    ...{ ended_at: withdrawn && begun + withdrawn, outcome: withdrawn === null ? null : ('withdrawn' as const) },
  });
  const wishes = [wish('a', 1, 100), wish('b', 2, 50), wish('c', 60, null), wish('d', 61, 62)];
  await connection.write((tx) => tx.insertInto('closing_wishes').values(wishes).execute());
  const told: string[] = [];
  for (let since = begun + 40, at = -1; at !== since; ) {
    at = since;
    for (const event of await closingEvents(connection, since, 2)) {
      told.push(`${event.id} ${event.what}`);
      since = event.at;
    }
  }
  expect([...new Set(told)]).toEqual(['b withdrawn', 'c asked', 'd asked', 'd withdrawn', 'a withdrawn']);
});
