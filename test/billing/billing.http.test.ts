// The company's billing over HTTP: orders that wait for consent, non-payment, payment and the end; who may, repeats, and what is refused.
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { billingCommand } from '../../src/billing-commands.ts';
import { day, minute } from '../../src/platform/clock.ts';
import { makeToken } from '../gates/alert-rows.ts';
import { routesOf } from '../gates/routes.ts';
import { heardLog } from '../support/heard-log.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

const email = 'owner@example.com';
const boxes = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1' };
const from = '203.0.113.9';
const heard = heardLog();
let house: TestPanel;
let owner: Visitor;
let site: string;
let customerId: string;
let token: string;
let keys = 0;

beforeAll(async () => {
  house = await startPanel({
    limitsScale: 100,
    limits: { apiByToken: { count: 2, windowMilliseconds: 15 * minute } },
    log: heard.log,
    trustProxy: 'loopback',
  });
  owner = new Visitor(house);
  site = await owner.arrive(email, { plan: 'tree' });
  customerId = (await house.panel.doors.sites.byName(site)).customerId;
  const { connection } = house.panel.doors;
  const named = { external_reference: 'K-1042' };
  await connection.write((tx) => tx.updateTable('customers').set(named).where('id', '=', customerId).execute());
  token = await made('--scope', 'orders:write', '--from', '203.0.113.0/24');
});
afterAll(() => house?.close());

const gotgan = (...args: string[]) => billingCommand(['token', ...args], house.panel.doors);
/** A second later than the one before, so that they have an order. */
const made = async (...args: string[]) => {
  house.clock.advance(1000);
  return (await gotgan('make', '--name', 'shop', ...args)).split('\n')[0] ?? '';
};

type Sending = { readonly key?: string | undefined; readonly with?: string; readonly from?: string };
const newKey = () => `wish-${++keys}-${customerId}`;
/** Sends one wish, under a key of its own unless one is given. */
function post(path: string, body: object = {}, { key = newKey(), with: by = token, from: at = from }: Sending = {}) {
  const asked = new Visitor(house).agent.post(`/api/v1/billing${path}`).set('X-Forwarded-For', at);
  if (by !== '') asked.set('Authorization', `Bearer ${by}`);
  if (key !== '') asked.set('Idempotency-Key', key);
  return asked.send(body);
}
const get = (path: string, by = token, at = from) =>
  new Visitor(house).agent.get(`/api/v1/billing${path}`).set('X-Forwarded-For', at).set('Authorization', `Bearer ${by}`);
const rows = async () => {
  const { db } = house.panel.doors.connection;
  const [orders, closures, customers] = await Promise.all([
    db.selectFrom('orders').selectAll().orderBy('id').execute(),
    db.selectFrom('closures').selectAll().orderBy('id').execute(),
    db.selectFrom('customers').selectAll().orderBy('id').execute(),
  ]);
  return JSON.stringify({ orders, closures, customers });
};
const wish = { customer: 'K-1042', plan: 'seed', reason: 'invoice 20931' };
const problem = 'application/problem+json';
const sitesNow = () => house.panel.doors.sites.forCustomer(customerId);

test('texts that no database holds, names of a prototype and numbers beyond all are answered as wrong, never as a fault of ours', async () => {
  const odd = ['a\u0000b', '\ud800', '__proto__', 'constructor', "' or 1=1 --", '../..', '1e400'];
  for (const customer of odd) {
    const answers = [
      await post('/orders', { ...wish, customer }),
      await get(`/customers/${encodeURIComponent(customer.toWellFormed())}`),
      await post(`/customers/${encodeURIComponent(customer.toWellFormed())}/non-payment`),
      await get(`/orders/${encodeURIComponent(customer.toWellFormed())}`),
      await post('/orders', { ...wish, plan: customer }),
      await post('/orders', { ...wish, customer: 'K-1042', plan: 'no such plan', reason: customer }),
    ];
    expect([customer, answers.map(({ status }) => status).filter((status) => ![400, 404, 409, 422].includes(status))]).toEqual([
      customer,
      [],
    ]);
  }
  const before = await rows();
  for (const days of [-1, 0.5, Number.MAX_VALUE, '0', null])
    expect((await post('/customers/K-1042/termination', { because: 'expired', reason: 'x', days })).status).toBe(422);
  expect(
    (await post('/customers/K-1042/termination', JSON.parse('{"because":"expired","reason":"x","__proto__":{"days":0}}'))).status,
  ).toBe(422);
  const refused = await post('/customers/K-1042/termination', { because: 'expired', reason: 'a\u0000b' });
  expect([refused.status, await rows()]).toEqual([422, before]);
});

