// What goes wrong with backups is told once and in time, by letter and webhook, whoever is still alive to tell it; and when it is good again.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Alerts, overdueAfter } from '../../src/alerts/alerts.ts';
import { day, hour, minute } from '../../src/platform/clock.ts';
import type { Tx } from '../../src/platform/database/database.ts';
import { watchOnce } from '../../src/watch.ts';
import { startPanel, type TestPanel, unescaped, Visitor } from '../support/panel.ts';
import { isSigned, type Receiver, startReceiver } from './receiver.ts';

let house: TestPanel;
let receiver: Receiver;
const operator = 'operator@example.com';

beforeAll(async () => {
  receiver = await startReceiver();
  house = await startPanel({ limitsScale: 1000, webhookAllow: 'loopback', operatorEmail: operator });
});
afterAll(async () => {
  await house?.close();
  await receiver?.close();
});

type Home = { readonly email: string; readonly site: string; readonly visitor: Visitor; readonly customerId: string };

async function arrive(email: string, language: 'ko' | 'en' = 'ko'): Promise<Home> {
  const visitor = new Visitor(house, language);
  const site = await visitor.arrive(email, { plan: 'forest' });
  const { customerId } = await house.panel.doors.sites.byName(site);
  return { email, site, visitor, customerId };
}

async function back(home: Home, files = 0): Promise<void> {
  const www = join(house.folder, 'sites', home.site, 'www');
  await mkdir(www, { recursive: true });
  for (let at = 0; at < files; at += 1) await writeFile(join(www, `${at}.txt`), `file ${at}`);
  await home.visitor.logIn(home.email);
  await home.visitor.submit(`/sites/${home.site}/backups`, {});
  await house.work();
}

/** How many letters of each template went to the customer, or to the operator. */
async function letters(customerId: string | null): Promise<Record<string, number>> {
  const { db } = house.panel.doors.connection;
  const all = await db.selectFrom('letters').select(['template', 'customer_id']).execute();
  const told = /^(backup-(failed|alert|good-again|digest|reminder)|worker-)/;
  const counts: Record<string, number> = {};
  for (const { template, customer_id } of all)
    if (customer_id === customerId && told.test(template)) counts[template] = (counts[template] ?? 0) + 1;
  return counts;
}

/** Everything that was written to somebody, as they read it. */
async function lettersTo(email: string): Promise<string> {
  const all = (await house.letters()).filter((one) => one.toLowerCase().includes(`to: ${email}`));
  return all.map(decoded).join('\n');
}

/** Quoted-printable and base64, as letters with Korean are written. */
function decoded(letter: string): string {
  const [head = '', ...rest] = letter.split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/((?:=[0-9A-F]{2})+)/g, (codes) => Buffer.from(codes.replaceAll('=', ''), 'hex').toString());
  return bytes;
}

const keep = () => house.panel.doors.alerts.keep();
const deliver = () => house.panel.doors.queue.drain(house.panel.doors.alerts.hands());
const got = () => receiver.got.map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, string> });

