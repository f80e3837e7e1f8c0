// Guessing at FTP: counted with the login's own counts, slower each time, and never so that a stranger locks the owner out (ruling 8).
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hour, minute, second, systemClock } from '../../src/platform/clock.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';
import { ask, makeAccount, openFtp, withRoom } from './customer.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
const home = '192.0.2.10';

async function open(options: Parameters<typeof startPanel>[0] = {}): Promise<void> {
  house = await startPanel({ trustProxy: 'loopback', ...options });
  await openFtp(house);
  await withRoom(house);
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  await makeAccount(owner, site);
}
beforeEach(() => open());
afterEach(() => house?.close());

const comes = async (more: { user?: string; address?: string; password?: string } = {}) =>
  (await ask(house, { user: site, address: home, ...more })) !== undefined;
/** From another network each time, as a botnet does. */
const guess = (at: number, user = site) => comes({ user, password: `wrong-${at}`, address: `203.0.${at}.1` });

test('after ten wrong passwords strangers wait, the address it was last used from does not', async () => {
  expect(await comes()).toBe(true);
  for (let at = 0; at < 11; at += 1) expect(await guess(at)).toBe(false);
  // The right password, too, of whoever comes from elsewhere.
  expect(await comes({ address: '198.51.100.1' })).toBe(false);
  expect(await comes()).toBe(true);
  house.clock.advance(31 * second);
  expect(await comes({ address: '198.51.100.1' })).toBe(true);
});

test('waits double up to an hour, so that a month of guessing tries some hundreds of passwords', async () => {
  let looked = 0;
  for (let at = 0; at < 24 * 60; at += 1) {
    const before = await failuresOf();
    await guess(at % 250);
    if ((await failuresOf()) > before) looked += 1;
    house.clock.advance(minute);
  }
  expect(looked).toBeLessThan(60);
}, 120_000);

/** Wrong passwords that were looked at, as the page counts them. */
async function failuresOf(): Promise<number> {
  const rows = await house.panel.doors.connection.db
    .selectFrom('ftp_logins')
    .select('count')
    .where('outcome', '=', 'wrong')
    .execute();
  return rows.reduce((sum, { count }) => sum + count, 0);
}

test('the page says that the account is locked and until when, and its owner unlocks it', async () => {
  for (let at = 0; at < 12; at += 1) await guess(at);
  const { text } = await owner.get(`/sites/${site}/ftp`);
  expect(text).toContain('잠김:');
  const [, id = ''] = /ftp\/accounts\/([0-9a-f-]{36})\/unlock/.exec(text) ?? [];
  expect(await comes()).toBe(false);
  await owner.submit(`/sites/${site}/ftp`, {}, `/sites/${site}/ftp/accounts/${id}/unlock`);
  expect(await comes()).toBe(true);
  expect((await owner.get(`/sites/${site}/ftp`)).text).not.toContain('잠김:');
});

test('an account with a list of addresses cannot be used up from anywhere else', async () => {
  await makeAccount(owner, site, { user: 'office', allow_ips: home });
  const user = `${site}.office`;
  for (let at = 0; at < 30; at += 1) await guess(at, user);
  expect(await comes({ user })).toBe(true);
});

test('an address that fails twenty times is refused at every account, and asked for a CAPTCHA at the login', async () => {
  const address = '203.0.113.50';
  for (let at = 0; at < 21; at += 1) await comes({ user: `nobody-${at % 5}`, password: 'wrong', address });
  expect(await comes({ address })).toBe(false);
  expect(await comes({ address: '198.51.100.2' })).toBe(true);
  const stranger = new Visitor(house);
  stranger.agent.set('X-Forwarded-For', address);
  const refused = await stranger.submit('/login', { email: 'owner@example.com', password: 'wrong' });
  expect(refused.text).toContain('name="captcha"');
  house.clock.advance(hour);
  expect(await comes({ address })).toBe(true);
});

test('who has the right password but may not come in makes nobody wait', async () => {
  await owner.submit(`/sites/${site}/ftp`, {}, `${offAction((await owner.get(`/sites/${site}/ftp`)).text)}`);
  for (let at = 0; at < 30; at += 1) expect(await comes()).toBe(false);
  await owner.submit(`/sites/${site}/ftp`, {}, offAction((await owner.get(`/sites/${site}/ftp`)).text));
  expect(await comes()).toBe(true);
});

const offAction = (text: string) => /action="([^"]+\/(?:off|on))"/.exec(text)?.[1] ?? '';

test('of twenty guesses at the same moment no more are looked at than the number allows', async () => {
  for (let at = 0; at < 9; at += 1) await guess(at);
  const before = await failuresOf();
  await Promise.all(Array.from({ length: 20 }, (_, at) => guess(100 + at)));
  expect((await failuresOf()) - before).toBeLessThanOrEqual(2);
});

test('unknown, wrong, turned off and from elsewhere take the same time: medians of 20 differ by less than a tenth', async () => {
  await house.close();
  await open({ clock: systemClock as never, limitsScale: 1000 });
  await makeAccount(owner, site, { user: 'off' });
  await makeAccount(owner, site, { user: 'office', allow_ips: home });
  const off = [...(await owner.get(`/sites/${site}/ftp`)).text.matchAll(/action="([^"]+\/off)"/g)][1]?.[1] ?? '';
  await owner.submit(`/sites/${site}/ftp`, {}, off);
  const cases = {
    unknown: { user: `${site}.nobody` },
    wrong: { password: 'wrong' },
    off: { user: `${site}.off` },
    elsewhere: { user: `${site}.office`, address: '198.51.100.3' },
  };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < 20; round += 1)
    for (const [name, more] of Object.entries(cases)) {
      const begun = performance.now();
      expect(await comes(more)).toBe(false);
      const taken = times[name] ?? [];
      times[name] = [...taken, performance.now() - begun];
    }
  const medians = Object.values(times).map((one) => one.toSorted((a, b) => a - b)[10] ?? 0);
  expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(1.1);
}, 120_000);