describe('who may', () => {
  test('nobody without a token of the operator, and no token of a customer; nothing is stored', async () => {
    const customers = (await makeToken(house, site, email)).token;
    const before = await rows();
    for (const by of ['', 'gotgan_operator_x', `gotgan_operator_${'A'.repeat(43)}`, customers]) {
      const refused = await post('/orders', wish, { with: by });
      expect([refused.status, refused.type]).toEqual([401, problem]);
      expect(refused.headers['www-authenticate']).toMatch(/^Bearer realm="billing"/);
    }
    // Nor the other way round.
    const asked = await new Visitor(house).agent.get(`/api/v1/sites/${site}/backups`).set('Authorization', `Bearer ${token}`);
    expect(asked.status).toBe(401);
    expect(await rows()).toBe(before);
  });

  test('one that reads only reads, and says which scope is missing', async () => {
    const reads = await made('--scope', 'orders:read');
    expect((await get('/customers/K-1042', reads)).status).toBe(200);
    const before = await rows();
    for (const [path, body] of [
      ['/orders', wish],
      ['/customers/K-1042/non-payment', {}],
      ['/customers/K-1042/termination', { because: 'expired', reason: 'x' }],
    ] as const) {
      const refused = await post(path, body, { with: reads });
      expect([refused.status, refused.body.code]).toEqual([403, 'api.refused.scope']);
      expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope", scope="orders:write"');
    }
    expect(await rows()).toBe(before);
  });

  test('one works from its networks alone, until it is ended or its time is over', async () => {
    expect((await post('/orders', wish, { from: '198.51.100.7' })).body.code).toBe('error.elsewhere');
    const short = await made('--scope', 'orders:read', '--days', '1');
    const [line = ''] = (await gotgan('list')).split('\n');
    expect(line).toContain('from everywhere');
    expect((await get('/customers/K-1042', short)).status).toBe(200);
    expect(await gotgan('end', line.split(' ')[0] ?? '')).toBe('It has ended.');
    expect((await get('/customers/K-1042', short)).status).toBe(401);
    await expect(gotgan('end', line.split(' ')[0] ?? '')).rejects.toThrow('over already');
    const dies = await made('--scope', 'orders:read', '--days', '1');
    house.clock.advance(day + 1);
    expect((await get('/customers/K-1042', dies)).status).toBe(401);
    const stored = await house.panel.doors.connection.db.selectFrom('operator_tokens').selectAll().execute();
    expect([JSON.stringify(stored).includes(token), JSON.stringify(heard.lines()).includes(token)]).toEqual([false, false]);
  });

  test.each([
    [['--scope', 'orders:write', '--days', '0'], /--days/],
    [['--scope', 'everything'], /--scope is one of orders:read, orders:write/],
    [['--scope', 'orders:read', '--from', 'here'], /--from here/],
  ])('no token is made of %s', async (args, words) => {
    await expect(gotgan('make', '--name', 'shop', ...args)).rejects.toThrow(words);
    await expect(gotgan('make', '--name', ' ', '--scope', 'orders:read')).rejects.toThrow('--name');
  });
});