describe('trouble', () => {
  let home: Home;
  let secret: string;
  beforeAll(async () => {
    home = await arrive('trouble@example.com', 'en');
    await back(home, 30);
  });

  test('is told to a program as well, signed, at an address that an owner sets and whose secret is shown once', async () => {
    const { visitor } = home;
    for (const url of ['', 'my computer', 'ftp://example.com', 'https://me:word@example.com/', 'https://example.com/#part'])
      expect([url, (await visitor.submit('/account/alerts/webhook', { url })).status]).toEqual([url, 422]);
    const set = await visitor.submit('/account/alerts/webhook', { url: receiver.url });
    expect(set.headers.location).toBe('/en/account/alerts/webhook/once');
    const { text } = await visitor.get('/account/alerts/webhook/once');
    secret = unescaped(/<code id="secret">([^<]+)</.exec(text)?.[1] ?? '');
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect((await visitor.get('/account/alerts/webhook/once')).headers.location).toBe('/en/account/alerts');
    await visitor.submit('/account/alerts', {}, '/account/alerts/webhook/trial');
    await deliver();
    expect(got().map(({ type }) => type)).toEqual(['trial']);
    expect(isSigned(receiver.got[0] ?? { headers: {}, body: '' }, secret)).toBe(true);
    expect(isSigned({ ...receiver.got[0], body: '{}' } as never, secret)).toBe(false);
    const page = (await visitor.get('/account/alerts')).text;
    expect([page.includes('answer 204'), page.includes(secret)]).toEqual([true, false]);
    const rows = await house.panel.doors.connection.db.selectFrom('webhooks').selectAll().execute();
    expect([JSON.stringify(rows).includes(receiver.url), JSON.stringify(rows).includes(secret)]).toEqual([false, false]);
  });

  test('a backup whose archive is gone: one letter, one message, and one of each when it is good again', async () => {
    receiver.got.length = 0;
    const folder = join(house.folder, 'archives', home.site);
    for (const name of await readdir(folder)) await rm(join(folder, name));
    await house.work();
    await Promise.all([keep(), keep()]);
    await keep();
    await deliver();
    expect(await letters(home.customerId)).toEqual({ 'backup-failed': 1 });
    expect(got()).toMatchObject([{ type: 'backup.damaged', data: { site: home.site, reason: 'backups.reason.lost' } }]);
    house.clock.advance(minute);
    await back(home);
    await Promise.all([keep(), keep()]);
    await deliver();
    expect(await letters(home.customerId)).toEqual({ 'backup-failed': 1, 'backup-good-again': 1 });
    expect(got().map(({ type }) => type)).toEqual(['backup.damaged', 'backup.good']);
    expect(await lettersTo('trouble@example.com')).toContain('are good again');
  });

  test('a backup that shrank by half is told with its numbers, and never called good again', async () => {
    receiver.got.length = 0;
    for (let at = 0; at < 30; at += 1) await rm(join(house.folder, 'sites', home.site, 'www', `${at}.txt`));
    house.clock.advance(minute);
    await back(home);
    await keep();
    await deliver();
    const shrunken = { 'backup-failed': 1, 'backup-good-again': 1, 'backup-alert': 1 };
    expect(await letters(home.customerId)).toEqual(shrunken);
    expect(got().map(({ type }) => type)).toEqual(['backup.shrunken']);
    const text = await lettersTo('trouble@example.com');
    expect(text).toContain(`${home.site}: the backup of`);
    expect(text).toContain('- files 30 → 0');
    house.clock.advance(minute);
    await back(home);
    await keep();
    expect(await letters(home.customerId)).toEqual(shrunken);
  });

  test('a backup that could not be read back for two hours is told, and that it was then', async () => {
    const { connection } = house.panel.doors;
    const row = await connection.db.selectFrom('backups').selectAll().orderBy('id', 'desc').executeTakeFirstOrThrow();
    await connection.write((tx) =>
      tx.updateTable('backups').set({ state: 'made', verified_at: null }).where('id', '=', row.id).execute(),
    );
    await keep();
    const before = { 'backup-failed': 1, 'backup-good-again': 1, 'backup-alert': 1 };
    expect(await letters(home.customerId)).toEqual(before);
    house.clock.advance(2 * hour + minute);
    await keep();
    expect(await letters(home.customerId)).toEqual({ ...before, 'backup-alert': 2 });
    expect(await lettersTo('trouble@example.com')).toContain('could not be read back until');
    await house.work();
    await keep();
    expect(await letters(home.customerId)).toEqual({ 'backup-failed': 1, 'backup-good-again': 2, 'backup-alert': 2 });
  });

  test('messages are tried again, later each time and ten times at the most; 410 ends them; what is over is left alone', async () => {
    await deliver();
    receiver.got.length = 0;
    receiver.status = 500;
    const trial = async () => {
      await home.visitor.logIn(home.email);
      return home.visitor.submit('/account/alerts', {}, '/account/alerts/webhook/trial');
    };
    await trial();
    for (let round = 0; round < 20; round += 1) {
      await deliver();
      house.clock.advance(20 * minute);
    }
    for (let round = 0; round < 6; round += 1) {
      await deliver();
      house.clock.advance(hour);
    }
    expect(receiver.got.length).toBe(10);
    expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    receiver.status = 410;
    await trial();
    await deliver();
    house.clock.advance(hour);
    expect([await deliver(), receiver.got.length]).toEqual([0, 11]);
    receiver.status = 302;
    await trial();
    await deliver();
    // A redirect is an answer like any other, and is not followed.
    expect([receiver.got.length, (await home.visitor.get('/account/alerts')).text.includes('answer 302')]).toEqual([12, true]);
    receiver.status = 204;
    expect((await home.visitor.submit('/account/alerts', {}, '/account/alerts/webhook/removal')).status).toBe(303);
    house.clock.advance(hour);
    await deliver();
    expect(receiver.got.length).toBe(12);
    const counts = await house.panel.doors.alerts.webhooks.counts();
    expect(counts).toEqual({ waiting: 0, failed: 0 });
    const { visitor } = home;
    await visitor.logIn(home.email);
    expect((await visitor.send('/account/alerts/webhook/trial', await visitor.hidden('/account/alerts'))).status).toBe(404);
  });
});

