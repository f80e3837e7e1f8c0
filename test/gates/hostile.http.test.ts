// Every form with what no form sends, and every address only looked at: nothing is a bug, and looking changes nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { testEngine } from '../support/databases.ts';
import { closeHosted, hostDatabases } from '../support/hosted-databases.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { answered, sendForm, tokenOf } from './asking.ts';
import { entranceOf, entrances, isClosed, pathOf, valuesFor } from './entrances.ts';
import { fingerprint } from './fingerprint.ts';
import { type Household, household } from './household.ts';
import { filled } from './routes.ts';

let house: TestPanel;
let owner: Household;

beforeAll(async () => {
  house = await startPanel({ limitsScale: 10_000 });
  await hostDatabases(house, ['mariadb']);
  owner = await household(house, 'owner@example.com');
});
afterAll(() => house && closeHosted(house));

const names = Object.keys(entrances);
const addressOf = (name: string) => filled(pathOf(name), { ...valuesFor(pathOf(name), owner, {}), token: 'nothing' });

const values: Readonly<Record<string, string | string[]>> = {
  nothing: '',
  'a list': ['one', 'two'],
  'a list of one': ['one'],
  'a long text': 'x'.repeat(5000),
  'NUL and controls': 'a\u0000b\u0007\r\nSet-Cookie: x=1',
  'half a pair': 'a\ud800b',
  markup: '"><script>alert(1)</script>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant for a template that takes it
  template: '<%= 7919*7907 %>${7919*7907}',
  sql: "' OR '1'='1'; DROP TABLE persons; --",
  format: '%s%j%o%d',
  number: '1e309',
  'a path': '../../../etc/passwd',
  prototype: '__proto__',
};
/** Each may be refused before any field is looked at, and another database could take them otherwise: one field at a time. */
const ofBodies = ['NUL and controls', 'half a pair', 'a long text'];
/** To every database they are texts, or never come so far: in all fields at once, by turns. */
const ofFields = Object.keys(values).filter((what) => !ofBodies.includes(what) && (testEngine === 'sqlite' || what === 'number'));

type Hostile = Readonly<Record<string, string | string[]>>;

/** What pages of a session fill in: a way back, a device, a factor. No other handler looks at them. */
const filledIn = ['session', 'passkey', 'code', 'recovery', 'next'];
const looksAtThem = (name: string) => /^\/(account|confirm|login|password|theme|verify)\b/.test(pathOf(name));
/**
 * What scripts send travels in a header, which has no room for several long texts. The ends of an account and of all its sessions look
 * at their own fields alone, and somebody new for each of the others would take longer than all that is sent.
 */
const oneByOne = (name: string) =>
  (looksAtThem(name) && !/\/(close|not-me)$/.test(pathOf(name))) || entranceOf(name).script !== undefined;

/** @returns forms in which, taken together, every field has every value */
function hostileForms(name: string): Hostile[] {
  const { fields: own = {}, multipart } = entranceOf(name);
  const fields = [...new Set([...Object.keys(own), ...filledIn])];
  const isMultipart = multipart !== undefined;
  const one = oneByOne(name) ? fields : Object.keys(own);
  const alone = ofBodies.flatMap((what) => {
    const value = values[what] ?? '';
    const together = Object.fromEntries(filledIn.filter((field) => !one.includes(field)).map((field) => [field, value]));
    return [...one.map((field) => ({ [field]: value })), ...(Object.keys(together).length > 0 ? [together] : [])];
  });
  const turns = ofFields.filter((what) => !isMultipart || typeof values[what] === 'string');
  const byTurns = turns.map((_what, turn) =>
    Object.fromEntries(fields.map((field, at) => [field, values[turns[(at + turn) % turns.length] ?? ''] ?? ''])),
  );
  return [...alone, ...byTurns];
}
/** Fields that nobody's form has: whoever takes them over lets people choose what they are. */
const foreign = {
  role: 'owner',
  customer_id: 'x',
  customerId: 'x',
  person_id: 'x',
  verified_at: '1',
  quota_bytes: '999999999999',
  'constructor[prototype][x]': '1',
  '__proto__[role]': 'owner',
  'settings[view options][client]': '1',
};

// Signing out takes no field, and leaves nobody to go on with. Programs send no form.
const posts = names.filter(
  (name) => /^(POST|PATCH|DELETE) /.test(name) && name !== 'POST /logout' && entranceOf(name).who !== 'programs',
);

/** A person keeps twenty sessions, and of those that began at the same moment any may go: who signs in here is not the owner. */
const others = (name: string): Record<string, string> =>
  name === 'POST /login' ? { email: 'developer-of-owner@example.com' } : {};

type Sender = { readonly visitor: Visitor; readonly token: string };

/** Whoever may send this form: the owner of the site, or somebody new, since some forms end what they are sent with. */
async function sender(name: string): Promise<Sender> {
  const isOfSite = isClosed(name) && pathOf(name).startsWith('/sites/');
  const visitor = isOfSite ? owner.visitor : new Visitor(house);
  if (isOfSite) expect((await visitor.get('/dashboard')).status).toBe(200);
  else if (isClosed(name)) await visitor.arrive(`${newId(Date.now())}@example.com`);
  return { visitor, token: await tokenOf(visitor) };
}