describe('an order', () => {
  let orderId: string;

  test('is refused with each field that is wrong, without a key, as no JSON, and for nobody; nothing is stored', async () => {
    const before = await rows();
    const wrong: [object, string[]][] = [
      [{}, ['customer', 'plan', 'reason']],
      [{ ...wish, reason: ' ' }, ['reason']],
      [{ ...wish, plan: 7 }, ['plan']],
      [{ ...wish, consent: true }, ['']],
      [{ ...wish, plan: 'palace' }, ['plan']],
    ];
    for (const [body, fields] of wrong) {
      const refused = await post('/orders', body);
      const told = (refused.body.errors as { field: string }[]).map(({ field }) => field);
      expect([refused.status, refused.type, told.sort()]).toEqual([422, problem, fields.sort()]);
    }
    expect((await post('/orders', wish, { key: '' })).body.code).toBe('api.refused.key');
    expect((await post('/orders', wish, { key: 'short' })).status).toBe(400);
    expect((await post('/orders', { ...wish, customer: 'K-9' })).status).toBe(404);
    const bare = () =>
      new Visitor(house).agent
        .post('/api/v1/billing/orders')
        .set({ 'X-Forwarded-For': from, Authorization: `Bearer ${token}`, 'Idempotency-Key': 'wish-bare' });
    expect((await bare().type('form').send('customer=K-1042')).status).toBe(415);
    expect((await bare().type('json').send('{"customer":')).status).toBe(400);
    expect(
      (
        await bare()
          .type('json')
          .send(JSON.stringify({ ...wish, reason: 'x'.repeat(20_000) }))
      ).status,
    ).toBe(413);
    expect(await rows()).toBe(before);
  });

  test('waits for the customer, once however often it is sent, and the same key with other words is refused', async () => {
    const key = newKey();
    const sent = await Promise.all([1, 2, 3].map(() => post('/orders', wish, { key })));
    const [first] = sent;
    expect(sent.map(({ status, body }) => [status, body])).toEqual(sent.map(() => [201, first?.body]));
    expect(first?.body).toMatchObject({
      customer: customerId,
      plan: 'seed',
      state: 'consent_pending',
      site: null,
      price_won: 4400,
    });
    orderId = first?.body.id;
    expect((await post('/orders', wish, { key })).body).toEqual(first?.body);
    const other = await post('/orders', { ...wish, plan: 'tree' }, { key });
    expect([other.status, other.body.code]).toEqual([422, 'api.refused.otherWords']);
    // Another token may have the same key for itself.
    const again = await made('--scope', 'orders:write');
    const theirs = await post('/orders', wish, { key, with: again });
    expect([theirs.status, theirs.body.id === orderId]).toEqual([201, false]);
    const { orders } = (await get('/customers/K-1042')).body;
    expect(orders.map(({ state }: { state: string }) => state)).toEqual(['open', 'consent_pending', 'consent_pending']);
    expect((await get(`/customers/${customerId}`)).body.orders).toEqual(orders);
    expect(await sitesNow()).toHaveLength(1);
  });

  test('opens a site once the customer has agreed, and is written down as the operator’s with the token', async () => {
    await owner.logIn(email);
    expect((await owner.submit('/agree', boxes)).status).toBe(303);
    expect((await get(`/orders/${orderId}`)).body).toMatchObject({ id: orderId, state: 'open' });
    expect((await get(`/orders/${orderId}`)).body.site).not.toBeNull();
    expect(await sitesNow()).toHaveLength(3);
    const { db } = house.panel.doors.connection;
    const acted = await db.selectFrom('audit').selectAll().where('action', '=', 'billing.acted').orderBy('id').execute();
    expect(acted.map(({ actor_kind, customer_id, details }) => [actor_kind, customer_id, JSON.parse(details).act])).toEqual([
      ['operator', customerId, 'place'],
      ['operator', customerId, 'place'],
    ]);
    expect((await get('/orders/019aaaaa-0000-7000-8000-000000000000')).status).toBe(404);
  });

  test('of another plan: the site goes on under it, only reading until the customer agrees, and gets no second one', async () => {
    const before = await house.panel.doors.sites.byName(site);
    const tooSmall = { used_bytes: 6_000_000_000 };
    const { connection } = house.panel.doors;
    const fill = (used: typeof tooSmall) =>
      connection.write((tx) => tx.updateTable('sites').set(used).where('id', '=', before.id).execute());
    await fill(tooSmall);
    expect((await post(`/orders/${before.orderId}/plan`, { plan: 'seed', reason: 'x' })).status).toBe(422);
    await fill({ used_bytes: before.usedBytes });
    const key = newKey();
    const changed = await post(`/orders/${before.orderId}/plan`, { plan: 'forest', reason: 'asked in the shop' }, { key });
    expect([changed.status, changed.body.state, changed.body.site]).toEqual([201, 'consent_pending', site]);
    expect((await post(`/orders/${before.orderId}/plan`, { plan: 'forest', reason: 'asked in the shop' }, { key })).body).toEqual(
      changed.body,
    );
    expect((await post(`/orders/${before.orderId}/plan`, { plan: 'seed', reason: 'x' })).body.code).toBe('orders.ended');
    expect((await house.panel.doors.sites.byName(site)).quotaBytes).toBe(100_000_000_000);
    await owner.logIn(email);
    const folder = () => owner.submit(`/sites/${site}/files/www`, { name: 'meanwhile' }, `/sites/${site}/files/folder`);
    expect((await owner.get(`/sites/${site}/backups`)).status).toBe(200);
    expect((await folder()).status).toBe(403);
    expect((await owner.submit('/agree', boxes)).status).toBe(303);
    expect((await folder()).status).toBe(303);
    expect(await sitesNow()).toHaveLength(3);
    expect((await get(`/orders/${changed.body.id}`)).body).toMatchObject({ state: 'open', site });
  });
});