describe('a worker that is dead', () => {
  let home: Home;
  beforeAll(async () => {
    home = await arrive('late@example.com');
    await back(home);
    await keep();
  });

  const watch = () => watchOnce(house.panel.doors);
  const figure = async (name: string) => {
    const { text } = await new Visitor(house).get('/metrics');
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  test('is none while it gives signs of life', async () => {
    house.clock.advance(9 * minute);
    expect(await watch()).toMatchObject({ isSilent: false, overdueSites: 0 });
    expect((await new Visitor(house).get('/watchz')).status).toBe(200);
    expect((await new Visitor(house).get('/watchz').set('X-Forwarded-For', '203.0.113.9')).status).toBe(404);
  });

  test('is told to the operator once, and customers hear of late backups from who still lives', async () => {
    house.clock.advance(2 * minute);
    expect((await watch()).isSilent).toBe(true);
    await watch();
    expect(await letters(null)).toEqual({ 'worker-silent': 1 });
    expect((await house.letters()).some((one) => one.toLowerCase().includes(`to: ${operator}`))).toBe(true);
    expect(await letters(home.customerId)).toEqual({});
    house.clock.advance(overdueAfter.overdue);
    await Promise.all([watch(), watch()]);
    expect(await letters(home.customerId)).toEqual({ 'backup-alert': 1 });
    // It is not only queued: whoever looked has sent it.
    expect(await lettersTo('late@example.com')).toContain('26시간 동안 없습니다');
    expect(await letters(null)).toEqual({ 'worker-silent': 1 });
  });

  test('shows on the pages, at /watchz and in the figures, although nothing has run', async () => {
    await home.visitor.logIn('late@example.com');
    const page = (await home.visitor.get(`/sites/${home.site}/backups`)).text;
    expect(page).toContain('시간 전');
    expect((await home.visitor.get('/dashboard')).text).toContain('is-warn');
    const answer = await new Visitor(house).get('/watchz');
    expect([answer.status, answer.body.worker.silent, answer.body.overdue_sites]).toEqual([503, true, 2]);
    expect(await figure('gotgan_worker_seen_seconds')).toBeGreaterThan(26 * 3600);
    expect(await figure('gotgan_alerts_open\\{cause="overdue"\\}')).toBe(2);
    expect(await figure('gotgan_backup_newest_good_age_seconds\\{server="[^"]+"\\}')).toBeGreaterThan(26 * 3600);
  });

  test('at 50 hours it is told once more; when the worker is back, that too, and that all is good again, in one letter', async () => {
    house.clock.advance(24 * hour);
    await watch();
    await watch();
    expect(await letters(home.customerId)).toEqual({ 'backup-alert': 2 });
    await house.work();
    await house.work();
    await house.work();
    expect(await letters(home.customerId)).toEqual({ 'backup-alert': 2, 'backup-good-again': 1 });
    expect(await letters(null)).toEqual({ 'worker-silent': 1, 'worker-back': 1 });
    expect((await new Visitor(house).get('/watchz')).body).toMatchObject({ worker: { silent: false }, overdue_sites: 0 });
  });

  test('a later silence is told anew', async () => {
    house.clock.advance(11 * minute);
    await watch();
    expect(await letters(null)).toEqual({ 'worker-silent': 2, 'worker-back': 1 });
    await keep();
  });
});

describe('letters by the calendar', () => {
  const rounds = () => house.panel.doors.alerts.keepRounds();
  /** Goes on to that time of the zone, on the next day of the week that is asked for. */
  const goTo = (weekday: number, clockHour: number) => {
    const local = house.clock.now() + 9 * hour;
    const today = new Date(local).getUTCDay();
    const midnight = local - (local % day);
    let at = midnight + ((weekday - today + 7) % 7) * day + clockHour * hour + 5 * minute;
    while (at <= local) at += 7 * day;
    house.clock.advance(at - local);
  };
  let home: Home;
  let off: Home;
  const of = async (one: Home, template: string) => (await letters(one.customerId))[template] ?? 0;

  beforeAll(async () => {
    home = await arrive('weekly@example.com');
    await back(home);
    off = await arrive('quiet@example.com');
    await back(off);
    expect((await off.visitor.submit('/account/alerts', {})).status).toBe(303);
  });

  test('on Monday morning all sites are in one letter, once, and in none for who does not want it', async () => {
    goTo(1, 8);
    await rounds();
    expect(await of(home, 'backup-digest')).toBe(0);
    goTo(1, 9);
    await rounds();
    await rounds();
    expect([await of(home, 'backup-digest'), await of(off, 'backup-digest')]).toEqual([1, 0]);
    const text = await lettersTo('weekly@example.com');
    expect(text).toContain(`${home.site}: `);
    expect(text).toContain('보관 중인 백업');
    expect(text).toContain(`${house.origin}/account/alerts`);
    goTo(3, 9);
    await rounds();
    expect(await of(home, 'backup-digest')).toBe(1);
  });

  test('whose letter could not be written is tried again until it is, and nobody else gets a second one', async () => {
    const { doors } = house.panel;
    const fails = { left: 2, asked: [] as string[] };
    const accounts = {
      owner: async (customerId: string, tx?: Tx) => {
        fails.asked.push(customerId);
        if (customerId === home.customerId && fails.left-- > 0) throw new Error('the key of this row is damaged');
        return doors.accounts.owner(customerId, tx);
      },
    };
    const own = new Alerts({ ...doors, accounts });
    const other = await arrive('neighbour@example.com');
    await back(other);
    const before = [await of(home, 'backup-digest'), await of(other, 'backup-digest')];
    goTo(1, 9);
    await own.keepRounds();
    expect([await of(home, 'backup-digest'), await of(other, 'backup-digest')]).toEqual([before[0], 1]);
    fails.asked.length = 0;
    await own.keepRounds();
    expect([await of(home, 'backup-digest'), fails.asked]).toEqual([before[0], [home.customerId]]);
    await own.keepRounds();
    await own.keepRounds();
    await rounds();
    expect([await of(home, 'backup-digest'), await of(other, 'backup-digest')]).toEqual([(before[0] ?? 0) + 1, 1]);
  });

  test('who has not downloaded for thirty days is reminded once a month, and not who has', async () => {
    house.clock.advance(30 * day);
    goTo(2, 10);
    await rounds();
    await rounds();
    expect([await of(home, 'backup-reminder'), await of(off, 'backup-reminder')]).toEqual([1, 0]);
    expect(await lettersTo('weekly@example.com')).toContain('받은 기록이 없습니다');
    house.clock.advance(7 * day);
    goTo(2, 10);
    await rounds();
    expect(await of(home, 'backup-reminder')).toBe(1);
    await home.visitor.logIn('weekly@example.com');
    const { text } = await home.visitor.get(`/sites/${home.site}/backups`);
    const link = /\/sites\/[^"]+\/backups\/[0-9a-f-]{36}\/download(?=")/.exec(text)?.[0] ?? '';
    expect((await home.visitor.get(link)).status).toBe(200);
    house.clock.advance(24 * day);
    goTo(2, 10);
    await rounds();
    expect(await of(home, 'backup-reminder')).toBe(1);
    house.clock.advance(7 * day);
    goTo(2, 10);
    await rounds();
    expect(await of(home, 'backup-reminder')).toBe(2);
  });
});