/** Who has sent a form's hostile values, and can send it once more: to arrive takes longer than all of them. */
const senders = new Map<string, Sender>();

/** The form before was the end of the session or of its token: then nobody has looked at what was sent. */
const isUnread = ({ status, headers }: { status: number; headers: Record<string, string> }) =>
  [401, 403].includes(status) || (status === 303 && (headers.location ?? '').includes('/login?next='));

test.each(posts)('%s takes no hostile field for a bug', async (name) => {
  let from: Sender | undefined;
  for (const hostile of hostileForms(name)) {
    const form = { ...foreign, ...others(name), ...hostile } as Record<string, string>;
    const send = async (by: Sender) =>
      answered(sendForm(house, name, by.visitor, addressOf(name), { token: by.token, fields: form }));
    from ??= await sender(name);
    let answer = await send(from);
    if (isUnread(answer)) {
      from = await sender(name);
      answer = await send(from);
      expect([name, hostile, answer.status, isUnread(answer)]).toEqual([name, hostile, answer.status, false]);
    }
    // Who came in by an open form is no guest any more.
    if (!isClosed(name) && answer.status === 303) from = undefined;
    const isFine = [200, 201, 204, 303, 400, 404, 409, 410, 413, 422, 429].includes(answer.status);
    expect([name, hostile, answer.status, isFine]).toEqual([name, hostile, answer.status, true]);
    expect(answer.text ?? '').not.toContain('<script>alert(1)');
    expect(answer.text ?? '').not.toMatch(/62615533|node_modules|at .*\.ts:\d/);
  }
  if (from) senders.set(name, from);
});

test('fields that nobody listed leave no trace, whatever form they are sent with', async () => {
  const planted = 'planted-7391';
  const { db, owner: introspected } = house.panel.doors.connection;
  const quota = await db.selectFrom('sites').select('quota_bytes').where('name', '=', owner.site).executeTakeFirstOrThrow();
  for (const name of posts) {
    const plants = Object.fromEntries(Object.keys(foreign).map((field) => [field, planted]));
    const send = ({ visitor, token }: Sender) =>
      answered(sendForm(house, name, visitor, addressOf(name), { token, fields: { ...plants, ...others(name) } }));
    const known = senders.get(name);
    if (!known || isUnread(await send(known))) await send(await sender(name));
  }
  const tables = (await introspected.introspection.getTables()).filter(({ name }) => name !== 'sessions');
  expect(tables.length).toBeGreaterThan(30);
  for (const { schema, name } of tables) {
    const rows = await db
      .selectFrom((schema ? `${schema}.${name}` : name) as 'audit')
      .selectAll()
      .execute();
    expect([
      name,
      JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? String(value) : value)).includes(planted),
    ]).toEqual([name, false]);
  }
  // Every customer has the one owner it began with; others came by an invitation's own fields.
  const owners = await db.selectFrom('memberships').select('customer_id').where('role', '=', 'owner').execute();
  const customers = await db.selectFrom('customers').select('id').execute();
  expect(owners.map((row) => row.customer_id).sort()).toEqual(customers.map(({ id }) => id).sort());
  expect(await db.selectFrom('sites').select('quota_bytes').where('name', '=', owner.site).executeTakeFirst()).toEqual(quota);
});

test('looking changes nothing, whatever is looked at and however it is asked', async () => {
  const { visitor } = owner;
  expect((await visitor.get('/dashboard')).status).toBe(200);
  // Some are written down on purpose: who downloads a backup or a database, or takes the acts of a person out (audit, grant, letter).
  const gets = names.filter((name) => name.startsWith('GET ') && !/\/(download(\/:part)?|export|file\/\*path)$/.test(name));
  const before = await fingerprint(house);
  for (const name of gets) {
    const answer = await visitor.get(addressOf(name));
    if (isClosed(name))
      expect([name, answer.headers.location ?? '']).not.toEqual([name, expect.stringContaining('/login?next=')]);
    await visitor.get(`${addressOf(name)}?callback=x&role=owner&_method=DELETE&do=delete&a[]=1&a=2`);
    await visitor.agent.head(visitor.path(addressOf(name)));
  }
  expect(await fingerprint(house)).toEqual(before);
});

test('JSON is never wrapped in a call, scripts are the same for everybody, and a made-up end of an address is no page', async () => {
  const { visitor } = owner;
  expect((await visitor.get('/dashboard')).status).toBe(200);
  const json = await visitor.get('/healthz?callback=x&jsonp=x');
  expect([json.text, json.headers['content-type']]).toEqual(['{"alive":true}', 'application/json; charset=utf-8']);
  const { text } = await visitor.get('/account/security');
  const scripts = [...text.matchAll(/<script type="module" src="([^"]+)"/g)].map(([, src = '']) => src);
  expect(scripts.length).toBeGreaterThan(0);
  for (const src of scripts) expect((await visitor.agent.get(src)).text).toBe((await new Visitor(house).agent.get(src)).text);
  for (const path of ['/account/security/x.css', '/account/security.css', '/dashboard/x.js', '/account/security;x.css'])
    expect([path, (await visitor.get(path)).status]).toEqual([path, 404]);
});