describe('payment', () => {
  const restriction = () => house.panel.doors.accounts.restrictions;
  const act = (what: string, body: object = {}, sending: Sending = {}) => post(`/customers/K-1042/${what}`, body, sending);

  test('that is missing restricts, and that came lifts it; a late repeat does nothing', async () => {
    const key = newKey();
    const unpaid = await act('non-payment', {}, { key });
    expect([unpaid.status, unpaid.body]).toEqual([
      200,
      { id: customerId, reference: 'K-1042', state: 'restricted', because: 'unpaid', closes_at: null, erase_at: null },
    ]);
    expect((await act('non-payment')).body).toEqual(unpaid.body);
    expect((await act('payment')).body).toMatchObject({ state: 'open', because: null });
    expect((await act('non-payment', {}, { key })).body).toEqual(unpaid.body);
    expect(await restriction().of(customerId)).toBeUndefined();
    expect((await act('payment', { amount: 4400 })).status).toBe(422);
  });

  test('touches no restriction for another reason', async () => {
    await restriction().restrict(customerId, 'authority');
    const unpaid = await act('non-payment');
    expect([unpaid.status, unpaid.body.code]).toEqual([409, 'api.refused.restrictedOtherwise']);
    expect((await act('payment')).body).toMatchObject({ state: 'restricted', because: 'authority' });
    await restriction().lift(customerId);
  });

  test.each(['expired', 'unpaid'] as const)('undoes a termination because %s', async (because) => {
    const key = newKey();
    const body = { because, reason: 'contract 20931', days: 20 };
    const ended = await act('termination', body, { key });
    const eraseAt = new Date(house.clock.now() + 20 * day).toISOString();
    expect([ended.status, ended.body]).toEqual([
      200,
      { id: customerId, reference: 'K-1042', state: 'closed', because, closes_at: null, erase_at: eraseAt },
    ]);
    expect((await act('termination', body, { key })).body).toEqual(ended.body);
    for (const [path, more] of [
      ['/customers/K-1042/termination', body],
      ['/customers/K-1042/non-payment', {}],
      ['/orders', wish],
    ] as const)
      expect((await post(path, more)).body.code).toBe('termination.closedAlready');
    expect((await owner.get('/dashboard')).headers.location).toMatch(/^\/login/);
    expect((await get('/customers/K-1042')).body).toMatchObject({ state: 'closed', because, erase_at: eraseAt });
    expect((await act('payment')).body).toMatchObject({ state: 'open', because: null, erase_at: null });
    await owner.logIn(email);
    expect((await owner.get('/dashboard')).status).toBe(200);
  });

  test('does not undo what the customer wished, nor what has begun', async () => {
    const { termination, connection } = house.panel.doors;
    await termination.close(customerId, { because: 'operator', said: 'as asked' }, { kind: 'operator' });
    const refused = await act('payment');
    expect([refused.status, refused.body.code]).toEqual([409, 'api.refused.closedOtherwise']);
    await termination.reopen(customerId, { kind: 'operator' });
    expect((await act('termination', { because: 'unpaid', reason: 'x' })).status).toBe(200);
    const begun = { begun_at: house.clock.now() };
    await connection.write((tx) =>
      tx.updateTable('closures').set(begun).where('customer_id', '=', customerId).where('reopened_at', 'is', null).execute(),
    );
    expect((await act('payment')).status).toBe(410);
    expect((await act('termination', { because: 'moved', reason: 'x' })).status).toBe(422);
  });
});

test('the description is OpenAPI 3.1, has every address and no other, and answers are as it says', async () => {
  const { body, type } = await get('/openapi.json', '');
  expect([type, body.openapi, body.servers]).toEqual(['application/json', '3.1.0', [{ url: `${house.origin}/api/v1/billing` }]]);
  const written = Object.entries(body.paths as Record<string, object>).flatMap(([path, acts]) =>
    Object.keys(acts).map((method) => `${method.toUpperCase()} /api/v1/billing${path.replace('{name}', ':name')}`),
  );
  const built = routesOf(house.panel.app).filter(({ path }) => path.startsWith('/api/v1/billing/') && !path.endsWith('.json'));
  expect(written.sort()).toEqual(built.map(({ method, path }) => `${method} ${path}`).sort());
  const ajv = new Ajv2020({ strict: true, allErrors: true, strictSchema: false });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema({ $id: 'https://panel.example/billing', components: body.components });
  const fits = (name: string, value: unknown) =>
    ajv.validate({ $ref: `https://panel.example/billing#/components/schemas/${name}` }, value);
  const customer = (await get('/customers/K-1042')).body;
  expect([fits('CustomerWithOrders', customer), fits('Order', customer.orders[0])]).toEqual([true, true]);
  expect([fits('Problem', (await get('/customers/K-9')).body), fits('OrderWish', wish)]).toEqual([true, true]);
  expect([fits('Order', { ...customer.orders[0], more: 1 }), fits('OrderWish', { ...wish, plan: '' })]).toEqual([false, false]);
});

test('answers are forgotten after thirty days', async () => {
  const { billing, connection } = house.panel.doors;
  const left = async () => (await connection.db.selectFrom('billing_requests').selectAll().execute()).length;
  const [sweep] = billing.appointments();
  await sweep?.keep();
  expect(await left()).toBeGreaterThan(5);
  house.clock.advance(30 * day + minute);
  await sweep?.keep();
  expect(await left()).toBe(0);
});

test('who asks too often waits, and is told for how long', async () => {
  const own = await made('--scope', 'orders:read');
  const { counters, connection } = house.panel.doors;
  const newest = await connection.db.selectFrom('operator_tokens').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow();
  const most = house.panel.doors.choices.limits.apiByToken.count;
  const key = `billing:${newest.id}`;
  await counters.hit(key, 15 * minute);
  await connection.write((tx) => tx.updateTable('counters').set({ hits: most }).where('key', 'like', `%${key}%`).execute());
  const refused = await get('/customers/K-1042', own);
  expect([refused.status, refused.type, Number(refused.headers['retry-after']) > 60]).toEqual([429, problem, true]);
});
